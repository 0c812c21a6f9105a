"""Are these one person? Naive Bayes over colours, age and gender, for a face after a gap as for somebody who left.

Fellegi, Sunter, "A theory for record linkage", JASA 1969: each thing that can be compared adds the logarithm of how
much oftener its difference is seen between two sightings of one person than between two people. Two dark coats are told
apart by trousers and hair, or not at all where many wear the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from inference import appearance
from inference.appearance import Vector

Table = tuple[tuple[float, ...], tuple[float, ...]]

# Differences and what they say, from the tracks of two composed scenes (seeds 21 and 22 of `make bench-scene`), rounded
# and capped, since somebody unseen may have stood in front. Colours in L*a*b*, age and gender as total variation.
HEAD: Final[Table] = (0, 1, 2, 3, 5), (3.5, 2.2, 0.9, -0.5, -2)
CLOTHES: Final[Table] = (0, 2, 4, 8, 15, 30), (4.5, 3.5, 1.5, -1, -2.5, -4.5)
AGE: Final[Table] = (0, 0.1, 0.2, 0.4, 0.7, 1), (3, 1.8, 0.5, -1, -2.5, -4)
GENDER: Final[Table] = (0, 0.05, 0.2, 0.5, 0.8), (1.5, 1, 0, -1.5, -3)
# So many of those who come in were here a moment ago, before anything is known of how they look.
COME_AGAIN = 0.05
# They are one of at least so many: in a quiet shop nobody is there to show how common black coats are.
FEWEST = 50
# Less likely than this to be one certain person: somebody new.
LIKELY_ENOUGH = 0.6


@dataclass(frozen=True)
class Likeness:
    """How somebody looked; in memory only. None is what was not seen, or is not to be estimated."""

    colours: Vector | None  # the middle ones, as of appearance.middle
    age: Vector | None
    gender: Vector | None


def most_likely(new: Likeness, gone: Sequence[Likeness]) -> int | None:
    """Which of those who left comes in again; None where it is likelier nobody, or cannot be told which."""
    if not gone:
        return None
    each = COME_AGAIN / max(len(gone), FEWEST) / (1 - COME_AGAIN)
    odds = each * np.exp([evidence(new, one) if _show_clothes(new, one) else -np.inf for one in gone])
    best = int(odds.argmax())
    return best if odds[best] / (1 + odds.sum()) >= LIKELY_ENOUGH else None


def _show_clothes(one: Likeness, other: Likeness) -> bool:
    """A head alone says too little to know somebody again minutes later."""
    return not any(each.colours is None or np.isnan(each.colours[1]).any() for each in (one, other))


def evidence(one: Likeness, other: Likeness) -> float:
    """Log-likelihood ratio of one person against two; what is known of one only says nothing."""
    told = _told(variation(one.age, other.age), AGE) + _told(variation(one.gender, other.gender), GENDER)
    if one.colours is None or other.colours is None:
        return told
    head, clothes, hips = appearance.differences(one.colours, other.colours)
    return told + _told(head, HEAD) + _told(clothes, CLOTHES) + _told(hips, CLOTHES)


def _told(difference: float, table: Table) -> float:
    return 0.0 if np.isnan(difference) else float(np.interp(difference, *table))


def variation(one: Vector | None, other: Vector | None) -> float:
    """Total variation of two distributions, 0 the same, 1 opposite; nan where one is not known."""
    return float("nan") if one is None or other is None else float(np.abs(one - other).sum() / 2)
