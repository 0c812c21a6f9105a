"""Faces in front of a till, put to the receipts of about that moment: what a camera at the checkout tells of buyers.

Per till the clocks' difference is learned from the times alone. A face goes to the nearest receipt within the window.
From how often two are in view, and what they look like, it is reckoned how many faces are companions of payers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.join.mixture import Told
from analytics.join.mixture import unmixed as _unmixed

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# Where the difference of a till's and a camera's clock is looked for, and how finely, in seconds.
FURTHEST, BIN = 15 * 60, 5
# A receipt's face is seen within so many seconds of it, once the clocks agree: people stand, tills print whole minutes.
WINDOW = 75
# Faces must gather around receipts by so many standard deviations of chance before the offset is believed.
CLEARLY = 6.0
# Fewer receipts with a face than this tell nothing.
FEWEST_FACES = 50
# Receipts further apart than this many seconds do not take each other's faces. So many such receipts, and so many of
# them with two faces, tell how often companions are in view.
APART, FEWEST_CLEAR, FEWEST_PAIRS = 120, 100, 10
# Before pairs are looked at, a segment's share of companions is taken to be that of payers, give or take this part.
COMPANIONS_DIFFER = 0.5
# No more of the single faces than this are taken for companions.
MOST_COMPANIONS = 0.3


@dataclass(frozen=True)
class Attached:
    """receipt (faces,): the row of the receipt each face goes to, or −1; clear (receipts,): whether no other one of the
    till is near; `offsets` in seconds by till, camera minus till, of the tills where faces gather around receipts."""

    receipt: Whole
    clear: NDArray[np.bool_]
    offsets: dict[int, float]


def attach(seen: Floats, seen_till: Whole, paid: Floats, paid_till: Whole) -> Attached:
    """Put faces, seen at seconds `seen` (n,), to receipts paid at seconds `paid` (m,).

    Tills are numbers; −1 in `seen_till` is a camera that may see any, −1 in `paid_till` a receipt of an unknown one.
    """
    receipt, clear = np.full(len(seen), -1, np.int64), np.zeros(len(paid), np.bool_)
    offsets: dict[int, float] = {}
    for till in np.unique(seen_till):
        faces = np.flatnonzero(seen_till == till)
        there = np.flatnonzero((paid_till == till) | (paid_till < 0) | (till < 0))
        there = there[np.argsort(paid[there], kind="stable")]
        offset = _offset(seen[faces], paid[there])
        if offset is not None:
            offsets[int(till)] = offset
            apart = np.diff(paid[there], prepend=-np.inf, append=np.inf) > APART
            clear[there] = apart[1:] & apart[:-1]
            nearest = _nearest(seen[faces] - offset, paid[there])
            receipt[faces] = np.where(nearest >= 0, there[nearest], -1)
    return Attached(receipt, clear, offsets)


def _offset(seen: Floats, paid: Floats) -> float | None:
    """By how many seconds faces come after receipts most often, or None where they do not gather anywhere."""
    if not len(seen) or not len(paid):
        return None
    first = np.searchsorted(paid, seen - FURTHEST)
    after = np.searchsorted(paid, seen + FURTHEST, side="right")
    near = after - first
    which = np.arange(near.sum()) - np.repeat(np.cumsum(near) - near, near) + np.repeat(first, near)
    lags = np.repeat(seen, near) - paid[which]
    counts = np.bincount(((lags + FURTHEST) // BIN).astype(np.int64), minlength=2 * FURTHEST // BIN + 1)
    width = 2 * WINDOW // BIN
    within = np.convolve(counts, np.ones(width), "valid")
    usual = float(np.median(within))
    best = int(np.argmax(within))
    if within[best] - usual < CLEARLY * np.sqrt(usual + 1) or within[best] < FEWEST_FACES:
        return None
    # The middle of what gathers, not of the window: the excess over the usual, weighted.
    excess = np.maximum(counts[best : best + width] - usual / width, 0.0)
    middle = float((excess * np.arange(width)).sum() / excess.sum())
    return (best + middle + 0.5) * BIN - FURTHEST


def _nearest(seen: Floats, paid: Floats) -> Whole:
    """Per face the index of the nearest payment within the window, or −1."""
    after = np.clip(np.searchsorted(paid, seen), 0, len(paid) - 1)
    before = np.clip(after - 1, 0, None)
    index = np.where(np.abs(paid[after] - seen) <= np.abs(paid[before] - seen), after, before)
    return np.where(np.abs(paid[index] - seen) <= WINDOW, index, -1)


def told(labels: Floats, attached: Attached, receipts: int) -> Told | None:
    """What the faces' labels (faces, segments), calibrated to the buyers' mix, tell of so many receipts' payers.

    None where too few receipts have a face. Companions are learned from receipts that no other one is near: there, two
    faces are a payer and a companion, while in a crowd they may be two payers. Of the single faces there, and of all
    faces in a crowd, a known part is companions, whose looks are those of pairs less those of payers.
    """
    faces = np.flatnonzero(attached.receipt >= 0)
    if len(faces) < FEWEST_FACES:
        return None
    of = attached.receipt[faces]
    rows = _unmixed(labels[faces])
    clear = attached.clear if attached.clear.sum() >= FEWEST_CLEAR else np.ones(receipts, np.bool_)
    per_receipt = np.bincount(of, minlength=receipts)
    single, crowd, paired = clear[of] & (per_receipt[of] == 1), ~clear[of], clear[of] & (per_receipt[of] == 2)
    alone, among = _companions(per_receipt[clear])
    them, unsure = _looks_of_companions(rows, _means(rows[paired], of[paired]))
    told = np.concatenate([_freed(rows[single], alone, them), _freed(rows[crowd], among, them)])
    sure = np.arange(len(told)) < single.sum()
    part = float(np.where(sure, _odds(alone), _odds(among)).mean())
    # What is not known of their looks, and of their number, which pairs told.
    off = told.mean(axis=0) - them
    wrong = part**2 * (np.diag(unsure) + np.outer(off, off) / max(1.0, float(paired.sum()) / 2))
    return Told(np.concatenate([of[single], of[crowd]]), told, wrong, sure)


def _looks_of_companions(rows: Floats, both: Floats) -> tuple[Floats, Floats]:
    """The companions' mix (segments,) and its variance: what pairs, half payers and half companions, say of it, and
    before that the payers' mix."""
    mix = rows.mean(axis=0)
    before = (COMPANIONS_DIFFER * np.maximum(mix, 0.01)) ** 2
    if len(both) < FEWEST_PAIRS:
        return mix, before
    said, error = 2 * both.mean(axis=0) - mix, 4 * both.var(axis=0) / len(both)
    weight = before / (before + error)
    return np.asarray(mix + weight * (said - mix), np.float64), np.asarray(before * (1 - weight), np.float64)


def _means(rows: Floats, of: Whole) -> Floats:
    """The mean row of each receipt's faces."""
    receipt, index = np.unique(of, return_inverse=True)
    sums = np.stack([np.bincount(index, column, len(receipt)) for column in rows.T], axis=1)
    return np.asarray(sums / np.bincount(index, minlength=len(receipt))[:, None], np.float64)


def _odds(companions: float) -> float:
    return companions / (1 - companions)


def _freed(rows: Floats, companions: float, them: Floats) -> Floats:
    """Payers, where rows are (1 − κ) payers and κ companions who look like `them`."""
    return np.asarray(rows + _odds(companions) * (rows - them), np.float64)


def _companions(per_receipt: Whole) -> tuple[float, float]:
    """κ, the share of faces that are not the payer's: of single ones, and of all.

    With u the share of payers to be seen and a that of receipts with a companion, seen as often: none is seen with
    probability (1 − u)(1 − au), two with au².
    """
    none, two = float((per_receipt == 0).mean()), float((per_receipt >= 2).mean())
    seen, companion = 1 - none, 0.0
    for _ in range(50):
        companion = min(1.0, two / max(seen**2, 1e-9))
        seen = 1 - none / max(1e-9, 1 - companion * seen)
        seen = min(1.0, max(seen, np.sqrt(two), 1e-3))
    single = seen * (1 - companion * seen) + companion * seen * (1 - seen)
    alone = companion * seen * (1 - seen) / max(single, 1e-9)
    return float(min(MOST_COMPANIONS, alone)), float(min(MOST_COMPANIONS, companion / (1 + companion)))
