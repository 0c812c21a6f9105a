"""What the soft join rests on, as a picture: after people come in, more is bought, and when.

For each number of minutes after an entry: how many purchases more than usual for that time of day, per visit. If
purchases come from visits, this is a hill; its place is how long people stay, its area the share who buy.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
from django.core.cache import cache
from django.db.models import Count, F, Max, QuerySet
from django.db.models.functions import Extract, Floor
from numpy.typing import NDArray

from analytics.join import soft
from analytics.join.kernel import FIRST_LAG, kernel
from analytics.models import MatchRun, Purchase
from analytics.periods import Period, midnight
from inference.models import Visit

Floats = NDArray[np.float64]

LAST_LAG = 60  # minutes after entry that are shown
FEWEST_VISITS, FEWEST_PURCHASES = 300, 100
# What is usual at a minute is the mean of so many around it: short beside the ups and downs of a day.
USUAL_MINUTES = 61
MINUTES = 25 * 60  # the longest day
KEPT_SECONDS = 86_400


@dataclass(frozen=True)
class Echo:
    """Per minute after an entry, from FIRST_LAG to LAST_LAG: purchases beyond the usual per visit, their standard
    error, and what a smooth stay makes of them."""

    measured: list[float]
    error: list[float]
    smooth: list[float]
    conversion: float
    typical_minutes: float
    follows: bool  # whether the hill stands out of chance clearly

    @property
    def lags(self) -> range:
        return range(FIRST_LAG, LAST_LAG + 1)


def of(period: Period) -> Echo | None:
    """The period's echo, kept until its figures change; None where there is too little to see one."""
    runs = MatchRun.objects.filter(store=period.store, start__lt=period.end, end__gt=period.start)
    key = f"echo/{period.store.pk}/{period.first}/{period.last}/{runs.aggregate(last=Max('pk'))['last']}"
    kept: dict[str, Any] | None = cache.get(key)
    if kept is None:
        found = _compute(period)
        kept = asdict(found) if found else {}
        cache.set(key, kept, KEPT_SECONDS)
    return Echo(**kept) if kept else None


def _compute(period: Period) -> Echo | None:
    visits = _by_minute(
        Visit.objects.filter(store=period.store).between(period.start, period.end), "entered_at", period
    )
    bought = Purchase.objects.filter(store=period.store).sales().timed().between(period.start, period.end)
    purchases = _by_minute(bought, "paid_at", period)
    if visits.sum() < FEWEST_VISITS or purchases.sum() < FEWEST_PURCHASES:
        return None
    return echo(visits, purchases, np.array([day.weekday() for day in _days(period)]))


def _days(period: Period) -> list[date]:
    return [period.first + timedelta(days=k) for k in range(period.days)]


def _by_minute(rows: QuerySet[Any], column: str, period: Period) -> Floats:
    """(days, MINUTES) counts since each day's midnight."""
    minute = Floor(Extract(F(column), "epoch") / 60)
    counts = rows.order_by().annotate(minute=minute).values_list("minute").annotate(n=Count("pk"))
    table = np.array(list(counts), np.float64).reshape(-1, 2)
    starts = np.array([midnight(day, period.store).timestamp() // 60 for day in _days(period)])
    day = np.searchsorted(starts, table[:, 0], side="right") - 1
    result = np.zeros((period.days, MINUTES))
    np.add.at(result, (day, (table[:, 0] - starts[day]).astype(np.int64)), table[:, 1])
    return result


def echo(visits: Floats, purchases: Floats, weekday: NDArray[np.int64]) -> Echo:
    """From counts per minute, (days, minutes)."""
    first, last = _opening(visits)
    seen, paid = visits[:, first:last], purchases[:, first:last]
    measured, error = _lagged(_beyond_usual(seen), _beyond_usual(paid))
    hours = (first + np.arange(seen.shape[1])) // 60 % 24
    fit = soft.fit(soft.Minutes(seen[None], paid, paid, hours, weekday))
    conversion = float(paid.sum() / seen.sum())
    shown = slice(USUAL_MINUTES, USUAL_MINUTES + LAST_LAG - FIRST_LAG + 1)
    smooth = np.pad(conversion * kernel(fit.stay), USUAL_MINUTES)
    # A hill raises the mean around it, which was taken off the counts; they get that back, so that it stands on 0.
    measured = measured + (smooth - _beyond_usual(smooth))[shown]
    follows = fit.converged and not fit.at_bounds and fit.slope > 2 * fit.slope_se > 0
    return Echo(
        measured.tolist(), error.tolist(), smooth[shown].tolist(), conversion, fit.stay.typical_minutes, bool(follows)
    )


def _beyond_usual(counts: Floats) -> Floats:
    """Counts (..., minutes) less their mean over the hours around each minute."""
    ones = np.ones(counts.shape[-1])
    window = np.ones(USUAL_MINUTES)
    width = np.convolve(ones, window, "same")
    rows = counts.reshape(-1, counts.shape[-1])
    usual = np.array([np.convolve(row, window, "same") / width for row in rows]).reshape(counts.shape)
    return np.asarray(counts - usual, np.float64)


def _opening(visits: Floats) -> tuple[int, int]:
    """The minutes of the day between which people come, and an hour for the last ones to pay."""
    is_open = np.flatnonzero(soft.smooth_window(visits.sum(axis=0)))
    return int(is_open[0]), min(visits.shape[1], int(is_open[-1]) + LAST_LAG + 1)


def _lagged(rise: Floats, more: Floats) -> tuple[Floats, Floats]:
    """Per lag: the regression of purchases beyond the usual on visits beyond the usual, and its standard error."""
    values, errors = [], []
    width = rise.shape[1]
    for lag in range(FIRST_LAG, LAST_LAG + 1):
        came = rise[:, max(0, -lag) : width - max(0, lag)]
        bought = more[:, max(0, lag) : width - max(0, -lag)]
        squares = float((came**2).sum())
        values.append(float((came * bought).sum()) / squares)
        errors.append(float(np.sqrt((came**2 * bought**2).sum())) / squares)
    return np.array(values), np.array(errors)
