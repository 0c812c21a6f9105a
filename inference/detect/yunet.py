"""YuNet (Wu, Peng, Yu, 2023) through OpenCV's FaceDetectorYN."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from inference.detect.base import Detection, fitted
from training.preprocessing import Pixels

if TYPE_CHECKING:
    import cv2

# What may be a face because somebody was there a moment ago; what is one; what is one beyond doubt.
LEAST_SCORE, SURE_SCORE, CERTAIN_SCORE = 0.4, 0.7, 0.75
NMS_THRESHOLD = 0.3
# It finds faces from about 10 pixels; a picture is made smaller so far that the smallest wanted face keeps this size.
SURE_PIXELS = 16.0
_making = threading.Lock()


class YuNet:
    name = "yunet"

    def __init__(self, path: str) -> None:
        if not path or not Path(path).exists():
            raise ValueError(f"YuNet's file “{path}” is not there; set FOYER_YUNET to it, or use the mtcnn detector.")
        self._path = path
        self._of_thread = threading.local()  # a network's buffers serve one picture at a time

    def scale(self, smallest: float) -> float:
        return min(1.0, SURE_PIXELS / smallest)

    def detect(self, image: Pixels, smallest: float) -> list[Detection]:
        scale = self.scale(smallest)
        small = fitted(image, scale)
        network = self._network()
        network.setInputSize((small.shape[1], small.shape[0]))
        _, rows = network.detect(np.ascontiguousarray(small[:, :, ::-1]))
        if rows is None:
            return []
        found = [_detection(np.asarray(row, np.float64), scale) for row in rows]
        return [face for face in found if face.is_plausible()]

    def _network(self) -> cv2.FaceDetectorYN:
        import cv2

        if not hasattr(self._of_thread, "network"):
            with _without_warnings():
                self._of_thread.network = cv2.FaceDetectorYN.create(
                    self._path, "", (320, 320), LEAST_SCORE, NMS_THRESHOLD, 500
                )
        network: cv2.FaceDetectorYN = self._of_thread.network
        return network


@contextmanager
def _without_warnings() -> Iterator[None]:
    """OpenCV 5 warns each time that it sets no target, which it was not asked to; the level is the whole process'."""
    from cv2.utils import logging

    with _making:
        before = logging.setLogLevel(logging.LOG_LEVEL_ERROR)
        try:
            yield
        finally:
            logging.setLogLevel(before)


def _detection(row: np.ndarray[tuple[int], np.dtype[np.float64]], scale: float) -> Detection:
    x, y, width, height = (float(value) / scale for value in row[:4])
    score = float(row[14])
    return Detection(
        (x, y, width, height), score, row[4:14].reshape(5, 2) / scale, score >= SURE_SCORE, score >= CERTAIN_SCORE
    )
