"""People become visits, and the faces they were made from are forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from django.db import transaction

from inference import checkout
from inference.models import Camera, ChangedHour, Face, SnapshotBatch, Store, Visit, new_visit_ref
from inference.predictor import FaceLook
from inference.tracking import Person, Seen, follow

# Who enters within this time of one another, this many face widths apart at most, came together.
PARTY_SECONDS = 3.0
PARTY_WIDTHS = 6.0


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
        if result and any(_together(person, other) for other in result[-1]):
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
def settle(batch: SnapshotBatch) -> int:
    """Turn a batch's stored faces into visits and delete them; how many visits that made.

    Runs under a lock on the camera, so two workers never count the same face.
    """
    camera = Camera.objects.select_for_update(of=("self",)).select_related("store").get(pk=batch.camera_id)
    rows = list(
        Face.objects.filter(snapshot__batch=batch)
        .select_related("snapshot")
        .order_by("snapshot__captured_at", "snapshot_id", "pk")
    )
    made = keep(camera, follow(_pictures(rows)), source=Visit.Source.SNAPSHOTS, batch=batch)
    Face.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return made


def _pictures(rows: Iterable[Face]) -> Iterable[list[Seen]]:
    for _, faces in groupby(rows, key=lambda row: row.snapshot_id):
        yield [_seen(face) for face in faces]


def _seen(row: Face) -> Seen:
    assert row.snapshot.captured_at is not None, "only timed snapshots are analysed"
    look = None
    if row.age and row.gender and row.mood and row.age_years is not None:
        look = FaceLook(row.age, row.gender, row.mood, row.age_years, row.model_version)
    x, y, width, height = row.box
    return Seen(row.snapshot.captured_at.timestamp(), (x, y, width, height), look, row.pk)


def keep(camera: Camera, people: Sequence[Person], *, source: Visit.Source, batch: SnapshotBatch | None = None) -> int:
    """People at an entrance become visits, people at a till checkout faces and never visits; how many visits."""
    if camera.place == Camera.Place.CHECKOUT:
        with transaction.atomic():
            faces = checkout.record(camera, people, batch)
            mark_changed(camera.store, [face.seen_at for face in faces])
        return 0
    return record(camera, entries(people), source=source, batch=batch)


@transaction.atomic
def record(camera: Camera, people: Sequence[Entry], *, source: Visit.Source, batch: SnapshotBatch | None = None) -> int:
    """Write visits, and name the hours that changed, together."""
    Visit.objects.bulk_create([_visit(camera, entry, source, batch) for entry in people])
    mark_changed(camera.store, [entry.entered_at for entry in people])
    return len(people)


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
