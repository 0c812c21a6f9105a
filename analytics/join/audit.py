"""What somebody who counts an hour at the door finds out about a camera: how many it misses, how many are staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

# Before anybody has counted: what is usual, and how far shops are from it.
USUAL_MISSED, USUAL_MISSED_SE = 0.08, 0.04
USUAL_STAFF, USUAL_STAFF_SE = 0.03, 0.02
# Hours of one shop differ by more than chance (light, crowds, deliveries) by about this standard deviation.
MISSED_VARIES, STAFF_VARIES = 0.03, 0.02
MOST = 0.6  # a share above this is no camera to count with


@dataclass(frozen=True)
class Shares:
    """Share of visitors that the camera misses, and of counted visits that are staff, with standard errors."""

    missed: float = USUAL_MISSED
    missed_se: float = USUAL_MISSED_SE
    staff: float = USUAL_STAFF
    staff_se: float = USUAL_STAFF_SE


def counted(entered: int, staff: int, seen: int) -> Shares:
    """Shares from one count: visitors and staff that a person saw enter, and visits that the camera made of them.

    Of all who passed, visitors and staff alike, the camera made `seen` visits. Proportions with half a case added to
    either side (Jeffreys), and the spread between hours. Raises ValueError where nobody passed.
    """
    passed = entered + staff
    if passed <= 0 or min(entered, staff, seen) < 0:
        raise ValueError(f"{entered} visitors and {staff} staff make no count; somebody must have passed the door.")
    missed = min(MOST, max(0.0, (passed - seen + 0.5) / (passed + 1)))
    employees = min(MOST, (staff + 0.5) / (passed + 1))
    return Shares(missed, _error(missed, passed, MISSED_VARIES), employees, _error(employees, passed, STAFF_VARIES))


def _error(share: float, n: int, varies: float) -> float:
    bounded = max(share, 0.5 / (n + 1))
    return sqrt(bounded * (1 - bounded) / (n + 1) + varies**2)


def together(audits: Sequence[Shares]) -> Shares:
    """Several counts as one: means weighted by precision. What is usual where there is none."""
    if not audits:
        return Shares()
    missed, missed_se = _pooled([(one.missed, one.missed_se) for one in audits])
    staff, staff_se = _pooled([(one.staff, one.staff_se) for one in audits])
    return Shares(missed, missed_se, staff, staff_se)


def _pooled(values: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Weighted mean and error; where the counts contradict each other, the error grows by as much (Birge 1932)."""
    weights = [1 / max(error, 1e-4) ** 2 for _, error in values]
    total = sum(weights)
    mean = sum(weight * value for weight, (value, _) in zip(weights, values, strict=True)) / total
    if len(values) == 1:
        return mean, 1 / sqrt(total)
    misfit = sum(weight * (value - mean) ** 2 for weight, (value, _) in zip(weights, values, strict=True))
    return mean, sqrt(max(1.0, misfit / (len(values) - 1)) / total)
