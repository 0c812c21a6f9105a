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
from training.preprocessing import InputSpec, Pixels, align, prepare
from training.recipes import FACE

TASKS: tuple[Task, ...] = ("age", "gender", "mood")
CROP_PIXELS = 96


@dataclass(frozen=True)
class FaceLook:
    """How one face looks: probabilities in the order of training.labels, the expected age in years, who said so.

    What was not asked for is None.
    """

    age: list[float] | None
    gender: list[float] | None
    mood: list[float] | None
    age_years: float | None
    model_version: str
    unsure: bool = False  # the model doubts that this shows a face at all; its guesses are then close to none


class Classifier(Protocol):
    def look_at(self, faces: Sequence[tuple[Pixels, Detection]], tasks: Sequence[Task] = TASKS) -> list[FaceLook]:
        """Classify faces, each given as its whole RGB picture and where it was found there; only for `tasks`."""
        ...

    def look_at_crops(self, crops: Sequence[Pixels]) -> list[FaceLook]:
        """Classify pictures that are one aligned face each."""
        ...


class Predictor:
    """The serving versions of the three models; loaded on first use, changed when another version is promoted."""

    def __init__(self, models: dict[Task, str] | None = None) -> None:
        self._refs = models or {}
        self._loaded: dict[Task, artifacts.Artifact] = {}

    def look_at(self, faces: Sequence[tuple[Pixels, Detection]], tasks: Sequence[Task] = TASKS) -> list[FaceLook]:
        if not faces or not tasks:
            return [FaceLook(None, None, None, None, "")] * len(faces)
        models = self._serving(tasks)
        framings = {model.input.framing for model in models.values()}
        crops = {
            framing: [align(image, face.landmarks, CROP_PIXELS, framing) for image, face in faces]
            for framing in framings
        }
        return _looks(_predict(models, crops), models)

    def look_at_crops(self, crops: Sequence[Pixels]) -> list[FaceLook]:
        if not crops:
            return []
        models = self._serving()
        same = {model.input.framing: list(crops) for model in models.values()}
        return _looks(_predict(models, same), models)

    def _serving(self, tasks: Sequence[Task] = TASKS) -> dict[Task, artifacts.Artifact]:
        """Load what serves now; a promotion reaches a running worker with its next chunk of pictures."""
        for task in tasks:
            path = artifacts.resolve(task, Path(settings.MODELS_DIR), self._refs.get(task))
            if task not in self._loaded or self._loaded[task].path != path:
                self._loaded[task] = artifacts.load(path)
        return {task: self._loaded[task] for task in tasks}


def _predict(
    models: dict[Task, artifacts.Artifact], crops: dict[str, list[Pixels]]
) -> dict[Task, artifacts.Prediction]:
    """Each model's prediction; a network that several versions share runs once, for what is asked of it only."""
    asked: dict[tuple[str, InputSpec], list[Task]] = {}
    for task, model in models.items():
        asked.setdefault((model.network.key, model.input), []).append(task)
    found: dict[Task, artifacts.Prediction] = {}
    for (_, spec), tasks in asked.items():
        outputs = models[tasks[0]].network.run(prepare(crops[spec.framing], spec), {*tasks, FACE})
        found |= {task: models[task].interpret(outputs) for task in tasks}
    return found


def _looks(predictions: dict[Task, artifacts.Prediction], models: dict[Task, artifacts.Artifact]) -> list[FaceLook]:
    version = ", ".join(models[task].version for task in TASKS if task in models)
    count = len(next(iter(predictions.values())).probabilities)
    years = predictions["age"].years if "age" in predictions else None
    unsure = np.any([found.face < models[task].face_threshold for task, found in predictions.items()], axis=0)
    columns = {task: [_plain(row) for row in found.probabilities] for task, found in predictions.items()}
    return [
        FaceLook(
            **{task: columns[task][row] if task in columns else None for task in TASKS},
            age_years=float(years[row]) if years is not None else None,
            model_version=version,
            unsure=bool(unsure[row]),
        )
        for row in range(count)
    ]


def _plain(probabilities: NDArray[np.float64]) -> list[float]:
    return [round(float(p), 6) for p in probabilities]


def winner(task: Task, probabilities: Sequence[float]) -> str:
    return LABELS[task][int(np.argmax(probabilities))]
