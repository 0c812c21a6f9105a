"""How good a model is, overall and by group, with 95 % intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.artifacts import Prediction
from training.labels import LABELS, MOOD_OF_EXPRESSION, Task, age_group_of

Z = 1.959964  # two-sided 95 %
CALIBRATION_BINS = 15
# A group's figures on fewer pictures than this say nothing.
SMALLEST_GROUP = 20
COVERAGE_SHARES = (1.0, 0.95, 0.9, 0.8, 0.7, 0.6, 0.5)


def label_index(label: str, task: Task) -> int:
    """The index in LABELS[task] of an example's label (years, a gender, an expression or a mood)."""
    if task == "age":
        return LABELS["age"].index(age_group_of(float(label)))
    if task == "mood":
        return LABELS["mood"].index(MOOD_OF_EXPRESSION.get(label, label))
    return LABELS[task].index(label)


def wilson(successes: float, n: float) -> tuple[float, float]:
    """The 95 % interval of a proportion (Wilson 1927); (0, 1) for no trials."""
    if n <= 0:
        return 0.0, 1.0
    share = successes / n
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return float(max(0, centre - half)), float(min(1, centre + half))


def scores(task: Task, labels: list[str], prediction: Prediction) -> dict[str, Any]:
    """Accuracy, recalls, calibration and, for age, errors in years of n predictions."""
    truth = np.array([label_index(label, task) for label in labels])
    guessed = prediction.probabilities.argmax(axis=1)
    n, right = len(truth), int((truth == guessed).sum())
    result: dict[str, Any] = {
        "n": n,
        "accuracy": right / n,
        "accuracy_interval": wilson(right, n),
        "macro_recall": float(np.mean([(guessed[truth == k] == k).mean() for k in np.unique(truth)])),
        "ece": expected_calibration_error(prediction.probabilities, truth),
        "nll": float(-np.log(np.clip(prediction.probabilities[np.arange(n), truth], 1e-12, 1)).mean()),
    }
    if task == "age" and prediction.years is not None:
        result |= _years(np.array([float(label) for label in labels]), prediction.years, truth, guessed)
    return result


def _years(
    age: NDArray[np.float64], guess: NDArray[np.float64], truth: NDArray[np.int64], guessed: NDArray[np.int64]
) -> dict[str, float]:
    error = np.abs(age - guess)
    return {
        "mae": float(error.mean()),
        "cs5": float((error <= 5).mean()),
        "within_one_group": float((np.abs(truth - guessed) <= 1).mean()),
    }


def expected_calibration_error(probabilities: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Mean gap between confidence and accuracy over equally wide bins (Guo et al., ICML 2017)."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    gaps = [abs(confidence[bins == b].sum() - right[bins == b].sum()) for b in range(CALIBRATION_BINS)]
    return float(np.sum(gaps) / len(truth))


def confusion(task: Task, labels: list[str], prediction: Prediction) -> list[list[int]]:
    """Counts, rows the true label, columns the predicted one."""
    size = len(LABELS[task])
    table = np.zeros((size, size), int)
    truth = [label_index(label, task) for label in labels]
    np.add.at(table, (truth, prediction.probabilities.argmax(axis=1)), 1)
    return [[int(count) for count in row] for row in table]


def evaluate(
    task: Task, labels: list[str], tags: list[dict[str, str]], prediction: Prediction, classes: tuple[str, ...] = ()
) -> dict[str, Any]:  # fmt: skip
    """Everything that `evaluate` prints; groups are all values of all tags that 20 pictures or more carry.

    `classes` names what the network itself tells apart, so that expressions can be scored beside moods.
    """
    groups: dict[str, list[int]] = {}
    for i, tag in enumerate(tags):
        for key, value in tag.items():
            groups.setdefault(f"{key}={value}", []).append(i)
    by_group = {
        name: scores(task, [labels[i] for i in index], _part(prediction, index))
        for name, index in sorted(groups.items())
        if len(index) >= SMALLEST_GROUP
    }
    return {
        "task": task,
        **scores(task, labels, prediction),
        **_expressions(labels, prediction, classes if task == "mood" else ()),
        "labels": list(LABELS[task]),
        "confusion": confusion(task, labels, prediction),
        "reliability": reliability(task, labels, prediction),
        "coverage": coverage(task, labels, prediction),
        "by_group": by_group,
    }


def _expressions(labels: list[str], prediction: Prediction, classes: tuple[str, ...]) -> dict[str, Any]:
    """How often the expression itself is right, among those that occur in the data."""
    there = [k for k, name in enumerate(classes) if name in set(labels)]
    if not there or not set(labels) <= set(classes):
        return {}
    guessed = np.array(there)[prediction.classes[:, there].argmax(axis=1)]
    right = int((guessed == [classes.index(label) for label in labels]).sum())
    return {
        "expressions": len(there),
        "expression_accuracy": right / len(labels),
        "expression_accuracy_interval": wilson(right, len(labels)),
    }


def reliability(task: Task, labels: list[str], prediction: Prediction) -> list[dict[str, float]]:
    """Per bin of confidence: its mean, the share that was right, how many; an honest model has the first two alike."""
    confidence, right = _confidence(task, labels, prediction)
    bins = np.minimum((confidence * CALIBRATION_BINS).astype(int), CALIBRATION_BINS - 1)
    return [
        {"confidence": float(confidence[own].mean()), "accuracy": float(right[own].mean()), "n": int(own.sum())}
        for own in (bins == b for b in range(CALIBRATION_BINS))
        if own.any()
    ]


def coverage(task: Task, labels: list[str], prediction: Prediction) -> list[dict[str, float]]:
    """How accuracy rises when only the surest share of the pictures is answered, and the confidence that takes."""
    confidence, right = _confidence(task, labels, prediction)
    order = np.argsort(-confidence, kind="stable")
    counts = [max(1, round(share * len(order))) for share in COVERAGE_SHARES]
    return [
        {"coverage": share, "accuracy": float(right[order[:n]].mean()), "confidence": float(confidence[order[n - 1]])}
        for share, n in zip(COVERAGE_SHARES, counts, strict=True)
    ]


def _confidence(
    task: Task, labels: list[str], prediction: Prediction
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:  # fmt: skip
    truth = np.array([label_index(label, task) for label in labels])
    return prediction.probabilities.max(axis=1), prediction.probabilities.argmax(axis=1) == truth


def _part(prediction: Prediction, index: list[int]) -> Prediction:
    years = prediction.years[index] if prediction.years is not None else None
    return Prediction(prediction.probabilities[index], years, prediction.classes[index], prediction.face[index])
