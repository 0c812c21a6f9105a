"""Aligned faces become probabilities; the one place that holds the serving models."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
# Networks run on one core each (training.serving); faces go through them in parts, as many at once as there are cores.
THREADS, PART_FACES = min(4, os.cpu_count() or 1), 32
# The crops of a part of the faces, framed as a network wants them.
Crops = Callable[[slice, str], list[Pixels]]


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
        self._threads: ThreadPoolExecutor | None = None

    def look_at(self, faces: Sequence[tuple[Pixels, Detection]], tasks: Sequence[Task] = TASKS) -> list[FaceLook]:
        if not faces or not tasks:
            return [FaceLook(None, None, None, None, "")] * len(faces)

        def crops(part: slice, framing: str) -> list[Pixels]:
            return [align(image, face.landmarks, CROP_PIXELS, framing) for image, face in faces[part]]

        models = self._serving(tasks)
        return _looks(self._predict(models, crops, len(faces)), models)

    def look_at_crops(self, crops: Sequence[Pixels]) -> list[FaceLook]:
        if not crops:
            return []
        models = self._serving()
        return _looks(self._predict(models, lambda part, framing: list(crops[part]), len(crops)), models)

    def _serving(self, tasks: Sequence[Task] = TASKS) -> dict[Task, artifacts.Artifact]:
        """Load what serves now; a promotion reaches a running worker with its next chunk of pictures."""
        for task in tasks:
            path = artifacts.resolve(task, Path(settings.MODELS_DIR), self._refs.get(task))
            if task not in self._loaded or self._loaded[task].path != path:
                self._loaded[task] = artifacts.load(path)
        return {task: self._loaded[task] for task in tasks}

    def _predict(
        self, models: dict[Task, artifacts.Artifact], crops: Crops, count: int
    ) -> dict[Task, artifacts.Prediction]:
        """Each model's prediction of `count` faces; a network that several versions share runs once, for what is asked
        of it only. Networks and parts of the faces go side by side, so that all cores have something to do.
        """
        asked: dict[tuple[str, InputSpec], list[Task]] = {}
        for task, model in models.items():
            asked.setdefault((model.network.key, model.input), []).append(task)
        parts = [slice(start, start + PART_FACES) for start in range(0, count, PART_FACES)]

        def run(job: tuple[list[Task], InputSpec, slice]) -> dict[str, NDArray[np.float64]]:
            tasks, spec, part = job
            return models[tasks[0]].network.run(prepare(crops(part, spec.framing), spec), {*tasks, FACE})

        if self._threads is None:  # not before the first call: a pool does not cross a fork
            self._threads = ThreadPoolExecutor(THREADS)
        jobs = [(tasks, spec, part) for (_, spec), tasks in asked.items() for part in parts]
        answers = iter(self._threads.map(run, jobs))
        found: dict[Task, artifacts.Prediction] = {}
        for tasks in asked.values():
            outputs = _joined([next(answers) for _ in parts])
            found |= {task: models[task].interpret(outputs) for task in tasks}
        return found


def _joined(parts: Sequence[dict[str, NDArray[np.float64]]]) -> dict[str, NDArray[np.float64]]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


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
