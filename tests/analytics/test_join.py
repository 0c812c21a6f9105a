"""Linking and estimating, against brute force and against SciPy."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binomtest

from analytics.join import estimate
from analytics.join.assignment import LONGEST_STAY, SHORTEST_STAY, UNLINKED_COST, _surprise, link
from analytics.join.estimate import Figures, Interval
from analytics.join.simulate import Shop, simulate

times = st.lists(st.integers(0, 6000), max_size=5).map(lambda values: np.array(sorted(values), np.float64))


def cost(visits: NDArray[np.float64], purchases: NDArray[np.float64], pairs: list[tuple[int, int]]) -> float:
    """The price of a set of links, unlinked purchases included; infinite where one is impossible."""
    stays = np.array([purchases[p] - visits[v] for p, v in pairs], np.float64)
    if ((stays < SHORTEST_STAY) | (stays > LONGEST_STAY)).any():
        return float("inf")
    return float(_surprise(stays).sum()) + UNLINKED_COST * (len(purchases) - len(pairs))


def cheapest(visits: NDArray[np.float64], purchases: NDArray[np.float64]) -> float:
    """Every way to link, tried."""
    best = float("inf")
    for size in range(min(len(visits), len(purchases)) + 1):
        for some in combinations(range(len(purchases)), size):
            for chosen in permutations(range(len(visits)), size):
                best = min(best, cost(visits, purchases, list(zip(some, chosen, strict=True))))
    return best


@settings(max_examples=150, deadline=None)
@given(times, times)
def test_the_links_are_the_cheapest_there_are(visits: NDArray[np.float64], purchases: NDArray[np.float64]) -> None:
    found = link(visits, purchases)
    pairs = list(zip(found.purchases.tolist(), found.visits.tolist(), strict=True))
    assert cost(visits, purchases, pairs) == pytest.approx(cheapest(visits, purchases))


many = st.lists(st.integers(0, 40_000), max_size=80).map(lambda values: np.array(sorted(values), np.float64))


@given(many, many)
def test_everyone_is_linked_at_most_once_and_only_where_it_is_plausible(
    visits: NDArray[np.float64], purchases: NDArray[np.float64]
) -> None:
    found = link(visits, purchases)
    assert len(set(found.purchases.tolist())) == len(found.purchases) == len(set(found.visits.tolist()))
    stays = purchases[found.purchases] - visits[found.visits]
    assert ((stays >= SHORTEST_STAY) & (stays <= LONGEST_STAY)).all()
    apart = purchases[:, None] - visits[None]
    plausible = (apart >= SHORTEST_STAY) & (apart <= LONGEST_STAY)
    assert found.candidates == plausible.sum()
    assert set(found.unexplained.tolist()) == set(np.flatnonzero(~plausible.any(axis=1)).tolist())
    assert not set(found.unexplained.tolist()) & set(found.purchases.tolist())


def test_two_who_came_a_minute_apart_pay_in_a_plausible_order() -> None:
    found = link(np.array([0.0, 3000.0]), np.array([600.0, 3600.0]))
    assert found.purchases.tolist() == [0, 1] and found.visits.tolist() == [0, 1]


# Estimates ----------------------------------------------------------------------------


def counted(bought: list[float | None]) -> Figures:
    """The totals of visitors; None for those who bought nothing."""
    amounts = [amount for amount in bought if amount is not None]
    return Figures(float(len(bought)), float(len(amounts)), sum(amounts), sum(a * a for a in amounts))


def test_the_rate_and_its_interval_are_the_textbooks() -> None:
    found = estimate.conversion(counted([5.0] * 30 + [None] * 70))
    theirs = binomtest(30, 100).proportion_ci(method="wilson")
    assert found is not None and (found.low, found.high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_baskets_have_the_mean_and_its_standard_error() -> None:
    amounts = np.random.default_rng(1).gamma(2, 10, 400)
    totals = counted([*amounts, *[None] * 600])
    found = estimate.average_transaction_value(totals)
    assert found is not None and found.value == pytest.approx(amounts.mean())
    assert found.half_width == pytest.approx(1.959964 * amounts.std() / 20)
    per_visitor = estimate.revenue_per_visitor(totals)
    spent = np.concatenate([amounts, np.zeros(600)])
    assert per_visitor is not None and per_visitor.value == pytest.approx(spent.mean())
    assert per_visitor.half_width == pytest.approx(1.959964 * spent.std() / np.sqrt(1000))


def test_nothing_is_said_about_too_few_or_about_more_purchases_than_visitors() -> None:
    assert estimate.conversion(counted([])) is None
    assert estimate.conversion(Figures(10, 11, 100, 1000)) is None
    assert estimate.average_transaction_value(counted([5.0] * 4 + [None] * 96)) is None
    assert estimate.revenue_per_visitor(counted([5.0] * 4 + [None] * 96)) is None


@given(st.floats(0.1, 1e4), st.floats(0, 1))
def test_a_rate_lies_within_its_interval_and_both_within_zero_and_one(visitors: float, share: float) -> None:
    found = estimate.conversion(Figures(visitors, visitors * share, 0, 0))
    assert found is not None and 0 <= found.low <= found.value <= found.high <= 1


def test_the_interval_of_a_difference_is_wider_than_either() -> None:
    found = estimate.difference(Interval(0.30, 0.27, 0.33), Interval(0.25, 0.21, 0.29))
    assert found.value == pytest.approx(0.05) and found.half_width == pytest.approx(0.05)


# Simulation ----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_shop_and_another_another() -> None:
    one, again, other = (simulate(Shop(10, 14), seed) for seed in (1, 1, 2))
    assert (one.entered == again.entered).all() and one.truth == again.truth
    assert len(one.entered) != len(other.entered) or (one.entered != other.entered).any()


def test_a_closed_day_is_empty_and_a_quiet_one_is_quiet() -> None:
    sample = simulate(Shop(60, 28, closed=frozenset({10}), quiet=frozenset({12})), 3)
    days = np.bincount((sample.entered // 1440).astype(int), minlength=28)
    assert days[10] == 0 and 0.2 < days[12] / days[5] < 0.75


def test_named_receipts_name_the_visit_of_their_buyer() -> None:
    sample = simulate(Shop(20, 14, linked=1.0), 4)
    named = sample.visit_of >= 0
    assert 0.85 < named.mean() < 0.99  # a camera misses some
    stays = sample.paid[named] - sample.entered[sample.visit_of[named]]
    assert stays.min() >= -3 and np.median(stays) < 25
