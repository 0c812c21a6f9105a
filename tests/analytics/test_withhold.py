"""Small cells are withheld, and cannot be worked out from what is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.withhold import BY_SUBTRACTION, FEWEST_VISITS, TOO_FEW, reasons

cells = st.lists(st.one_of(st.just(0.0), st.floats(0.01, 200)), min_size=2, max_size=14)


@given(cells)
def test_no_small_cell_is_shown_nor_can_be_worked_out_from_the_total(counts: list[float]) -> None:
    why = reasons(counts)
    hidden = [count for count, reason in zip(counts, why, strict=True) if reason]
    assert all(reason or count >= FEWEST_VISITS for count, reason in zip(counts, why, strict=True))
    if len(hidden) < len(counts) and sum(hidden) > 0:
        # The total minus what is shown is at least two cells and not itself a small number.
        assert len(hidden) >= 2 and sum(hidden) >= FEWEST_VISITS


@given(cells)
def test_nothing_is_withheld_without_need(counts: list[float]) -> None:
    if all(count >= FEWEST_VISITS for count in counts):
        assert reasons(counts) == [None] * len(counts)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([50, 60], [None, None]),
        ([3, 60, 40], [TOO_FEW, None, BY_SUBTRACTION]),
        ([6, 7, 60], [TOO_FEW, TOO_FEW, None]),
        ([0, 60], [TOO_FEW, None]),  # nobody there, so nothing to work out
    ],
)
def test_what_is_withheld_and_why(counts: list[float], expected: list[str | None]) -> None:
    assert reasons(counts) == expected
