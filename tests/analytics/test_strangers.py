"""The join on shops of a simulator it was not made with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.analytics import strangers
from tests.analytics.strangers import BROKEN


def test_another_simulators_shops_are_believed_and_their_truth_lies_in_the_intervals() -> None:
    inside: list[bool] = []
    for seed in range(6):
        seen = strangers.simulate(seed)
        made = strangers.estimate(seen, "mood")
        assert made.trust == "green"
        inside += list(abs(made.rates.rate - seen.truth["mood"]) <= 1.96 * made.rates.rate_se)
    assert np.mean(inside) >= 0.75  # of 18; make bench-join has the real number


@pytest.mark.parametrize("what", BROKEN)
def test_another_simulators_broken_shops_are_not(what: str) -> None:
    lights = [strangers.estimate(BROKEN[what](strangers.simulate(seed)), "gender").trust for seed in (100, 104)]
    assert lights == ["red", "red"]


def test_visits_without_a_face_count_when_they_came() -> None:
    """Half of the visits show no face; a rate is still that of everybody."""
    world = strangers.draw(3)
    seen = strangers.simulate(3, replace(world, unlabelled=0.5))
    made = strangers.estimate(seen, "gender")
    assert made.trust == "green" and made.slope == pytest.approx(1, abs=0.2)
    assert abs(made.rates.rate - seen.truth["gender"]).max() < 3 * made.rates.rate_se.max()


def test_hours_without_a_camera_are_red_even_where_the_rest_would_do() -> None:
    """A small shop, whose slope alone would not tell."""
    seen = strangers.simulate(10_033)
    made = strangers.estimate(strangers.camera_off(seen), "gender")
    assert made.trust == "red" and made.slope is not None and made.slope > 0.8
    assert len(made.blind_hours) > 10
    assert strangers.estimate(seen, "gender").blind_hours == ()
