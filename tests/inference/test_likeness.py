"""Who comes in again is told by everything that can be compared, and only where it is likelier than not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inference import appearance
from inference.likeness import FEWEST, Likeness, evidence, most_likely

DARK = np.tile([15.0, 2.0, 2.0], (3, 3))
WOMAN, MAN = np.array([0.95, 0.05]), np.array([0.05, 0.95])
THIRTIES = np.array([0, 0, 0, 0.2, 0.8, 0, 0])
SOMEBODY = Likeness(DARK, THIRTIES, WOMAN)


def dressed(*, hips: float = 0.0, clothes: float = 0.0, head: float = 0.0) -> Likeness:
    """Somebody like SOMEBODY, but for so much more red."""
    colours = DARK.copy()
    colours[:, 1::3] += np.array([[head], [clothes], [hips]])
    return replace(SOMEBODY, colours=colours)


def test_the_same_clothes_and_look_are_the_same_person() -> None:
    assert most_likely(SOMEBODY, [dressed(clothes=60, hips=60), SOMEBODY]) == 1
    assert most_likely(SOMEBODY, []) is None


@pytest.mark.parametrize(
    "other", [dressed(hips=90), dressed(clothes=60), replace(SOMEBODY, gender=MAN, age=THIRTIES[::-1].copy())]
)
def test_two_dark_coats_are_told_apart_by_trousers_or_by_who_wears_them(other: Likeness) -> None:
    alone = most_likely(replace(SOMEBODY, colours=DARK.copy()), [other, SOMEBODY])
    assert alone == 1, "the other one is no rival"
    assert evidence(SOMEBODY, other) < evidence(SOMEBODY, SOMEBODY) - 4


def test_where_many_wear_the_same_nobody_is_known_again() -> None:
    assert most_likely(SOMEBODY, [SOMEBODY, SOMEBODY]) is None
    slightly = dressed(clothes=15, hips=15, head=6)
    assert most_likely(SOMEBODY, [slightly]) is None, "also where the one who left is the only one"
    assert most_likely(SOMEBODY, [slightly] * FEWEST) is None


def test_what_was_not_seen_or_is_not_to_be_estimated_says_nothing() -> None:
    hidden = dressed()
    assert hidden.colours is not None
    hidden.colours[2] = np.nan
    assert 0 < evidence(SOMEBODY, hidden) < evidence(SOMEBODY, SOMEBODY)
    assert most_likely(replace(SOMEBODY, age=None, gender=None), [SOMEBODY]) == 0, "colours alone may be enough"
    hidden.colours[1] = np.nan
    assert most_likely(SOMEBODY, [hidden]) is None, "a head alone is not"
    assert evidence(Likeness(None, None, None), SOMEBODY) == 0


def test_clothes_behind_somebody_nearer_are_not_taken_for_ones_own() -> None:
    picture = np.zeros((720, 1280, 3), np.uint8)
    picture[:, :640] = (200, 30, 30)
    far, near = (500.0, 100.0, 50.0, 60.0), (470.0, 130.0, 100.0, 120.0)
    [alone] = appearance.colours(picture, [far])
    assert not np.isnan(alone).any()
    behind, front = appearance.colours(picture, [far, near])
    assert np.isnan(behind[1:]).all() and not np.isnan(behind[0]).any()
    assert not np.isnan(front[:2]).any()
    beside, _ = appearance.colours(picture, [far, (900.0, *near[1:])])
    assert not np.isnan(beside).any(), "nobody stands in front"
    same_size = appearance.colours(picture, [far, (530.0, *far[1:])])
    assert not any(np.isnan(colours).any() for colours in same_size), "who is as near stands beside"
