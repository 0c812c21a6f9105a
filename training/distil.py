"""Trained networks' answers as part of the labels that another one learns (Furlanello et al., ICML 2018).

Where labels are often wrong, as FER2013's are, what a trained network makes of a picture says more about it than the
label alone: which other answers are near, and that this one may be a mistake.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.prepare import Prepared
from training.preprocessing import InputSpec, prepare

# The teacher's share of a label; the label that came with the picture has the rest.
TAUGHT_SHARE = 0.5
AT_ONCE = 256

Floats = NDArray[np.float32]


def opinions(teacher: Any, spec: InputSpec, ready: Prepared) -> dict[str, Floats]:
    """By output, what a network says of each picture of a data set, (n, classes): the mean over it and its mirror."""
    parts = [_opinions(teacher, spec, ready, start) for start in range(0, len(ready.pictures), AT_ONCE)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _opinions(teacher: Any, spec: InputSpec, ready: Prepared, start: int) -> dict[str, Floats]:
    some = ready.pictures[start : start + AT_ONCE]
    inputs = prepare(some, spec)
    seen, mirrored = teacher.predict_on_batch(inputs), teacher.predict_on_batch(inputs[:, :, ::-1])
    return {name: np.asarray((seen[name] + mirrored[name]) / 2, np.float32) for name in seen}


def taught(label: Floats, opinion: Floats) -> Floats:
    """Labels (n, classes) mixed with the teachers' answers of the same shape, which stand alone where a label is 0."""
    told = label.any(axis=1, keepdims=True)
    share = np.where(told, np.float32(TAUGHT_SHARE), np.float32(1))
    return np.asarray((1 - share) * label + share * opinion, np.float32)
