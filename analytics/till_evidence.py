"""What tills tell of who paid: faces seen at the checkout, and the keys that cashiers press."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from analytics.join import checkout, mixture
from analytics.join.mixture import Told
from analytics.join.modes import Method
from analytics.labels import Groups, rebased_labels
from analytics.models import MarkCheck
from analytics.periods import Period
from inference.models import CheckoutFace
from training.labels import LABELS, Task

Whole = NDArray[np.int64]

# Faces are looked for so long before and after the period: clocks differ.
BEYOND = timedelta(minutes=15)
# Fewer checked receipts than this make no confusion.
FEWEST_CHECKED = 30


@dataclass(frozen=True)
class Paid:
    """The period's purchases as tills told them, in columns."""

    at: Sequence[datetime]
    till: Sequence[str]
    age_mark: Sequence[str]
    gender_mark: Sequence[str]


def told(period: Period, groups: Groups, paid: Paid) -> dict[Method, Told]:
    """Everything that tells which of the groups the payers belong to, by how it is known."""
    result: dict[Method, Told] = {}
    if (faces := _faces(period, groups, paid)) is not None:
        result["till"] = faces
    if (marks := _marks(period, groups, paid)) is not None:
        result["marks"] = marks
    return result


def _faces(period: Period, groups: Groups, paid: Paid) -> Told | None:
    rows = CheckoutFace.objects.filter(
        store=period.store, seen_at__gte=period.start - BEYOND, seen_at__lt=period.end + BEYOND
    )
    found = list(rows.order_by("seen_at", "pk").values_list("seen_at", "till", "model_version", *groups.tasks))
    if not found:
        return None
    names = {name: number for number, name in enumerate(sorted({name for name in paid.till if name}))}
    seen = np.array([row[0].timestamp() for row in found])
    at = np.array([when.timestamp() for when in paid.at])
    # A camera whose till no sales file names may have seen the payer of any receipt.
    attached = checkout.attach(seen, _numbers([row[1] for row in found], names), at, _numbers(paid.till, names))
    near = np.flatnonzero(attached.receipt >= 0)
    if len(near) < checkout.FEWEST_FACES:
        return None
    labels = np.zeros((len(found), groups.count))
    labels[near] = rebased_labels([found[k] for k in near], groups, first=3, version=2)
    return checkout.told(labels, attached, len(at))


def _numbers(names: Sequence[str], known: dict[str, int]) -> Whole:
    return np.array([known.get(name, -1) for name in names], np.int64)


def _marks(period: Period, groups: Groups, paid: Paid) -> Told | None:
    """The cashiers' keys, where somebody has checked them; None where they cannot tell these groups apart."""
    if len(groups.tasks) != 1 or groups.tasks[0] == "mood":
        return None
    task = groups.tasks[0]
    pressed = paid.age_mark if task == "age" else paid.gender_mark
    keys = {key: number for number, key in enumerate(sorted({key for key in pressed if key}))}
    checked = _checked(period, task, keys)
    if checked.sum() < FEWEST_CHECKED:
        return None
    try:
        return mixture.marked(_numbers(pressed, keys), groups.matrix.T @ checked)
    except ValueError:
        return None


def _checked(period: Period, task: Task, keys: dict[str, int]) -> NDArray[np.float64]:
    """Counts of checked receipts, (labels, keys)."""
    result = np.zeros((len(LABELS[task]), len(keys)))
    rows = MarkCheck.objects.filter(store=period.store, attribute=task, mark__in=keys, label__in=LABELS[task])
    for mark, label, buyers in rows.values_list("mark", "label", "buyers"):
        result[LABELS[task].index(label), keys[mark]] += buyers
    return result
