"""What others do with the same data: every purchase given to one visit, or hours compared with hours.

Also the event-level model that the soft join sums up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from analytics.join import modes, soft
from analytics.join.assignment import link
from analytics.join.kernel import FIRST_LAG, LAST_LAG, kernel
from analytics.join.simulate import MISS_RATE, STAFF_SHARE, Sample
from tests.analytics import worlds
from training.labels import Task

Floats = NDArray[np.float64]
SHORTEST, LONGEST, USUAL = 0.5, 45.0, 11.0  # minutes from entry to payment
EM_STEPS = 400


def greedy(sample: Sample, task: Task) -> tuple[Floats, Floats]:
    """Each purchase, in order, to the free visit whose stay is nearest to the usual one; the true clocks are given."""
    paid = sample.paid + 0.5 - sample.truth["skew_minutes"]
    first = np.searchsorted(sample.entered, paid - LONGEST)
    after = np.searchsorted(sample.entered, paid - SHORTEST)
    bought = np.zeros(len(sample.entered))
    for low, high, moment in zip(first, after, paid, strict=True):
        free = np.flatnonzero(bought[low:high] == 0)
        if len(free):
            bought[low + free[np.abs(moment - sample.entered[low + free] - USUAL).argmin()]] = 1
    return _of_links(worlds.own(getattr(sample, task)), bought)


def optimal(sample: Sample, task: Task) -> tuple[Floats, Floats]:
    """The globally best assignment."""
    links = link(np.asarray(sample.entered * 60), np.asarray((sample.paid + 0.5 - sample.truth["skew_minutes"]) * 60))
    bought = np.zeros(len(sample.entered))
    bought[links.visits] = 1
    return _of_links(worlds.own(getattr(sample, task)), bought)


def _of_links(labels: Floats, bought: Floats) -> tuple[Floats, Floats]:
    """Rates and printed errors, with the level put right as everybody would."""
    weight = labels.sum(axis=0)
    rate = labels.T @ bought / weight
    level = (1 - MISS_RATE) / (1 - STAFF_SHARE)
    return rate * level, np.sqrt(rate * (1 - rate) / weight) * level


def hourly(sample: Sample, task: Task) -> tuple[Floats, Floats]:
    """Purchases per hour regressed on visits per hour and segment."""
    labels = worlds.own(getattr(sample, task))
    hours = int(max(sample.entered.max(), sample.paid.max()) // 60) + 1
    visits = np.stack([np.bincount((sample.entered // 60).astype(np.int64), column, hours) for column in labels.T], 1)
    paid = np.bincount(np.maximum(sample.paid // 60, 0).astype(np.int64), minlength=hours)[:hours].astype(np.float64)
    weight = np.where(visits.sum(axis=1) > 0, 1 / np.maximum(visits.sum(axis=1), 1), 0)
    inverse = np.linalg.pinv((visits * weight[:, None]).T @ visits)
    rate = inverse @ (visits.T @ (weight * paid))
    left = weight * (paid - visits @ rate) ** 2
    level = (1 - MISS_RATE) / (1 - STAFF_SHARE)
    return rate * level, level * np.sqrt(np.diag(inverse) * left.sum() / max(1, (weight > 0).sum() - len(rate)))


def event_em(sample: Sample, days: int, task: Task) -> tuple[Floats, Floats]:
    """(soft join, event-level EM) rates with the same stay and factors: each purchase shared out among the visits that
    could have made it, and the visitors whom the camera missed."""
    arrivals, receipts, store = worlds.parts(sample, days, task)
    grid = modes.minutes(arrivals, receipts, store)
    fit = soft.fit(grid)
    state, first = fit.state, int(min(arrivals.minute.min(), receipts.minute.min()) // 60 * 60)
    hour = (arrivals.minute // 60).astype(np.int64) % 24 + soft.HOURS * (store.weekday[arrivals.day] >= 5)
    factor = np.exp(state.hours[hour] + state.days[store.weekday[arrivals.day]]) * (1 - store.staff)
    kernels = np.stack([kernel(state.stay, float(offset)) for offset in state.offsets])
    entered = arrivals.day * 10_000 + np.floor(arrivals.minute)
    paid = receipts.day * 10_000 + receipts.minute
    low = np.searchsorted(entered, paid - LAST_LAG)
    high = np.searchsorted(entered, paid - FIRST_LAG, side="right")
    purchase = np.repeat(np.arange(len(paid)), high - low)
    visit = np.arange(len(purchase)) - np.repeat(np.cumsum(high - low) - (high - low), high - low) + low[purchase]
    lag = (paid[purchase] - entered[visit]).astype(np.int64) - FIRST_LAG
    ways = arrivals.labels[visit] * kernels[:, lag].T * factor[visit][:, None]
    background = soft.missed_columns(grid, state)[:, receipts.day, receipts.minute.astype(np.int64) - first].T
    exposure = (arrivals.labels * factor[:, None]).sum(axis=0) + soft.missed_columns(grid, state).sum(axis=(1, 2))
    rate = np.full(len(kernels), float(fit.rates.rate.mean()))
    for _ in range(EM_STEPS):
        each = np.bincount(purchase, ways @ rate, len(paid)) + background @ rate
        share = 1 / np.maximum(each, 1e-12)
        rate = rate * (ways.T @ share[purchase] + background.T @ share) / exposure
    return state.rate, rate
