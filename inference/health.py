"""How cameras are doing: what each brought per hour, and what is wrong, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Sum
from django.utils.timezone import now

from inference.models import Camera, CameraHour, CameraState, Store

COLUMNS = ("frames", "refused", "faces", "classified", "face_pixels", "age_seconds", "aged", "drops")
# A followed camera that says nothing for this long has lost its follower.
LOST_AFTER = timedelta(minutes=2)
# An alert compares the last day with the two weeks before it, and needs this many faces in each.
RECENT, BEFORE, FEWEST_FACES = timedelta(days=1), timedelta(days=14), 50
# What counts as degenerated: shares and sizes fallen to this part of what was usual.
FALLEN_TO = 0.6
# Below these a camera is badly placed from the start.
POOR_SHARE, SMALL_FACE_PIXELS, OLD_FRAME_SECONDS, WRONG_CLOCK_SECONDS = 0.4, 40.0, 5.0, 30.0

# An hour with fewer faces says nothing of its own; this share of poor hours is worth a word.
FEWEST_IN_AN_HOUR, MANY_HOURS = 10, 0.25

STREAM_IS: dict[str, str] = {
    CameraState.Status.SILENT: "Its stream is connected and sends nothing",
    CameraState.Status.DOWN: "Its stream cannot be reached",
    CameraState.Status.ENDED: "Its stream is no longer followed",
}

ADD = """
    INSERT INTO inference_camerahour (camera_id, hour, {names}) VALUES (%s, %s, {places})
    ON CONFLICT (camera_id, hour) DO UPDATE SET {sums}
""".format(
    names=", ".join(COLUMNS),
    places=", ".join(["%s"] * len(COLUMNS)),
    sums=", ".join(f"{name} = inference_camerahour.{name} + excluded.{name}" for name in COLUMNS),
)


def note(camera: Camera, at: datetime, **counts: float) -> None:
    """Add to the sums of the camera's hour around `at`; in the caller's transaction, so counted once or not at all."""
    unknown = counts.keys() - set(COLUMNS)
    if unknown:
        raise ValueError(f"A camera's hour has no {', '.join(sorted(unknown))}; it has {', '.join(COLUMNS)}.")
    with connection.cursor() as cursor:
        cursor.execute(ADD, [camera.pk, camera.store.hour_of(at), *(counts.get(name, 0) for name in COLUMNS)])


@dataclass(frozen=True)
class Health:
    """Sums over a period as a person reads them; None where there was nothing to divide by."""

    frames: int
    refused: int
    faces: int
    share_classified: float | None
    face_pixels: float | None
    frame_age: float | None
    drops: int


def over(camera: Camera, hours: Sequence[CameraHour]) -> Health:
    """Health of some hours of a camera together."""
    sums = {name: sum(getattr(row, name) for row in hours) for name in COLUMNS}
    return _health(sums, asks=bool(camera.store.tasks))


def _health(sums: dict[str, float], *, asks: bool) -> Health:
    """`asks`: whether the store has its faces classified at all; where it only counts, no share says anything."""
    faces, aged = sums["faces"], sums["aged"]
    return Health(
        frames=int(sums["frames"]),
        refused=int(sums["refused"]),
        faces=int(faces),
        share_classified=sums["classified"] / faces if faces and asks else None,
        face_pixels=sums["face_pixels"] / faces if faces else None,
        frame_age=sums["age_seconds"] / aged if aged else None,
        drops=int(sums["drops"]),
    )


def between(camera: Camera, start: datetime, end: datetime) -> Health:
    sums = CameraHour.objects.filter(camera=camera).between(start, end).aggregate(**{n: Sum(n) for n in COLUMNS})
    return _health({name: value or 0 for name, value in sums.items()}, asks=bool(camera.store.tasks))


@dataclass(frozen=True)
class Coverage:
    """How many of the faces that a store's entrance cameras saw were classified, and in how many hours few were."""

    seen: int
    classified: int
    hours: int  # with FEWEST_IN_AN_HOUR faces or more
    poor_hours: int  # of those, the ones with less than POOR_SHARE classified

    @property
    def share(self) -> float | None:
        return self.classified / self.seen if self.seen else None

    @property
    def is_low(self) -> bool:
        return bool(self.share is not None and self.share < POOR_SHARE) or self.poor_hours > MANY_HOURS * self.hours


def coverage(store: Store, start: datetime, end: datetime) -> Coverage:
    """Over [start, end); nothing where the store has no face classified."""
    if not store.tasks:
        return Coverage(0, 0, 0, 0)
    at_doors = CameraHour.objects.filter(camera__store=store, camera__place=Camera.Place.ENTRANCE).between(start, end)
    rows = list(at_doors.order_by().values_list("hour").annotate(Sum("faces"), Sum("classified")))
    full = [(faces, classified) for _, faces, classified in rows if faces >= FEWEST_IN_AN_HOUR]
    poor = sum(classified < POOR_SHARE * faces for faces, classified in full)
    return Coverage(sum(row[1] for row in rows), sum(row[2] for row in rows), len(full), poor)


def alerts(camera: Camera) -> list[str]:
    """What is wrong with a camera now, as sentences for whoever can go and look at it; nothing when all is well."""
    at = now()
    recent = between(camera, at - RECENT, at + timedelta(hours=1))
    before = between(camera, at - RECENT - BEFORE, at - RECENT)
    return [*_link(camera, at), *_clock(camera, at), *_sight(recent, before)]


def _link(camera: Camera, at: datetime) -> list[str]:
    state = CameraState.objects.filter(camera=camera).first()
    if not camera.is_followed:
        return []
    if state is None or state.updated_at < at - LOST_AFTER:
        return ["Nobody follows this camera's stream: the streams worker does not run, or has just been started."]
    if state.status != CameraState.Status.UP:
        return [f"{STREAM_IS[state.status]}{': ' + state.reason if state.reason else ''}."]
    return []


def _clock(camera: Camera, at: datetime) -> list[str]:
    if camera.clock_offset is None or camera.clock_checked_at is None or camera.clock_checked_at < at - RECENT:
        return []
    if abs(camera.clock_offset) <= WRONG_CLOCK_SECONDS:
        return []
    side = "behind" if camera.clock_offset > 0 else "ahead"
    return [
        f"Its clock is {abs(camera.clock_offset):,.0f} seconds {side}; its times are corrected by that. Set it right."
    ]


def _sight(recent: Health, before: Health) -> list[str]:
    if before.faces >= FEWEST_FACES and not recent.frames:
        return ["No picture has come from it for a day."]
    if before.faces >= FEWEST_FACES and not recent.faces:
        return ["It brings pictures without a single face, unlike before: is it covered, turned away, or in the dark?"]
    if recent.faces < FEWEST_FACES or recent.face_pixels is None:
        return []
    found: list[str] = []
    share = recent.share_classified
    if before.faces >= FEWEST_FACES and before.face_pixels:
        if share is not None and before.share_classified and share < FALLEN_TO * before.share_classified:
            found.append(
                f"Only {share:.0%} of faces are good enough to classify, "
                f"{before.share_classified:.0%} were before: is the lens dirty, or the light gone?"
            )
        if recent.face_pixels < FALLEN_TO * before.face_pixels:
            found.append(
                f"Faces are {recent.face_pixels:.0f} pixels large, {before.face_pixels:.0f} before: was it moved?"
            )
    if not found and share is not None and share < POOR_SHARE:
        found.append(f"Only {share:.0%} of faces are good enough to classify: move it nearer.")
    if not found and recent.face_pixels < SMALL_FACE_PIXELS:
        found.append(f"Faces are only {recent.face_pixels:.0f} pixels large: move it nearer, or raise its resolution.")
    if recent.frame_age is not None and recent.frame_age > OLD_FRAME_SECONDS:
        found.append(f"Its frames are {recent.frame_age:.0f} seconds old when looked at: the machine is overloaded.")
    return found
