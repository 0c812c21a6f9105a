"""What a fitted network is worth: calibrated on the validation part, scored on the test part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training import artifacts
from training.artifacts import Calibration
from training.augment import no_face
from training.evaluate import evaluate, label_index, wilson
from training.labels import LABELS, Task
from training.prepare import Prepared
from training.preprocessing import InputSpec, Pixels, fit_to, prepare
from training.recipes import FACE, Head, Recipe

# Below an even chance that a crop shows a face it is called unsure. A threshold fitted to a data set's tidy pictures
# would be stricter, and refuse the small and turned faces of a real door.
FACE_THRESHOLD = 0.5
# A small face: how many pixels its crop had before it was enlarged again.
SMALL_FACE = 32
AT_ONCE = 256
# Holds a label's bias near nothing where the validation part has few pictures of it.
BIAS_PENALTY = 1e-3
MOST_BEND = 0.5

Softmax = dict[str, NDArray[np.float64]]
View = Callable[[Prepared, int], Pixels]


@dataclass(frozen=True)
class Verdict:
    calibrations: dict[Task, Calibration]
    face_threshold: float  # below this probability of showing a face, a crop is unsure; 0 where nothing judges that
    metrics: dict[Task, dict[str, Any]]


def judge(network: Any, recipe: Recipe, sets: list[Prepared]) -> Verdict:
    """Calibrate on the validation parts of all data sets, then score the test parts, which nothing has seen."""
    sets = [ready for source, ready in zip(recipe.sources, sets, strict=True) if source.labelled]
    seen = [_look(network, recipe, ready, ready.split.validation, plain) for ready in sets]
    calibrations = {head.task: _calibration(head, sets, seen) for head in recipe.heads}
    threshold = FACE_THRESHOLD if recipe.no_faces else 0.0
    views = _views(network, recipe, sets)
    metrics = {head.task: _scores(head, views, calibrations[head.task]) for head in recipe.heads}
    if recipe.no_faces:
        unsure = _unsure(views["plain"], views["no_face"], threshold)
        metrics = {task: scores | {"unsure": unsure} for task, scores in metrics.items()}
    return Verdict(calibrations, threshold, metrics)


# Ways to look at a picture ----------------------------------------------------------


def plain(ready: Prepared, i: int) -> Pixels:
    return np.asarray(ready.pictures[i], np.uint8)


def small(ready: Prepared, i: int) -> Pixels:
    """The face as a camera far away would have given it."""
    return fit_to(fit_to(ready.pictures[i], InputSpec(SMALL_FACE, 3)), InputSpec(ready.pictures.shape[1], 3))


def detected(ready: Prepared, i: int) -> Pixels:
    """The face as the detector cut it out, where it found one."""
    return ready.detected[i] if i in ready.detected else plain(ready, i)


def none(ready: Prepared, i: int) -> Pixels:
    return no_face(ready.pictures[i], np.random.default_rng(i))


def _look(network: Any, recipe: Recipe, ready: Prepared, part: list[int], view: View) -> Softmax:
    """Each output's softmax for a part of a data set, seen undisturbed but for the view."""
    results: list[Softmax] = []
    for start in range(0, len(part), AT_ONCE):
        inputs = prepare([view(ready, i) for i in part[start : start + AT_ONCE]], recipe.input)
        results.append({name: np.asarray(p, np.float64) for name, p in network.predict_on_batch(inputs).items()})
    if not results:
        return {name: np.zeros((0, count)) for name, count in recipe.classes.items()}
    return {name: np.concatenate([result[name] for result in results]) for name in results[0]}


# Calibrating --------------------------------------------------------------------------


def _calibration(head: Head, sets: list[Prepared], seen: list[Softmax]) -> Calibration:
    """What makes the validation parts least surprising, the biases kept small where the data say little."""
    from scipy.optimize import minimize

    labels = [ready.labels[head.task][i] for ready in sets for i in ready.split.validation]
    if not labels:
        return Calibration()
    softmax = {name: np.concatenate([one[name] for one in seen]) for name in seen[0]}
    truth = np.array([label_index(label, head.task) for label in labels])

    def surprise(knobs: NDArray[np.float64]) -> float:
        guess = artifacts.interpret(softmax, head.outputs, head.task, _from(knobs))
        told = np.clip(guess.probabilities[np.arange(len(truth)), truth], 1e-12, 1)
        return float(-np.log(told).mean() + BIAS_PENALTY * (knobs[2:] ** 2).sum())

    start = np.zeros(2 + len(LABELS[head.task]))
    bounds = [(-1.5, 1.5), (0.0, MOST_BEND)] + [(-1.5, 1.5)] * (len(start) - 2)
    return _from(minimize(surprise, start, method="L-BFGS-B", bounds=bounds).x)


def _from(knobs: NDArray[np.float64]) -> Calibration:
    """Knobs: the logarithm of the temperature, the bend, the biases."""
    return Calibration(float(np.exp(knobs[0])), tuple(float(bias) for bias in knobs[2:]), float(knobs[1]))


# Scoring ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Looked:
    """A data set's test part and what the network says of it, seen in one way."""

    ready: Prepared
    softmax: Softmax

    def scores(self, head: Head, calibration: Calibration) -> dict[str, Any]:
        guess = artifacts.interpret(self.softmax, head.outputs, head.task, calibration)
        part = self.ready.split.test
        tags = [self.ready.data.examples[i].tags for i in part]
        labels = [self.ready.labels[head.task][i] for i in part]
        return evaluate(head.task, labels, tags, guess, head.outputs.classes)


def _views(network: Any, recipe: Recipe, sets: list[Prepared]) -> dict[str, Looked]:
    """The first data set's test part in every way it is scored, and the others' as they are, by their formats."""
    first, *others = sets
    ways = {"plain": plain, f"at_{SMALL_FACE}_px": small}
    if first.detected:
        ways["through_the_detector"] = detected
    if recipe.no_faces:
        ways["no_face"] = none
    formats = [source.format for source in recipe.sources[1:] if source.labelled]
    seen = [(name, first, way) for name, way in ways.items()]
    seen += [(name, ready, plain) for name, ready in zip(formats, others, strict=True)]
    return {
        name: Looked(ready, _look(network, recipe, ready, ready.split.test, way)) for name, ready, way in seen
    }  # fmt: skip


def _scores(head: Head, views: dict[str, Looked], calibration: Calibration) -> dict[str, Any]:
    """The plain view's scores in full, the others' in brief beside them."""
    others = {name: look for name, look in views.items() if name not in ("plain", "no_face")}
    return views["plain"].scores(head, calibration) | {
        name: _brief(look.scores(head, calibration)) for name, look in others.items()
    }


def _brief(scores: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in scores.items() if isinstance(value, float | int | tuple)}


def _unsure(faces: Looked, others: Looked, threshold: float) -> dict[str, Any]:
    """How many of the test part's faces, and of pictures of no face made from them, are called unsure."""
    of_faces, of_others = (look.softmax[FACE][:, 1] < threshold for look in (faces, others))
    return {
        "threshold": threshold,
        "of_faces": float(of_faces.mean()), "of_faces_interval": wilson(float(of_faces.sum()), len(of_faces)),
        "of_no_faces": float(of_others.mean()),
        "of_no_faces_interval": wilson(float(of_others.sum()), len(of_others)),
    }  # fmt: skip
