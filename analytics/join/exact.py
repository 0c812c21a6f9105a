"""Where receipts name their visit: who bought is known, and only the labels are soft.

E[bought | face] = Σ_s P(s | face) · rate_s, so rates are the coefficients of a regression of "bought" on the labels'
probabilities, weighted by its variance. Certain labels make it the plain proportion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_STEPS, CONVERGED = 8, 1e-6
LEAST_CHANCE, MOST_CHANCE = 0.02, 0.98
# A segment that nobody clearly belongs to is held to the store's rate by this many imaginary visits.
RIDGE_VISITS = 1.0


@dataclass(frozen=True)
class Rates:
    """Per segment: share that bought, money per visitor, money per purchase, with standard errors."""

    rate: Floats
    rate_se: Floats
    money: Floats
    money_se: Floats
    basket: Floats
    basket_se: Floats
    # Of `rate`, (segments, segments).
    covariance: Floats | None = None


def regress(labels: Floats, bought: Floats, amount: Floats, block: NDArray[np.int64], staff: float = 0.0) -> Rates:
    """Rates from visits: labels (n, segments), bought (n,) 1 or 0, amount (n,) spent or 0, block (n,) of visits that
    may be alike."""
    overall = float(bought.mean()) if len(bought) else 0.0
    rate = np.full(labels.shape[1], overall)
    for _ in range(MOST_STEPS):
        weight = _weight(labels @ rate)
        new, _ = _solve(labels, bought, weight, overall)
        done = np.abs(new - rate).max() < CONVERGED
        rate = new
        if done:
            break
    weight = _weight(labels @ rate)
    spent = float(amount.mean()) if len(amount) else 0.0
    money, inverse = _solve(labels, amount, weight, spent)
    rate_influence = _influence(labels, bought - labels @ rate, weight, inverse, block)
    money_influence = _influence(labels, amount - labels @ money, weight, inverse, block)
    basket = money / np.where(rate > 0, rate, np.nan)
    basket_influence = (money_influence - basket * rate_influence) / np.where(rate > 0, rate, np.nan)
    kept = 1 - staff
    return Rates(
        rate / kept, spread(rate_influence) / kept, money / kept, spread(money_influence) / kept, basket,
        spread(basket_influence), rate_influence.T @ rate_influence / kept**2,
    )  # fmt: skip


def _weight(chance: Floats) -> Floats:
    bounded = np.clip(chance, LEAST_CHANCE, MOST_CHANCE)
    return np.asarray(1 / (bounded * (1 - bounded)), np.float64)


def _solve(labels: Floats, response: Floats, weight: Floats, overall: float) -> tuple[Floats, Floats]:
    """Weighted least squares, and the inverse of its information."""
    ridge = RIDGE_VISITS * (float(weight.mean()) if len(weight) else 1.0)
    information = (labels * weight[:, None]).T @ labels + ridge * np.eye(labels.shape[1])
    inverse = np.asarray(np.linalg.pinv(information, hermitian=True), np.float64)
    return np.asarray(inverse @ (labels.T @ (weight * response) + ridge * overall), np.float64), inverse


def _influence(labels: Floats, residual: Floats, weight: Floats, inverse: Floats, block: NDArray[np.int64]) -> Floats:
    """How much each block moves each coefficient, (blocks, segments)."""
    scores = labels * (weight * residual)[:, None]
    count = int(block.max()) + 1 if len(block) else 1
    sums = np.stack([np.bincount(block, column, count) for column in scores.T], axis=1)
    used = (sums != 0).any(axis=1).sum()
    return np.asarray(sums @ inverse * np.sqrt(used / max(used - labels.shape[1], used / 2, 1)), np.float64)


def spread(influence: Floats) -> Floats:
    """Standard errors from how much each block moves each coefficient, (blocks, coefficients)."""
    return np.asarray(np.sqrt((influence**2).sum(axis=0)), np.float64)
