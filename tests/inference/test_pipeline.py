"""From an uploaded file to a visit, exactly once."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from datetime import UTC, datetime
from typing import BinaryIO

import pytest
from pytest_django import Settings

from inference import intake, pipeline, retention, spool
from inference.models import Camera, ChangedHour, Face, Snapshot, SnapshotBatch, SnapshotQuerySet, Visit
from tests import factories, fakes

pytestmark = pytest.mark.django_db


def file(data: bytes) -> BinaryIO:
    return io.BytesIO(data)


def receive(camera: Camera, **files: bytes) -> intake.IntakeResult:
    return intake.receive(camera, [(name.replace("__", "."), file(data)) for name, data in files.items()])


def two_people(number: int) -> bytes:
    return fakes.picture((40 + 4 * number, 60, 48, fakes.WOMAN), (200, 80 + 3 * number, 40, fakes.MAN))


def analyse(batch: SnapshotBatch) -> int:
    return pipeline.analyse_pending(batch, fakes.tools())


def test_two_people_in_three_pictures_are_two_visits_of_one_party() -> None:
    camera = factories.camera()
    names = [f"20260310_13000{number}__png" for number in range(3)]
    result = receive(camera, **{name: two_people(number) for number, name in enumerate(names)})
    assert (result.snapshots, result.duplicates, result.refused) == (3, 0, [])
    assert analyse(result.batch) == 3
    woman, man = sorted(Visit.objects.all(), key=lambda visit: visit.age_years or 0)
    assert woman.gender == [0.95, 0.05] and man.gender == [0.05, 0.95]
    assert woman.entered_at == datetime(2026, 3, 10, 12, 0, 0, tzinfo=UTC)  # one hour ahead in Oslo
    assert woman.faces == man.faces == 3
    assert woman.party == man.party != "" and woman.party_size == 2


def test_nothing_of_a_picture_is_left_after_the_analysis() -> None:
    result = receive(factories.camera(), **{"20260310_130000__png": two_people(0)})
    assert not spool.is_empty()
    analyse(result.batch)
    assert spool.is_empty()
    assert not Face.objects.exists()
    assert ChangedHour.objects.get().hour == datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_analysing_twice_changes_nothing() -> None:
    result = receive(factories.camera(), **{"20260310_130000__png": two_people(0)})
    analyse(result.batch)
    assert analyse(result.batch) == 0
    assert Visit.objects.count() == 2


def test_a_crash_in_the_middle_of_a_chunk_loses_and_doubles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    result = receive(factories.camera(), **{"20260310_130000__png": two_people(0)})

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(SnapshotQuerySet, "bulk_update", crash)
        analyse(result.batch)
    assert Snapshot.objects.pending().count() == 1 and not Face.objects.exists()
    assert analyse(result.batch) == 1
    assert Visit.objects.count() == 2


def test_the_same_file_twice_is_one_snapshot() -> None:
    camera = factories.camera()
    first = receive(camera, **{"20260310_130000__png": two_people(0)})
    again = receive(camera, **{"another__png": two_people(0)})
    assert (first.snapshots, again.snapshots, again.duplicates) == (1, 0, 1)
    assert Snapshot.objects.count() == 1


def test_a_small_face_is_seen_and_not_guessed_at() -> None:
    small = fakes.picture((40, 60, 24, fakes.WOMAN))
    result = receive(factories.camera(), **{"20260310_130000__png": small})
    analyse(result.batch)
    snapshot = Snapshot.objects.get()
    assert (snapshot.faces_seen, snapshot.faces_classified) == (1, 0)
    assert Visit.objects.get().gender is None


def huge_header() -> bytes:
    """A PNG that claims 30,000 × 30,000 pixels in a few bytes."""
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 90_001))


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def zip_of(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("20260310_130000.jpg", b"Dear camera, this is text.", "not a picture"),
        ("20260310_130000.png", huge_header(), "too large"),
        ("evil.zip", zip_of(**{"../../x.png": two_people(0)}), "outside the zip"),
        ("bomb.zip", zip_of(**{"20260310_130000.png": b"\0" * 20_000_000}), "cannot be a picture"),
        ("broken.zip", b"PK\x03\x04 and then nothing", "the zip file is broken"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_reason_and_leaves_no_file(name: str, data: bytes, reason: str) -> None:
    result = intake.receive(factories.camera(), [(name, file(data))])
    assert result.snapshots == 0
    assert reason in result.refused[0].reason
    assert Snapshot.objects.get().status == Snapshot.Status.REFUSED
    assert spool.is_empty()


def test_a_truncated_jpeg_is_refused_when_it_is_decoded_and_its_neighbours_are_analysed() -> None:
    whole = fakes.picture((40, 60, 48, fakes.WOMAN), form="JPEG")
    files = {"20260310_130000__jpg": whole[: len(whole) * 2 // 3], "20260310_140000__png": two_people(0)}
    result = receive(factories.camera(), **files)
    analyse(result.batch)
    cut, good = Snapshot.objects.order_by("captured_at")
    assert "cut off" in cut.reason and good.status == Snapshot.Status.ANALYSED
    assert spool.is_empty()


def test_more_files_than_allowed_in_a_zip_are_refused_as_one(settings: Settings) -> None:
    settings.MAX_UPLOAD_FILES = 2
    data = zip_of(**{f"{number}.png": two_people(number) for number in range(3)})
    result = intake.receive(factories.camera(), [("many.zip", file(data))])
    assert "3 files" in result.refused[0].reason


def test_a_manifest_tells_times_that_names_do_not() -> None:
    rows = b"file,captured_at\na.png,2026-03-10T13:00:00\nb.png,2026-03-10T13:00:09+01:00\n"
    data = zip_of(**{"manifest.csv": rows, "a.png": two_people(0), "b.png": two_people(1)})
    intake.receive(factories.camera(), [("day.zip", file(data))])
    times = list(Snapshot.objects.order_by("captured_at").values_list("captured_at", flat=True))
    assert times == [datetime(2026, 3, 10, 12, 0, second, tzinfo=UTC) for second in (0, 9)]


def test_pictures_without_a_time_wait_until_somebody_gives_it() -> None:
    result = receive(factories.camera(), a__png=two_people(0), b__png=two_people(1))
    assert result.waiting == 2
    assert analyse(result.batch) == 0
    result.batch.refresh_from_db()
    assert result.batch.finished_at is None
    assert intake.set_times(result.batch, factories.NOON, 2.0) == 2
    assert analyse(result.batch) == 2
    result.batch.refresh_from_db()
    assert result.batch.finished_at is not None and Visit.objects.count() == 2


def test_sweeping_keeps_what_is_pending_and_removes_what_is_done() -> None:
    camera = factories.camera()
    pending = receive(camera, **{"20260310_130000__png": two_people(0)})
    row = pending.batch.snapshots.get()
    retention.sweep_spool()
    assert spool.read(row.pk)
    Snapshot.objects.filter(pk=row.pk).update(status=Snapshot.Status.ANALYSED)
    assert retention.sweep_spool() == 1
    assert spool.is_empty()
