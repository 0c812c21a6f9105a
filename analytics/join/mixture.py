"""Where receipts tell what sort of person paid, and not which visit: buyers and visitors are two mixtures.

Each receipt carries a row whose expectation is 1 at its payer's true segment and 0 elsewhere ("unmixed"): from a face
at the till, or from a cashier's mark whose confusion is known. Sums of such rows count buyers by segment without bias,
and visits are counted the same way, so that a rate is the ratio of two counts seen through known confusions.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from analytics.join.exact import Rates, spread

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# The smallest singular value of a confusion that can be undone.
LEAST_TELLING = 0.05
# A segment with less than this part of the visits has no ratio worth computing.
LEAST_SHARE = 1e-4


@dataclass(frozen=True)
class Told:
    """What receipts tell of who paid: `unmixed` (n, segments) for the receipts `rows` (n,); the covariance (segments,
    segments) of the buyers' shares that an imperfectly known confusion brings; whether each row is `sure` (n,) to
    belong to just that receipt, so that its amount may be used. None is all."""

    rows: Whole
    unmixed: Floats
    covariance: Floats | None = None
    sure: NDArray[np.bool_] | None = None

    def only(self, which: NDArray[np.bool_]) -> Told:
        """Some of the rows, (n,)."""
        return replace(
            self,
            rows=self.rows[which],
            unmixed=self.unmixed[which],
            sure=None if self.sure is None else self.sure[which],
        )

    def with_amounts(self) -> Told:
        return self if self.sure is None else self.only(self.sure)


def unmixed(labels: Floats) -> Floats:
    """Rows that count segments without bias, from calibrated labels (n, segments) whose mean is the mix.

    I⁻¹(π/p) with I = E[(π/p)(π/p)′]: the influence function of the mixture's maximum likelihood, plus p.
    """
    mix = np.maximum(labels.mean(axis=0), 1e-9)
    scores = labels / mix
    information = scores.T @ scores / len(labels)
    return np.asarray(scores @ np.linalg.pinv(information, hermitian=True, rcond=1e-8), np.float64)


def marked(marks: Whole, checked: Floats) -> Told:
    """From cashiers' marks (receipts,), the number of a key or −1, and a checked sample of counts (segments, keys):
    rows what people were, columns what the cashier pressed.

    Raises ValueError where the sample cannot tell the segments apart.
    """
    sizes = checked.sum(axis=1)
    if (sizes <= 0).any():
        raise ValueError("The checked sample lacks a group: every group must have been checked at least once.")
    confusion = checked / sizes[:, None]
    if np.linalg.matrix_rank(confusion, tol=LEAST_TELLING) < len(sizes):
        raise ValueError("The marks cannot tell the groups apart: in the checked sample they are pressed alike.")
    inverse = np.linalg.pinv(confusion)
    rows = np.flatnonzero(marks >= 0)
    # Shares t = K⁺ᵀm: an error of a row of K moves them by −K⁺ᵀ dKᵀ t.
    shares = inverse.T @ np.bincount(marks[rows], minlength=confusion.shape[1]) / max(1, len(rows))
    wrong = np.zeros((confusion.shape[1], confusion.shape[1]))
    for share, row, size in zip(shares, confusion, sizes, strict=True):
        wrong += share**2 * (np.diag(row) - np.outer(row, row)) / size
    return Told(rows, inverse[marks[rows]], inverse.T @ wrong @ inverse)


def rates(labels: Floats, visits: Whole, amount: Floats, receipts: Whole, told: Told, kept: float) -> Rates:
    """Rates from visits' labels (n, segments) in blocks `visits` (n,), and receipts' amounts (m,) in blocks `receipts`.

    `kept` is (1 − missed) / (1 − staff): counted visits per genuine visitor. Receipts that tell nothing are taken to
    be of the same sort as those that do.
    """
    count = int(max(visits.max(initial=0), receipts.max(initial=0))) + 1
    here = _by_block(unmixed(labels), visits, count)
    came = here.sum(axis=0)
    came = np.where(came > LEAST_SHARE * len(labels), came, np.nan)
    buyers = _blown_up(np.ones(len(amount)), receipts, told, count)
    money = _blown_up(amount, receipts, told.with_amounts(), count)
    bought, spent = buyers.sum(axis=0), money.sum(axis=0)
    degrees = _correction(here, buyers)
    rate, each = kept * bought / came, kept * spent / came
    rate_influence = (kept * buyers - rate * here) / came * degrees
    money_influence = (kept * money - each * here) / came * degrees
    basket = spent / np.where(bought > 0, bought, np.nan)
    basket_influence = (money - basket * buyers) / np.where(bought > 0, bought, np.nan) * degrees
    covariance = rate_influence.T @ rate_influence + _of_confusion(told, kept * len(amount) / came)
    error = np.sqrt(np.diag(covariance))
    widened = np.where(rate != 0, error / np.maximum(spread(rate_influence), 1e-12), 1.0)
    return Rates(
        rate, error, each, spread(money_influence) * widened, basket, spread(basket_influence), covariance
    )  # fmt: skip


def _blown_up(values: Floats, receipts: Whole, told: Told, count: int) -> Floats:
    """Values of receipts by block and segment, (blocks, segments); the silent receipts shared out like the others.

    Their own number and size are known, so only the shares carry the error of having heard some of them.
    """
    total = np.bincount(receipts, values, count)
    heard = values[told.rows]
    sums = _by_block(told.unmixed * heard[:, None], receipts[told.rows], count)
    weight = np.bincount(receipts[told.rows], heard, count)
    share = sums.sum(axis=0) / max(1e-12, float(heard.sum()))
    scale = float(values.sum()) / max(1e-12, float(heard.sum()))
    return np.asarray(total[:, None] * share + scale * (sums - weight[:, None] * share), np.float64)


def _by_block(rows: Floats, block: Whole, count: int) -> Floats:
    return np.stack([np.bincount(block, column, count) for column in rows.T], axis=1)


def _correction(here: Floats, buyers: Floats) -> float:
    """For the segments' shares that were fitted from the same blocks."""
    used = float(((here != 0).any(axis=1) | (buyers != 0).any(axis=1)).sum())
    return float(np.sqrt(used / max(used - here.shape[1], used / 2, 1)))


def _of_confusion(told: Told, scale: Floats) -> Floats:
    if told.covariance is None:
        return np.zeros((len(scale), len(scale)))
    return np.asarray(told.covariance * np.outer(scale, scale), np.float64)
