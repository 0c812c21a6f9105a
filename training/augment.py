"""What a cheap camera and an imperfect detector do to a face, done to training pictures at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.preprocessing import Pixels


@dataclass(frozen=True)
class Augmentation:
    """How strongly to disturb. Shares are of the crop's width, angles in degrees, chances 0 to 1."""

    shift: float = 0.05
    zoom: float = 0.12
    angle: float = 10.0
    smallest: int = 10  # pixels; how small a face may have been before it was scaled up
    low_resolution: float = 0.4
    blur: float = 0.15
    grey: float = 0.15
    light: float = 0.35
    noise: float = 6.0  # standard deviation, of 255
    jpeg: float = 0.2
    cutout: float = 0.15


NONE = Augmentation(0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0)


def disturb(crop: Pixels, size: int, how: Augmentation, random: np.random.Generator) -> Pixels:
    """One random version of an RGB crop (h, h, 3), as (size, size, 3) uint8."""
    picture = _move(crop, size, how, random)
    picture = _light(picture, how, random)
    picture = _degrade(picture, how, random)
    if random.random() < how.cutout:
        side = int(size * random.uniform(0.15, 0.35))
        y, x = random.integers(0, size - side, 2)
        picture[y : y + side, x : x + side] = random.integers(0, 256)
    return picture


def _move(crop: Pixels, size: int, how: Augmentation, random: np.random.Generator) -> Pixels:
    """Flip, turn, zoom and shift, as a detector's landmarks would with their errors."""
    import cv2

    side = crop.shape[0]
    angle = random.normal(0, how.angle / 2) if how.angle else 0.0
    zoom = np.exp(random.normal(0, how.zoom / 2)) if how.zoom else 1.0
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), angle, zoom * size / side)
    matrix[:, 2] += (size - side) / 2 + random.normal(0, how.shift * size / 2, 2)
    moved = cv2.warpAffine(crop, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved[:, ::-1] if random.random() < 0.5 else moved, dtype=np.uint8)


def _light(picture: Pixels, how: Augmentation, random: np.random.Generator) -> Pixels:
    gain = np.exp(random.normal(0, how.light / 2, 3) * (0.25, 0.25, 0.25) + random.normal(0, how.light / 2))
    bright = picture.astype(np.float32) * gain + random.normal(0, how.light * 30)
    if random.random() < how.grey:
        bright[:] = bright.mean(axis=2, keepdims=True)
    bright += random.normal(0, 1, bright.shape) * random.uniform(0, how.noise)
    return np.asarray(np.clip(bright, 0, 255), dtype=np.uint8)


def _degrade(picture: Pixels, how: Augmentation, random: np.random.Generator) -> Pixels:
    """Small, blurred, compressed."""
    import cv2

    size = picture.shape[0]
    if random.random() < how.low_resolution:
        small = int(np.exp(random.uniform(np.log(how.smallest), np.log(size))))
        picture = np.asarray(cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA), dtype=np.uint8)
        back = cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_LINEAR
        picture = np.asarray(cv2.resize(picture, (size, size), interpolation=back), dtype=np.uint8)
    if random.random() < how.blur:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), random.uniform(0.4, 1.6)), dtype=np.uint8)
    if random.random() < how.jpeg:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(random.uniform(25, 85))])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(picture)
