"""Pictures from wherever they lie: a picture file, a GIF, a video, a zip or a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from inference import archive
from inference.capture_time import from_name
from inference.decode import NotAPictureError, decode
from training.preprocessing import Pixels

VIDEO_SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mjpeg", ".ts")
DEFAULT_GIF_SECONDS = 0.1
DEFAULT_FPS = 25.0
# Sorted pictures without times in their names are taken to follow each other this closely.
PICTURE_SECONDS = 0.5


@dataclass(frozen=True)
class Frame:
    """One picture of a source; `at` in seconds since the source's first one; `image` RGB, or why there is none."""

    source: str
    number: int
    at: float
    image: Pixels | None
    error: str = ""


def frames(path: Path) -> Iterator[Frame]:
    """All pictures of a path in order. What cannot be read comes as a frame with an error, never as an exception."""
    if path.is_dir():
        files = sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        yield from _in_sequence(_times([file.name for file in files]), files)
    elif not path.exists():
        yield Frame(str(path), 0, 0.0, None, "there is no such file or folder")
    elif path.suffix.lower() in VIDEO_SUFFIXES:
        yield from _video(path)
    elif path.suffix.lower() == ".gif":
        yield from _gif(path)
    elif zipfile.is_zipfile(path):
        yield from _zip(path)
    else:
        yield _picture(str(path), path.read_bytes(), 0.0)


def _in_sequence(times: list[float], files: list[Path]) -> Iterator[Frame]:
    for at, file in zip(times, files, strict=True):
        if file.suffix.lower() in (*VIDEO_SUFFIXES, ".gif", ".zip"):
            yield from frames(file)
        else:
            yield _picture(str(file), file.read_bytes(), at)


def _times(names: list[str]) -> list[float]:
    """Seconds since the first picture: from the names where all tell a time, else evenly spaced."""
    from zoneinfo import ZoneInfo

    written = [when for name in names if (when := from_name(name, ZoneInfo("UTC")))]
    if len(written) == len(names) and written:
        return [(when - min(written)).total_seconds() for when in written]
    return [place * PICTURE_SECONDS for place in range(len(names))]


def _picture(source: str, data: bytes, at: float) -> Frame:
    try:
        return Frame(source, 0, at, decode(data))
    except NotAPictureError as error:
        return Frame(source, 0, at, None, str(error))


def _zip(path: Path) -> Iterator[Frame]:
    with path.open("rb") as file:
        members = sorted(archive.members(file, path.name), key=lambda member: member.name)
    for at, member in zip(_times([member.name for member in members]), members, strict=True):
        source = f"{path}/{member.name}"
        yield Frame(source, 0, at, None, member.reason) if member.reason else _picture(source, member.data, at)


def _gif(path: Path) -> Iterator[Frame]:
    at = 0.0
    try:
        with Image.open(path) as image:
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                yield Frame(str(path), number, at, np.asarray(image.convert("RGB"), dtype=np.uint8))
                at += (image.info.get("duration") or DEFAULT_GIF_SECONDS * 1000) / 1000
    except (OSError, SyntaxError, ValueError, EOFError):
        yield Frame(str(path), 0, at, None, "the animation is broken or cut off")


def _video(path: Path) -> Iterator[Frame]:
    import cv2

    video = cv2.VideoCapture(str(path))
    seconds = 1 / (video.get(cv2.CAP_PROP_FPS) or DEFAULT_FPS)
    number = 0
    try:
        while True:
            there, image = video.read()
            if not there:
                break
            yield Frame(str(path), number, number * seconds, np.asarray(image[:, :, ::-1], dtype=np.uint8))
            number += 1
    finally:
        video.release()
    if number == 0:
        yield Frame(str(path), 0, 0.0, None, "the video cannot be read")
