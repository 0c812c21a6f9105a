"""Weighted sums become rates with 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

Z = 1.959964  # two-sided 95 %
# Below this many buyers the spread of their baskets is not known well enough for an interval.
FEWEST_BUYERS = 5.0


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Figures:
    """Sums over visits i of one segment; w is the probability that a visit belongs to it, m whether a purchase was
    linked to it, a that purchase's amount. The columns of HourFigure."""

    visits: float = 0.0  # Σw
    visits_w2: float = 0.0  # Σw²
    buyers: float = 0.0  # Σwm
    buyers_w2: float = 0.0  # Σw²m
    revenue: float = 0.0  # Σwa
    revenue_w2: float = 0.0  # Σw²a
    revenue2_w2: float = 0.0  # Σw²a²


def visits(sums: Figures) -> Interval:
    """How many visits belong to the segment; the interval is that of uncertain labels, sqrt(Σw(1−w))."""
    spread = Z * sqrt(max(0.0, sums.visits - sums.visits_w2))
    return Interval(sums.visits, max(0.0, sums.visits - spread), sums.visits + spread)


def conversion(sums: Figures) -> Interval | None:
    """Share of the segment's visits that bought: Wilson's interval for Σw trials.

    Kish's effective number (Σw)²/Σw² would be larger: it counts everybody who may belong, sure or not.
    """
    if sums.visits <= 0 or sums.visits_w2 <= 0:
        return None
    return wilson(sums.buyers / sums.visits, sums.visits)


def wilson(share: float, n: float) -> Interval:
    """A proportion's 95 % interval (Wilson 1927) for n trials, n > 0."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(max(0.0, share * (1 - share) / n) + Z**2 / (4 * n**2))
    return Interval(share, max(0.0, min(share, centre - half)), max(share, min(1.0, centre + half)))


def average_transaction_value(sums: Figures) -> Interval | None:
    """Revenue per buyer, Σwa/Σwm, with the linearised error of a weighted ratio (Särndal et al. 1992, 5.6), for as many
    buyers as the weights sum to."""
    if sums.buyers < FEWEST_BUYERS:
        return None
    value = sums.revenue / sums.buyers
    variance = (sums.revenue2_w2 - 2 * value * sums.revenue_w2 + value**2 * sums.buyers_w2) / sums.buyers**2
    return _around(value, variance * sums.buyers / sums.buyers_w2)


def revenue_per_visitor(sums: Figures) -> Interval | None:
    """Revenue per visit, Σwa/Σw, likewise."""
    if sums.visits <= 0 or sums.buyers < FEWEST_BUYERS:
        return None
    value = sums.revenue / sums.visits
    variance = (sums.revenue2_w2 - 2 * value * sums.revenue_w2 + value**2 * sums.visits_w2) / sums.visits**2
    return _around(value, variance * sums.visits / sums.visits_w2)


def _around(value: float, variance: float) -> Interval:
    spread = Z * sqrt(max(0.0, variance))
    return Interval(value, max(0.0, value - spread), value + spread)


def difference(now: Interval, before: Interval) -> Interval:
    """now − before, for two independent periods; half-widths add in squares."""
    change = now.value - before.value
    spread = sqrt(now.half_width**2 + before.half_width**2)
    return Interval(change, change - spread, change + spread)
