"""What DeepFace's analyze (age, gender, emotion) computes, for comparison: its architectures with random weights.

Serengil, Ozpinar, "LightFace", ASYU 2020; github.com/serengil/deepface. Age and gender are VGG-Face (Parkhi et al.,
BMVC 2015) with other ends, emotion a small network on 48 × 48 grey pixels. Weights do not matter for the arithmetic.
Layer by layer as in deepface 0.0.103 (models/facial_recognition/tf/VGGFace.py, models/demography/tf): it pads in layers
of their own, which takes a tenth longer than padding within the convolutions does.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.preprocessing import Pixels

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))


class DeepFace:
    """One face at a time, each through three networks, as DeepFace does."""

    def __init__(self) -> None:
        self._age, self._gender, self._emotion = vgg_face(101), vgg_face(2), emotion()

    def analyse(self, face: Pixels) -> tuple[Any, Any, Any]:
        """The three softmaxes of one face's crop (h, w, 3)."""
        import cv2

        large = np.asarray(cv2.resize(face, (224, 224)), np.float32)[None] / 255
        grey = cv2.cvtColor(np.asarray(cv2.resize(face, (48, 48)), np.uint8), cv2.COLOR_RGB2GRAY)
        small = np.asarray(grey, np.float32)[None, :, :, None] / 255
        return (
            self._age(large, training=False).numpy(),
            self._gender(large, training=False).numpy(),
            self._emotion(small, training=False).numpy(),
        )


def vgg_face(outputs: int) -> Any:
    from keras import Sequential, layers

    network = Sequential([layers.Input((224, 224, 3))])
    for filters, repeats in BLOCKS:
        for _ in range(repeats):
            network.add(layers.ZeroPadding2D(1))
            network.add(layers.Conv2D(filters, 3, activation="relu"))
        network.add(layers.MaxPooling2D(2))
    network.add(layers.Conv2D(4096, 7, activation="relu"))
    network.add(layers.Conv2D(4096, 1, activation="relu"))
    network.add(layers.Conv2D(outputs, 1))
    network.add(layers.Flatten())
    network.add(layers.Softmax())
    return network


def emotion() -> Any:
    from keras import Sequential, layers

    return Sequential(
        [
            layers.Input((48, 48, 1)),
            layers.Conv2D(64, 5, activation="relu"),
            layers.MaxPooling2D(5, 2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.AveragePooling2D(3, 2),
            layers.Conv2D(128, 3, activation="relu"),
            layers.Conv2D(128, 3, activation="relu"),
            layers.AveragePooling2D(3, 2),
            layers.Flatten(),
            layers.Dense(1024, activation="relu"),
            layers.Dense(1024, activation="relu"),
            layers.Dense(7, activation="softmax"),
        ]
    )
