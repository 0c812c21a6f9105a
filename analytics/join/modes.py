"""The best estimate that the data allow: by references, by references and the soft join, or by the soft join alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytics.join import exact, soft
from analytics.join.exact import Rates
from analytics.join.kernel import FIRST_LAG, LAST_LAG, Stay, from_lags

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Method = Literal["reference", "mixed", "soft"]
Trust = Literal["green", "amber", "red"]

# Of the buyers that the camera saw, so many must be named for the others to be left out of the reckoning.
ALL_NAMED = 0.9
FEWEST_NAMED, FEWEST_LAGS = 50, 150
# Fewer visits or purchases than this that no reference explains are not worth a join of their own.
FEWEST_LEFT = 30
# The slope tells nothing where its error is larger, and is right where it lies this near to 1.
LARGEST_SLOPE_ERROR, TOLERATED_SLOPE, TOLERATED_ERRORS = 0.20, 0.20, 2.5
MARGIN_MINUTES = LAST_LAG - FIRST_LAG


@dataclass(frozen=True)
class Arrivals:
    """Visits: day (n,) counted from the period's first, minute (n,) of the store's day, and labels (n, segments)."""

    day: Whole
    minute: Floats
    labels: Floats


@dataclass(frozen=True)
class Receipts:
    """Purchases: day and minute as for visits, amount, and the row of the visit that each names, or −1."""

    day: Whole
    minute: Floats
    amount: Floats
    visit: Whole


@dataclass(frozen=True)
class Store:
    """What is known of a store beside its data: weekday (days,), shares of missed visitors and of staff."""

    weekday: Whole
    missed: float
    staff: float


@dataclass(frozen=True)
class Estimate:
    """Rates per segment, how they came about, and how far to trust them. `slope` is None where nothing was joined."""

    rates: Rates
    method: Method
    trust: Trust
    slope: float | None = None
    slope_se: float | None = None
    stay: Stay | None = None
    clock_minutes: int = 0  # how far the till's clock seems to be ahead, where that is what is wrong


def estimate(arrivals: Arrivals, receipts: Receipts, store: Store) -> Estimate:
    """Conversion, money per visitor and per purchase of each segment."""
    named = receipts.visit >= 0
    seen_buyers = len(named) * (1 - store.missed)
    if named.sum() >= ALL_NAMED * seen_buyers and named.any():
        return Estimate(_exact(arrivals, receipts, store.staff), "reference", "green")
    if named.sum() >= FEWEST_NAMED:
        return _mixed(arrivals, receipts, store)
    return _soft(arrivals, receipts, store)


def _soft(arrivals: Arrivals, receipts: Receipts, store: Store) -> Estimate:
    grid = minutes(arrivals, receipts, store)
    found = _told(soft.fit(grid), "soft")
    return replace(found, clock_minutes=soft.clock_error(grid)) if found.trust == "red" else found


def _told(fit: soft.Fit, method: Method) -> Estimate:
    return Estimate(fit.rates, method, gate(fit), fit.slope, fit.slope_se, fit.stay)


def gate(fit: soft.Fit) -> Trust:
    """Whether purchases follow visits as they should: else doors, clocks or cameras are not what they seem."""
    if not fit.converged or fit.at_bounds or not np.isfinite(fit.slope):
        return "red"
    near = abs(fit.slope - 1) <= max(TOLERATED_SLOPE, TOLERATED_ERRORS * fit.slope_se)
    if fit.slope_se > LARGEST_SLOPE_ERROR:
        # A slope that cannot be told from 1 needs more days; one that can be is wrong all the same.
        return "amber" if near else "red"
    return "green" if near else "red"


def minutes(arrivals: Arrivals, receipts: Receipts, store: Store) -> soft.Minutes:
    """Visits and purchases counted on the grid of the period's days and their minutes, from the first event's hour."""
    days = len(store.weekday)
    first = int(min(arrivals.minute.min(), receipts.minute.min() if len(receipts.minute) else np.inf) // 60 * 60)
    last = int(max(arrivals.minute.max(), receipts.minute.max(initial=0.0)) + 1)
    width = min(last, int(arrivals.minute.max()) + MARGIN_MINUTES) - first
    shape = (days, width)
    entered = _cells(arrivals.day, arrivals.minute - first, shape)
    paid = _cells(receipts.day, receipts.minute - first, shape)
    visits = np.stack([_counted(entered, column, shape) for column in arrivals.labels.T])
    ones = np.ones(len(receipts.amount))
    return soft.Minutes(
        visits, _counted(paid, ones, shape), _counted(paid, receipts.amount, shape),
        (first + np.arange(width)) // 60 % 24, store.weekday, store.missed, store.staff,
    )  # fmt: skip


def _cells(day: Whole, minute: Floats, shape: tuple[int, int]) -> Whole:
    """Flat indices into (days, minutes); −1 for what lies outside."""
    whole = np.floor(minute).astype(np.int64)
    inside = (day >= 0) & (day < shape[0]) & (whole >= 0) & (whole < shape[1])
    return np.where(inside, day * shape[1] + whole, -1)


def _counted(cells: Whole, weights: Floats, shape: tuple[int, int]) -> Floats:
    inside = cells >= 0
    counts = np.bincount(cells[inside], weights[inside], shape[0] * shape[1])
    return np.asarray(counts, np.float64).reshape(shape)


# With references ----------------------------------------------------------------------------


def _exact(arrivals: Arrivals, receipts: Receipts, staff: float) -> Rates:
    amount = np.zeros(len(arrivals.day))
    named = receipts.visit >= 0
    amount[receipts.visit[named]] = receipts.amount[named]
    per_day = 24 * 60 // soft.BLOCK_MINUTES
    _, block = np.unique(arrivals.day * per_day + arrivals.minute // soft.BLOCK_MINUTES, return_inverse=True)
    return exact.regress(arrivals.labels, amount, block, staff)


def _mixed(arrivals: Arrivals, receipts: Receipts, store: Store) -> Estimate:
    """Visits that a receipt names bought; the others' purchases are the soft join of what is left over."""
    linked = _exact(arrivals, receipts, store.staff)
    named = receipts.visit >= 0
    free = np.ones(len(arrivals.day), np.bool_)
    free[receipts.visit[named]] = False
    if free.sum() < FEWEST_LEFT or (~named).sum() < FEWEST_LEFT:
        return Estimate(linked, "reference", "green")
    share = np.clip(linked.rate * (1 - store.staff), 0, 0.99)
    labels = arrivals.labels[free] * (1 - share)
    rest = Arrivals(arrivals.day[free], arrivals.minute[free], labels / labels.sum(axis=1, keepdims=True))
    unnamed = Receipts(
        receipts.day[~named], receipts.minute[~named], receipts.amount[~named], receipts.visit[~named]
    )  # fmt: skip
    grid = minutes(rest, unnamed, replace(store, missed=_missed_of_rest(store.missed, named)))
    if named.sum() >= FEWEST_LAGS:
        lags = receipts.minute[named] - np.floor(arrivals.minute[receipts.visit[named]])
        grid = replace(grid, stay=from_lags(lags))
    fit = soft.fit(grid)
    return replace(_told(fit, "mixed"), rates=_together(linked, fit.rates))


def _missed_of_rest(missed: float, named: NDArray[np.bool_]) -> float:
    """The share of unseen buyers among the buyers that are not named: none of those the camera missed can be."""
    seen_buyers = len(named) * (1 - missed)
    ratio = missed / (1 - missed) * seen_buyers / max(1.0, seen_buyers - float(named.sum()))
    return ratio / (1 + ratio)


def _together(linked: Rates, rest: Rates) -> Rates:
    """linked + (1 − linked) · rest, for two estimates that do not depend on each other."""
    left = 1 - linked.rate
    rate, money = linked.rate + left * rest.rate, linked.money + left * rest.money
    rate_se = np.hypot((1 - rest.rate) * linked.rate_se, left * rest.rate_se)
    money_se = np.sqrt(linked.money_se**2 + (left * rest.money_se) ** 2 + (rest.money * linked.rate_se) ** 2)
    basket = money / np.where(rate > 0, rate, np.nan)
    basket_se = np.abs(basket) * np.hypot(money_se / np.abs(money), rate_se / np.abs(rate))
    return Rates(rate, rate_se, money, money_se, basket, basket_se)
