"""When a picture was taken: its EXIF data, else a pattern in its name."""

from __future__ import annotations

import re
import struct
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from PIL import Image
from PIL.ExifTags import IFD, Base

# 2026-01-31T10-15-00.250, 20260131_101500, 2026.01.31 10:15:00, 20260131101500250 and the like.
NAME_PATTERN = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)[-_. T]?"
    r"([0-2]\d)[-_.:h]?([0-5]\d)[-_.:m]?([0-5]\d)(?:[-_.,]?(\d{3}))?(?!\d)"
)
EPOCH_PATTERN = re.compile(r"(?<!\d)(1[0-9]{9})(\d{3})?(?!\d)")
EXIF_TIME = "%Y:%m:%d %H:%M:%S"


def from_exif(image: Image.Image, zone: ZoneInfo) -> datetime | None:
    """DateTimeOriginal with its offset, or on the store's clock when the camera wrote no offset."""
    details = _exif(image)
    text = details.get(Base.DateTimeOriginal) or details.get(Base.DateTimeDigitized)
    try:
        local = datetime.strptime(str(text).strip("\0 "), EXIF_TIME)  # noqa: DTZ007  # the zone follows
    except ValueError:
        return None
    fraction = str(details.get(Base.SubsecTimeOriginal) or "").strip("\0 ")
    if fraction.isdigit():
        local += timedelta(seconds=float(f"0.{fraction}"))
    offset = _offset(str(details.get(Base.OffsetTimeOriginal) or ""))
    return (local.replace(tzinfo=offset) if offset else on_clock(local, zone)).astimezone(UTC)


def _exif(image: Image.Image) -> dict[int, Any]:
    """The EXIF block, empty where there is none or it is nonsense."""
    if image.format == "PNG" and not {"exif", "Raw profile type exif"} & image.info.keys():
        return {}  # Pillow would decode the whole picture to look for one behind its pixels
    try:
        return image.getexif().get_ifd(IFD.Exif)
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error, Image.DecompressionBombError):
        return {}


def _offset(text: str) -> timezone | None:
    match = re.fullmatch(r"([+-])(\d\d):(\d\d)\0*", text.strip())
    if not match:
        return None
    sign = -1 if match[1] == "-" else 1
    return timezone(sign * timedelta(hours=int(match[2]), minutes=int(match[3])))


def from_name(name: str, zone: ZoneInfo) -> datetime | None:
    """A date and time in the file's name, on the store's clock; or seconds since 1970."""
    for match in NAME_PATTERN.finditer(name):
        year, month, day, hour, minute, second, milli = (int(word or 0) for word in match.groups())
        try:
            local = datetime(year, month, day, hour, minute, second, milli * 1000)  # noqa: DTZ001  # zone follows
        except ValueError:
            continue
        return on_clock(local, zone).astimezone(UTC)
    if epoch := EPOCH_PATTERN.search(name):
        return datetime.fromtimestamp(int(epoch[1]) + int(epoch[2] or 0) / 1000, UTC)
    return None


def on_clock(local: datetime, zone: ZoneInfo) -> datetime:
    """A naive clock time as an instant: the first of an hour that happens twice; one that never was is moved on."""
    there = local.replace(tzinfo=zone, fold=0)
    if there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local:
        return (local.replace(tzinfo=zone, fold=0)).astimezone(UTC).astimezone(zone)
    return there
