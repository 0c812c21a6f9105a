"""The crops a real detector would have made of the training pictures, so that a network learns from its errors too."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from training.preprocessing import Pixels, align

# Small pictures are enlarged to about this side first; the detector was made for faces of a hundred pixels and more.
WORKING_SIDE = 192
SCORE_THRESHOLD = 0.6
NMS_THRESHOLD = 0.3


class Recropper:
    """Finds the one face of a training picture with YuNet and aligns it as serving does."""

    def __init__(self, detector: Path) -> None:
        import cv2

        if not detector.exists():
            raise FileNotFoundError(f"The detector’s file {detector} is not there; give YuNet’s ONNX file, or none.")
        self._network = cv2.FaceDetectorYN.create(str(detector), "", (320, 320), SCORE_THRESHOLD, NMS_THRESHOLD, 20)

    def crop(self, picture: Pixels, side: int, framing: str) -> Pixels | None:
        """The largest face of an RGB picture (h, w, 3) as (side, side, 3), or None where no face is found."""
        import cv2

        times = max(1, round(WORKING_SIDE / max(picture.shape[:2])))
        large = picture if times == 1 else cv2.resize(picture, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC)
        image = np.asarray(large, np.uint8)
        self._network.setInputSize((image.shape[1], image.shape[0]))
        _, rows = self._network.detect(np.ascontiguousarray(image[:, :, ::-1]))
        if rows is None:
            return None
        largest = max(rows, key=lambda row: float(row[2] * row[3]))
        try:
            return align(image, np.asarray(largest[4:14], np.float64).reshape(5, 2), side, framing)
        except ValueError:  # landmarks on one point
            return None
