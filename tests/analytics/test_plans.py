"""What planning says beforehand is about what comes out afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import joining, plans
from analytics.join.estimate import Z
from analytics.models import JoinFit
from analytics.plans import QUESTIONS, Footing
from inference.models import Store
from tests import factories
from tests.analytics import shops
from training.models import ModelVersion

pytestmark = pytest.mark.django_db


def test_a_stores_own_weeks_are_planned_with() -> None:
    store, _ = shops.simulated_shop(rate=30, linked=0)
    period = shops.period(store)
    start = plans.footing(store, period)
    assert start.measured and start.visits_per_day == pytest.approx(300, rel=0.15)
    assert start.open_minutes == pytest.approx(600, rel=0.15) and 0.2 < start.conversion < 0.5
    answers = {answer.question: answer for answer in plans.answers(store, period, start, period.days, 0.05)}
    assert list(answers) == [question for question, _, _ in QUESTIONS]
    found = joining.joined(period, "gender")
    widest = max(Z * segment.rate_se for segment in found.segments if segment.rate_se is not None)
    assert answers["Women and men"].margin == pytest.approx(widest, rel=0.5)


def test_planning_takes_the_stay_of_the_last_join_and_joins_nothing_itself() -> None:
    store, _ = shops.simulated_shop(rate=30, linked=0)
    period = shops.period(store)
    assert plans.footing(store, period).stay_sd == 7.0 and not JoinFit.objects.exists()
    stay = joining.joined(period, "gender").stay_minutes
    assert stay is not None and plans.footing(store, period).stay_sd == pytest.approx(0.63 * stay)


def test_help_takes_fewer_days_and_finer_questions_more() -> None:
    store, _ = shops.simulated_shop(rate=30)
    period = shops.period(store)
    start = plans.footing(store, period)
    found = {a.question: a for a in plans.answers(store, period, start, 28, 0.05)}
    for answer in found.values():
        days = [answer.alone, answer.tenth_named, answer.faces, answer.keys]
        known = [value if value is not None else 10_000 for value in days]
        assert known[3] <= known[2] <= known[0] and known[1] <= known[0]
    bands = [found[name].faces for name in ("Under 21, and older", "Three age bands", "Seven age groups")]
    assert bands == sorted(value for value in bands if value is not None)


def model(task: str, confusion: list[list[int]]) -> None:
    metrics = {"confusion": confusion}
    ModelVersion.objects.create(task=task, version=f"{task}-1", path="x", metrics=metrics, is_serving=True)


def test_a_new_store_is_planned_with_the_serving_models_own_test() -> None:
    store: Store = factories.store()
    period = shops.period(store)
    start = plans.footing(store, period)
    assert start == Footing(300.0, 0.3, 600.0, 7.0, measured=False)
    assert list(plans.answers(store, period, start, 28, 0.05)) == []
    model("gender", [[95, 5], [5, 95]])
    (answer,) = plans.answers(store, period, start, 28, 0.05)
    assert answer.question == "Women and men" and answer.alone is not None and answer.faces is not None
    assert np.isfinite(answer.margin)
