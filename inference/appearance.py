"""The colours of somebody's head and clothes: tells people apart for minutes, in memory only, and is never stored.

Mean colours of a 3 × 3 grid over two regions, compared as people see them (CIE L*a*b*, 1976; a difference of 2 can just
be told, red and blue clothes are 60 apart). Brightness counts half, because light changes from step to step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.preprocessing import Pixels

Vector = NDArray[np.float64]
Box = tuple[float, float, float, float]  # left, top, width, height
Corners = tuple[float, float, float, float]  # left, top, right, bottom

GRID = 3  # each region is looked at in this many fields square
BRIGHTNESS_SHARE = 0.2  # of a difference; the two colour axes share the rest
FULLY_OTHER = 25.0  # a difference this large, or larger, is as different as can be
# Regions as shares of the face box: x and y from its corner, width, height. Clothes differ more than heads do.
HEAD: Box = (-0.3, -0.4, 1.6, 1.5)
CLOTHES: Box = (-0.3, 1.25, 1.6, 0.85)
HIPS: Box = (-0.3, 2.3, 1.6, 0.7)
REGIONS = (HEAD, CLOTHES, HIPS)
# How much each counts from one picture to the next; the hips are behind others too often.
SHARES: Vector = np.array([0.3, 0.7, 0.0])
# What somebody nearer hides, as shares of their face box; faces of one size are side by side.
FIGURE: tuple[Box, ...] = ((-0.1, -0.25, 1.2, 1.2), (-0.6, 0.95, 2.2, 3.4))
LEAST_VISIBLE = 0.9  # of a region; a part of it has other colours
MOST_HIDDEN = 0.05  # of a region, by people who are nearer
MOST_REMEMBERED = 20  # looks that an average is over; later ones replace earlier ones slowly


def colours(image: Pixels, boxes: Sequence[Box]) -> list[Vector]:
    """L*a*b* of each region around each face of an RGB picture (h, w, 3), as (regions, fields × 3).

    A region of which too little shows is nan: the picture ends there, or somebody nearer stands in front of it.
    """
    return [_colours(image, box, [other for other in boxes if _nearer(other, box)]) for box in boxes]


def _nearer(one: Box, other: Box) -> bool:
    return one[2] * one[3] > other[2] * other[3]


def _colours(image: Pixels, box: Box, nearer: Sequence[Box]) -> Vector:
    figures = [_placed(other, part) for other in nearer for part in FIGURE]
    # A face that is seen is hidden by nobody.
    return np.stack([_fields(_cut(image, _placed(box, part), [] if part is HEAD else figures)) for part in REGIONS])


def _placed(box: Box, part: Box) -> Corners:
    """Where a region is that is given as shares of a face box."""
    left, top = box[0] + part[0] * box[2], box[1] + part[1] * box[3]
    return left, top, left + part[2] * box[2], top + part[3] * box[3]


def _is_hidden(region: Corners, figures: Sequence[Corners]) -> bool:
    return any(_overlap(region, figure) > MOST_HIDDEN * _area(region) for figure in figures)


def _overlap(one: Corners, other: Corners) -> float:
    left, top = max(one[0], other[0]), max(one[1], other[1])
    return _area((left, top, max(left, min(one[2], other[2])), max(top, min(one[3], other[3]))))


def _area(region: Corners) -> float:
    return (region[2] - region[0]) * (region[3] - region[1])


def _cut(image: Pixels, region: Corners, figures: Sequence[Corners]) -> Pixels | None:
    """A region of the picture; None where too little of it shows."""
    if _is_hidden(region, figures):
        return None
    height, width = image.shape[:2]
    left, top, right, bottom = region
    x, y, to_x, to_y = max(0, round(left)), max(0, round(top)), min(width, round(right)), min(height, round(bottom))
    visible = max(0, to_x - x) * max(0, to_y - y)
    if visible < max(1.0, LEAST_VISIBLE * _area(region)):
        return None
    return image[y:to_y, x:to_x]


def _fields(region: Pixels | None) -> Vector:
    import cv2

    if region is None:
        return np.full(GRID * GRID * 3, np.nan)
    small = cv2.resize(region, (GRID, GRID), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2LAB), np.float64).ravel()


def mixed(before: Vector | None, newest: Vector, looks: int) -> Vector:
    """What is remembered of somebody after `looks` looks and one more."""
    if before is None:
        return newest
    share = 1 / min(looks + 1, MOST_REMEMBERED)
    both = (1 - share) * before + share * newest
    return np.where(np.isnan(before), newest, np.where(np.isnan(newest), before, both))


def differences(one: Vector, other: Vector) -> Vector:
    """How far each region's colours lie apart, (regions,), a difference of 2 being just visible; nan where unseen."""
    off = np.abs(one - other).reshape(len(REGIONS), -1, 3).mean(axis=1)
    return np.asarray(BRIGHTNESS_SHARE * off[:, 0] + (1 - BRIGHTNESS_SHARE) / 2 * (off[:, 1] + off[:, 2]), np.float64)


def distance(one: Vector | None, other: Vector | None) -> float:
    """0 the same colours, 1 quite others; 0 where nothing is known."""
    if one is None or other is None:
        return 0.0
    each = differences(one, other)
    shares = SHARES * ~np.isnan(each)
    if not shares.any():
        return 0.0
    return min(1.0, float((shares * np.nan_to_num(each)).sum() / shares.sum()) / FULLY_OTHER)


def middle(colours: Vector) -> Vector:
    """The middle of the three columns only, (regions, GRID × 3): beside somebody the background shows."""
    return np.asarray(colours.reshape(len(REGIONS), GRID, GRID, 3)[:, :, GRID // 2].reshape(len(REGIONS), -1))


def signature(looks: Iterable[Vector]) -> Vector | None:
    """The middle colours of some looks, (regions, GRID × 3): by what somebody is known again minutes later.

    The median, since others pass in front. A region that was never seen is nan.
    """
    kept = [middle(look) for look in looks]
    if not kept:
        return None
    return np.stack([_median(part) for part in np.stack(kept).swapaxes(0, 1)])


def _median(looks: Vector) -> Vector:
    """Of those looks (n, GRID × 3) that show the region, as (GRID × 3,)."""
    seen = looks[~np.isnan(looks).any(axis=1)]
    return np.asarray(np.median(seen, axis=0) if len(seen) else looks[0], np.float64)
