"""Scores against numbers worked out by other means."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from training.artifacts import Prediction
from training.evaluate import evaluate, expected_calibration_error, scores, wilson


def certain(answers: list[int], classes: int, years: list[float] | None = None) -> Prediction:
    probabilities = np.eye(classes)[answers]
    return Prediction(probabilities, np.array(years) if years else None, probabilities, np.ones(len(answers)))


@pytest.mark.parametrize(("right", "n"), [(0, 10), (7, 10), (50, 50), (1, 300)])
def test_the_interval_is_wilsons(right: int, n: int) -> None:
    theirs = binomtest(right, n).proportion_ci(method="wilson")
    np.testing.assert_allclose(wilson(right, n), (theirs.low, theirs.high), atol=1e-6)


def test_no_trial_says_nothing() -> None:
    assert wilson(0, 0) == (0.0, 1.0)


def test_age_counts_years_and_neighbouring_groups() -> None:
    found = scores("age", ["1", "30", "30", "70"], certain([0, 4, 3, 4], 7, [2.0, 31.0, 26.0, 44.0]))
    assert found["accuracy"] == 0.5 and found["mae"] == pytest.approx(8.0)
    assert found["cs5"] == 0.75 and found["within_one_group"] == 0.75


def test_expressions_are_scored_as_moods() -> None:
    found = evaluate("mood", ["happy", "surprise", "fear"], [{}] * 3, certain([0, 0, 1], 3))
    assert found["accuracy"] == pytest.approx(2 / 3) and found["macro_recall"] == 0.5
    assert found["confusion"] == [[2, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_groups_are_told_where_they_are_large_enough() -> None:
    tags = [{"race": "1" if i < 25 else "2"} for i in range(40)]
    found = evaluate("gender", ["female"] * 40, tags, certain([0] * 20 + [1] * 20, 2))
    assert found["by_group"].keys() == {"race=1"}
    assert found["by_group"]["race=1"]["accuracy"] == 0.8


def test_calibration_is_zero_for_honest_and_large_for_boastful_probabilities() -> None:
    truth = np.array([0] * 80 + [1] * 20)
    honest, boastful = np.tile([0.8, 0.2], (100, 1)), np.tile([0.999, 0.001], (100, 1))
    assert expected_calibration_error(honest, truth) == pytest.approx(0, abs=1e-9)
    assert expected_calibration_error(boastful, truth) == pytest.approx(0.199, abs=1e-9)


def test_expressions_are_scored_among_those_that_occur() -> None:
    classes = ("happy", "fear", "contempt")
    doubtful = np.array([[0.3, 0.1, 0.6], [0.1, 0.8, 0.1], [0.7, 0.2, 0.1]])
    said = Prediction(np.eye(3)[[0, 2, 0]], None, doubtful, np.ones(3))
    found = evaluate("mood", ["happy", "fear", "fear"], [{}] * 3, said, classes)
    assert found["expressions"] == 2 and found["expression_accuracy"] == pytest.approx(2 / 3)


def test_the_surest_half_is_righter_and_bins_tell_what_came_true() -> None:
    sure, doubtful = [0.95, 0.05], [0.55, 0.45]
    said = Prediction(np.array([sure] * 50 + [doubtful] * 50), None, np.zeros((100, 2)), np.ones(100))
    found = evaluate("gender", ["female"] * 75 + ["male"] * 25, [{}] * 100, said)
    assert found["coverage"][0]["accuracy"] == 0.75 and found["coverage"][-1]["accuracy"] == 1
    assert [(b["accuracy"], b["n"]) for b in found["reliability"]] == [(0.5, 50), (1.0, 50)]
