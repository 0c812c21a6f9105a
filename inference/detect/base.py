"""What a detector gives, whichever it is, and which one is used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from training.preprocessing import CANONICAL_LANDMARKS, Pixels, lit, similarity

NAMES = ("yunet", "mtcnn")
# Beyond either, the far eye is hidden: nothing that the models were trained on looks like it.
LARGEST_POSE_ERROR = 0.12
LEAST_EYE_DISTANCE = 0.55  # of the distance from eyes to mouth; about 1 from the front, 0.55 turned by 55 degrees
# Mean of 255 to which darker pictures are lifted: at a sixth of the light YuNet found hardly any face.
LEAST_LIGHT = 60.0


@dataclass(frozen=True)
class Detection:
    """box: x, y, width, height in pixels; score 0 to 1; landmarks (5, 2) pixels: the eye, the nose tip and the mouth
    corner order of `training.preprocessing.CANONICAL_LANDMARKS` (left means left in the picture)."""

    box: tuple[float, float, float, float]
    score: float
    landmarks: NDArray[np.float64]
    # By the detector's own scores: surely a face, the others only help to follow somebody; and so surely that a few
    # of them prove a person.
    sure: bool = True
    certain: bool = True

    def times(self, scale: float) -> Detection:
        """The same face in the picture made larger or smaller by `scale`."""
        x, y, width, height = (value * scale for value in self.box)
        return replace(self, box=(x, y, width, height), landmarks=self.landmarks * scale)

    @property
    def size(self) -> float:
        """The shorter side of the box, in pixels."""
        return min(self.box[2], self.box[3])

    @property
    def pose_error(self) -> float:
        """How far the landmarks are from those of a face that looks into the camera, in widths of the aligned crop:
        about 0.02 for a frontal face, 0.05 for one half turned, 0.1 and more for a profile or no face at all."""
        matrix = similarity(self.landmarks, 1)
        aligned = self.landmarks @ matrix[:, :2].T + matrix[:, 2]
        return float(np.sqrt(((aligned - CANONICAL_LANDMARKS) ** 2).sum(axis=1).mean()))

    @property
    def eye_distance(self) -> float:
        """Between the eyes, beside the distance from the eyes to the mouth."""
        left_eye, right_eye, _, *mouth = self.landmarks
        height = float(np.hypot(*(np.mean(mouth, axis=0) - (left_eye + right_eye) / 2)))
        return float(np.hypot(*(right_eye - left_eye))) / max(height, 1e-6)

    @property
    def is_clear(self) -> bool:
        """Certainly a face, and turned to the camera so far that it can be read."""
        return self.certain and self.eye_distance >= LEAST_EYE_DISTANCE and self.pose_error <= LARGEST_POSE_ERROR

    def is_plausible(self) -> bool:
        finite = bool(np.isfinite(self.box).all() and np.isfinite(self.landmarks).all())
        return finite and self.size >= 2 and self.landmarks.std(axis=0).min() > 0


class Detector(Protocol):
    """Finds faces of at least `smallest` pixels in an RGB picture (h, w, 3) uint8, and smaller ones where it can."""

    name: str

    def scale(self, smallest: float) -> float:
        """How much a picture is made smaller (or larger, above 1) to find faces of `smallest` pixels."""
        ...

    def detect(self, image: Pixels, smallest: float) -> list[Detection]:
        """May be called by several threads at once."""
        ...


@lru_cache(maxsize=2)
def detector(name: str = "") -> Detector:
    """One detector per process, loaded on first use: the named one, or the best that is configured.

    Raises ValueError for an unknown name, or for yunet without its file.
    """
    chosen = name or ("yunet" if settings.YUNET_PATH else "mtcnn")
    if chosen == "yunet":
        from inference.detect.yunet import YuNet

        return YuNet(settings.YUNET_PATH)
    if chosen == "mtcnn":
        from inference.detect.mtcnn import Mtcnn

        return Mtcnn()
    raise ValueError(f"“{name}” is not a detector; use one of {', '.join(NAMES)}.")


def fitted(image: Pixels, scale: float) -> Pixels:
    """The picture as a detector is shown it: made larger or smaller by `scale`, and lifted where it is dark."""
    import cv2

    if scale == 1:
        return lit(image, LEAST_LIGHT)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    resized = np.asarray(cv2.resize(image, None, fx=scale, fy=scale, interpolation=how), dtype=np.uint8)
    return lit(resized, LEAST_LIGHT)
