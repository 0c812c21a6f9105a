"""A classifier's probabilities, made those of one store: who comes here is not who was in the training pictures.

The store's own mix is the fixed point of averaging the probabilities that it implies. Saerens, Latinne, Decaestecker,
"Adjusting the outputs of a classifier to new a priori probabilities", Neural Computation 2002.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# So many visits tell the mix; the rest of a large period is converted with what they told.
MOST_ROWS = 20_000
MOST_STEPS, CONVERGED = 500, 1e-6
# A label said of so many visits on average that remains for less than this part of them is lost.
OFTEN, LOST = 0.03, 0.35
# A mix is held to the plain mean of what was said by so many imaginary visits, lest a few faces tell extremes.
START_VISITS = 20


def rebased(said: Floats, prior: Floats) -> Floats:
    """Probabilities (n, labels) of a classifier trained on shares `prior` (labels,), for the mix found in them.

    Probabilities that are the store's own already would be sharpened beyond sense; that shows in a mix which all but
    loses labels that were said often, and then they are left as they are. Leaving too much alone costs little,
    sharpening twice ruins everything.
    """
    return rebased_together(said, np.zeros(len(said), np.int64), prior[None])


def rebased_together(said: Floats, version: NDArray[np.int64], priors: Floats) -> Floats:
    """The same for visits of several classifiers: version (n,), each trained on shares priors[version], one mix."""
    if not len(said):
        return said
    priors = priors.copy()
    own = np.zeros(len(said), np.bool_)
    for number in np.unique(version):
        rows = version == number
        if _is_own_already(said[rows], priors[number]):
            own |= rows
            priors[number] = said[rows].mean(axis=0)
    prior = priors[version]
    found = _under(said, prior, mix_of(said, prior))
    return np.where(own[:, None], said, found)


def _is_own_already(said: Floats, prior: Floats) -> bool:
    mix, plain = mix_of(said, prior), said.mean(axis=0)
    often = plain >= OFTEN
    return bool((mix[often] < LOST * plain[often]).any())


def completed(labels: Floats, known: NDArray[np.bool_]) -> Floats:
    """Labels of all visits (m, labels) from those of the known ones (n, labels); known (m,) says which these are.

    Who was seen without a face may be anybody: the others' mix. When they came is known all the same.
    """
    result = np.tile(labels.mean(axis=0), (len(known), 1))
    result[known] = labels
    return result


def mix_of(said: Floats, prior: Floats) -> Floats:
    """The store's shares of each label, (labels,); `prior` (labels,) or (n, labels)."""
    step = max(1, len(said) // MOST_ROWS)
    some = said[::step]
    prior = prior[::step] if prior.ndim == 2 else prior
    start = mix = some.mean(axis=0)
    for _ in range(MOST_STEPS):
        new = (_under(some, prior, mix).sum(axis=0) + START_VISITS * start) / (len(some) + START_VISITS)
        if np.abs(new - mix).max() < CONVERGED:
            return np.asarray(new, np.float64)
        mix = new
    return np.asarray(mix, np.float64)


def _under(said: Floats, prior: Floats, mix: Floats) -> Floats:
    weighted = said * (mix / np.maximum(prior, 1e-9))
    return np.asarray(weighted / np.maximum(weighted.sum(axis=1, keepdims=True), 1e-12), np.float64)
