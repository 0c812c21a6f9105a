"""How closely a number of days would tell groups apart, and what it takes to know them as closely as one wants.

Errors of a group's rate by what receipts tell, from the information that soft labels carry, E[ππ′]: per visit for
receipts that name visits; per open minute, spread over the stay, where nothing is named.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
# Nothing on receipts; a share of receipts that name visits, drawn at random; a share of receipts with a face at the
# till (or with a cashier's mark, which tells about as much).
Evidence = Literal["soft", "tickets", "till"]

Z = 1.959964  # two-sided 95 %
# Σg² of the stay, the share of buyers in the same minute as one another: about 0.34 over its standard deviation.
OVERLAP = 0.34
TYPICAL_STAY_SD = 7.0  # minutes
# Of the variance: stay, hours and weekdays are learned from the same data; that nobody buys twice saves more than that.
LEARNING = 0.92
LONGEST_DAYS = 3650


@dataclass(frozen=True)
class Plan:
    """A store as planning sees it. `information` is E[ππ′] of its labels, (segments, segments)."""

    information: Floats
    visits_per_day: float
    open_minutes: float = 600.0
    conversion: float = 0.3
    stay_sd: float = TYPICAL_STAY_SD


def information(labels: Floats) -> Floats:
    """E[ππ′] of stored labels (n, segments)."""
    return np.asarray(labels.T @ labels / max(1, len(labels)), np.float64)


def information_of(confusion: Floats, mix: Floats) -> Floats:
    """E[ππ′] of a classifier that says one label; confusion (segments, segments), rows the truth; mix (segments,)."""
    said = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1e-12) * mix[:, None]
    often = said.sum(axis=0)
    posterior = said / np.maximum(often, 1e-12)
    return np.asarray((posterior * often) @ posterior.T, np.float64)


def merged(plan: Plan, bands: Floats) -> Plan:
    """The same store asked about wider groups; bands (segments, groups) of 0 and 1."""
    return replace(plan, information=bands.T @ plan.information @ bands)


def half_widths(plan: Plan, days: float, evidence: Evidence = "soft", share: float = 1.0) -> Floats:
    """Half-widths (segments,) of 95 % intervals of conversion, as shares of 1, after so many days."""
    inverse = np.diag(np.linalg.pinv(plan.information, hermitian=True))
    visits, c = days * plan.visits_per_day, plan.conversion
    if evidence == "soft":
        minutes = days * plan.open_minutes * OVERLAP / plan.stay_sd
        variance = LEARNING * inverse * (c / minutes + c * (1 - c) / visits)
    elif evidence == "tickets":
        variance = inverse * c * (1 - share * c) / (share * visits)
    else:
        # Two mixtures, of visitors and of buyers, and how many bought.
        mixtures = (inverse - 1) * (1 / (c * visits * share) + 1 / visits)
        variance = c**2 * mixtures + c * (1 - c) / visits
    return np.asarray(Z * np.sqrt(np.maximum(variance, 0)), np.float64)


def days_needed(plan: Plan, half_width: float, evidence: Evidence = "soft", share: float = 1.0) -> int | None:
    """Days until every segment's half-width is at most this (0.05 is ±5 points); None if that takes over ten years."""
    one = float(half_widths(plan, 1.0, evidence, share).max())
    days = ceil((one / half_width) ** 2)  # errors shrink with the root of the days
    return days if days <= LONGEST_DAYS else None


def share_needed(plan: Plan, days: float, half_width: float, evidence: Evidence = "tickets") -> float | None:
    """The share of receipts, 0 to 1, that must name a visit at random (or show a face at the till); None: no share."""
    if half_widths(plan, days, evidence, 1.0).max() > half_width:
        return None
    low, high = 0.0, 1.0
    for _ in range(20):
        middle = (low + high) / 2
        enough = half_widths(plan, days, evidence, max(middle, 1e-9)).max() <= half_width
        low, high = (low, middle) if enough else (middle, high)
    return high
