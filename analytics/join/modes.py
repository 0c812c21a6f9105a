"""The best estimate that the data allow, by what receipts tell: which visit, what sort of person, or only the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analytics.join import clock, exact, mixture, soft, stays
from analytics.join.clock import Move
from analytics.join.exact import Rates
from analytics.join.gaps import NO_GAPS, Gaps, Span
from analytics.join.kernel import FIRST_LAG, LAST_LAG, Stay, from_lags
from analytics.join.mixture import Told
from analytics.join.stays import Stays

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
# By references on all receipts; by those that lots were drawn for; by faces at the till; by the cashier's marks; by
# references on some receipts and the soft join of the rest; by the soft join alone.
Method = Literal["reference", "tickets", "till", "marks", "mixed", "soft"]
Trust = Literal["green", "amber", "red"]

# Of the buyers that the camera saw, so many must be named for the others to be left out of the reckoning.
ALL_NAMED = 0.9
FEWEST_NAMED, FEWEST_LAGS = 50, 150
# Fewer visits or purchases than this that no reference explains are not worth a join of their own.
FEWEST_LEFT = 30
# Fewer receipts than this that tell something are not worth a reckoning of their own.
FEWEST_TOLD = 50
# The slope tells nothing where its error is larger, and is right where it lies this near to 1.
LARGEST_SLOPE_ERROR, TOLERATED_SLOPE, TOLERATED_ERRORS = 0.20, 0.20, 2.5
# Amounts are cut at LARGEST times the quantile RARELY: less than a thousandth of a usual till's money lies above.
LARGEST, RARELY = 3.0, 0.995
TOLERATED_BLIND = 0.02  # of the open hours; more without a camera spoil what is learnt of the others
WRONG_CLOCK = 60  # minutes; a clock that is off by less is just inexact
MOST_MOVES = 2  # of an hour, in one period
MARGIN_MINUTES = LAST_LAG - FIRST_LAG
MOST_MINUTES = 25 * 60 + MARGIN_MINUTES  # of a day on which clocks go back


@dataclass(frozen=True)
class Arrivals:
    """Visits: day (n,) counted from the period's first, minute (n,) of the store's day, and labels (n, segments)."""

    day: Whole
    minute: Floats
    labels: Floats

    def only(self, rows: NDArray[np.bool_]) -> Arrivals:
        return Arrivals(self.day[rows], self.minute[rows], self.labels[rows])


@dataclass(frozen=True)
class Receipts:
    """Purchases: day and minute as for visits, amount, the row of the visit that each names, or −1, and what else
    they tell of who paid, by how it is known."""

    day: Whole
    minute: Floats
    amount: Floats
    visit: Whole
    told: Mapping[Method, Told] = field(default_factory=dict)


@dataclass(frozen=True)
class Store:
    """What is known of a store beside its data: weekday (days,), shares of missed visitors and of staff with their
    errors, whether the receipts that name visits were drawn by lot, and when camera or till were off."""

    weekday: Whole
    missed: float
    staff: float
    missed_se: float = 0.0
    staff_se: float = 0.0
    random_tickets: bool = False
    gaps: Gaps = NO_GAPS
    # Where an earlier soft join of nearly the same days ended.
    start: soft.State | None = None

    @property
    def kept(self) -> float:
        """Counted visits per genuine visitor."""
        return (1 - self.missed) / (1 - self.staff)


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
    moves: tuple[Move, ...] = ()  # when the till's clock moved within the period
    blind_hours: tuple[tuple[int, int], ...] = ()  # (day, hour) at which the camera seems to have been off
    dead_hours: tuple[tuple[int, int], ...] = ()  # at which receipts are missing, and which are left out
    coarse_minutes: int = 0  # how coarsely the till's times are written, where that is too coarse
    state: soft.State | None = None  # where a later fit may start
    stays: Stays | None = None  # whose visitors take longer


def estimate(arrivals: Arrivals, receipts: Receipts, store: Store) -> Estimate:
    """Conversion, money per visitor and per purchase of each segment: of all ways that the data allow, the surest.

    Hours without receipts that can only be missing are left out on both sides, like those that are known to be. No
    receipt's amount counts as more than LARGEST times what one in 200 exceeds.
    """
    receipts = replace(receipts, amount=_bounded(receipts.amount))
    store, dead = _without_dead_tills(arrivals, receipts, store)
    found = _with_level(_surest(arrivals, receipts, store), store)
    return replace(found, dead_hours=dead, stays=_stays(arrivals, receipts, found.rates) or found.stays)


def _stays(arrivals: Arrivals, receipts: Receipts, rates: Rates) -> Stays | None:
    """How long each segment takes, where receipts name visits."""
    named = np.flatnonzero(receipts.visit >= 0)
    if not len(named) or not np.isfinite(rates.rate).all():
        return None
    visit = receipts.visit[named]
    same = receipts.day[named] == arrivals.day[visit]
    taken = np.where(same, receipts.minute[named] - arrivals.minute[visit], np.nan)
    block = _block(arrivals.day[visit], arrivals.minute[visit])
    return stays.by_links(arrivals.labels[visit], rates.rate, taken, block)


def _bounded(amount: Floats) -> Floats:
    """Amounts (n,) of which a single giant cannot move a group; usual ones, with however long a tail, stay."""
    if not len(amount):
        return amount
    return np.minimum(amount, LARGEST * np.quantile(amount, RARELY, method="lower"))


def _without_dead_tills(
    arrivals: Arrivals, receipts: Receipts, store: Store
) -> tuple[Store, tuple[tuple[int, int], ...]]:
    if clock.coarseness(receipts.minute):
        return store, ()
    hours = clock.dead_tills(*_hours(arrivals, receipts, store))
    spans = [Span(day, 60.0 * hour, 60.0 * hour + 60) for day, hour in hours]
    return replace(store, gaps=replace(store.gaps, till=[*store.gaps.till, *spans])), tuple(hours)


def _hours(
    arrivals: Arrivals, receipts: Receipts, store: Store, told: NDArray[np.bool_] | slice = slice(None)
) -> tuple[Floats, Floats]:  # fmt: skip
    """Visits and purchases, of these those that are `told`, by day and hour."""
    days = len(store.weekday)
    return (
        clock.by_hour(arrivals.day, arrivals.minute, days),
        clock.by_hour(receipts.day[told], receipts.minute[told], days),
    )


def _surest(arrivals: Arrivals, receipts: Receipts, store: Store) -> Estimate:
    named = receipts.visit >= 0
    seen_buyers = len(named) * (1 - store.missed)
    if named.any() and named.sum() >= ALL_NAMED * seen_buyers:
        return Estimate(_exact(arrivals, receipts, store), "reference", "green")
    joined = _soft(arrivals, receipts, store)
    found = [joined]
    if named.sum() >= FEWEST_NAMED:
        way = _tickets if store.random_tickets else _mixed
        found.append(way(arrivals, receipts, store))
    for method, told in receipts.told.items():
        if len(told.rows) >= FEWEST_TOLD:
            found.append(_checked(_ratio(arrivals, receipts, told, store), method, joined))
    return min(found, key=_uncertainty)


def _uncertainty(found: Estimate) -> float:
    """The mean squared error of the rates; infinite where one is unknown."""
    mean = float((found.rates.rate_se**2).mean())
    return mean if np.isfinite(mean) else np.inf


def _with_level(found: Estimate, store: Store) -> Estimate:
    """What is not known of the camera's misses and of staff moves all rates together."""
    missed = 0.0 if found.method == "reference" else store.missed_se / (1 - store.missed)
    relative = float(np.hypot(missed, store.staff_se / (1 - store.staff)))
    rates = found.rates
    covariance = rates.covariance
    if covariance is not None:
        covariance = covariance + relative**2 * np.outer(rates.rate, rates.rate)
    rate_se = np.hypot(rates.rate_se, relative * rates.rate)
    money_se = np.hypot(rates.money_se, relative * rates.money)
    return replace(found, rates=replace(rates, rate_se=rate_se, money_se=money_se, covariance=covariance))


def _checked(rates: Rates, method: Method, joined: Estimate) -> Estimate:
    """Rates that need no join are as good as the counts, and those are wrong where purchases contradict visits."""
    trust: Trust = "red" if joined.trust == "red" and not joined.coarse_minutes else "green"
    return replace(joined, rates=rates, method=method, trust=trust)


def _soft(arrivals: Arrivals, receipts: Receipts, store: Store) -> Estimate:
    """The soft join, on the camera's clock throughout: where the till's moved within the period, once more."""
    if coarse := clock.coarseness(receipts.minute):
        unknown = np.full(arrivals.labels.shape[1], np.nan)
        return Estimate(Rates(*[unknown] * 6), "soft", "red", coarse_minutes=coarse)
    grid = minutes(arrivals, receipts, store)
    fit = soft.fit(grid)
    shift = clock.shifts(grid.purchases, fit.mean, grid.known)
    moves = tuple(clock.moves(shift))
    if moves and np.abs(shift).max() <= clock.SMALL[-1]:
        fit = soft.fit(replace(_on_clock(grid, shift), start=fit.state))
    found = replace(_told(fit, "soft"), moves=moves, state=fit.state)
    blind, is_blind = _blind(arrivals, receipts, store)
    if found.trust == "green" and not is_blind:
        return found
    ahead = soft.clock_error(grid)
    if is_blind:
        found = replace(found, trust="red")
    elif 0 < np.abs(ahead).max() < WRONG_CLOCK:
        # A clock that was never set right is as good as any, once it is known by how much it is off.
        fit = soft.fit(_on_clock(grid, ahead))
        if gate(fit) == "green":
            return replace(_told(fit, "soft"), state=fit.state, clock_minutes=round(float(ahead[0])))
    return replace(_diagnosed(found, ahead), blind_hours=blind)


def _blind(arrivals: Arrivals, receipts: Receipts, store: Store) -> tuple[tuple[tuple[int, int], ...], bool]:
    """Hours at which the camera seems to have been off, beside those known of, and whether they are too many."""
    # What was paid in hours that are known of is left out of the join already, and spoils nothing.
    told = ~store.gaps.of_receipts(receipts.day, receipts.minute)
    seen, rung = _hours(arrivals, receipts, store, told)
    blind = tuple(clock.blind_hours(seen, rung))
    return blind, len(blind) > TOLERATED_BLIND * int((seen + rung > 0).sum())


def _on_clock(grid: soft.Minutes, shift: Floats) -> soft.Minutes:
    """Purchases and money as the camera's clock would have had them, given by how much the till's is ahead each day."""
    return replace(grid, purchases=clock.corrected(grid.purchases, shift), revenue=clock.corrected(grid.revenue, shift))


def _diagnosed(found: Estimate, ahead: Floats) -> Estimate:
    """What may be wrong, so that somebody can mend it; `ahead` is by how much the till's clock is off each day."""
    if found.trust == "red":
        # What a bad fit says of small moves, or of many, is its own noise.
        large = [move for move in found.moves if abs(move.minutes) >= WRONG_CLOCK]
        moves = clock.moves(ahead) if ahead.any() else large if len(large) <= MOST_MOVES else []
        found = replace(found, clock_minutes=0 if moves else round(float(ahead[0])), moves=tuple(moves))
    return found


def _told(fit: soft.Fit, method: Method) -> Estimate:
    longer = stays.by_offsets(fit.state.offsets, fit.offset_se)
    return Estimate(fit.rates, method, gate(fit), fit.slope, fit.slope_se, fit.stay, stays=longer)


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
        (first + np.arange(width)) // 60 % 24, store.weekday, store.missed, store.staff, _ratio_of(receipts.amount),
        known=~store.gaps.of_minutes(days, first, width), start=store.start,
    )  # fmt: skip


def _ratio_of(amount: Floats) -> float:
    """The mean square to the squared mean; 1 where nothing is known."""
    return float((amount**2).mean() / amount.mean() ** 2) if len(amount) else 1.0


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


def _exact(arrivals: Arrivals, receipts: Receipts, store: Store) -> Rates:
    amount = np.zeros(len(arrivals.day))
    named = receipts.visit >= 0
    bought = np.zeros(len(arrivals.day))
    amount[receipts.visit[named]] = receipts.amount[named]
    bought[receipts.visit[named]] = 1.0  # a receipt of nothing is a purchase, too
    # Who came while no till worked had no receipt to be named by.
    told = ~store.gaps.of_unpaid(arrivals.day, arrivals.minute)
    _, block = np.unique(_block(arrivals.day, arrivals.minute)[told], return_inverse=True)
    return exact.regress(arrivals.labels[told], bought[told], amount[told], block, store.staff)


def _block(day: Whole, minute: Floats) -> Whole:
    """Numbers of the day's two hours, whose visits or receipts may be alike."""
    per_day = -(-MOST_MINUTES // soft.BLOCK_MINUTES)
    return np.asarray(day * per_day + minute // soft.BLOCK_MINUTES, np.int64)


def _tickets(arrivals: Arrivals, receipts: Receipts, store: Store) -> Estimate:
    """Receipts drawn by lot: of every group's buyers, the same share is named."""
    drawn = float((receipts.visit >= 0).sum()) / (len(receipts.visit) * (1 - store.missed))
    linked = _exact(arrivals, receipts, store)
    covariance = None if linked.covariance is None else linked.covariance / drawn**2
    rates = replace(
        linked, rate=linked.rate / drawn, rate_se=linked.rate_se / drawn, money=linked.money / drawn,
        money_se=linked.money_se / drawn, covariance=covariance,
    )  # fmt: skip
    return Estimate(rates, "tickets", "green")


def _ratio(arrivals: Arrivals, receipts: Receipts, told: Told, store: Store) -> Rates:
    """Buyers by segment over visitors by segment, both of the times at which camera and till were on."""
    here = ~store.gaps.of_visits(arrivals.day, arrivals.minute)
    paid = ~store.gaps.of_receipts(receipts.day, receipts.minute)
    place = np.cumsum(paid) - 1
    heard = told.only(paid[told.rows])
    heard = replace(heard, rows=place[heard.rows])
    blocks = np.concatenate([_block(arrivals.day, arrivals.minute)[here], _block(receipts.day, receipts.minute)[paid]])
    _, block = np.unique(blocks, return_inverse=True)
    visits, till = block[: int(here.sum())], block[int(here.sum()) :]
    return mixture.rates(arrivals.labels[here], visits, receipts.amount[paid], till, heard, store.kept)


def _mixed(arrivals: Arrivals, receipts: Receipts, store: Store) -> Estimate:
    """Visits that a receipt names bought; the others' purchases are the soft join of what is left over."""
    linked = _exact(arrivals, receipts, store)
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
    covariance = None
    if linked.covariance is not None and rest.covariance is not None:
        covariance = linked.covariance * np.outer(1 - rest.rate, 1 - rest.rate)
        covariance = covariance + rest.covariance * np.outer(left, left)
    return Rates(rate, rate_se, money, money_se, basket, basket_se, covariance)
