"""The soft join: purchases per minute, regressed on soft-labelled visits convolved with a learned stay.

Nobody is linked to anybody. Visits of segment s in minute m, spread over the minutes in which such visitors would pay,
predict how many purchases each minute should see if everyone bought; the regression's coefficients are the segments'
conversion rates. Kernel, hour and weekday factors are learned in the same system, so their uncertainty is in the
intervals. Sources: aggregated (Berkson-type) point-process regression by Gauss-Newton;
errors by a block sandwich with a bias correction (Bell and McCaffrey 2002), or the model's own where that is larger.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from analytics.join.clock import partition, shifted
from analytics.join.exact import Rates, spread
from analytics.join.kernel import FIRST_LAG, LAST_LAG, Stay, derivatives, kernel

Floats = NDArray[np.float64]

HOURS = 24
SMOOTH_MINUTES = 61
BLOCK_MINUTES = 120
MOST_CORRECTION = 2.0  # of the variance; more means that there are hardly any blocks
MOST_STEPS = 30
CONVERGED_RATE, CONVERGED_STAY = 2e-4, 5e-3
# Standard deviations of the priors: log factors; shift, log mean, log shape; the segments' own log offsets.
FACTOR_SD, STAY_SD, OFFSET_SD = 0.3, (2.5, 0.6, 0.4), 0.2
KNOWN_STAY_SD = 0.02  # of those of a stay that must be learned
FACTOR_STEP, OFFSET_STEP = 0.3, 0.15
STAY_STEP = np.array([0.7, 0.25, 0.35])
START_SHIFTS = np.arange(-4.5, 6.0, 1.0)
START_MEANS = (4.0, 6.5, 10.0, 15.0, 22.0)
# Clocks that are wrong are mostly wrong by whole hours: summer time, another zone.
# Others are off by what they were never set to.
CLOCK_ERRORS, CLEARLY_BETTER, SURELY = (-120, -60, -45, -30, -20, -12, 12, 20, 30, 45, 60, 120), 1.1, 6.0
WHOLE_HOUR = 60
FURTHEST_LAG = 2 * (max(CLOCK_ERRORS) + LAST_LAG)
SHORTEST_MEAN, LONGEST_MEAN = 1.5, 60.0  # minutes; a stay at these bounds is no stay
# A longer one imitates the day's hours; shifts are looked for from FIRST_LAG on.
LONGEST_TRUSTED_MEAN, TRUSTED_SHIFTS = 35.0, (-5.0, 8.5)
# A slope this near to 1 needs no other start.
PLAUSIBLE_SLOPE = 0.15


@dataclass(frozen=True)
class State:
    """Where the fit stands: all that is learned."""

    rate: Floats
    hours: Floats  # (2 * HOURS,) log factors by hour, weekdays then weekends
    days: Floats  # (7,)
    stay: Stay
    offsets: Floats

    def as_json(self) -> dict[str, list[float]]:
        return {
            "rate": self.rate.tolist(), "hours": self.hours.tolist(), "days": self.days.tolist(),
            "stay": self.stay.as_array().tolist(), "offsets": self.offsets.tolist(),
        }  # fmt: skip

    @classmethod
    def from_json(cls, kept: dict[str, list[float]]) -> State:
        rate, hours, days, offsets = (np.array(kept[name]) for name in ("rate", "hours", "days", "offsets"))
        return cls(rate, hours, days, Stay(*kept["stay"]), offsets)


@dataclass(frozen=True)
class Minutes:
    """A store's days on a grid of minutes.

    visits (segments, days, minutes): soft visits that entered; purchases and revenue (days, minutes) as the till says;
    hour (minutes,): the clock's hour of each column; weekday (days,), 0 is Monday. `missed` is the share of visitors
    that the camera does not see, `staff` the share of visits that are none.
    """

    visits: Floats
    purchases: Floats
    revenue: Floats
    hour: NDArray[np.int64]
    weekday: NDArray[np.int64]
    missed: float = 0.0
    staff: float = 0.0
    amount_ratio: float = 1.0  # of receipts' mean square to their squared mean; 1 if all are alike
    # A stay known from elsewhere, held to closely; None learns it.
    stay: Stay | None = None
    # Where an earlier fit of nearly the same days ended; None starts anew.
    start: State | None = None
    # (days, minutes): whether camera and till worked, so that the minute's purchases tell something; None is always.
    known: NDArray[np.bool_] | None = None


@dataclass
class Fit:
    """Rates per segment, the stay they came with, and whether to believe them.

    `slope` should be 1: how much of the purchases follows the visits' ups and downs (its error beside it).
    """

    rates: Rates
    stay: Stay
    slope: float
    slope_se: float
    converged: bool
    at_bounds: bool
    mean: Floats  # (days, minutes): purchases to be expected
    state: State
    offset_se: Floats  # of the segments' own log stays, (segments,)


class _Grid:
    """What does not change from step to step, and convolution by FFT along the minutes."""

    def __init__(self, data: Minutes) -> None:
        self.data = data
        self.segments, self.days, self.minutes = data.visits.shape
        self.length = int(2 ** np.ceil(np.log2(self.minutes + LAST_LAG - FIRST_LAG)))
        is_open = smooth_window(data.visits.sum(axis=(0, 1)))
        self.smoothed = moving_mean(data.visits, is_open)
        self.typical = float(data.revenue.sum()) / max(1.0, float(data.purchases.sum()))  # money per purchase
        ratio = data.missed / (1 - data.missed)
        self.base = data.visits + ratio * self.smoothed
        weekend = (data.weekday >= 5).astype(np.int64)
        self.hour_level = weekend[:, None] * HOURS + data.hour[None]
        used = np.bincount(self.hour_level.ravel(), self.base.sum(axis=0).ravel(), 2 * HOURS)
        self.hour_levels = np.flatnonzero(used > 0)
        self.day_levels = np.unique(data.weekday)

    def convolve(self, signal: Floats, g: Floats) -> Floats:
        """`signal` (..., minutes), entries per minute, spread over the minutes of payment."""
        whole = np.fft.irfft(np.fft.rfft(signal, self.length) * np.fft.rfft(g, self.length), self.length)
        return np.asarray(whole[..., -FIRST_LAG : self.minutes - FIRST_LAG], np.float64)

    def read_back(self, rows: Floats, g: Floats) -> Floats:
        """What a payment in each minute tells, (..., minutes), by the minute of entry: `rows` at the payment, averaged
        over when it will be."""
        whole = np.fft.irfft(np.fft.rfft(rows, self.length) * np.conj(np.fft.rfft(g, self.length)), self.length)
        return np.asarray(np.roll(whole, -FIRST_LAG, axis=-1)[..., : self.minutes], np.float64)

    def factor(self, state: State) -> Floats:
        return np.asarray(np.exp(state.hours[self.hour_level] + state.days[self.data.weekday][:, None]), np.float64)


def smooth_window(visits: Floats) -> NDArray[np.bool_]:
    """The minutes of the day in which the shop is open: between the first and the last per mille of entries."""
    share = np.cumsum(visits) / max(1e-9, float(visits.sum()))
    first, last = int(np.searchsorted(share, 0.001)), int(np.searchsorted(share, 0.999))
    return (np.arange(len(visits)) >= first) & (np.arange(len(visits)) <= last)


def moving_mean(signal: Floats, where: NDArray[np.bool_]) -> Floats:
    """The mean over SMOOTH_MINUTES around each minute, of open minutes only."""
    half = SMOOTH_MINUTES // 2
    total = _windowed(signal * where, half)
    return np.asarray(
        np.where(where, total / np.maximum(1.0, _windowed(where.astype(np.float64), half)), 0.0), np.float64
    )


def _windowed(signal: Floats, half: int) -> Floats:
    sums = np.cumsum(np.pad(signal, [(0, 0)] * (signal.ndim - 1) + [(half + 1, half)]), axis=-1)
    return np.asarray(sums[..., 2 * half + 1 :] - sums[..., : -2 * half - 1], np.float64)


# Fitting ----------------------------------------------------------------------------


def fit(data: Minutes) -> Fit:
    """Estimate all segments' rates.

    The stay starts where detrended visits and purchases agree best, else from the state of an earlier fit, if given.
    Where that ends nowhere to be trusted, it starts with the prior's, too, and the better of what converges is taken:
    by penalised deviance, and not by how near the slope is to 1, which would help bad data look good.
    """
    grid = _Grid(data)
    overall = float(data.purchases.sum()) / max(1e-9, float(grid.base.sum()) * (1 - data.staff))
    best: _End | None = None
    for begin in _starts(grid, overall):
        end = _End(*_climb(grid, begin))
        best = end if best is None or end.is_better_than(best) else best
        if best.is_plausible:
            break
    assert best is not None, "there is always a start"
    return _describe(grid, best)


def _starts(grid: _Grid, overall: float) -> Iterator[State]:
    data = grid.data
    blank = State(np.full(grid.segments, overall), np.zeros(2 * HOURS), np.zeros(7), Stay(), np.zeros(grid.segments))
    if data.stay is not None:
        yield replace(blank, stay=data.stay)
        return
    if data.start is not None and len(data.start.rate) == grid.segments:
        yield data.start
    yield replace(blank, stay=_start(grid))
    yield blank


class _End:
    """Where a climb ended."""

    def __init__(self, system: _System, converged: bool) -> None:
        self.system, self.converged = system, converged
        data, mean = system.grid.data, np.maximum(system.mean, 1e-6)
        known = 1.0 if data.known is None else data.known
        misfit = float((known * (mean - data.purchases * np.log(mean))).sum())
        self.deviance = 2 * misfit + float((system.prior * system.centre**2).sum())
        self.slope, self.slope_se = _slope(system)

    @property
    def state(self) -> State:
        return self.system.state

    def is_better_than(self, other: _End) -> bool:
        return (self.converged, -self.deviance) > (other.converged, -other.deviance)

    @property
    def is_plausible(self) -> bool:
        close = abs(self.slope - 1) <= max(PLAUSIBLE_SLOPE, 2 * self.slope_se)
        return self.converged and not at_bounds(self.state.stay) and close


def at_bounds(stay: Stay) -> bool:
    """Whether a stay is none that could be learned: it imitates the day's hours, or lies outside what is looked at."""
    mean = np.exp(stay.log_mean)
    is_long = mean <= SHORTEST_MEAN * 1.01 or mean >= LONGEST_TRUSTED_MEAN
    return bool(is_long or stay.shift <= TRUSTED_SHIFTS[0] or stay.shift >= TRUSTED_SHIFTS[1])


def clock_error(data: Minutes) -> Floats:
    """By how many minutes the till's clock seems to be ahead of the camera's on each day, (days,): one of
    CLOCK_ERRORS, or 0.

    For an hour or more each stretch of days is asked whether it is off by that, or right. Any other offset than those
    that the stay can take in has to agree clearly better.
    """
    grid = _Grid(data)
    correlation = _Correlation(grid)
    right = correlation.best(0)[0]
    found = {ahead: correlation.best(ahead) for ahead in CLOCK_ERRORS}
    hours = max((ahead for ahead in CLOCK_ERRORS if abs(ahead) >= WHOLE_HOUR), key=lambda ahead: found[ahead][0])
    if found[hours][0] > SURELY:
        by_day = correlation.by_day(grid, np.array([0.0, hours]), found[hours][1])
        if by_day.any():
            return by_day
    best = max(found, key=lambda ahead: found[ahead][0])
    is_off = found[best][0] > max(CLEARLY_BETTER * right, SURELY)
    return np.full(grid.days, float(best) if is_off else 0.0)


def _start(grid: _Grid) -> Stay:
    return _Correlation(grid).best(0)[1]


class _Correlation:
    """How detrended purchases follow detrended visits, by lag: all that the search for a stay or a clock needs."""

    def __init__(self, grid: _Grid) -> None:
        paid = grid.data.purchases - moving_mean(grid.data.purchases, smooth_window(grid.data.purchases.sum(axis=0)))
        if grid.data.known is not None:
            paid = paid * grid.data.known
        entered = grid.data.visits.sum(axis=0) - grid.smoothed.sum(axis=0)
        self.paid, self.entered = paid, entered
        self.length = int(2 ** np.ceil(np.log2(grid.minutes + FURTHEST_LAG)))
        there, here = np.fft.rfft(paid, self.length), np.fft.rfft(entered, self.length)
        # Cyclic: a lag below 0 is found from the end.
        self.both = np.fft.irfft((np.conj(here) * there).sum(axis=0), self.length)
        self.own = np.fft.irfft((np.abs(here) ** 2).sum(axis=0), self.length)
        self.noise = float(np.sqrt(max(1e-12, float((paid**2).mean()))))

    def best(self, ahead: int) -> tuple[float, Stay]:
        """The best agreement, in standard deviations of chance, if the till's clock is so far ahead; and its stay."""
        found = [
            (self._agreement(stay, ahead), stay)
            for stay in (Stay(float(shift), float(np.log(mean))) for shift in START_SHIFTS for mean in START_MEANS)
        ]
        return max(found, key=lambda pair: pair[0])

    def by_day(self, grid: _Grid, candidates: Floats, stay: Stay) -> Floats:
        """Which of the offsets each day (days,) seems to have, in stretches: by the likelihood of a regression of
        purchases on what they should be, with one slope."""
        expected = grid.convolve(self.entered, kernel(stay))
        moved = [shifted(expected, int(ahead)) for ahead in candidates]
        power = float((expected**2).sum())
        slope = max(float((self.paid * rows).sum()) for rows in moved) / max(1e-12, power)
        gains = [slope * (self.paid * rows).sum(axis=1) - slope**2 * (rows**2).sum(axis=1) / 2 for rows in moved]
        return np.asarray(candidates[partition(np.stack(gains) / self.noise**2)], np.float64)

    def _agreement(self, stay: Stay, ahead: int) -> float:
        g = kernel(stay)
        lags = np.arange(FIRST_LAG, LAST_LAG + 1)
        overlap = np.correlate(g, g, "full")  # by differences of lags, from −(n − 1) on
        power = float((overlap * self.own[np.arange(1 - len(g), len(g))]).sum())
        scale = float(np.sqrt(max(0.0, power))) * self.noise
        return float((g * self.both[lags + ahead]).sum()) / max(1e-12, scale)


def _climb(grid: _Grid, state: State) -> tuple[_System, bool]:
    """The system from which a further step would move nothing that matters, and whether there was one."""
    before = np.zeros(3)
    for _ in range(MOST_STEPS):
        system = _System(grid, state)
        new = system.step(1.0)
        if before @ (new.stay.as_array() - state.stay.as_array()) < 0:
            # Whole steps may swing between a longer shift and a longer mean for ever; half steps meet in the middle.
            new = system.step(0.5)
        new = _centred(grid, new)
        before = new.stay.as_array() - state.stay.as_array()
        has_arrived = np.abs(new.rate - state.rate).max() < CONVERGED_RATE and np.abs(before).max() < CONVERGED_STAY
        if has_arrived:
            return system, True
        state = new
    return _System(grid, state), False


def _centred(grid: _Grid, state: State) -> State:
    """Factors have a visit-weighted mean of 1; what they lose, the rates gain."""
    visits = grid.base.sum(axis=0)
    mean = float((visits * grid.factor(state)).sum() / visits.sum())
    return replace(state, hours=state.hours - np.log(mean), rate=state.rate * mean)


class _Regression:
    """Penalised weighted least squares: columns (k, days, minutes), weights (days, minutes), prior precisions (k,)."""

    def __init__(self, columns: Floats, weight: Floats, prior: Floats) -> None:
        self.columns, self.prior = columns, prior
        flat = columns.reshape(len(columns), -1)
        self.weighted = flat * weight.ravel()
        self.information = self.weighted @ flat.T
        inverse = np.linalg.pinv(self.information + np.diag(prior), hermitian=True)
        self.inverse = np.asarray(inverse, np.float64)

    def solve(self, response: Floats, centre: Floats) -> Floats:
        """Coefficients (k,) that explain `response` (days, minutes); `centre` is how far off the prior they start."""
        return np.asarray(self.inverse @ (self.weighted @ response.ravel() - self.prior * centre), np.float64)

    def influence(self, residual: Floats) -> Floats:
        """How much each block of BLOCK_MINUTES moves each coefficient, (blocks, k), for residuals (days, minutes).

        Residuals are smaller than errors, the more so the fewer blocks there are. The columns are scaled so that their
        spread would be right on average were the weights the true precisions (Bell and McCaffrey 2002, by coefficient).
        """
        scores = _block_sums(self.weighted.reshape(self.columns.shape) * residual)
        return np.asarray((self.inverse @ scores).T * self._correction, np.float64)

    @cached_property
    def _correction(self) -> Floats:
        """(k,) of what to multiply the blocks' spread with.

        A block's score is its own error's less what the fit took: S = e − I_b A Σe, with I_b the block's information.
        """
        blocks = _block_products(self.columns, self.weighted.reshape(self.columns.shape))
        taken = blocks @ self.inverse
        left = self.information - 2 * (taken @ blocks).sum(axis=0)
        left += (taken @ self.information @ np.swapaxes(taken, 1, 2)).sum(axis=0)
        whole = np.diag(self.inverse @ self.information @ self.inverse)
        expected = np.diag(self.inverse @ left @ self.inverse)
        return np.asarray(np.sqrt(np.clip(whole / np.maximum(expected, 1e-300), 1.0, MOST_CORRECTION)), np.float64)

    def errors(self) -> Floats:
        """The coefficients' errors (k,) if the weights are the true precisions."""
        return np.asarray(np.sqrt(np.maximum(0, np.diag(self.inverse @ self.information @ self.inverse))), np.float64)

    @cached_property
    def reading(self) -> Floats:
        """How much a purchase in each minute moves each coefficient, (k, days, minutes)."""
        return np.asarray((self.inverse @ self.weighted).reshape(self.columns.shape), np.float64)


def _block_sums(rows: Floats) -> Floats:
    """Sums (k, blocks) of rows (k, days, minutes) over each day's stretches of BLOCK_MINUTES."""
    starts = np.arange(0, rows.shape[-1], BLOCK_MINUTES)
    return np.asarray(np.add.reduceat(rows, starts, axis=-1).reshape(len(rows), -1), np.float64)


def _block_products(columns: Floats, weighted: Floats) -> Floats:
    """Each block's part of weighted · columns′, (blocks, k, k), from two of (k, days, minutes)."""
    parts = [slice(start, start + BLOCK_MINUTES) for start in range(0, columns.shape[-1], BLOCK_MINUTES)]
    return np.concatenate(
        [weighted[..., part].transpose(1, 0, 2) @ columns[..., part].transpose(1, 2, 0) for part in parts]
    )


class _System:
    """The linearised regression at a state: columns J, weights w, residuals, prior precisions."""

    def __init__(self, grid: _Grid, state: State) -> None:
        self.grid, self.state = grid, state
        keep = 1 - grid.data.staff
        factor = grid.factor(state)
        entered = grid.base * factor * keep
        kernels = [kernel(state.stay, float(offset)) for offset in state.offsets]
        self.expected = np.stack([grid.convolve(e, g) for e, g in zip(entered, kernels, strict=True)])
        overall = float(grid.data.purchases.sum()) / max(1e-9, float(self.expected.sum()))
        self.shrunk = (state.rate + overall) / 2
        self.mean = np.tensordot(state.rate, self.expected, 1)
        bounded = np.clip(self.shrunk, 0.3 * overall, 3 * overall)
        floor = 0.15 * overall * self.expected.sum(axis=0)
        variance = np.maximum(np.tensordot(bounded, self.expected, 1), floor)
        # A purchase where nobody can have come from says nothing about anybody.
        self.weight = np.where(variance > 1e-6, 1 / np.maximum(variance, 1e-6), 0.0)
        if grid.data.known is not None:
            self.weight = self.weight * grid.data.known
        self.residual = grid.data.purchases - self.mean
        self.columns = self._columns(entered, self.shrunk)
        self.prior, self.centre = self._prior()

    def _columns(self, entered: Floats, shrunk: Floats) -> Floats:
        grid, state = self.grid, self.state
        common = kernel(state.stay)
        buyers = np.tensordot(shrunk, entered, 1)
        hours = [grid.convolve(buyers * (grid.hour_level == level), common) for level in grid.hour_levels]
        weekday = grid.data.weekday[:, None]
        days = [grid.convolve(buyers * (weekday == level), common) for level in grid.day_levels]
        slopes = [derivatives(state.stay, float(offset)) for offset in state.offsets]
        stays, offsets = np.zeros((3, *buyers.shape)), []
        for rate, e, slope in zip(shrunk, entered, slopes, strict=True):
            parts = np.stack([grid.convolve(rate * e, row) for row in slope])
            stays += parts
            offsets.append(parts[1])
        return np.concatenate([self.expected, np.array(hours), np.array(days), stays, np.array(offsets)])

    def _prior(self) -> tuple[Floats, Floats]:
        """Precisions, and how far the state lies from the prior's centre, per column."""
        grid, state = self.grid, self.state
        factors = np.concatenate([state.hours[grid.hour_levels], state.days[grid.day_levels]])
        precision = np.concatenate(
            [np.zeros(grid.segments), np.full(len(factors), FACTOR_SD**-2), self._stay_sd() ** -2.0,
             np.full(grid.segments, OFFSET_SD**-2)]
        )  # fmt: skip
        away = state.stay.as_array() - (grid.data.stay or Stay()).as_array()
        return precision, np.concatenate([np.zeros(grid.segments), factors, away, state.offsets])

    def _stay_sd(self) -> Floats:
        return np.array(STAY_SD) * (KNOWN_STAY_SD if self.grid.data.stay else 1.0)

    @cached_property
    def regression(self) -> _Regression:
        return _Regression(self.columns, self.weight, self.prior)

    @cached_property
    def direction(self) -> Floats:
        """The Gauss-Newton step."""
        return self.regression.solve(self.residual, self.centre)

    def step(self, share: float) -> State:
        """The state a step further; `share` of the step for the stay."""
        grid, state = self.grid, self.state
        s, h, d = grid.segments, len(grid.hour_levels), len(grid.day_levels)
        rate, hours, days, stay, offsets = np.split(self.direction, [s, s + h, s + h + d, s + h + d + 3])
        new_hours, new_days = state.hours.copy(), state.days.copy()
        new_hours[grid.hour_levels] += np.clip(hours, -FACTOR_STEP, FACTOR_STEP)
        new_days[grid.day_levels] += np.clip(days, -FACTOR_STEP, FACTOR_STEP)
        moved = state.stay.moved(share * np.clip(stay, -STAY_STEP, STAY_STEP))
        low, high = np.log(SHORTEST_MEAN), np.log(LONGEST_MEAN)
        moved = replace(moved, log_mean=float(np.clip(moved.log_mean, low, high)))
        new_offsets = state.offsets + np.clip(offsets, -OFFSET_STEP, OFFSET_STEP)
        return State(state.rate + rate, new_hours, new_days, moved, new_offsets)


def missed_columns(data: Minutes, state: State) -> Floats:
    """(segments, days, minutes): payments by visitors whom the camera missed, if all of them bought."""
    grid = _Grid(data)
    unseen = (grid.base - data.visits) * grid.factor(state) * (1 - data.staff)
    kernels = [kernel(state.stay, float(offset)) for offset in state.offsets]
    return np.stack([grid.convolve(entered, g) for entered, g in zip(unseen, kernels, strict=True)])


# Describing ----------------------------------------------------------------------------


def _describe(grid: _Grid, end: _End) -> Fit:
    system, state = end.system, end.state
    level = _levels(grid, state).sum(axis=1)
    rate, money = state.rate * level, _Money(grid, system)
    moved = system.regression.influence(system.residual)
    influence = moved[:, : grid.segments] * level
    basket = money.value / np.where(rate != 0, rate, np.nan)
    basket_influence = (money.influence - basket * influence) / np.where(rate != 0, rate, np.nan)
    own = _own_errors(grid, system, level, basket)
    # The larger of the block sandwich's and the model's own error.
    rate_se, money_se, basket_se = (
        np.maximum(spread(blocks), mine)
        for blocks, mine in zip((influence, money.influence, basket_influence), own, strict=True)
    )
    rates = Rates(rate, rate_se, money.value, money_se, basket, basket_se, _covariance(influence, rate_se))
    bounds = grid.data.stay is None and at_bounds(state.stay)
    return Fit(rates, state.stay, end.slope, end.slope_se, end.converged, bounds, system.mean, state,
               np.maximum(spread(moved), system.regression.errors())[-grid.segments :])  # fmt: skip


def _covariance(influence: Floats, error: Floats) -> Floats:
    """The blocks' covariance, with the errors that were settled on along its diagonal."""
    scale = error / np.maximum(spread(influence), 1e-12)
    return np.asarray(influence.T @ influence * np.outer(scale, scale), np.float64)


def _levels(grid: _Grid, state: State) -> Floats:
    """(segments, hour levels): the visit-weighted mean of the factors for each segment, by the hours that make it up:
    rates are told for the times at which they came."""
    visits = grid.data.visits * grid.factor(state)
    sums = [(visits * (grid.hour_level == level)).sum(axis=(1, 2)) for level in grid.hour_levels]
    total = np.maximum(grid.data.visits.sum(axis=(1, 2)), 1e-9)
    return np.asarray(np.stack(sums, axis=1) / total[:, None], np.float64)


def _own_errors(grid: _Grid, system: _System, level: Floats, basket: Floats) -> tuple[Floats, Floats, Floats]:
    """Errors (segments,) of rates, money per visitor and per purchase if the model is right: purchases vary as Poisson
    counts do, less what they cannot vary because nobody seen buys twice.

    A visitor who buys with probability p in minute m moves an estimate by a[m]; that varies by p E[a²] − (p E[a])².
    """
    state, reading = system.state, system.regression.reading[: grid.segments]
    variance = np.where(system.weight > 0, 1 / np.maximum(system.weight, 1e-12), 0.0)
    counts = (reading**2 * variance).sum(axis=(1, 2))
    visits = grid.data.visits.sum(axis=0)
    buyers = np.tensordot(system.shrunk, grid.data.visits, 1) * grid.factor(state) * (1 - grid.data.staff)
    # Of visits of the same minute only the mean chance is known; the squares' mean is no smaller than its square.
    squares = np.where(visits > 0, buyers**2 / np.maximum(visits, 1e-9), 0.0)
    once = (grid.read_back(reading, kernel(state.stay)) ** 2 * squares).sum(axis=(1, 2))
    mean, square = grid.typical, grid.typical**2 * grid.data.amount_ratio
    rate, money = counts - once, square * counts - mean**2 * once
    each = (square - 2 * basket * mean + basket**2) * counts / np.where(state.rate != 0, state.rate, np.nan) ** 2
    return _root(rate) * level, _root(money) * level, _root(each)


def _root(variance: Floats) -> Floats:
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)), np.float64)


class _Money:
    """Money per visitor by segment and its influence: the same columns and weights, amounts instead of receipts.

    The factors' columns carry by how much money follows the hours otherwise than receipts do, and since nothing tells a
    higher rate from higher factors of all hours, what they hold of the level is counted with the rates.
    """

    def __init__(self, grid: _Grid, system: _System) -> None:
        s = grid.segments
        columns = system.columns.copy()
        columns[s:] *= grid.typical
        regression = _Regression(columns, system.weight, system.prior * grid.typical**2)
        found = regression.solve(grid.data.revenue, system.centre)
        residual = grid.data.revenue - np.tensordot(found[:s], system.expected, 1)
        whole = self._of_coefficients(grid, system, len(found))
        self.value = np.asarray(whole @ found, np.float64)
        self.influence = np.asarray(regression.influence(residual) @ whole.T, np.float64)

    @staticmethod
    def _of_coefficients(grid: _Grid, system: _System, count: int) -> Floats:
        """(segments, coefficients): money per visitor of each segment at the times at which it came."""
        s, h = grid.segments, len(grid.hour_levels)
        hours, days = _levels(grid, system.state), _day_levels(grid, system.state)
        result = np.zeros((s, count))
        result[:, :s] = np.diag(hours.sum(axis=1))
        each = grid.typical * system.shrunk[:, None]
        result[:, s : s + h] = each * hours
        result[:, s + h : s + h + days.shape[1]] = each * days
        return result


def _day_levels(grid: _Grid, state: State) -> Floats:
    """As _levels, by the weekdays that make it up."""
    visits = (grid.data.visits * grid.factor(state)).sum(axis=2)
    sums = [visits[:, grid.data.weekday == level].sum(axis=1) for level in grid.day_levels]
    total = np.maximum(grid.data.visits.sum(axis=(1, 2)), 1e-9)
    return np.asarray(np.stack(sums, axis=1) / total[:, None], np.float64)


def _slope(system: _System) -> tuple[float, float]:
    """1 plus the coefficient of the visits' ups and downs beyond the moving mean: 1 if purchases follow them fully."""
    grid, state = system.grid, system.state
    kept = (1 - grid.data.staff) * grid.factor(state)
    extra = np.zeros_like(system.mean)
    for rate, offset, v in zip(state.rate, state.offsets, (grid.data.visits - grid.smoothed) * kept, strict=True):
        extra += rate * grid.convolve(v, kernel(state.stay, float(offset)))
    frozen = grid.segments + len(grid.hour_levels) + len(grid.day_levels)
    columns = np.concatenate([system.columns[:frozen], extra[None]])
    regression = _Regression(columns, system.weight, np.append(system.prior[:frozen], 0.0))
    step = regression.solve(system.residual, np.append(system.centre[:frozen], 0.0))
    left = system.residual - np.tensordot(step, columns, 1)
    return 1 + float(step[-1]), float(spread(regression.influence(left))[-1])
