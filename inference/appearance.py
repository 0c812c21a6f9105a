"""The colours of somebody's head and clothes: tells people apart for minutes, in memory only, and is never stored.

Histograms of hue, saturation and brightness of two regions, as Hellinger vectors: their scalar product is the
Bhattacharyya coefficient (Comaniciu, Ramesh, Meer, "Kernel-based object tracking", PAMI 2003).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.preprocessing import Pixels

Vector = NDArray[np.float64]
Box = tuple[float, float, float, float]

BINS = (12, 4, 4)  # of hue, saturation, brightness
SIDE = 24  # each region is looked at in this many pixels square
# Regions as shares of the face box: x and y from its corner, width, height. Clothes differ more than heads do.
HEAD: Box = (-0.3, -0.4, 1.6, 1.5)
CLOTHES: Box = (-0.6, 1.4, 2.2, 1.6)
CLOTHES_SHARE = 0.6
LEAST_VISIBLE = 0.4  # of a region; less of it tells nothing
# How much the newest look changes what is remembered.
NEWEST_SHARE = 0.2


def colours(image: Pixels, box: Box) -> Vector:
    """(2, bins) for the face's surroundings in an RGB picture (h, w, 3); a row of zeros where too little is seen."""
    return np.stack([_histogram(_region(image, box, part)) for part in (HEAD, CLOTHES)])


def _region(image: Pixels, box: Box, part: Box) -> Pixels | None:
    height, width = image.shape[:2]
    left, top = box[0] + part[0] * box[2], box[1] + part[1] * box[3]
    right, bottom = left + part[2] * box[2], top + part[3] * box[3]
    x, y, to_x, to_y = max(0, round(left)), max(0, round(top)), min(width, round(right)), min(height, round(bottom))
    visible = max(0, to_x - x) * max(0, to_y - y)
    if visible < max(1.0, LEAST_VISIBLE * (right - left) * (bottom - top)):
        return None
    return image[y:to_y, x:to_x]


def _histogram(region: Pixels | None) -> Vector:
    import cv2

    if region is None:
        return np.zeros(int(np.prod(BINS)))
    small = cv2.resize(region, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_RGB2HSV)
    counts = cv2.calcHist([hsv], [0, 1, 2], None, list(BINS), [0, 180, 0, 256, 0, 256]).ravel()
    return np.asarray(np.sqrt(counts / counts.sum()), np.float64)


def mixed(before: Vector | None, newest: Vector) -> Vector:
    """What is remembered of somebody after one more look."""
    if before is None:
        return newest
    rows = [_mixed_row(old, new) for old, new in zip(before, newest, strict=True)]
    return np.stack(rows)


def _mixed_row(old: Vector, new: Vector) -> Vector:
    if not old.any() or not new.any():
        return old if old.any() else new
    return np.sqrt((1 - NEWEST_SHARE) * old**2 + NEWEST_SHARE * new**2)


def distance(one: Vector | None, other: Vector | None) -> float:
    """0 the same colours, 1 none in common; 0 where nothing is known."""
    if one is None or other is None:
        return 0.0
    shares = np.array([1 - CLOTHES_SHARE, CLOTHES_SHARE]) * (one.any(axis=1) & other.any(axis=1))
    if not shares.any():
        return 0.0
    alike = (one * other).sum(axis=1)
    return float(np.sqrt(max(0.0, 1 - (shares * alike).sum() / shares.sum())))


def show_clothes(one: Vector | None, other: Vector | None) -> bool:
    return one is not None and other is not None and bool(one[1].any() and other[1].any())
