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
    flip: float = 0.5
    smallest: int = 10  # pixels; how small a face may have been before it was scaled up
    low_resolution: float = 0.4
    blur: float = 0.15
    motion: float = 0.0
    grey: float = 0.15
    light: float = 0.35
    noise: float = 6.0  # standard deviation, of 255
    jpeg: float = 0.2
    worst_jpeg: int = 25  # quality, of 100
    cutout: float = 0.15


NONE = Augmentation(0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 25, 0)


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


def no_face(crop: Pixels, random: np.random.Generator) -> Pixels:
    """A picture of the same colours and textures as a crop (h, h, 3) that shows no face; same shape.

    What a detector takes for a face in a shop: hair, cloth and walls (a small patch, enlarged), faces cut off or far
    off-centre, clutter (the crop's tiles in another order), plain surfaces.
    """
    kind = random.integers(0, 5)
    if kind == 0:
        return _patch(crop, random)
    if kind == 1:
        return _shuffled(crop, random)
    if kind == 2:
        return _far_off(crop, random)
    if kind == 3:
        return _scrambled(crop, random)
    return _surface(crop, random)


def _patch(crop: Pixels, random: np.random.Generator) -> Pixels:
    """An enlarged piece of the rim: hair, ear, collar, background."""
    import cv2

    side = crop.shape[0]
    size = int(side * random.uniform(0.12, 0.24))
    along, across = int(random.integers(0, side - size)), int(random.integers(0, max(1, side // 8)))
    if random.random() < 0.5:
        across = side - size - across
    y, x = (along, across) if random.random() < 0.3 else (across, along)
    patch = crop[y : y + size, x : x + size]
    return np.asarray(cv2.resize(patch, (side, side), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def _shuffled(crop: Pixels, random: np.random.Generator) -> Pixels:
    tiles = int(random.integers(3, 6))
    size = crop.shape[0] // tiles
    even = crop[: size * tiles, : size * tiles].reshape(tiles, size, tiles, size, 3).swapaxes(1, 2)
    mixed = even.reshape(-1, size, size, 3)[random.permutation(tiles * tiles)]
    mixed = mixed.reshape(tiles, tiles, size, size, 3).swapaxes(1, 2).reshape(size * tiles, size * tiles, 3)
    missing = crop.shape[0] - size * tiles
    return np.pad(mixed, ((0, missing), (0, missing), (0, 0)), mode="edge")


def _far_off(crop: Pixels, random: np.random.Generator) -> Pixels:
    """Half the face or less is left in the picture, or the face is a speck in its middle."""
    import cv2

    side = crop.shape[0]
    angle, zoom = random.uniform(-40, 40), random.uniform(0.7, 1.6)
    away = random.uniform(0.55, 0.8) * side
    if random.random() < 0.25:
        angle, zoom, away = random.uniform(-180, 180), random.uniform(0.12, 0.25), 0.0
    direction = random.uniform(0, 2 * np.pi)
    matrix = cv2.getRotationMatrix2D((side / 2, side / 2), angle, zoom)
    matrix[:, 2] += away * np.array([np.cos(direction), np.sin(direction)])
    border = cv2.BORDER_REPLICATE if random.random() < 0.5 else cv2.BORDER_CONSTANT
    return np.asarray(cv2.warpAffine(crop, matrix, (side, side), borderMode=border), dtype=np.uint8)


def _scrambled(crop: Pixels, random: np.random.Generator) -> Pixels:
    """The same spectrum with other phases: the texture of a face without its shape."""
    spectrum = np.fft.rfft2(crop.astype(np.float32), axes=(0, 1))
    phases = np.fft.rfft2(random.random(crop.shape[:2]), axes=(0, 1))[..., None]
    turned = np.fft.irfft2(spectrum * phases / np.abs(phases), s=crop.shape[:2], axes=(0, 1))
    return np.asarray(np.clip(turned, 0, 255), dtype=np.uint8)


def _surface(crop: Pixels, random: np.random.Generator) -> Pixels:
    """A wall, a shelf, a blurred head from behind: smooth blobs and edges in the crop's colours."""
    import cv2

    side = crop.shape[0]
    cells = int(random.integers(1, 7))
    few = crop[random.integers(0, side, (cells, cells)), random.integers(0, side, (cells, cells))]
    way = cv2.INTER_CUBIC if random.random() < 0.5 else cv2.INTER_NEAREST
    surface = np.asarray(cv2.resize(few, (side, side), interpolation=way), dtype=np.uint8)
    if random.random() < 0.5:
        centre = (int(side * random.uniform(0.35, 0.65)), int(side * random.uniform(0.35, 0.65)))
        axes = (int(side * random.uniform(0.25, 0.45)), int(side * random.uniform(0.3, 0.5)))
        colour = [int(value) for value in crop[random.integers(0, side), random.integers(0, side)]]
        surface = np.asarray(cv2.ellipse(surface.copy(), centre, axes, 0, 0, 360, colour, -1), dtype=np.uint8)
    noise = random.normal(0, random.uniform(0, 12), surface.shape)
    return np.asarray(np.clip(surface + noise, 0, 255), dtype=np.uint8)


def _move(crop: Pixels, size: int, how: Augmentation, random: np.random.Generator) -> Pixels:
    """Flip, turn, zoom and shift, as a detector's landmarks would with their errors."""
    import cv2

    side = crop.shape[0]
    angle = random.normal(0, how.angle / 2) if how.angle else 0.0
    zoom = np.exp(random.normal(0, how.zoom / 2)) if how.zoom else 1.0
    matrix = cv2.getRotationMatrix2D(((side - 1) / 2, (side - 1) / 2), angle, zoom * size / side)
    matrix[:, 2] += (size - side) / 2 + random.normal(0, how.shift * size / 2, 2)
    # A picture that is not shrunk keeps its sharpness only so.
    way = cv2.INTER_LINEAR if side > size else cv2.INTER_CUBIC
    moved = cv2.warpAffine(crop, matrix, (size, size), flags=way, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved[:, ::-1] if random.random() < how.flip else moved, dtype=np.uint8)


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
    if how.motion and random.random() < how.motion:
        picture = _smeared(picture, random)
    if random.random() < how.jpeg:
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(random.uniform(how.worst_jpeg, 85))])
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), dtype=np.uint8)
    return np.ascontiguousarray(picture)


def _smeared(picture: Pixels, random: np.random.Generator) -> Pixels:
    """As someone who walks past a slow shutter: smeared along a line of up to a tenth of the picture."""
    import cv2

    length, angle = random.uniform(2, picture.shape[0] / 10), random.uniform(0, np.pi)
    half = int(np.ceil(length / 2))
    along = np.linspace(-length / 2, length / 2, 2 * half + 1)
    rows, columns = (np.rint(half + along * turn).astype(int) for turn in (np.sin(angle), np.cos(angle)))
    kernel = np.zeros((2 * half + 1, 2 * half + 1), np.float32)
    np.add.at(kernel, (rows, columns), 1)
    smeared = cv2.filter2D(picture, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smeared, dtype=np.uint8)
