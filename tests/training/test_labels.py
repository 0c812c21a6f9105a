"""Labels are the one source of what there is and in which order."""

from __future__ import annotations

from itertools import pairwise

import pytest

from training.labels import AGE_GROUPS, EXPRESSIONS, LABELS, MOOD_OF_EXPRESSION, YEARS, age_group_of


def test_age_groups_follow_each_other_without_gap() -> None:
    for group, following in pairwise(AGE_GROUPS):
        assert following.low == group.high + 1
    assert (YEARS[0], YEARS[-1], len(YEARS)) == (1, 116, 116)


@pytest.mark.parametrize(
    ("years", "group"),
    [(0.3, "1-2"), (2, "1-2"), (2.5, "3-9"), (20, "10-20"), (27.4, "28-45"), (66, "66-116"), (130, "66-116")],
)
def test_every_age_has_its_group(years: float, group: str) -> None:
    assert age_group_of(years) == group


def test_every_expression_is_one_of_three_moods() -> None:
    assert {MOOD_OF_EXPRESSION[name] for name in EXPRESSIONS} == set(LABELS["mood"])
    assert MOOD_OF_EXPRESSION["surprise"] == "positive" and MOOD_OF_EXPRESSION["contempt"] == "negative"
