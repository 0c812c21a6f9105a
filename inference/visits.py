"""People become visits, and the faces they were made from are forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Count

from inference import checkout, face_colours, regulars, still
from inference.models import Camera, ChangedHour, Face, Passage, SnapshotBatch, Store, Visit, new_visit_ref
from inference.predictor import FaceLook
from inference.regulars import Kind, Known
from inference.still import Box
from inference.tracking import MAX_GAP_SECONDS, Person, Seen, follow

# Who enters within this time of one another, this many face widths apart at most, came together.
PARTY_SECONDS = 3.0
PARTY_WIDTHS = 6.0
# At a busy door everybody follows somebody: a party ends this long after its first.
LONGEST_PARTY_SECONDS = 8.0


@dataclass(frozen=True)
class Entry:
    """One person's entering, before it is a row."""

    entered_at: datetime
    look: FaceLook | None
    faces: int
    party: str
    party_size: int


def entries(people: Sequence[Person]) -> list[Entry]:
    """One entry per person, in order of entering, with the parties they came in."""
    ordered = sorted(people, key=lambda person: person.first.at)
    result: list[Entry] = []
    for party in parties(ordered):
        name = new_visit_ref() if len(party) > 1 else ""
        for person in party:
            when = datetime.fromtimestamp(person.first.at, UTC)
            result.append(Entry(when, person.look(), len(person.faces), name, len(party)))
    return result


def parties(people: Sequence[Person]) -> list[list[Person]]:
    """Split people, ordered by entering, where the next one is too late or too far from everyone in the party."""
    result: list[list[Person]] = []
    for person in people:
        is_soon = bool(result) and person.first.at - result[-1][0].first.at <= LONGEST_PARTY_SECONDS
        if is_soon and any(_together(person, other) for other in result[-1]):
            result[-1].append(person)
        else:
            result.append([person])
    return result


def _together(one: Person, other: Person) -> bool:
    if abs(one.first.at - other.first.at) > PARTY_SECONDS:
        return False
    width = (one.first.width + other.first.width) / 2
    across = abs(one.first.centre[0] - other.first.centre[0])
    return across <= PARTY_WIDTHS * width


@transaction.atomic
def settle(batch: SnapshotBatch, until: datetime | None = None) -> int:
    """Turn a batch's stored faces into visits and delete them; how many visits that made.

    With `until`, the people who may still be in view then are left for the next time. Runs under a lock on the camera,
    so two workers never count the same face.
    """
    camera = Camera.objects.select_for_update(of=("self",)).select_related("store").get(pk=batch.camera_id)
    rows = list(
        Face.objects.filter(snapshot__batch=batch)
        .select_related("snapshot")
        .order_by("snapshot__captured_at", "snapshot_id", "pk")
    )
    if not rows:
        return 0
    pictures = [(faces[0].at, faces) for faces in _pictures(rows)]
    places = [*_places(camera, pictures)]
    moving = [still.without(faces, places) for _, faces in pictures]
    gone, staying = leave(follow(moving), until.timestamp() if until else None)
    kept = {face.key for person in staying for face in person.faces}
    made = keep(camera, gone, source=Visit.Source.SNAPSHOTS, batch=batch)
    done = [row.pk for row in rows if row.pk not in kept]
    Face.objects.filter(pk__in=done).delete()
    transaction.on_commit(lambda: face_colours.drop(done))
    return made


def _places(camera: Camera, pictures: Sequence[tuple[float, list[Seen]]]) -> list[Box]:
    """Where this camera's posters are, those first noticed in these pictures among them."""
    first, last = pictures[0][0], pictures[-1][0]
    found = still.still_places(pictures)
    still.note(camera, found, first, last)
    return [*found, *still.known_places(camera, datetime.fromtimestamp(last, UTC))]


def leave(people: Sequence[Person], at: float | None) -> tuple[list[Person], list[Person]]:
    """Who has left the view for good by then, and who may still be there. Parties leave when all of them have."""
    if at is None:
        return list(people), []
    gone: list[Person] = []
    for party in parties(sorted(people, key=lambda person: person.first.at)):
        if max(person.last.at for person in party) < at - MAX_GAP_SECONDS - PARTY_SECONDS:
            gone.extend(party)
    return gone, [person for person in people if person not in gone]


def _pictures(rows: Iterable[Face]) -> Iterable[list[Seen]]:
    for _, faces in groupby(rows, key=lambda row: row.snapshot_id):
        yield [_seen(face) for face in faces]


def _seen(row: Face) -> Seen:
    assert row.snapshot.captured_at is not None, "only timed snapshots are analysed"
    look = None
    if row.age or row.gender or row.mood:
        look = FaceLook(row.age, row.gender, row.mood, row.age_years, row.model_version)
    x, y, width, height = row.box
    colours = face_colours.get(row.pk)
    at = row.snapshot.captured_at.timestamp()
    return Seen(at, (x, y, width, height), look, row.pk, True, row.is_clear, row.weight, colours)


@transaction.atomic
def keep(camera: Camera, people: Sequence[Person], *, source: Visit.Source, batch: SnapshotBatch | None = None) -> int:
    """People at an entrance become visits, people at a till checkout faces and never visits; how many visits."""
    people = sorted((person for person in people if person.clear_faces), key=lambda person: person.first.at)
    if camera.place == Camera.Place.CHECKOUT:
        faces = checkout.record(camera, people, batch)
        mark_changed(camera.store, [face.seen_at for face in faces])
        return 0
    memory = regulars.memory_of(camera)
    visitors: list[tuple[Person, Known]] = []
    for person in people:
        known = memory.meet(person, 60.0 * camera.store.reentry_minutes)
        kind = regulars.kind_of(camera, person, known)
        if kind is Kind.VISITOR:
            visitors.append((person, known))
        else:
            _pass_by(camera, person, kind, known, batch)
    made = record(camera, entries([person for person, _ in visitors]), source=source, batch=batch)
    for (_, known), visit in zip(visitors, made, strict=True):
        known.visit = visit.pk
    transaction.on_commit(lambda: regulars.remember(camera, memory))
    return len(made)


def _pass_by(camera: Camera, person: Person, kind: Kind, known: Known, batch: SnapshotBatch | None) -> None:
    """Count somebody apart; who turns out to be staff was no visit the first time either."""
    seen = [(datetime.fromtimestamp(person.first.at, UTC), len(person.faces))]
    if kind is Kind.STAFF and known.visit is not None:
        for visit in Visit.objects.filter(pk=known.visit):
            seen.append((visit.entered_at, visit.faces))
            visit.delete()
        known.visit = None
        mark_changed(camera.store, [at for at, _ in seen[1:]])
    Passage.objects.bulk_create(
        Passage(store=camera.store, camera=camera, batch=batch, at=at, faces=faces, kind=kind.value)
        for at, faces in seen
    )


@transaction.atomic
def record(
    camera: Camera, people: Sequence[Entry], *, source: Visit.Source, batch: SnapshotBatch | None = None
) -> list[Visit]:
    """Write visits, and name the hours that changed, together."""
    made = Visit.objects.bulk_create([_visit(camera, entry, source, batch) for entry in people])
    mark_changed(camera.store, [entry.entered_at for entry in people])
    return made


def _visit(camera: Camera, entry: Entry, source: Visit.Source, batch: SnapshotBatch | None) -> Visit:
    look = entry.look
    return Visit(
        store=camera.store,
        camera=camera,
        batch=batch,
        entered_at=entry.entered_at,
        party=entry.party,
        party_size=entry.party_size,
        age=look.age if look else None,
        gender=look.gender if look else None,
        mood=look.mood if look else None,
        age_years=look.age_years if look else None,
        model_version=look.model_version if look else "",
        faces=entry.faces,
        source=source,
    )


def mark_changed(store: Store, instants: Iterable[datetime]) -> None:
    """Tell whoever sums visits which hours to do again."""
    hours = {store.hour_of(instant) for instant in instants}
    rows = [ChangedHour(store=store, hour=hour) for hour in sorted(hours)]
    ChangedHour.objects.bulk_create(rows, ignore_conflicts=True)


def visits_of(batch: SnapshotBatch) -> int:
    return Visit.objects.filter(batch=batch).count()


def apart_from(batch: SnapshotBatch) -> dict[str, int]:
    """How many people of a batch were counted apart, by kind."""
    rows = Passage.objects.filter(batch=batch).values_list("kind").annotate(people=Count("pk"))
    return dict.fromkeys(Passage.Kind.values, 0) | dict(rows.order_by("kind"))
