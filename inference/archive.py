"""Pictures out of a zip, with every known trick of a hostile archive refused."""

from __future__ import annotations

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import BinaryIO
from zoneinfo import ZoneInfo

from django.conf import settings

from inference.capture_time import from_name, on_clock

# JPEG and PNG hardly compress; something that shrinks a hundredfold is no picture.
LARGEST_RATIO = 100
LARGEST_MANIFEST = 5_000_000  # bytes
MANIFEST_NAME = "manifest.csv"


@dataclass(frozen=True)
class Member:
    """One file of an archive: its bytes, or why it cannot be used."""

    name: str
    data: bytes = b""
    reason: str = ""


@dataclass
class Manifest:
    times: dict[str, datetime] = field(default_factory=dict)
    refused: list[Member] = field(default_factory=list)

    def time_of(self, name: str) -> datetime | None:
        return self.times.get(name) or self.times.get(PurePosixPath(name).name)


def is_zip(file: BinaryIO) -> bool:
    start = file.read(4)
    file.seek(0)
    return start in (b"PK\x03\x04", b"PK\x05\x06")


def members(file: BinaryIO, name: str) -> Iterator[Member]:
    """The files of a zip one by one; never more than one in memory."""
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError):
        yield Member(name, reason="the zip file is broken")
        return
    files = [info for info in archive.infolist() if _is_wanted(info)]
    if len(files) > settings.MAX_UPLOAD_FILES:
        yield Member(name, reason=f"the zip holds {len(files)} files; at most {settings.MAX_UPLOAD_FILES} at once")
        return
    for info in files:
        yield _read(archive, info)


def _is_wanted(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    hidden = any(part.startswith(".") and part != ".." for part in path.parts)
    return not info.is_dir() and not hidden and "__MACOSX" not in path.parts and path.name.lower() != MANIFEST_NAME


def _read(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    name = info.filename
    if name.startswith(("/", "\\")) or ".." in PurePosixPath(name.replace("\\", "/")).parts:
        return Member(name, reason="its path points outside the zip")
    if info.flag_bits & 0x1:
        return Member(name, reason="it is encrypted with a password")
    if info.file_size > settings.MAX_PICTURE_BYTES:
        return Member(name, reason=_too_large(info.file_size))
    if info.file_size > 100_000 and info.file_size > LARGEST_RATIO * max(1, info.compress_size):
        return Member(name, reason="it is packed so tightly that it cannot be a picture")
    try:
        with archive.open(info) as file:
            # The size an archive declares may be a lie; one byte more than allowed tells.
            data = file.read(settings.MAX_PICTURE_BYTES + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        return Member(name, reason="it cannot be unpacked; the zip is damaged")
    if len(data) > settings.MAX_PICTURE_BYTES:
        return Member(name, reason=_too_large(len(data)))
    return Member(name, data)


def _too_large(size: int) -> str:
    return f"too large: {size / 1e6:.1f} MB, at most {settings.MAX_PICTURE_BYTES / 1e6:.0f} MB"


def manifest(file: BinaryIO, zone: ZoneInfo) -> Manifest:
    """Capture times from a zip's manifest.csv (columns file, captured_at); empty when there is none."""
    try:
        archive = zipfile.ZipFile(file)
        infos = [i for i in archive.infolist() if PurePosixPath(i.filename).name.lower() == MANIFEST_NAME]
        if not infos or infos[0].file_size > LARGEST_MANIFEST:
            return Manifest()
        with archive.open(infos[0]) as member:
            text = member.read(LARGEST_MANIFEST).decode("utf-8-sig", errors="replace")
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, NotImplementedError):
        return Manifest()  # `members` names the damage
    return _parse_manifest(text, zone)


def _parse_manifest(text: str, zone: ZoneInfo) -> Manifest:
    result = Manifest()
    delimiter = ";" if ";" in text.split("\n", 1)[0] else ","
    for number, row in enumerate(csv.DictReader(io.StringIO(text), delimiter=delimiter), start=2):
        name, written = (row.get("file") or "").strip(), (row.get("captured_at") or "").strip()
        when = _time(written, zone)
        if not name or when is None:
            result.refused.append(Member(MANIFEST_NAME, reason=f"row {number}: “{written}” is not a time"))
        else:
            result.times[name] = when
    return result


def _time(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return from_name(text, zone)
    return when if when.tzinfo else on_clock(when, zone)
