"""MTCNN (Zhang et al., 2016) through the `mtcnn` package, which carries its weights and runs on TensorFlow."""

from __future__ import annotations

from typing import Any

import numpy as np

from inference.detect.base import Detection, fitted
from training.preprocessing import Pixels

# What may be a face because somebody was there a moment ago; what is one; what is one beyond doubt.
LEAST_SCORE, SURE_SCORE, CERTAIN_SCORE = 0.8, 0.9, 0.96
# Its first network looks at 12-pixel windows; in a fitted picture it finds faces of 20 pixels well, some smaller too.
SURE_PIXELS, LEAST_PIXELS = 20.0, 18
LARGEST_ENLARGEMENT = 2.0
# What its three networks look at, in pixels: pictures of any size, then faces that may be some.
SIDES = (None, 24, 48)


class Mtcnn:
    name = "mtcnn"

    def __init__(self) -> None:
        from mtcnn import MTCNN

        self._network = MTCNN()
        for stage, side in zip(self._network.stages, SIDES, strict=True):
            stage._model = _compiled(stage._model, side)

    def scale(self, smallest: float) -> float:
        return min(LARGEST_ENLARGEMENT, SURE_PIXELS / smallest)

    def detect(self, image: Pixels, smallest: float) -> list[Detection]:
        scale = self.scale(smallest)
        small = fitted(image, scale)
        found = self._network.detect_faces(small, min_face_size=LEAST_PIXELS, threshold_onet=LEAST_SCORE)
        faces = [_detection(face, scale) for face in found or []]
        return [face for face in faces if face.is_plausible()]


def _compiled(network: Any, side: int | None) -> Any:
    """One of the package's networks as a single graph instead of layer by layer: half the time."""
    import tensorflow as tf

    return tf.function(network, input_signature=[tf.TensorSpec([None, side, side, 3])])


def _detection(face: dict[str, Any], scale: float) -> Detection:
    x, y, width, height = (float(value) / scale for value in face["box"])
    points = face["keypoints"]
    names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    landmarks = np.array([points[name] for name in names], np.float64) / scale
    score = float(face["confidence"])
    return Detection((x, y, width, height), score, landmarks, score >= SURE_SCORE, score >= CERTAIN_SCORE)
