"""A camera's stream: the newest frame, whenever it is asked for."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import urlsplit

import numpy as np

from training.preprocessing import Pixels

# Looking twice a second finds everyone who walks in, at a fraction of the cost of every frame.
LOOKS_PER_SECOND = 2.0
# A stream that gives nothing for this long is taken for ended.
SILENT_SECONDS = 10.0
# Pauses before another attempt, in seconds.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# Under load streams are looked at less often, but people who walk in are still seen every so many seconds.
BUSY_SHARE, SLOWEST_SECONDS = 0.7, 3.0


# Recorded pieces arrive all at once, and are played at their own speed; a live stream's frames are taken as they come.
# (Only these formats keep time well enough: a MJPEG stream's clock is made up by the reader.)
RECORDED = (".m3u8", ".mp4", ".mov", ".mkv", ".webm", ".ts")
# A clock that leaps this far has begun anew.
LEAP_SECONDS = 10.0


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
    stream = Stream(address)
    end = time.monotonic() + seconds if seconds is not None else float("inf")
    try:
        while (left := end - time.monotonic()) > 0:
            if glimpse := stream.newest(min(left, 1.0)):
                yield glimpse
                time.sleep(1 / LOOKS_PER_SECOND)
            elif stream.never_opened:
                raise StreamError(f"The stream {without_password(address)} cannot be opened.")
    finally:
        stream.close()


POSITION = 0  # cv2.CAP_PROP_POS_MSEC


class Video(Protocol):
    """What a stream needs of OpenCV's VideoCapture."""

    def isOpened(self) -> bool: ...  # noqa: N802  # OpenCV's name
    def read(self) -> tuple[bool, Any]: ...
    def get(self, what: int) -> float: ...
    def release(self) -> None: ...


def open_video(address: str) -> Video:
    """OpenCV's reader with its own time limits, where it keeps them; the watchdog below does not rely on that."""
    import cv2

    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, 5_000, cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(1000 * SILENT_SECONDS)]
    return cv2.VideoCapture(address, cv2.CAP_FFMPEG, limits)


def is_recorded(address: str) -> bool:
    return urlsplit(address).path.lower().endswith(RECORDED)


class Player:
    """When the frames of a recording are due: at the distances in which they were taken."""

    def __init__(self) -> None:
        self._zero: float | None = None  # when the recording's clock was at 0
        self._last = 0.0

    def wait(self, position: float, at: float) -> float:
        """Seconds until the frame at `position` is due, if now is `at`; late ones and new beginnings are due now."""
        begins_anew = not 0 <= position - self._last < LEAP_SECONDS
        self._last = position
        if self._zero is None or begins_anew or self._zero + position < at:
            self._zero = at - position
        return self._zero + position - at


class _Connection:
    """One attempt to read a stream, in a thread of its own; once abandoned it is forgotten, even if it blocks."""

    def __init__(self, address: str, opens: Callable[[str], Video]) -> None:
        self.opened = self.ended = self.abandoned = False
        self.heard_at = time.monotonic()
        self._address, self._opens = address, opens
        self._fresh = threading.Condition()
        self._glimpse: Glimpse | None = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            video = self._opens(self._address)
            play = Player() if is_recorded(self._address) else None
            while video.isOpened() and not self.abandoned:
                there, image = video.read()
                if not there:
                    break
                if play is not None:
                    time.sleep(play.wait(video.get(POSITION) / 1000, time.monotonic()))
                self._put(Glimpse(np.asarray(image[:, :, ::-1], dtype=np.uint8), time.time()))
            video.release()
        finally:
            with self._fresh:
                self.ended = True
                self._fresh.notify()

    def _put(self, glimpse: Glimpse) -> None:
        with self._fresh:
            self.opened, self.heard_at, self._glimpse = True, time.monotonic(), glimpse
            self._fresh.notify()

    def take(self, wait: float) -> Glimpse | None:
        """The newest frame not yet taken, or None when none comes within `wait` seconds."""
        with self._fresh:
            if self._glimpse is None and not self.ended:
                self._fresh.wait(wait)
            glimpse, self._glimpse = self._glimpse, None
            return glimpse


class Stream:
    """A stream that is followed for good: whoever asks for frames also keeps watch over it.

    When it breaks off or says nothing for SILENT_SECONDS, the connection is dropped and another made after a pause
    that doubles each time up to LONGEST_PAUSE, with jitter, so that many followers do not come back at once.
    """

    def __init__(
        self, address: str, *, silent_after: float = SILENT_SECONDS, opens: Callable[[str], Video] = open_video
    ) -> None:
        self.status: Literal["up", "silent", "down"] = "down"
        self.reason = "not connected yet"
        self.drops = 0
        self._address, self._silent_after, self._opens = address, silent_after, opens
        self._connection: _Connection | None = _Connection(address, opens)
        self._ever_opened = False
        self._failures = 0
        self._retry_at = 0.0

    @property
    def never_opened(self) -> bool:
        """The first attempt has failed, so the address is probably wrong."""
        return not self._ever_opened and self._failures > 0

    def newest(self, wait: float) -> Glimpse | None:
        """The newest frame not yet given; None when none comes within `wait` seconds."""
        if self._connection is None:
            if time.monotonic() < self._retry_at:
                time.sleep(min(wait, max(0.0, self._retry_at - time.monotonic())))
                return None
            self._connection = _Connection(self._address, self._opens)
        glimpse = self._connection.take(wait)
        if glimpse is not None:
            self.status, self.reason, self._failures, self._ever_opened = "up", "", 0, True
        elif self._connection.ended:
            self._drop("down", "it broke off" if self._connection.opened else "it cannot be opened")
        elif time.monotonic() - self._connection.heard_at > self._silent_after:
            self._drop("silent", f"nothing came for {self._silent_after:.0f} seconds")
        return glimpse

    def _drop(self, status: Literal["silent", "down"], reason: str) -> None:
        self.status, self.reason = status, reason
        self.drops += 1
        self.close()
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2**self._failures)
        self._failures += 1
        self._retry_at = time.monotonic() + pause * random.uniform(0.5, 1.5)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.abandoned = True
        self._connection = None


class Pace:
    """How often each of several streams is looked at, so that looking takes at most BUSY_SHARE of the time."""

    def __init__(self) -> None:
        self._cost = 0.0  # seconds a look takes, smoothed

    def note(self, seconds: float) -> None:
        self._cost = seconds if not self._cost else 0.8 * self._cost + 0.2 * seconds

    def seconds_between(self, streams: int) -> float:
        usual = 1 / LOOKS_PER_SECOND
        return min(SLOWEST_SECONDS, max(usual, self._cost * streams / BUSY_SHARE))


def without_password(address: str) -> str:
    """The address without user and password, fit for a message."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2]}"
