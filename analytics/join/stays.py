"""Who takes longer from entering to paying: in minutes where receipts name visits, else as longer or shorter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.join.exact import spread

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# A named visit of another day, or of so long ago, is a ticket that was kept, not a stay.
LONGEST_MINUTES = 240.0
# Buyers who tell how long; a group is called longer or shorter where that is so many errors from the store's.
FEWEST_BUYERS, CLEARLY = 50, 2.0


@dataclass(frozen=True)
class Stays:
    """Per segment 1 or −1 where its visitors clearly take longer or shorter than the store's, else 0; and minutes from
    entry to payment on the two clocks with their errors, nan where only times tell."""

    longer: Whole
    minutes: Floats
    error: Floats


def by_offsets(offset: Floats, error: Floats) -> Stays:
    """From logarithmic offsets of the segments' stays (segments,) with their errors."""
    nothing = np.full(len(offset), np.nan)
    return Stays(_clear(offset, error), nothing, nothing)


def by_links(labels: Floats, rate: Floats, minutes: Floats, block: Whole) -> Stays | None:
    """From named visits that bought: labels (n, segments), the segments' rates, minutes (n,) to payment, block (n,) of
    visits that may be alike. None where too few are told.

    Among buyers, labels are those of visitors times the rates; minutes are regressed on them.
    """
    inside = (minutes > 0) & (minutes < LONGEST_MINUTES)
    if inside.sum() < FEWEST_BUYERS:
        return None
    buyers = labels[inside] * np.maximum(rate, 1e-3)
    buyers = buyers / buyers.sum(axis=1, keepdims=True)
    inverse = np.linalg.pinv(buyers.T @ buyers, hermitian=True)
    found = inverse @ (buyers.T @ minutes[inside])
    scores = buyers * (minutes[inside] - buyers @ found)[:, None]
    _, number = np.unique(block[inside], return_inverse=True)
    sums = np.stack([np.bincount(number, column) for column in scores.T], axis=1)
    influence = np.asarray(sums @ inverse, np.float64)
    mix = buyers.mean(axis=0)
    away = np.asarray(influence - (influence @ mix)[:, None], np.float64)
    mean = float(found @ mix)
    return Stays(_clear(found - mean, spread(away)), np.asarray(found, np.float64), spread(influence))


def _clear(away: Floats, error: Floats) -> Whole:
    with np.errstate(divide="ignore", invalid="ignore"):
        sure = np.abs(away) > CLEARLY * error
    return np.where(sure & np.isfinite(error), np.sign(away), 0).astype(np.int64)
