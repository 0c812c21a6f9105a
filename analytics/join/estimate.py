"""A store's totals become rates with 95 % intervals."""

from __future__ import annotations

from dataclasses import dataclass
from math import hypot, sqrt

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
    """What the counters of door and till say of a period; revenue2 is the sum of squared amounts."""

    visitors: float
    purchases: float
    revenue: float
    revenue2: float


def conversion(sums: Figures) -> Interval | None:
    """Purchases per visitor with Wilson's interval; None where there are more purchases than visitors."""
    if sums.visitors <= 0 or sums.purchases > sums.visitors:
        return None
    return wilson(sums.purchases / sums.visitors, sums.visitors)


def with_level(interval: Interval | None, relative: float, most: float = float("inf")) -> Interval | None:
    """The interval widened by a relative standard error of the number of visitors, as far as is possible."""
    if interval is None:
        return None
    extra = Z * relative * interval.value
    low = interval.value - hypot(interval.value - interval.low, extra)
    high = interval.value + hypot(interval.high - interval.value, extra)
    return Interval(interval.value, max(0.0, low), min(most, high))


def wilson(share: float, n: float) -> Interval:
    """A proportion's 95 % interval (Wilson 1927) for n trials, n > 0."""
    centre = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * sqrt(max(0.0, share * (1 - share) / n) + Z**2 / (4 * n**2))
    return Interval(share, max(0.0, min(share, centre - half)), max(share, min(1.0, centre + half)))


def average_transaction_value(sums: Figures) -> Interval | None:
    """Revenue per purchase: a mean with its standard error."""
    return _mean(sums.revenue, sums.revenue2, sums.purchases) if sums.purchases >= FEWEST_BUYERS else None


def revenue_per_visitor(sums: Figures) -> Interval | None:
    """Revenue per visitor, who mostly spent nothing, likewise."""
    if sums.visitors <= 0 or sums.purchases < FEWEST_BUYERS:
        return None
    return _mean(sums.revenue, sums.revenue2, sums.visitors)


def _mean(total: float, squares: float, n: float) -> Interval:
    return _around(total / n, max(0.0, squares / n - (total / n) ** 2) / n)


def _around(value: float, variance: float) -> Interval:
    spread = Z * sqrt(max(0.0, variance))
    return Interval(value, max(min(0.0, value), value - spread), value + spread)


def difference(now: Interval, before: Interval) -> Interval:
    """now − before, for two independent periods; half-widths add in squares."""
    change = now.value - before.value
    spread = sqrt(now.half_width**2 + before.half_width**2)
    return Interval(change, change - spread, change + spread)
