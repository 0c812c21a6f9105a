"""Aligned faces become probabilities; the one place that holds the serving models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from inference.detect import Detection
from training import artifacts
from training.labels import LABELS, Task
from training.preprocessing import Pixels, align

TASKS: tuple[Task, ...] = ("age", "gender", "mood")
CROP_PIXELS = 96


@dataclass(frozen=True)
class FaceLook:
    """How one face looks: probabilities in the order of training.labels, the expected age in years, who said so."""

    age: list[float]
    gender: list[float]
    mood: list[float]
    age_years: float
    model_version: str


class Classifier(Protocol):
    def look_at(self, faces: Sequence[tuple[Pixels, Detection]]) -> list[FaceLook]:
        """Classify faces, each given as its whole RGB picture and where it was found there."""
        ...

    def look_at_crops(self, crops: Sequence[Pixels]) -> list[FaceLook]:
        """Classify pictures that are one aligned face each."""
        ...


class Predictor:
    """The serving versions of the three models; loaded on first use, changed when another version is promoted."""

    def __init__(self, models: dict[Task, str] | None = None) -> None:
        self._refs = models or {}
        self._loaded: dict[Task, artifacts.Artifact] = {}

    def look_at(self, faces: Sequence[tuple[Pixels, Detection]]) -> list[FaceLook]:
        if not faces:
            return []
        models = self._serving()
        framings = {model.input.framing for model in models.values()}
        crops = {
            framing: [align(image, face.landmarks, CROP_PIXELS, framing) for image, face in faces]
            for framing in framings
        }
        return _looks({task: model.predict(crops[model.input.framing]) for task, model in models.items()}, models)

    def look_at_crops(self, crops: Sequence[Pixels]) -> list[FaceLook]:
        if not crops:
            return []
        models = self._serving()
        return _looks({task: model.predict(list(crops)) for task, model in models.items()}, models)

    def _serving(self) -> dict[Task, artifacts.Artifact]:
        """Load what serves now; a promotion reaches a running worker with its next chunk of pictures."""
        for task in TASKS:
            path = artifacts.resolve(task, Path(settings.MODELS_DIR), self._refs.get(task))
            if task not in self._loaded or self._loaded[task].path != path:
                self._loaded[task] = artifacts.load(path)
        return self._loaded


def _looks(predictions: dict[Task, artifacts.Prediction], models: dict[Task, artifacts.Artifact]) -> list[FaceLook]:
    version = ", ".join(models[task].version for task in TASKS)
    years = predictions["age"].years
    assert years is not None, "an age model always gives years"
    rows = zip(*(predictions[task].probabilities for task in TASKS), years, strict=True)
    return [FaceLook(_plain(age), _plain(gender), _plain(mood), float(y), version) for age, gender, mood, y in rows]


def _plain(probabilities: NDArray[np.float64]) -> list[float]:
    return [round(float(p), 6) for p in probabilities]


def winner(task: Task, probabilities: Sequence[float]) -> str:
    return LABELS[task][int(np.argmax(probabilities))]
