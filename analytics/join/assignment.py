"""Purchases linked to visits one to one, by the globally best assignment of how long people stay."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.stats import gamma

# From entry to payment: the shortest and the longest plausible stay, in seconds.
SHORTEST_STAY = 30.0
LONGEST_STAY = 45 * 60.0
# A minute to walk in, then a Gamma distribution of shape 2.5 and mean 11 minutes.
SHORTEST_DWELL_MINUTES = 1.0
DWELL_SHAPE = 2.5
DWELL_MEAN_MINUTES = 11.0
# The cost of leaving a purchase without a visit, and of a pair outside the window (−log of a density per minute).
UNLINKED_COST = 25.0
IMPOSSIBLE_COST = 1e6


@dataclass(frozen=True)
class Links:
    """purchases[k] is linked to visits[k] (indices); `candidates` counts all plausible pairs; `unexplained` are the
    indices of purchases without any plausible visit."""

    purchases: NDArray[np.int64]
    visits: NDArray[np.int64]
    candidates: int
    unexplained: NDArray[np.int64]


def link(visits: NDArray[np.float64], purchases: NDArray[np.float64]) -> Links:
    """Link payment times to entry times, both ascending, in seconds on one clock.

    The day falls into blocks between which no pair is plausible; each is solved exactly (Jonker–Volgenant, through
    SciPy), so the whole is the best assignment of the day.
    """
    first = np.searchsorted(visits, purchases - LONGEST_STAY, side="left")
    after = np.searchsorted(visits, purchases - SHORTEST_STAY, side="right")
    unexplained = np.flatnonzero(after <= first)
    pairs = [_solve(visits, purchases, block, first, after) for block in _blocks(first, after)]
    linked = np.concatenate([pair[0] for pair in pairs]) if pairs else np.zeros(0, np.int64)
    chosen = np.concatenate([pair[1] for pair in pairs]) if pairs else np.zeros(0, np.int64)
    return Links(linked, chosen, int((after - first).clip(0).sum()), unexplained)


def plausible(visits: NDArray[np.float64], purchases: NDArray[np.float64]) -> tuple[int, int]:
    """How many pairs are plausible, and how many purchases have none; without solving anything."""
    first = np.searchsorted(visits, purchases - LONGEST_STAY, side="left")
    after = np.searchsorted(visits, purchases - SHORTEST_STAY, side="right")
    return int((after - first).clip(0).sum()), int((after <= first).sum())


def _blocks(first: NDArray[np.int64], after: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Runs of purchases whose plausible visits overlap; purchases without any are in no run."""
    some = np.flatnonzero(after > first)
    if not len(some):
        return []
    furthest = np.maximum.accumulate(after[some])
    return np.split(some, np.flatnonzero(first[some][1:] >= furthest[:-1]) + 1)


def _solve(
    visits: NDArray[np.float64],
    purchases: NDArray[np.float64],
    block: NDArray[np.int64],
    first: NDArray[np.int64],
    after: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    low, high = int(first[block].min()), int(after[block].max())
    stay = purchases[block][:, None] - visits[low:high][None]
    cost = np.where((stay >= SHORTEST_STAY) & (stay <= LONGEST_STAY), _surprise(stay), IMPOSSIBLE_COST)
    # One spare column per purchase: being linked to nobody has a price, too.
    spare = np.full((len(block), len(block)), UNLINKED_COST)
    rows, columns = linear_sum_assignment(np.hstack([cost, spare]))
    real = columns < high - low
    return block[rows[real]], columns[real] + low


def _surprise(stay: NDArray[np.float64]) -> NDArray[np.float64]:
    """−log density of a stay in seconds; below the shortest dwell as unlikely as the longest stay."""
    minutes = np.maximum(stay / 60 - SHORTEST_DWELL_MINUTES, 1e-3)
    density = gamma.logpdf(minutes, DWELL_SHAPE, scale=DWELL_MEAN_MINUTES / DWELL_SHAPE)
    return np.minimum(-np.asarray(density, np.float64), UNLINKED_COST - 1)
