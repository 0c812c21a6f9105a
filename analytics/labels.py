"""Stored probabilities become the labels of a breakdown: the store's own mix, each model version by what it learned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.join import bands
from analytics.join.rebase import rebased_together
from training.labels import LABELS, Task
from training.models import ModelVersion

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Groups:
    """What figures are broken down by: one attribute or several together, one attribute's labels merged perhaps."""

    tasks: tuple[Task, ...]
    merging: int = 0

    @classmethod
    def of(cls, by: str) -> Groups:
        """From “age”, “age,gender”, or “age:1” for the first merging. Raises ValueError for anything else."""
        names, _, merging = by.partition(":")
        tasks = tuple(task for task in LABELS if task in names.split(","))
        if len(tasks) != len(names.split(",")) or (merging and (len(tasks) > 1 or not merging.isdigit())):
            raise ValueError(f"“{by}” is no breakdown; it is age, gender or mood, or several with commas.")
        if merging and int(merging) > bands.mergings(tasks[0]):
            raise ValueError(f"“{by}”: {tasks[0]} can be merged {bands.mergings(tasks[0])} times.")
        return cls(tasks, int(merging or 0))

    @property
    def matrix(self) -> Floats:
        """Of one attribute: (labels, groups) of 0 and 1."""
        return bands.matrix(self.tasks[0], self.merging)

    @property
    def count(self) -> int:
        if self.merging:
            return int(self.matrix.shape[1])
        return int(np.prod([len(LABELS[task]) for task in self.tasks]))

    def names(self) -> list[dict[str, str]]:
        """Each group's labels by attribute, in order."""
        result: list[dict[str, str]] = [{}]
        for task in self.tasks:
            result = [{**left, task: name} for left in result for name in bands.names(task, self.merging)]
        return result


def rebased_labels(rows: Sequence[Sequence[Any]], groups: Groups, *, first: int, version: int) -> Floats:
    """(rows, groups) from rows that hold the attributes' probabilities from column `first` on, and their version."""
    versions, number = np.unique(np.array([row[version] for row in rows]), return_inverse=True)
    labels = np.ones((len(rows), 1))
    for place, task in enumerate(groups.tasks):
        said = np.array([row[first + place] for row in rows], np.float64)
        priors = np.array([prior(task, str(name)) for name in versions])
        part = rebased_together(said, number.astype(np.int64), priors)
        labels = (labels[:, :, None] * part[:, None, :]).reshape(len(rows), -1)
    return np.asarray(labels @ groups.matrix, np.float64) if groups.merging else labels


def prior(task: Task, versions: str) -> Floats:
    """The shares of labels that a version was tested on, which are those of its training; equal ones where unknown.

    A version's own correction of its labels leaves that true: it is what makes the validation part least surprising, so
    what it says is calibrated to that part's mix, which is the test part's, as both were drawn by chance from one set.
    A visit names the versions of all its models; each has its confusion in its own row of the registry.
    """
    row = ModelVersion.objects.filter(task=task, version__in=versions.split(", ")).first()
    if row is None or "confusion" not in row.metrics:
        return np.full(len(LABELS[task]), 1 / len(LABELS[task]))
    counts = np.array(row.metrics["confusion"], np.float64).sum(axis=1) + 1
    return np.asarray(counts / counts.sum(), np.float64)
