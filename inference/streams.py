"""A camera's stream: the newest frame, whenever it is asked for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.preprocessing import Pixels

# Looking twice a second finds everyone who walks in, at a fraction of the cost of every frame.
LOOKS_PER_SECOND = 2.0
# A stream that gives nothing for this long is taken for ended.
SILENT_SECONDS = 10.0


class StreamError(OSError):
    """The stream cannot be opened; the message names it without its password."""


@dataclass(frozen=True)
class Glimpse:
    image: Pixels
    at: float  # seconds since 1970


def glimpses(address: str, seconds: float | None = None) -> Iterator[Glimpse]:
    """Frames of an RTSP or HTTP stream or a file, at most LOOKS_PER_SECOND, until it ends or `seconds` have passed.

    A file is read at its own speed through its own clock; a live stream's reader thread keeps only the newest frame.
    """
    if "://" in address:
        yield from _live(address, seconds)
    else:
        yield from _file(address, seconds)


def _file(address: str, seconds: float | None) -> Iterator[Glimpse]:
    from pathlib import Path

    from inference.pictures import frames

    started, due = time.time(), 0.0
    for frame in frames(Path(address)):
        if frame.image is None:
            raise StreamError(f"{frame.source}: {frame.error}")
        if seconds is not None and frame.at > seconds:
            return
        if frame.at >= due:
            due = frame.at + 1 / LOOKS_PER_SECOND
            yield Glimpse(frame.image, started + frame.at)


def _live(address: str, seconds: float | None) -> Iterator[Glimpse]:
    reader = Reader(address)
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    try:
        while time.monotonic() < end and (glimpse := reader.newest()) is not None:
            yield glimpse
            time.sleep(1 / LOOKS_PER_SECOND)
    finally:
        reader.stop()


class Reader:
    """Reads in a thread of its own, because OpenCV's read can block, and keeps only the newest frame."""

    def __init__(self, address: str) -> None:
        import cv2

        self._video = cv2.VideoCapture(address)
        if not self._video.isOpened():
            raise StreamError(f"The stream {without_password(address)} cannot be opened.")
        self._fresh = threading.Condition()
        self._glimpse: Glimpse | None = None
        self._running = True
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        while self._running:
            there, image = self._video.read()
            with self._fresh:
                if there:
                    self._glimpse = Glimpse(np.asarray(image[:, :, ::-1], dtype=np.uint8), time.time())
                else:
                    self._running = False
                self._fresh.notify()
        self._video.release()

    def newest(self) -> Glimpse | None:
        """The newest frame not yet given; None when the stream has ended or is silent."""
        with self._fresh:
            if self._glimpse is None and self._running:
                self._fresh.wait(SILENT_SECONDS)
            glimpse, self._glimpse = self._glimpse, None
            return glimpse

    def stop(self) -> None:
        self._running = False


def without_password(address: str) -> str:
    """The address without user and password, fit for a message."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
