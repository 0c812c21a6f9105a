"""Who counts: visitors once; re-entries and staff apart, posters never; people of a stream when they have left."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import numpy as np
import pytest

from inference import face_colours, intake, pipeline, regulars
from inference.appearance import Vector
from inference.models import Camera, ChangedHour, Face, Passage, Snapshot, SnapshotBatch, StillFace, Visit
from inference.predictor import FaceLook
from inference.tracking import Person, Seen
from inference.view import View
from inference.visits import apart_from, keep, settle
from tests import factories, fakes

pytestmark = pytest.mark.django_db

NOON = factories.NOON.timestamp()
WOMAN = FaceLook([0, 0, 0, 0, 1.0, 0, 0], [0.9, 0.1], [0, 1.0, 0], 30.0, "v1")
RED, BLUE = (np.tile([50.0, 60 * a, 60 * b], (3, 9)) for a, b in ((1, 0.5), (0, -1)))


@pytest.fixture(autouse=True)
def fresh_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regulars, "_memories", {})
    monkeypatch.setattr(face_colours, "_colours", {})


def seen(at: float, x: float = 100, colours: Vector = RED, **values: Any) -> Seen:
    """`at` in seconds after noon."""
    return Seen(NOON + at, (x, 100.0, 50.0, 50.0), WOMAN, colours=colours, **values)


def come_in(camera: Camera, at: float, colours: Vector = RED, x: float = 100) -> int:
    return keep(camera, [Person([seen(at, x, colours)])], source=Visit.Source.STREAM)


def kinds() -> list[str]:
    return list(Passage.objects.values_list("kind", flat=True))


@pytest.mark.django_db(transaction=True)
def test_who_comes_back_soon_is_counted_apart_and_without_a_mood() -> None:
    camera = factories.camera()
    assert [come_in(camera, at, colours) for at, colours in ((0, RED), (60, BLUE), (120, RED), (600, RED))] == [
        1,
        1,
        0,
        1,
    ]
    assert Visit.objects.count() == 3 and kinds() == ["reentry"]
    assert not {"age", "gender", "mood"} & {field.name for field in Passage._meta.get_fields()}


@pytest.mark.django_db(transaction=True)
def test_who_might_be_either_of_two_is_somebody_new() -> None:
    camera = factories.camera()
    twins = [Person([seen(0, x)]) for x in (100, 300)]
    assert keep(camera, twins, source=Visit.Source.STREAM) == 2
    assert come_in(camera, 60) == 1
    assert kinds() == []


@pytest.mark.django_db(transaction=True)
def test_a_store_may_count_everybody_who_comes_in() -> None:
    camera = factories.camera(factories.store(reentry_minutes=0))
    assert [come_in(camera, at) for at in (0, 60)] == [1, 1]


@pytest.mark.django_db(transaction=True)
def test_who_comes_again_and_again_is_staff_from_the_first_time_on() -> None:
    camera = factories.camera()
    for time_in in range(5):
        come_in(camera, 200 * time_in)
    assert Visit.objects.count() == 0
    assert sorted(kinds()) == ["reentry", "reentry", "staff", "staff", "staff"]
    assert ChangedHour.objects.exists(), "the hour that loses a visit is summed again"


def test_who_is_there_outside_the_hours_or_in_the_zone_is_staff() -> None:
    store = factories.store(opens_at=time(9), closes_at=time(18))  # Oslo is an hour ahead
    camera = Camera.objects.create(store=store, name="Entrance", staff_zone=[0, 0, 200, 200])
    assert come_in(camera, 0, x=400) == 1
    assert come_in(camera, 60, BLUE, x=100) == 0
    assert come_in(camera, 6 * 3600, x=400) == 0
    assert kinds() == ["staff", "staff"]


def test_what_is_remembered_of_people_is_gone_after_the_window(monkeypatch: pytest.MonkeyPatch) -> None:
    camera = factories.camera()
    memory = regulars.memory_of(camera)
    memory.meet(Person([seen(0)]), 300)
    memory.meet(Person([seen(1000, colours=BLUE)]), 300)
    assert [known.entries for known in memory.people] == [1]
    regulars.remember(camera, memory)
    regulars.forget(-1.0)
    assert regulars.memory_of(camera).people == []


def poster_and_visitors() -> Iterator[tuple[float, list[Seen]]]:
    """A poster for ten minutes, and somebody else walking past every minute."""
    for minute in range(10):
        for step in range(3):
            at = 60.0 * minute + 2 * step
            trembling = 0.5 * ((minute + step) % 3)
            clothes = np.tile([50, 80.0 - 16 * minute, -30], (3, 9))
            yield at, [seen(at, 400 + trembling, BLUE), seen(at, 60 + 40 * step, clothes)]


def test_a_poster_in_loose_snapshots_is_nobody_also_in_the_next_batch() -> None:
    camera = factories.camera()
    batch = SnapshotBatch.objects.create(camera=camera)
    for at, faces in poster_and_visitors():
        store(batch, at, faces)
    assert settle(batch) == 10
    assert StillFace.objects.count() == 1 and not Face.objects.exists()
    later = SnapshotBatch.objects.create(camera=camera)
    store(later, 7200, [seen(7200, 400)])
    assert settle(later) == 0


def test_a_batch_tells_whom_it_counted_apart() -> None:
    batch = SnapshotBatch.objects.create(camera=factories.camera())
    for at in (0.0, 60.0):
        store(batch, at, [seen(at)])
    assert (settle(batch), apart_from(batch)) == (1, {"reentry": 1, "staff": 0})


def store(batch: SnapshotBatch, at: float, faces: list[Seen]) -> None:
    when = datetime.fromtimestamp(NOON + at, UTC)
    snapshot = Snapshot.objects.create(
        camera=batch.camera, batch=batch, file_name="x", checksum=f"{at}", captured_at=when, analysed_at=when,
        status=Snapshot.Status.ANALYSED,
    )  # fmt: skip
    for face in faces:
        row = Face.objects.create(
            snapshot=snapshot, box=list(face.box), score=0.9, age=WOMAN.age, gender=WOMAN.gender, mood=WOMAN.mood,
            age_years=30.0,
        )  # fmt: skip
        face_colours.put(row.pk, face.colours)


def test_a_poster_in_a_stream_is_nobody_and_who_passes_it_is() -> None:
    view = View(factories.camera())
    made = 0
    for k in range(160):
        at = 0.5 * k
        faces = [seen(at, 400, BLUE)]
        if 20 <= k < 40:
            faces.append(seen(at, 60 + 10 * (k - 20)))
        made += view.see(NOON + at, faces)
    assert made + view.close() == 1
    assert StillFace.objects.count() == 1


def test_people_of_a_live_batch_are_visits_once_they_have_left() -> None:
    camera = factories.camera()
    batch = pipeline.live_batch(camera)
    assert pipeline.live_batch(camera) == batch
    for at in (0.0, 2.0, 4.0):
        store(batch, at, [seen(at, 100 + at)])
    assert settle(batch, factories.NOON + timedelta(seconds=5)) == 0 and Face.objects.count() == 3
    store(batch, 20, [seen(20, 500, BLUE)])
    assert settle(batch, factories.NOON + timedelta(seconds=20)) == 1
    assert Visit.objects.get().faces == 3 and Face.objects.count() == 1
    Snapshot.objects.update(analysed_at=datetime(2026, 1, 1, tzinfo=UTC))
    pipeline.finish(batch)  # nothing has come since: the last one has left, too
    assert Visit.objects.count() == 2 and not Face.objects.exists()


def test_a_batch_is_not_done_before_all_of_it_has_come_in() -> None:
    camera = factories.camera()
    data = fakes.picture((40, 60, 48, fakes.WOMAN))
    result = intake.receive(camera, [("20260310_130000.png", io.BytesIO(data))])
    SnapshotBatch.objects.update(received_at=None)
    pipeline.analyse_pending(result.batch, fakes.tools())
    assert not Visit.objects.exists() and SnapshotBatch.objects.get().finished_at is None
    SnapshotBatch.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    Snapshot.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert intake.close_cut_off() == 1
    pipeline.finish()
    assert Visit.objects.count() == 1
