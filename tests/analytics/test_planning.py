"""Planning says beforehand what the join will say afterwards; bands and drawing together."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.join import bands, planning, shrink
from analytics.join.rebase import rebased
from analytics.join.simulate import Shop, simulate
from tests.analytics import worlds
from training.labels import LABELS


@pytest.mark.parametrize("rate", [10, 120])
@pytest.mark.parametrize("task", ["gender", "mood"])
def test_planned_half_widths_are_about_those_of_the_join(rate: float, task: str) -> None:
    sample = simulate(Shop(rate, 30), 10_001)
    made = worlds.estimate(sample, 30, task)  # type: ignore[arg-type]  # parametrize gives text
    labels = rebased(getattr(sample, task), np.full(len(LABELS[task]), 1 / len(LABELS[task])))  # type: ignore[index]
    plan = planning.Plan(planning.information(labels), len(labels) / 30)
    assert planning.half_widths(plan, 30) == pytest.approx(1.96 * made.rates.rate_se, rel=0.4)


def test_days_and_shares_needed_give_the_width_asked_for() -> None:
    plan = planning.Plan(planning.information_of(np.array([[0.93, 0.07], [0.07, 0.93]]), np.array([0.5, 0.5])), 600)
    days = planning.days_needed(plan, 0.05)
    assert days is not None and planning.half_widths(plan, days).max() <= 0.05
    assert planning.half_widths(plan, days - 1).max() > 0.05
    share = planning.share_needed(plan, 30, 0.05)
    assert share is not None and planning.half_widths(plan, 30, "tickets", share).max() == pytest.approx(0.05, rel=0.01)
    assert planning.share_needed(plan, 1, 0.001) is None and planning.days_needed(plan, 0.0001) is None
    by_till = planning.days_needed(plan, 0.03, "till", 0.6)
    without = planning.days_needed(plan, 0.03)
    assert by_till is not None and without is not None and by_till * 5 < without


def test_wider_groups_need_fewer_days() -> None:
    confusion = np.full((7, 7), 0.05) + 0.65 * np.eye(7)
    plan = planning.Plan(planning.information_of(confusion, np.full(7, 1 / 7)), 600)
    needed = [planning.half_widths(planning.merged(plan, bands.matrix("age", k)), 30).max() for k in (0, 1, 2)]
    assert needed[0] > needed[1] > needed[2]


def test_bands_take_in_every_label_once() -> None:
    for task in LABELS:
        for merging in range(bands.mergings(task) + 1):
            matrix = bands.matrix(task, merging)
            assert (matrix.sum(axis=1) == 1).all() and matrix.shape[1] == len(bands.names(task, merging))
    assert [len(bands.names("age", k)) for k in range(3)] == [7, 3, 2]


def test_drawing_together_helps_most_where_little_is_known() -> None:
    random = np.random.default_rng(3)
    off_raw, off_drawn, inside = [], [], []
    for _ in range(400):
        true = 0.3 + random.normal(0, 0.06, 7)
        error = np.diag(random.uniform(0.05, 0.2, 7) ** 2)
        said = random.multivariate_normal(true, error)
        drawn, spread = shrink.shrunken(said, error)
        off_raw.append(said - true)
        off_drawn.append(drawn - true)
        inside.append(abs(drawn - true) <= 1.96 * spread)
    assert np.std(off_drawn) < 0.6 * np.std(off_raw)
    assert 0.92 < np.mean(inside) < 0.985


def test_what_is_known_well_stays_where_it_is() -> None:
    said = np.array([0.2, 0.3, 0.45])
    drawn, spread = shrink.shrunken(said, np.eye(3) * 1e-6)
    assert drawn == pytest.approx(said, abs=1e-3) and spread == pytest.approx(np.full(3, 1e-3), rel=0.05)
