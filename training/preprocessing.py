"""From a picture with a face to what a network is fed; training and serving both go through here."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# Where the landmarks of an upright face lie in the crop, as shares of its width and height: left eye, right eye, nose,
# left and right mouth corner as seen in the picture. These are the medians of UTKFace's aligned chips.
CANONICAL_LANDMARKS: Final = np.array(
    [[0.304, 0.279], [0.688, 0.273], [0.505, 0.506], [0.327, 0.670], [0.669, 0.667]], dtype=np.float64
)


# FER2013's pictures are looser; these are the medians of the landmarks YuNet finds in 1,221 of its training pictures.
LOOSE_LANDMARKS: Final = np.array(
    [[0.336, 0.397], [0.676, 0.399], [0.503, 0.579], [0.357, 0.739], [0.646, 0.742]], dtype=np.float64
)
FRAMINGS: Final = {"chip": CANONICAL_LANDMARKS, "loose": LOOSE_LANDMARKS}

# Mean of 255 to which darker crops are lifted: one in seven of UTKFace's pictures is darker, of FER2013's hardly any.
# Chosen on the validation parts, where a quarter of the light cost 1.1 years of age and 5 points of expressions before.
LEAST_LIGHT: Final = 90.0


@dataclass(frozen=True)
class InputSpec:
    """What a network expects: a square of `size` pixels, `channels` 1 (grey) or 3 (RGB), values 0 to 1."""

    size: int
    channels: int
    framing: str = "chip"  # which of FRAMINGS the crop was aligned to


def similarity(landmarks: NDArray[np.float64], size: int, framing: str = "chip") -> NDArray[np.float64]:
    """The 2×3 matrix of the least-squares similarity from landmarks (5, 2) in pixels to the canonical crop.

    In the plane of complex numbers, turning and scaling is one multiplication, so that this is a regression with one
    complex slope (Umeyama, PAMI 1991, in two dimensions). Raises ValueError when the landmarks fall on one point.
    """
    source = _as_complex(landmarks)
    target, middle = _target(framing, size)
    mean = source.mean()
    centred = source - mean
    spread = np.vdot(centred, centred).real
    if not np.isfinite(spread) or spread < 1e-9 * len(source):
        raise ValueError(f"The five landmarks {np.asarray(landmarks).tolist()} do not span a face.")
    turn = np.vdot(centred, target) / spread
    shift = middle - turn * mean
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])


@cache
def _target(framing: str, size: int) -> tuple[NDArray[np.complex128], complex]:
    """Where the landmarks of a crop lie around their mean, and this."""
    places = _as_complex(FRAMINGS[framing] * size)
    return places - places.mean(), complex(places.mean())


def _as_complex(points: NDArray[np.float64]) -> NDArray[np.complex128]:
    return np.ascontiguousarray(points, dtype=np.float64).view(np.complex128)[:, 0]


def align(image: Pixels, landmarks: NDArray[np.float64], size: int, framing: str = "chip") -> Pixels:
    """Cut the face out of an RGB image (h, w, 3) so that its landmarks come to lie where they always do.

    Returns (size, size, 3) uint8 RGB; what lies beyond the picture's edge repeats the edge.
    """
    import cv2

    matrix = similarity(landmarks, size, framing)
    shrink = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    # Warping samples single pixels; a face much larger than the crop is smoothed first, or it would alias.
    if shrink < 0.5:
        smooth = float(0.4 / shrink)
        image, matrix = _around(image, matrix, size, margin=3 * smooth + 2)
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), smooth), dtype=np.uint8)
    warped = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, dtype=np.uint8)


def _around(
    image: Pixels, matrix: NDArray[np.float64], size: int, margin: float
) -> tuple[Pixels, NDArray[np.float64]]:  # fmt: skip
    """The part of a picture that a crop is made of, so much wider, and the matrix from there: to smooth all of a large
    picture takes longer than to recognise the face."""
    corners = np.array([[0, 0], [size, 0], [0, size], [size, size]]) - matrix[:, 2]
    places = corners @ np.linalg.inv(matrix[:, :2]).T
    height, width = image.shape[:2]
    left, top = (max(0, int(value - margin)) for value in places.min(axis=0))
    right, bottom = (int(np.ceil(value + margin)) for value in places.max(axis=0))
    part = image[top:bottom, left:right] if left < width and top < height else image[:0]
    if part.size == 0:  # a face beyond the edge, of which the edge is all there is
        return image, matrix
    return part, np.hstack([matrix[:, :2], matrix[:, 2:] + matrix[:, :2] @ [[left], [top]]])


def fit_to(crop: Pixels, spec: InputSpec) -> Pixels:
    """Resize and, for one channel, grey an RGB crop (h, w, 3) to (size, size, channels) uint8."""
    import cv2

    if crop.shape[:2] != (spec.size, spec.size):
        shrinking = crop.shape[0] > spec.size
        crop = np.asarray(
            cv2.resize(crop, (spec.size, spec.size), interpolation=cv2.INTER_AREA if shrinking else cv2.INTER_LINEAR),
            dtype=np.uint8,
        )
    if spec.channels == 1:
        return np.asarray(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), dtype=np.uint8)[..., None]
    return crop


def scale(pixels: Pixels) -> NDArray[np.float32]:
    """uint8 0..255 to float32 0..1, any shape."""
    return np.asarray(pixels, np.float32) / np.float32(255)


def lit(picture: Pixels, least: float = LEAST_LIGHT) -> Pixels:
    """A picture (h, w, c) whose mean is at least `least` of 255, where it is not black; light ones as they are."""
    mean = float(picture.mean())
    if mean >= least:
        return picture
    return np.asarray(np.minimum(picture * np.float32(least / max(mean, 1.0)), 255), dtype=np.uint8)


def prepare(crops: list[Pixels] | Pixels, spec: InputSpec) -> NDArray[np.float32]:
    """Canonical RGB crops, each (h, w, 3) uint8, to one batch (n, size, size, channels) float32 in 0..1, none dark."""
    if len(crops) == 0:
        return np.zeros((0, spec.size, spec.size, spec.channels), np.float32)
    return scale(np.stack([lit(fit_to(crop, spec)) for crop in crops]))
