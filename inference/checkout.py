"""People in front of a till: who pays, as probabilities for receipts of about that minute; never visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from inference.models import Camera, CheckoutFace, SnapshotBatch
from inference.tracking import Person
from training.labels import LABELS, Task


def record(camera: Camera, people: Sequence[Person], batch: SnapshotBatch | None = None) -> list[CheckoutFace]:
    """Write one row per person whose face could be classified; others tell nothing about a receipt."""
    rows = [_row(camera, person, batch) for person in people]
    return CheckoutFace.objects.bulk_create([row for row in rows if row is not None])


def _row(camera: Camera, person: Person, batch: SnapshotBatch | None) -> CheckoutFace | None:
    look = person.look()
    if look is None:
        return None
    first, last = person.first.at, person.last.at
    return CheckoutFace(
        store=camera.store,
        camera=camera,
        batch=batch,
        till=camera.till,
        seen_at=datetime.fromtimestamp((first + last) / 2, UTC),
        first_at=datetime.fromtimestamp(first, UTC),
        last_at=datetime.fromtimestamp(last, UTC),
        **{task: getattr(look, task) or _unknown(task) for task in LABELS},
        model_version=look.model_version,
        faces=len(person.faces),
        quality=max(face.width for face in person.faces),
    )


def _unknown(task: Task) -> list[float]:
    """What the store does not estimate could be anything."""
    return [1 / len(LABELS[task])] * len(LABELS[task])
