"""Small cells are withheld, and cannot be worked out from what is shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.withhold import BY_SUBTRACTION, FEWEST_VISITS, TOO_FEW, band_reasons, reasons

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


@given(cells, st.lists(st.integers(1, 13), max_size=5))
def test_bands_beside_their_cells_tell_of_no_small_group(counts: list[float], cuts: list[int]) -> None:
    edges = sorted({0, len(counts), *(cut for cut in cuts if cut < len(counts))})
    members = [list(range(low, high)) for low, high in pairwise(edges)]
    fine, bands = reasons(counts), band_reasons(counts, members)
    hidden = [[counts[k] for k in band if fine[k]] for band in members]
    shown = [cells for cells, why in zip(hidden, bands, strict=True) if why is None]
    beside = [cell for cells, why in zip(hidden, bands, strict=True) if why for cell in cells]
    everything = [cell for cells in hidden for cell in cells]
    for group in [*shown, beside] if sum(everything) >= FEWEST_VISITS and len(everything) > 1 else shown:
        assert sum(group) == 0 or (len(group) >= 2 and sum(group) >= FEWEST_VISITS)


def test_a_band_over_one_hidden_cell_keeps_its_count() -> None:
    members = [[0, 1], [2, 3], [4]]
    assert band_reasons([50, 60, 40, 30, 20], members) == [None] * 3
    assert band_reasons([4, 60, 8, 30, 20], members) == [BY_SUBTRACTION, BY_SUBTRACTION, None]
    assert band_reasons([4, 3, 80, 30, 20], members) == [TOO_FEW, None, BY_SUBTRACTION]
