"""The join tells shops' true rates, says how sure it is, and refuses what does not fit together."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Literal

import numpy as np
import pytest

from analytics import joining, rollups, simulated, trust
from analytics.join import contrasts, exact, modes, soft
from analytics.join.clock import Move
from analytics.join.estimate import Interval, with_level
from analytics.join.kernel import FIRST_LAG, LAST_LAG, Stay, from_lags, kernel
from analytics.join.rebase import mix_of, rebased
from analytics.join.simulate import Sample, Shop, TillCamera, confusion_of_marks, simulate
from analytics.join.soft import Fit, State, at_bounds
from analytics.labels import Groups
from analytics.models import JoinFit, MarkCheck
from analytics.periods import Period
from inference.models import Audit, CheckoutFace, Store, Visit
from tests import factories
from tests.analytics import shops, worlds
from training.labels import LABELS

MONTH = Shop(120, 30)


# Parts ----------------------------------------------------------------------------


def test_a_stay_is_a_distribution_with_the_mean_it_says() -> None:
    g = kernel(Stay(1.0, float(np.log(8.0)), float(np.log(2.5))))
    lags = np.arange(FIRST_LAG, LAST_LAG + 1)
    assert g.min() >= 0 and g.sum() == pytest.approx(1, abs=1e-3)
    assert (g * lags).sum() == pytest.approx(1 + 8, abs=0.05)  # whole minutes on both clocks: no shift on average


def test_a_stay_is_found_again_in_the_lags_it_makes() -> None:
    random = np.random.default_rng(1)
    entered = random.uniform(0, 1, 5000)
    lags = np.floor(entered + 2 + random.gamma(2.5, 4.0, 5000))
    assert from_lags(lags).typical_minutes == pytest.approx(12, abs=0.5)


def test_a_shops_own_mix_is_found_in_what_a_classifier_for_equal_shares_says() -> None:
    sample = simulate(MONTH, 1)
    said, true = sample.age, worlds.truth(sample, "age", "visitors")
    mix = mix_of(said, np.full(7, 1 / 7))
    assert np.abs(mix - true / true.sum()).max() < 0.015
    assert np.abs(said.mean(axis=0) - true / true.sum()).max() > 0.03  # as said, they are not the shop's
    assert rebased(said, np.full(7, 1 / 7)).sum(axis=1) == pytest.approx(np.ones(len(said)))


def test_probabilities_that_are_the_shops_own_already_are_not_sharpened_twice() -> None:
    equal = np.full(7, 1 / 7)
    own = rebased(simulate(MONTH, 1).age, equal)
    assert (rebased(own, equal) == own).all()


def test_certain_labels_and_named_receipts_give_the_plain_proportion() -> None:
    labels = np.repeat(np.eye(2), [400, 600], axis=0)
    amount = np.concatenate([np.full(100, 8.0), np.zeros(300), np.full(300, 20.0), np.zeros(300)])
    found = exact.regress(labels, (amount > 0).astype(float), amount, np.arange(1000))
    assert found.rate == pytest.approx([0.25, 0.5], abs=2e-3)
    assert found.rate_se == pytest.approx([np.sqrt(0.25 * 0.75 / 400), np.sqrt(0.25 / 600)], rel=0.02)
    assert found.basket == pytest.approx([8, 20], rel=2e-2) and found.money == pytest.approx([2, 10], rel=2e-2)


# Shops whose truth is known ----------------------------------------------------------------------------


def test_without_references_groups_are_told_without_bias_and_within_their_intervals() -> None:
    found, estimates = worlds.shops(8, "gender", MONTH)
    assert [made.method for made in estimates] == ["soft"] * 8
    assert found.bias < 0.5 and found.rmse < 2.6 and found.coverage >= 90 and found.half_width < 5.5
    assert 0.8 < found.slope < 1.2
    assert [made.trust for made in estimates].count("green") >= 7


def test_references_on_some_receipts_narrow_and_on_all_settle_it() -> None:
    widths = []
    for linked in (0.0, 0.3, 1.0):
        found, estimates = worlds.shops(4, "gender", Shop(120, 30, linked=linked))
        assert found.coverage >= 85 and found.bias < 1.2
        widths.append(found.half_width)
        assert {made.method for made in estimates} == {{0.0: "soft", 0.3: "mixed", 1.0: "reference"}[linked]}
    assert widths[0] > 1.15 * widths[1] > 3 * widths[2]


def test_money_and_baskets_lie_within_their_intervals_too() -> None:
    inside = []
    for seed in range(10_000, 10_006):
        sample = simulate(MONTH, seed)
        made = worlds.estimate(sample, 30, "gender")
        for metric in worlds.METRICS:
            value, error = worlds.column(made.rates, metric)
            inside += list(abs(value - worlds.truth(sample, "gender", metric)) <= 1.96 * error)
    assert np.mean(inside) >= 0.88


def broken(kind: str, seed: int) -> Sample:
    sample = simulate(MONTH, seed)
    return {
        "another week": lambda: worlds.another_week(sample, 30),
        "an hour off": lambda: worlds.clock_ahead(sample, 60),
        "a second door": lambda: worlds.second_door(sample, 0.5, seed),
        "an hour off for half": lambda: worlds.clock_changed(sample, 60, 15),
        "coarse": lambda: worlds.rounded(sample, 15),
        "a dead camera": lambda: worlds.dead_camera(sample, 0.05, seed),
    }[kind]()


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        ("another week", "Purchases do not follow these visits"),
        ("an hour off", "The till’s clock seems to be 60 minutes ahead"),
        ("a second door", "others may come through a door without a camera"),
        ("a dead camera", "The camera seems to have been off for 15 hours, first on"),
        ("an hour off for half", "The till’s clock moved by about an hour on 24 March"),
        ("coarse", "rounded to 15 minutes"),
    ],
)
def test_what_does_not_fit_together_is_withheld_with_a_reason(kind: str, sentence: str) -> None:
    said = []
    for seed in (10_000, 10_003):
        made = worlds.estimate(broken(kind, seed), 30, "gender")
        assert made.trust == "red"
        said += trust.sentences(joining.described(made, shops.FIRST))
    assert any(sentence in text for text in said)


def test_a_rate_that_is_not_useful_yet_says_how_many_days_are_missing() -> None:
    assert trust.days_needed(Interval(0.3, 0.25, 0.35), 28) is None
    assert trust.days_needed(Interval(0.3, 0.1, 0.5), 28) == (
        "uncertain: about 84 more days until it is known to ±10 points"
    )


def test_too_few_days_to_check_are_amber_and_a_clear_contradiction_is_red() -> None:
    fit = worlds_fit()
    for slope, error, expected in ((1.1, 0.4, "amber"), (0.2, 0.25, "red"), (1.15, 0.1, "green"), (0.6, 0.1, "red")):
        fit.slope, fit.slope_se = slope, error
        assert modes.gate(fit) == expected


def worlds_fit() -> Fit:
    one = np.ones(2)
    state = State(one, np.zeros(48), np.zeros(7), Stay(), one)
    return Fit(exact.Rates(one, one, one, one, one, one), Stay(), 1.0, 0.1, True, False, np.ones((1, 1)), state, one)


# In the database ----------------------------------------------------------------------------


@pytest.fixture
def shop(db: None) -> Store:
    return shops.simulated_shop(rate=30, linked=0)[0]


def test_a_fit_is_kept_until_something_changes(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    period = shops.period(shop)
    first = joining.joined(period, "gender")
    with monkeypatch.context() as patch:
        patch.setattr(joining, "compute", lambda *_: pytest.fail("computed again"))
        assert joining.joined(period, "gender") == first
    Audit.objects.filter(store=shop).update(missed_share=0.3)
    changed = joining.joined(period, "gender")
    assert changed.segments[0].rate != first.segments[0].rate and JoinFit.objects.count() == 1


def test_visits_of_two_models_are_each_rebased_by_their_own(shop: Store) -> None:
    before = joining.compute(shops.period(shop), "gender")
    half = Visit.objects.filter(store=shop, entered_at__lt=shops.period(shop).start + timedelta(days=7))
    half.update(model_version="other")
    after = joining.compute(shops.period(shop), "gender")
    assert after.segments[0].visits == pytest.approx(before.segments[0].visits, rel=0.02)


def test_visits_without_a_face_count_as_unseen_and_not_as_nobody(shop: Store) -> None:
    before = joining.compute(shops.period(shop), "gender")
    blind = list(Visit.objects.filter(store=shop).order_by("ref").values_list("pk", flat=True)[::3])
    Visit.objects.filter(pk__in=blind).update(age=None, gender=None, mood=None)
    after = joining.compute(shops.period(shop), "gender")
    for segment, whole in zip(after.segments, before.segments, strict=True):
        assert segment.rate is not None and whole.rate is not None and whole.rate_se is not None
        assert abs(segment.rate - whole.rate) < 4 * whole.rate_se


def test_a_handful_of_visits_makes_no_rate(db: None) -> None:
    store = factories.store()
    factories.visit(store)
    found = joining.joined(shops.period(store), "age")
    assert found.trust == "none" and [segment.rate for segment in found.segments] == [None] * 7


@pytest.mark.parametrize("seed", range(12))
def test_odd_data_make_no_error_whatever_they_are(seed: int) -> None:
    random = np.random.default_rng(seed)
    days, visits, purchases, segments = (
        int(random.integers(*range_)) for range_ in ((1, 9), (30, 200), (10, 90), (2, 8))
    )
    labels = (
        np.eye(segments)[np.zeros(visits, int)] if seed % 3 == 0 else random.dirichlet(np.full(segments, 0.3), visits)
    )
    noon = seed % 4 == 1  # a file without times of day
    arrivals = modes.Arrivals(random.integers(0, days, visits), random.uniform(0, 1439, visits), labels)
    minute = np.full(purchases, 720.0) if noon else np.floor(random.uniform(0, 1439, purchases))
    visit = np.full(purchases, -1)
    if seed % 2:
        visit[: min(visits, purchases)] = random.permutation(visits)[:purchases]
    receipts = modes.Receipts(random.integers(0, days, purchases), minute, random.gamma(2, 10, purchases), visit)
    found = modes.estimate(arrivals, receipts, modes.Store(np.arange(days) % 7, 0.08, 0.03))
    assert found.rates.rate.shape == found.rates.money_se.shape == (segments,)
    assert found.trust in ("green", "amber", "red")


def test_wider_groups_come_with_names_and_are_offered_where_seven_say_nothing(shop: Store) -> None:
    by, found = joining.apart(shops.period(shop), "age")
    names = Groups.of(by).names()
    assert by in ("age:1", "age:2") and len(found.segments) == len(names) == {"age:1": 3, "age:2": 2}[by]
    assert names[-1]["age"] in ("46-116", "21-116")
    for wrong in ("height", "age:9", "age,gender:1", "gender:1"):
        with pytest.raises(ValueError, match=r"merged|breakdown"):
            Groups.of(wrong)


def test_a_new_day_elsewhere_leaves_kept_rates_as_they_are(shop: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    period = shops.period(shop)
    early = Period.of(shop, period.first, period.first + timedelta(days=6))
    first = joining.joined(early, "gender")
    rollups.refresh_day(shop, period.last)
    monkeypatch.setattr(joining, "compute", lambda *_: pytest.fail("computed again"))
    assert joining.joined(early, "gender") == first


def test_faces_at_the_till_are_used_where_a_camera_looks_there(db: None) -> None:
    camera = Shop(60, 14, till_camera=TillCamera(0.8))
    store = simulated.create_store("Watched", shops.FIRST, camera, seed=5)[0]
    rollups.refresh(store)
    found = joining.joined(shops.period(store), "age")
    assert found.method == "till" and found.trust == "green"
    CheckoutFace.objects.filter(store=store).delete()
    blind = joining.joined(shops.period(store), "age")
    assert blind.method == "soft"
    for seeing, before in zip(found.segments, blind.segments, strict=True):
        assert seeing.rate_se is not None and before.rate_se is not None and 2 * seeing.rate_se < before.rate_se


def test_cashiers_keys_count_once_somebody_has_checked_them(db: None) -> None:
    store = simulated.create_store("Keyed", shops.FIRST, Shop(60, 14, marks=True), seed=5)[0]
    rollups.refresh(store)
    assert joining.joined(shops.period(store), "age").method == "soft"
    checked = np.round(400 * confusion_of_marks())
    for label, row in zip(LABELS["age"], checked, strict=True):
        for mark, buyers in zip(LABELS["age"], row, strict=True):
            MarkCheck.objects.create(
                store=store, attribute="age", mark=mark, label=label, buyers=int(buyers), checked_on=shops.FIRST
            )
    found = joining.joined(shops.period(store), "age")
    assert found.method == "marks" and found.trust == "green"
    assert joining.joined(shops.period(store), "age:1").method == "marks"
    assert joining.joined(shops.period(store), "gender").method == "soft"


def test_differences_are_claimed_only_where_they_are_sure() -> None:
    covariance = np.diag([0.01, 0.01, 0.01, 0.01]) ** 2
    assert contrasts.differing(np.array([0.2, 0.3, 0.31, 0.3]), covariance).tolist() == [-1, 1, 1, 1]
    assert contrasts.differing(np.array([0.29, 0.3, 0.31, 0.3]), covariance).tolist() == [0, 0, 0, 0]


def test_a_levels_error_widens_a_total() -> None:
    widened = with_level(Interval(0.3, 0.29, 0.31), 0.05, most=1.0)
    assert widened is not None and widened.half_width == pytest.approx(np.hypot(0.01, 1.96 * 0.015), rel=1e-3)
    assert with_level(None, 0.05) is None


def test_a_clock_that_moved_by_minutes_is_told_and_allowed_for() -> None:
    told = 0
    for seed in (10_000, 10_001, 10_002):
        made = worlds.estimate(worlds.clock_changed(simulate(MONTH, seed), 5, 14), 30, "gender")
        assert made.trust == "green"
        told += any(move.day == 14 and abs(move.minutes - 5) <= 1.5 for move in made.moves)
        assert not worlds.estimate(simulate(MONTH, seed), 30, "gender").moves
    assert told >= 2
    said = trust.sentences(joining.described(replace(made, moves=(Move(14, 5.2),)), shops.FIRST))
    assert "The till’s clock moved by about 5 minutes on 23 March; that is allowed for." in said


def test_a_clock_that_was_never_set_right_is_found_and_allowed_for() -> None:
    made = worlds.estimate(worlds.clock_ahead(simulate(MONTH, 10_002), -15), 30, "gender")
    assert made.trust == "green" and made.clock_minutes in (-12, -20)
    assert "minutes behind the camera’s" in " ".join(trust.sentences(joining.described(made, shops.FIRST)))


def test_a_stay_on_its_bounds_is_none() -> None:
    assert at_bounds(Stay(1.0, float(np.log(40.0)))) and at_bounds(Stay(-5.5)) and at_bounds(Stay(9.0))
    assert not at_bounds(Stay())


def test_a_warm_start_ends_where_a_cold_one_does() -> None:
    parts = worlds.parts(simulate(MONTH, 10_002), 30, "gender")
    cold = modes.estimate(*parts)
    warm = modes.estimate(*parts[:2], replace(parts[2], start=cold.state))
    assert warm.rates.rate == pytest.approx(cold.rates.rate, abs=1e-3)


@pytest.mark.parametrize("dwell", ["lognormal", "bimodal"])
def test_stays_of_another_shape_are_joined_as_well(dwell: Literal["lognormal", "bimodal"]) -> None:
    found, estimates = worlds.shops(5, "gender", replace(MONTH, dwell=dwell))
    assert found.bias < 0.6 and found.coverage >= 80 and [made.trust for made in estimates].count("green") >= 4


def test_a_new_day_starts_where_the_last_fit_ended_and_ends_where_a_new_one_would(
    shop: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = shops.period(shop)
    early = Period.of(shop, period.first, period.last - timedelta(days=1))
    cold = joining.compute(period, "gender")
    assert joining.joined(early, "gender").state is not None
    began: list[State] = []
    climb = soft._climb

    def watched(grid: soft._Grid, state: State) -> tuple[soft._System, bool]:
        began.append(state)
        return climb(grid, state)

    monkeypatch.setattr(soft, "_climb", watched)
    warm = joining.compute(period, "gender")
    assert began[0].offsets.any()  # a new start has none yet
    for one, other in zip(warm.segments, cold.segments, strict=True):
        assert one.rate == pytest.approx(other.rate, abs=2e-3)


def test_odd_hours_receipts_to_the_second_and_before_opening_spoil_nothing() -> None:
    inside = []
    for seed in range(10_000, 10_004):
        sample = simulate(MONTH, seed)
        random = np.random.default_rng(seed)
        arrivals, receipts, store = worlds.parts(sample, 30, "gender")
        arrivals = replace(arrivals, minute=arrivals.minute - 83)  # opens at 8:37
        early = np.full(30, 6 * 60.0)  # somebody tests the till every morning
        receipts = modes.Receipts(
            np.concatenate([receipts.day, np.arange(30)]),
            np.concatenate([receipts.minute - 83 + random.random(len(receipts.day)), early]),
            np.concatenate([receipts.amount, np.full(30, 0.01)]),
            np.concatenate([receipts.visit, np.full(30, -1)]),
        )
        made = modes.estimate(arrivals, receipts, store)
        assert made.trust == "green"
        inside += list(abs(made.rates.rate - worlds.truth(sample, "gender", "conversion")) <= 2.24 * made.rates.rate_se)
    assert np.mean(inside) >= 0.75


def test_the_day_on_which_clocks_change_joins_like_any_other(db: None) -> None:
    store = simulated.create_store("Spring", date(2026, 3, 23), Shop(60, 14), seed=5)[0]  # clocks go on on the 29th
    rollups.refresh(store)
    found = joining.joined(Period.of(store, date(2026, 3, 23), date(2026, 4, 5)), "gender")
    assert found.trust == "green" and found.moves == [] and found.clock_minutes == 0


def test_a_shop_with_few_visits_a_day_gets_wide_honest_intervals() -> None:
    found, _ = worlds.shops(6, "gender", Shop(4, 28))
    assert found.coverage >= 75 and found.half_width > 4


def test_one_giant_receipt_moves_no_groups_money() -> None:
    sample = simulate(Shop(60, 14), 4)
    before = worlds.estimate(sample, 14, "gender").rates
    giant = sample.amount.copy()
    giant[len(giant) // 2] = 1e6
    after = worlds.estimate(replace(sample, amount=giant), 14, "gender").rates
    assert np.abs(after.money - before.money).max() < 0.2 * before.money_se.min()


def test_errors_are_as_large_as_what_is_off_for_a_week_as_for_a_month() -> None:
    """With few days, what was fitted must not widen intervals without end; with many, nobody buys twice."""
    for days in (7, 30):
        off, error = [], []
        for seed in range(12):
            sample = simulate(Shop(60, days), 700 + seed)
            found = worlds.estimate(sample, days, "mood").rates
            off.append(found.rate - worlds.truth(sample, "mood", "conversion"))
            error.append(found.rate_se)
        ratio = np.sqrt(np.mean(np.square(error)) / np.mean(np.square(off)))
        assert 0.75 < ratio < 1.45


def test_who_takes_longer_is_told_in_minutes_where_receipts_name_visits() -> None:
    """In this world one age group in seven takes half as long again, however it is found out."""
    sample = simulate(Shop(120, 30, linked=1.0, dwell_spread=0.5), 11)
    named = worlds.estimate(sample, 30, "age")
    assert named.stays is not None
    minutes, error = named.stays.minutes, named.stays.error
    assert (error < 1).all() and 8 < minutes.mean() < 18 and np.ptp(minutes) > 5
    assert set(named.stays.longer[np.argsort(minutes)[[0, -1]]]) == {-1, 1}
    by_time = worlds.estimate(replace(sample, visit_of=sample.visit_of * 0 - 1), 30, "age")
    assert by_time.stays is not None and np.isnan(by_time.stays.minutes).all()
    told = by_time.stays.longer != 0
    assert (by_time.stays.longer[told] == np.sign(minutes - minutes.mean())[told]).all()
