"""Which groups clearly differ from the rest of the store, however many groups there are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

Floats = NDArray[np.float64]

LEVEL = 0.05


def differing(rate: Floats, covariance: Floats) -> NDArray[np.int64]:
    """Per group 1 or −1 where it is surely above or below the mean of the others, else 0.

    Holm's step-down over the groups (Holm 1979), so that all claims together are wrong in 5 % of stores at most.
    """
    k = len(rate)
    against = (np.eye(k) - (1 - np.eye(k)) / max(1, k - 1)) if k > 1 else np.zeros((1, 1))
    difference = against @ rate
    error = np.sqrt(np.maximum(0, np.einsum("ij,jk,ik->i", against, covariance, against)))
    chance = 2 * norm.sf(np.abs(difference) / np.where(error > 0, error, np.inf))
    order = np.argsort(chance)
    sure = np.zeros(k, np.bool_)
    for rank, group in enumerate(order):
        if not chance[group] <= LEVEL / (k - rank):
            break
        sure[group] = True
    return np.where(sure, np.sign(difference), 0).astype(np.int64)
