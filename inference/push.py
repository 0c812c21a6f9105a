"""Pictures that a camera pushes one by one: checked, timed on the server's clock, and put into its live batch."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import transaction
from django.db.models import Q
from django.utils.timezone import now

from inference import health, intake
from inference.capture_time import from_exif, from_name
from inference.decode import NotAPictureError, check_header
from inference.models import Camera, Snapshot
from inference.pipeline import live_batch

# A camera's clock this close to the server's is right: the rest is the way through the network.
RIGHT_WITHIN_SECONDS = 2.0
# What was learnt of a camera's clock holds for so long for pictures that come without it.
OFFSET_HOLDS = timedelta(days=1)
# Times outside of this come from a clock that was never set; then the arrival is the better guess.
OLDEST, NEWEST = timedelta(days=31), timedelta(minutes=2)
NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Pushed:
    """One picture as it came; `captured_at` is what the camera says about it, on the camera's clock."""

    name: str
    data: bytes
    captured_at: datetime | None = None


@dataclass(frozen=True)
class Fate:
    """What became of one picture; its checksum is the receipt by which its analysis can be asked for."""

    file: str
    checksum: str
    state: Literal["accepted", "duplicate", "refused"]
    captured_at: datetime | None = None
    time_source: str = ""
    reason: str = ""


def take(camera: Camera, pictures: Sequence[Pushed], camera_clock: datetime | None = None) -> list[Fate]:
    """Take in pictures and queue their analysis; each is accepted, known already, or refused with a reason.

    `camera_clock` is what the camera's clock showed when it sent them: times are corrected by its offset. Refused
    pictures leave nothing behind but their number in the camera's hour.
    """
    arrived = now()
    offset = note_clock(camera, camera_clock, arrived)
    fates = [_take(camera, picture, arrived, offset) for picture in pictures]
    refused = sum(fate.state == "refused" for fate in fates)
    if refused:
        health.note(camera, arrived, refused=refused)
    if any(fate.state == "accepted" for fate in fates):
        intake.queue(live_batch(camera))
    return fates


def _take(camera: Camera, picture: Pushed, arrived: datetime, offset: float) -> Fate:
    checksum = hashlib.sha256(picture.data).hexdigest()
    name = (picture.name.replace("\0", "") or checksum[:12])[-255:]
    try:
        image = check_header(io.BytesIO(picture.data))
    except NotAPictureError as error:
        return Fate(name, checksum, "refused", reason=str(error))
    zone = camera.store.zone
    said = picture.captured_at or from_exif(image, zone) or from_name(name, zone)
    when, source = when_taken(said, offset, arrived)
    with transaction.atomic():
        snapshot = Snapshot(camera=camera, batch=live_batch(camera), file_name=name, checksum=checksum)
        snapshot.captured_at, snapshot.time_source = when, source
        is_new = intake.store(snapshot, picture.data)
    return Fate(name, checksum, "accepted" if is_new else "duplicate", when, source)


def when_taken(said: datetime | None, offset: float, arrived: datetime) -> tuple[datetime, str]:
    """The capture time on the server's clock, and where it comes from; the arrival where that is absurd."""
    if said is not None and arrived - OLDEST <= (when := said + timedelta(seconds=offset)) <= arrived + NEWEST:
        return when, Snapshot.TimeSource.CAMERA
    return arrived, Snapshot.TimeSource.ARRIVED


def note_clock(camera: Camera, shows: datetime | None, arrived: datetime) -> float:
    """Seconds to add to the camera's times; what its clock shows now is kept for pictures that come without it."""
    if shows is None:
        fresh = camera.clock_checked_at is not None and camera.clock_checked_at > arrived - OFFSET_HOLDS
        return _to_add(camera.clock_offset) if fresh and camera.clock_offset is not None else 0.0
    offset = (arrived - shows).total_seconds()
    stale = Q(clock_checked_at=None) | Q(clock_checked_at__lt=arrived - NOTED_EVERY)
    moved = Q(clock_offset__lt=offset - RIGHT_WITHIN_SECONDS) | Q(clock_offset__gt=offset + RIGHT_WITHIN_SECONDS)
    Camera.objects.filter(stale | moved, pk=camera.pk).update(clock_offset=offset, clock_checked_at=arrived)
    return _to_add(offset)


def _to_add(offset: float) -> float:
    return offset if abs(offset) > RIGHT_WITHIN_SECONDS else 0.0
