"""Colours of faces that wait for their visit: in this process' memory only, and for minutes only.

Another worker that makes the visits, or a restart, does without them.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from inference.appearance import Vector

KEPT_SECONDS = 600.0

_colours: dict[int, tuple[float, Vector]] = {}


def put(face: int, colours: Vector | None) -> None:
    if colours is not None:
        _colours[face] = (time.monotonic() + KEPT_SECONDS, colours)


def get(face: int) -> Vector | None:
    return _colours[face][1] if face in _colours else None


def drop(faces: Iterable[int]) -> None:
    """Of faces that have become visits, nothing stays."""
    for face in faces:
        _colours.pop(face, None)


def forget() -> None:
    """Drop what has waited too long; those put first are first in the dictionary."""
    while _colours and (oldest := next(iter(_colours))) and _colours[oldest][0] < time.monotonic():
        del _colours[oldest]
