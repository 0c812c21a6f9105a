"""What tills tell of who pays: faces at the checkout, the cashier's key, tickets by lot; and gaps on either side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from analytics import joining, simulated, trust
from analytics.join import checkout, mixture, modes
from analytics.join.gaps import Gaps, Span
from analytics.join.simulate import Shop, TillCamera, confusion_of_marks, simulate
from analytics.periods import Period, midnight
from inference.models import CameraHour
from tests.analytics import worlds

MONTH = Shop(120, 30)


def test_sums_of_unmixed_rows_count_segments_without_bias() -> None:
    sample = simulate(MONTH, 1)
    labels = worlds.own(sample.age)
    true = worlds.truth(sample, "age", "visitors")
    counted = mixture.unmixed(labels).sum(axis=0)
    assert counted / counted.sum() == pytest.approx(true / true.sum(), abs=0.012)


def test_a_face_goes_to_the_receipt_of_its_moment_whatever_the_clocks_say() -> None:
    random = np.random.default_rng(1)
    paid = np.floor(np.sort(random.uniform(0, 30 * 36_000, 4000)) / 60) * 60
    till = random.integers(0, 2, 4000)
    ahead = np.array([140.0, -95.0])
    who = np.flatnonzero(random.random(4000) < 0.7)
    seen = paid[who] + 30 + ahead[till[who]] + random.normal(0, 15, len(who))
    found = checkout.attach(seen, till[who], paid, till)
    assert found.offsets[0] == pytest.approx(170, abs=12) and found.offsets[1] == pytest.approx(-65, abs=12)
    alone = found.clear[found.receipt] & (found.receipt >= 0)
    assert (found.receipt[alone] == who[alone]).mean() > 0.97 and alone.mean() > 0.2


def test_faces_that_have_nothing_to_do_with_receipts_are_not_put_to_any() -> None:
    random = np.random.default_rng(2)
    paid, seen = (np.sort(random.uniform(0, 30 * 36_000, 3000)) for _ in range(2))
    nobody = np.full(3000, -1)
    found = checkout.attach(seen, nobody, paid, nobody)
    assert not found.offsets and (found.receipt == -1).all()
    assert checkout.told(np.full((3000, 2), 0.5), found, 3000) is None


@pytest.mark.parametrize("usable", [0.5, 0.9])
def test_a_camera_at_the_till_tells_ages_several_times_as_closely(usable: float) -> None:
    found, estimates = worlds.shops(5, "age", replace(MONTH, till_camera=TillCamera(usable)))
    assert {made.method for made in estimates} == {"till"}
    assert found.bias < 1 and found.half_width < {0.5: 6.5, 0.9: 4.5}[usable] and found.coverage >= 85
    assert 0.8 < found.slope < 1.2


def test_money_by_till_camera_lies_within_its_intervals() -> None:
    inside = []
    for seed in range(10_000, 10_005):
        sample = simulate(replace(MONTH, till_camera=TillCamera(0.7)), seed)
        made = worlds.estimate(sample, 30, "gender")
        for metric in worlds.METRICS:
            value, error = worlds.column(made.rates, metric)
            inside += list(abs(value - worlds.truth(sample, "gender", metric)) <= 1.96 * error)
    assert np.mean(inside) >= 0.85


def test_a_cashiers_key_with_known_confusion_needs_no_link() -> None:
    found, estimates = worlds.shops(5, "age", replace(MONTH, marks=True))
    assert {made.method for made in estimates} == {"marks"}
    assert found.rmse < 1.6 and found.coverage >= 88 and found.half_width < 3


def test_a_confusion_from_few_checked_receipts_widens_the_intervals() -> None:
    sample = simulate(replace(MONTH, marks=True), 10_000)
    arrivals, receipts, store = worlds.parts(sample, 30, "age")
    assert sample.mark is not None
    random = np.random.default_rng(1)
    widths, inside = [], []
    for checked in (200, 5000):
        sampled = np.stack([random.multinomial(checked // 7, row) for row in confusion_of_marks()])
        told = mixture.marked(sample.mark, sampled.astype(np.float64))
        made = modes.estimate(arrivals, replace(receipts, told={"marks": told}), store)
        widths.append(float(np.median(made.rates.rate_se)))
        inside.append(abs(made.rates.rate - worlds.truth(sample, "age", "conversion")) <= 2.5 * made.rates.rate_se)
    assert widths[0] > 1.5 * widths[1] and np.mean(inside) > 0.8


def test_marks_without_use_are_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="every group must have been checked"):
        mixture.marked(np.array([0, 1]), np.array([[5.0, 1.0], [0.0, 0.0]]))
    with pytest.raises(ValueError, match="cannot tell the groups apart"):
        mixture.marked(np.array([0, 1]), np.array([[5.0, 5.0], [5.0, 5.0]]))


def test_tickets_by_lot_narrow_more_than_links_of_regulars() -> None:
    shop = replace(MONTH, linked=0.3)
    lots, by_lot = worlds.shops(4, "age", shop, random_tickets=True)
    mixed, as_they_come = worlds.shops(4, "age", shop)
    assert {made.method for made in by_lot} == {"tickets"} and {made.method for made in as_they_come} == {"mixed"}
    assert lots.rmse < 0.6 * mixed.rmse and lots.coverage >= 82 and lots.half_width < 0.5 * mixed.half_width


def test_what_an_audit_does_not_know_of_the_level_is_in_every_rate_and_in_no_contrast() -> None:
    sample = simulate(replace(MONTH, marks=True), 10_000)
    sure, unsure = (worlds.estimate(sample, 30, "age", missed_se=error).rates for error in (0.0, 0.05))
    assert (unsure.rate_se > np.hypot(sure.rate_se, 0.04 * sure.rate)).all()
    assert sure.covariance is not None and unsure.covariance is not None
    contrast = np.array([1, -1, 0, 0, 0, 0, 0.0])
    before, after = (float(np.sqrt(contrast @ found @ contrast)) for found in (sure.covariance, unsure.covariance))
    assert after == pytest.approx(before, rel=0.1)


def test_hours_without_camera_or_till_that_are_known_spoil_nothing() -> None:
    off, red = [], 0
    for seed in range(10_000, 10_005):
        whole = simulate(replace(MONTH, marks=True), seed)
        sample, spans = worlds.camera_off(whole, 0.08, seed)
        sample, dead = worlds.till_off(sample, 0.08, seed)
        for marks in (False, True):
            tried = sample if marks else replace(sample, mark=None)
            made = worlds.estimate(tried, 30, "age", gaps=Gaps(spans, dead))
            red += made.trust != "green"
            true = worlds.truth(whole, "age", "conversion")
            off.append((made.rates.rate - true) / made.rates.rate_se)
        assert worlds.estimate(replace(sample, mark=None), 30, "age").trust == "red"
    assert red <= 1 and np.mean(np.abs(off) <= 1.96) > 0.85 and abs(np.mean(off)) < 0.5


def test_a_span_reaches_as_far_as_its_consequences() -> None:
    gaps = Gaps(camera=[Span(1, 600, 660)], till=[Span(0, 700, 730)])
    blind = gaps.of_minutes(2, 540, 300)
    assert blind[1].sum() == 60 + 90 + 30 and blind[0].sum() == 30
    assert gaps.of_receipts(np.array([1, 1, 0]), np.array([749.0, 751.0, 710.0])).tolist() == [True, False, True]
    assert gaps.of_unpaid(np.array([0, 0, 1]), np.array([690.0, 640.0, 690.0])).tolist() == [True, False, False]


def test_a_day_whose_receipts_are_missing_is_left_out_and_told() -> None:
    whole = simulate(replace(MONTH, linked=1.0), 10_000)
    kept = whole.paid // worlds.DAY != 7
    lost = replace(whole, paid=whole.paid[kept], amount=whole.amount[kept], visit_of=whole.visit_of[kept])
    for sample in (lost, replace(lost, visit_of=lost.visit_of * 0 - 1)):
        made = worlds.estimate(sample, 30, "gender")
        assert made.trust == "green" and {day for day, _ in made.dead_hours} == {7}
        off = made.rates.rate - worlds.truth(whole, "gender", "conversion")
        assert (abs(off) <= 2.5 * made.rates.rate_se).all()
    said = " ".join(trust.sentences(joining.described(made, date(2026, 3, 9))))
    assert "hours in which people came, first on 16 March" in said
    assert not worlds.estimate(whole, 30, "gender").dead_hours


def test_hours_in_which_the_camera_brought_no_picture_are_known_gaps(db: None) -> None:
    store = simulated.create_store("Gaps", date(2026, 3, 9), Shop(60, 14), seed=5)[0]
    camera = store.cameras.get()
    period = Period.of(store, date(2026, 3, 9), date(2026, 3, 22))
    for day in range(14):
        for hour in range(10, 20):
            if (day, hour) not in {(3, 15), (9, 11)}:
                at = midnight(date(2026, 3, 9) + timedelta(days=day), store) + timedelta(hours=hour)
                CameraHour.objects.create(camera=camera, hour=at, frames=3600)
    found = joining._camera_off(period, joining.Days(period))
    assert [(span.day, span.first, span.last) for span in found] == [(3, 900, 960), (9, 660, 720)]
