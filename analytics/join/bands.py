"""Wider groups for what cannot be told apart yet: seven age groups become three bands, then two."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.labels import LABELS, Task

Floats = NDArray[np.float64]

# From fine to wide, each a name and the labels it takes in. Labels of one band lie side by side.
BANDS: Final[dict[Task, tuple[tuple[tuple[str, tuple[str, ...]], ...], ...]]] = {
    "age": (
        (("1-20", ("1-2", "3-9", "10-20")), ("21-45", ("21-27", "28-45")), ("46-116", ("46-65", "66-116"))),
        (("1-20", ("1-2", "3-9", "10-20")), ("21-116", ("21-27", "28-45", "46-65", "66-116"))),
    ),
    "mood": ((("positive", ("positive",)), ("neutral or negative", ("neutral", "negative"))),),
    "gender": (),
}


def names(task: Task, merging: int) -> tuple[str, ...]:
    """The groups' names after so many mergings; 0 is every label."""
    return LABELS[task] if merging == 0 else tuple(name for name, _ in BANDS[task][merging - 1])


def matrix(task: Task, merging: int) -> Floats:
    """(labels, groups) of 0 and 1: labels @ matrix are the groups' probabilities."""
    if merging == 0:
        return np.eye(len(LABELS[task]))
    members = [set(labels) for _, labels in BANDS[task][merging - 1]]
    return np.array([[float(label in member) for member in members] for label in LABELS[task]])


def mergings(task: Task) -> int:
    """How often the task's groups can be merged."""
    return len(BANDS[task])
