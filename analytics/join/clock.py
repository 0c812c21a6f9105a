"""Clocks within a period: when a till's moved, and which hours a camera or a till seems to have been off.

Each day has its likelihood for each extra shift of the till's clock; the days fall into stretches of one shift so that
likelihood less a price per change is largest (optimal partitioning, Jackson et al. 2005).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# Extra shifts that are looked at, in minutes: small ones, and those of summer time and time zones.
SMALL = np.arange(-8, 8.5, 0.5)
LARGE = np.array([-120.0, -60.0, 60.0, 120.0])
FEWEST_DAYS, PRICE = 2, 8.0  # of a stretch; nats
# Smaller moves than this, in minutes, are neither told nor corrected.
LEAST_MOVE = 1.0
# Times that are rounded to so many minutes cannot be joined; at least so many times, and so large a part of them, tell.
TOO_COARSE, FEWEST_TIMES, ALL_ALIKE = (60, 30, 15), 30, 0.9
# An hour without a visit is an outage where so many were to be expected, and one in which the till rang.
EXPECTED_IN_HOUR = 12.0
HOURS_OF_DAY = 25  # of the one on which clocks go back


@dataclass(frozen=True)
class Move:
    """From day `day` on, counted from the period's first, the till's clock is `minutes` further ahead than before."""

    day: int
    minutes: float


def coarseness(minutes: Floats) -> int:
    """To how many minutes the till's times (n,) of the day are rounded, if that is too coarse to be joined, else 0.

    A day stands for files without times of day: all at noon or midnight.
    """
    whole = np.floor(minutes).astype(np.int64)
    if len(whole) < FEWEST_TIMES:
        return 0
    if np.bincount(whole).max() > ALL_ALIKE * len(whole):
        return 24 * 60
    return next((step for step in TOO_COARSE if (whole % step == 0).mean() > ALL_ALIKE), 0)


def shifts(paid: Floats, mean: Floats, known: NDArray[np.bool_] | None = None) -> Floats:
    """Per day the extra minutes (days,) by which the till's clock is ahead, from purchases and what was to be expected
    of each minute, both (days, minutes)."""
    candidates = np.concatenate([SMALL, LARGE])
    counted = paid if known is None else paid * known
    mean = np.maximum(mean, 0)  # a rate below 0 is possible where little is known
    floor = np.maximum(0.05 * mean.mean(axis=1, keepdims=True), 1e-9)
    fits = np.stack([(counted * np.log(_moved(mean, by) + floor)).sum(axis=1) for by in candidates])
    return np.asarray(candidates[partition(fits)], np.float64)


def _moved(rows: Floats, minutes: float) -> Floats:
    """Rows later by so many minutes, halves by interpolation; what leaves the day is lost."""
    whole = int(np.floor(minutes))
    part = minutes - whole
    return (1 - part) * shifted(rows, whole) + part * shifted(rows, whole + 1) if part else shifted(rows, whole)


def shifted(rows: Floats, by: int) -> Floats:
    """Rows (days, minutes) later by so many minutes; what leaves the day is lost."""
    result = np.zeros_like(rows)
    if by >= 0:
        result[:, by:] = rows[:, : rows.shape[1] - by]
    else:
        result[:, :by] = rows[:, -by:]
    return result


def partition(fits: Floats) -> NDArray[np.int64]:
    """The candidate of each day, from fits (candidates, days)."""
    days = fits.shape[1]
    sums = np.concatenate([np.zeros((len(fits), 1)), np.cumsum(fits, axis=1)], axis=1)
    best = np.full(days + 1, -np.inf)
    best[0] = 0.0
    came_from, chosen = np.zeros(days + 1, np.int64), np.zeros(days + 1, np.int64)
    for end in range(1, days + 1):
        starts = np.arange(0, max(1, end - FEWEST_DAYS + 1))
        gain = sums[:, [end]] - sums[:, starts]
        which = gain.argmax(axis=0)
        total = best[starts] + gain[which, np.arange(len(starts))] - PRICE * (starts > 0)
        place = int(total.argmax())
        best[end], came_from[end], chosen[end] = total[place], starts[place], which[place]
    result = np.zeros(days, np.int64)
    end = days
    while end > 0:
        result[came_from[end] : end] = chosen[end]
        end = int(came_from[end])
    return result


def moves(shift: Floats) -> list[Move]:
    """When the clock moved, from each day's shift."""
    change = np.diff(shift)
    # The shifts within which the clock moved are relative to a stay that was learned from both.
    hours = np.round(change / 60) * 60
    change = np.where(np.abs(change) > 2 * SMALL[-1], hours, change)
    return [Move(int(day) + 1, float(change[day])) for day in np.flatnonzero(np.abs(change) >= LEAST_MOVE)]


def corrected(rows: Floats, shift: Floats) -> Floats:
    """Purchases or money (days, minutes) on the clock of the camera, whose day's shifts are given."""
    result = rows.copy()
    for by in np.unique(shift[shift != 0]):
        days = shift == by
        result[days] = _moved(rows[days], -float(by))
    return result


def blind_hours(visits: Floats, purchases: Floats) -> list[tuple[int, int]]:
    """(day, hour) at which visits are missing though the till rang, from counts (days, hours of the day).

    Expected is the hour's mean over the days, for a day on which the till rang as much as on this one.
    """
    return _silent(visits, purchases)


def dead_tills(visits: Floats, purchases: Floats) -> list[tuple[int, int]]:
    """(day, hour) at which the till did not ring, or its receipts are missing, though people came."""
    return _silent(purchases, visits)


def _silent(silent: Floats, loud: Floats) -> list[tuple[int, int]]:
    here, there = silent.mean(axis=0), loud.sum(axis=1)
    expected = here[None] * (there / max(1e-9, float(there.mean())))[:, None]
    found = (silent == 0) & (expected >= EXPECTED_IN_HOUR) & (loud > 0)
    return [(int(day), int(hour)) for day, hour in zip(*np.nonzero(found), strict=True)]


def by_hour(day: NDArray[np.int64], minute: Floats, days: int) -> Floats:
    """Counts (days, hours) of what happened at day and minute (n,)."""
    hour = np.floor(minute / 60).astype(np.int64)
    inside = (day >= 0) & (day < days) & (hour >= 0) & (hour < HOURS_OF_DAY)
    counts = np.bincount(day[inside] * HOURS_OF_DAY + hour[inside], minlength=days * HOURS_OF_DAY)
    return np.asarray(counts.reshape(days, HOURS_OF_DAY), np.float64)
