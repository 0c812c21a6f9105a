"""How long people take from entering to paying, as the share of payments per minute after entry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc

Floats = NDArray[np.float64]

# Lags in whole minutes from the clock's minute of entry to the till's of payment; below 0 the till is behind.
FIRST_LAG, LAST_LAG = -6, 84
# The step of the central differences by which the kernel's derivatives are taken.
STEP = 1e-3


@dataclass(frozen=True)
class Stay:
    """A shifted Gamma distribution: `shift` minutes (shortest stay plus the clocks' difference), the logarithms of the
    mean of the rest in minutes and of its shape."""

    shift: float = 1.0
    log_mean: float = float(np.log(12.0))
    log_shape: float = float(np.log(2.5))

    def moved(self, step: Floats) -> Stay:
        return Stay(self.shift + float(step[0]), self.log_mean + float(step[1]), self.log_shape + float(step[2]))

    def as_array(self) -> Floats:
        return np.array([self.shift, self.log_mean, self.log_shape])

    @property
    def typical_minutes(self) -> float:
        return self.shift + float(np.exp(self.log_mean))


def kernel(stay: Stay, offset: float = 0.0) -> Floats:
    """P(payment in minute m + lag | entry in minute m) for lags FIRST_LAG..LAST_LAG; entry uniform within its minute.

    The second difference of the integrated distribution function, G(z) = z F_k(z/θ) − kθ F_{k+1}(z/θ).
    """
    shape = np.exp(stay.log_shape)
    scale = np.exp(stay.log_mean + offset) / shape
    edges = np.arange(FIRST_LAG - 1, LAST_LAG + 2, dtype=np.float64)
    z = np.maximum(edges - stay.shift, 0.0)
    integral = z * gammainc(shape, z / scale) - shape * scale * gammainc(shape + 1, z / scale)
    return np.asarray(integral[2:] - 2 * integral[1:-1] + integral[:-2], np.float64)


def from_lags(lags: Floats) -> Stay:
    """The stay that makes observed lags (whole minutes between the two clocks) most likely."""
    from scipy.optimize import minimize

    whole = np.floor(lags).astype(np.int64)
    counts = np.bincount(np.clip(whole - FIRST_LAG, 0, LAST_LAG - FIRST_LAG), minlength=LAST_LAG - FIRST_LAG + 1)

    def surprise(values: Floats) -> float:
        g = kernel(Stay(*(float(value) for value in values)))
        return -float((counts * np.log(np.maximum(g, 1e-6))).sum())

    start = np.array([float(np.quantile(whole, 0.02)), np.log(max(2.0, float(np.median(whole)))), Stay().log_shape])
    found = minimize(surprise, start, method="Nelder-Mead", options={"maxiter": 400, "xatol": 1e-3})
    return Stay(*(float(value) for value in found.x))


def derivatives(stay: Stay, offset: float = 0.0) -> Floats:
    """The kernel's derivatives by shift, log mean and log shape, (3, lags)."""
    rows = []
    for unit in np.eye(3) * STEP:
        rows.append((kernel(stay.moved(unit), offset) - kernel(stay.moved(-unit), offset)) / (2 * STEP))
    return np.array(rows)
