"""Uploads come in: files are checked, told apart by checksum, timed, and put into the spool."""

from __future__ import annotations

import hashlib
import io
import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef
from django.utils.timezone import now
from kombu.exceptions import OperationalError

from inference import archive, spool
from inference.capture_time import from_exif, from_name
from inference.decode import NotAPictureError, check_header
from inference.models import Camera, Snapshot, SnapshotBatch

# Analysis of an upload begins with this many pictures.
FIRST_QUEUED = 16
# An upload of which nothing has come for this long was cut off.
CUT_OFF_AFTER = timedelta(minutes=2)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Refused:
    file: str
    reason: str


@dataclass
class IntakeResult:
    """What became of an upload. `captured_from` counts where capture times were found."""

    batch: SnapshotBatch
    snapshots: int = 0
    duplicates: int = 0
    waiting: int = 0
    refused: list[Refused] = field(default_factory=list)
    captured_from: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True)
class Incoming:
    """One file on its way in, with what is known of its time besides the picture itself."""

    name: str
    data: bytes
    reason: str = ""
    manifest_time: datetime | None = None
    modified: datetime | None = None


def receive(
    camera: Camera,
    files: Iterable[tuple[str, BinaryIO]],
    *,
    uploaded_by: Any = None,
    modified: dict[str, datetime] | None = None,
    into: SnapshotBatch | None = None,
    more_follow: bool = False,
) -> IntakeResult:
    """Take in pictures and zips of pictures, and queue their analysis.

    An upload may come in parts: `into` is the batch that the first part made, and `more_follow` keeps it open. A part
    that is sent again, because its answer was lost, changes nothing.

    Every file ends as exactly one of: a snapshot, a duplicate of one this camera brought before, or refused with a
    reason. `modified` gives files' own dates, used where nothing better tells the capture time.
    """
    batch = into or SnapshotBatch.objects.create(camera=camera, uploaded_by=uploaded_by, received_at=None)
    if into is not None:
        SnapshotBatch.objects.filter(pk=into.pk).update(received_at=None, finished_at=None)
    result = IntakeResult(batch)
    for place, incoming in enumerate(_unpacked(files, camera, modified or {}), start=1):
        _take_in(incoming, camera, result)
        if place == FIRST_QUEUED:
            queue(batch)  # a worker starts while the rest comes in
    # A slow upload may have been taken for cut off, and the batch for done, meanwhile.
    SnapshotBatch.objects.filter(pk=batch.pk).update(
        duplicates=F("duplicates") + result.duplicates,
        received_at=None if more_follow else now(),
        finished_at=None,
    )
    batch.refresh_from_db()
    queue(batch)
    return result


def close_cut_off() -> int:
    """Let batches whose intake died be finished with what they have; how many."""
    quiet = now() - CUT_OFF_AFTER
    coming = Snapshot.objects.filter(batch=OuterRef("pk"), created_at__gte=quiet)
    cut_off = SnapshotBatch.objects.filter(~Exists(coming), received_at=None, created_at__lt=quiet)
    return cut_off.update(received_at=now())


def queue(batch: SnapshotBatch) -> None:
    """Have the batch analysed once this transaction is in; where the broker is away, `resume` takes it up later."""
    from inference.tasks import analyse_batch  # tasks know the steps; the steps are imported before them

    def send() -> None:
        try:
            analyse_batch.delay(batch.pk)
        except (OperationalError, OSError) as error:
            log.warning("batch %s waits for the broker to come back: %s", batch.pk, type(error).__name__)

    transaction.on_commit(send)


def _unpacked(
    files: Iterable[tuple[str, BinaryIO]], camera: Camera, modified: dict[str, datetime]
) -> Iterator[Incoming]:
    for name, file in files:
        if archive.is_zip(file):
            manifest = archive.manifest(file, camera.store.zone)
            yield from (Incoming(bad.name, b"", bad.reason) for bad in manifest.refused)
            for member in archive.members(file, name):
                yield Incoming(member.name, member.data, member.reason, manifest.time_of(member.name))
        else:
            data = file.read(settings.MAX_PICTURE_BYTES + 1)
            limit = settings.MAX_PICTURE_BYTES
            reason = f"too large: more than {limit / 1e6:.0f} MB" if len(data) > limit else ""
            yield Incoming(name, data, reason, modified=modified.get(name))


def _take_in(incoming: Incoming, camera: Camera, result: IntakeResult) -> None:
    snapshot = Snapshot(
        camera=camera,
        batch=result.batch,
        file_name=incoming.name[-255:],
        checksum=hashlib.sha256(incoming.data).hexdigest(),
    )
    try:
        if incoming.reason:
            raise NotAPictureError(incoming.reason)
        _tell_time(snapshot, incoming, camera)
    except NotAPictureError as error:
        _refuse(snapshot, str(error), result)
        return
    if store(snapshot, incoming.data):
        result.snapshots += 1
        result.waiting += snapshot.status == Snapshot.Status.WAITING
        result.captured_from[snapshot.time_source or "unknown"] += 1
    elif not Snapshot.objects.filter(batch=result.batch, checksum=snapshot.checksum).exists():
        result.duplicates += 1


def _refuse(snapshot: Snapshot, reason: str, result: IntakeResult) -> None:
    snapshot.status, snapshot.reason = Snapshot.Status.REFUSED, reason
    snapshot.save()
    result.refused.append(Refused(snapshot.file_name, reason))


def _tell_time(snapshot: Snapshot, incoming: Incoming, camera: Camera) -> None:
    """EXIF, else the name, else the manifest, else the file's date where it is known, else the page asks."""
    image = check_header(io.BytesIO(incoming.data))
    zone, sources = camera.store.zone, Snapshot.TimeSource
    found = (
        (from_exif(image, zone), sources.EXIF),
        (from_name(Path(incoming.name).name, zone), sources.NAME),
        (incoming.manifest_time, sources.MANIFEST),
        (incoming.modified, sources.MODIFIED),
    )
    when, source = next(((when, source) for when, source in found if when), (None, ""))
    snapshot.captured_at, snapshot.time_source = when, source
    snapshot.status = Snapshot.Status.PENDING if when else Snapshot.Status.WAITING


def store(snapshot: Snapshot, data: bytes) -> bool:
    """Row and spool file, both or neither; False when this camera brought the same file before."""
    aside = spool.put_aside(data)
    try:
        with transaction.atomic():
            snapshot.save()
            spool.assign(aside, snapshot.pk)
    except IntegrityError:
        return False
    finally:
        aside.unlink(missing_ok=True)
    return True


def set_times(batch: SnapshotBatch, start: datetime, seconds_between: float) -> int:
    """Give the batch's waiting snapshots evenly spaced times, in the order of their names; how many there were."""
    with transaction.atomic():
        waiting = list(
            batch.snapshots.select_for_update().filter(status=Snapshot.Status.WAITING).order_by("file_name", "pk")
        )
        for place, snapshot in enumerate(waiting):
            snapshot.captured_at = start + timedelta(seconds=seconds_between * place)
            snapshot.time_source, snapshot.status = Snapshot.TimeSource.ASKED, Snapshot.Status.PENDING
        Snapshot.objects.bulk_update(waiting, ["captured_at", "time_source", "status"])
        SnapshotBatch.objects.filter(pk=batch.pk).update(finished_at=None)
        queue(batch)
    return len(waiting)


def discard_waiting(batch: SnapshotBatch) -> int:
    """Refuse the batch's snapshots that still have no capture time, and delete their pictures."""
    waiting = batch.snapshots.filter(status=Snapshot.Status.WAITING)
    ids = list(waiting.values_list("pk", flat=True))
    waiting.update(status=Snapshot.Status.REFUSED, reason="no capture time was given", analysed_at=now())
    for snapshot_id in ids:
        spool.remove(snapshot_id)
    queue(batch)
    return len(ids)
