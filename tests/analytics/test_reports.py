"""Reports say what the rollups hold, come near the truth where they can, and withhold what is small."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pandas import isna

from analytics import queries, report_text, rollups, trust
from analytics.charts import CHARTS
from analytics.join.estimate import Interval
from analytics.models import Purchase
from analytics.periods import Period
from inference import audits
from inference.models import Audit, Store, Visit
from tests import factories
from tests.analytics import shops

pytestmark = pytest.mark.django_db
SEGMENT_KEYS = {"visits", "purchases", "conversion", "average_transaction_value", "revenue_per_visitor", "withheld",
                "reason"}  # fmt: skip


@pytest.mark.parametrize("by", queries.BREAKDOWNS)
def test_every_breakdown_has_all_its_segments_in_order_with_intervals_around_values(by: str) -> None:
    store, _ = shops.simulated_shop()
    report = report_text.as_json(queries.report(store, shops.period(store), by))
    assert report.keys() == {"segments", "totals", "quality", "wider"}
    assert len(report["segments"]) == {"age": 7, "gender": 2, "mood": 3, "age,gender": 14}[by]
    for segment in [*report["segments"], report["totals"]]:
        assert segment.keys() >= SEGMENT_KEYS
        for name in SEGMENT_KEYS - {"withheld", "reason"}:
            interval = segment[name]
            assert (interval is None) or interval["low"] <= interval["value"] <= interval["high"]
        assert not segment["withheld"] or all(segment[name] is None for name in ("visits", "conversion"))


def test_segments_sum_to_the_classified_visits() -> None:
    store, _ = shops.simulated_shop()
    for by in ("age", "gender", "mood"):
        found = queries.report(store, shops.period(store), by)
        total = sum(segment.visits.value for segment in found.segments if segment.visits)
        assert found.totals.visits is not None and total == pytest.approx(found.totals.visits.value, rel=1e-3)


def test_totals_are_the_counters_own() -> None:
    store, _ = shops.simulated_shop()
    total = queries.total_segment(shops.period(store), queries.totals(store, shops.period(store)))
    period = shops.period(store)
    assert total.visits is not None and total.purchases is not None and total.average_transaction_value is not None
    assert total.visits.value == Visit.objects.filter(store=store).between(period.start, period.end).count()
    paid = Purchase.objects.filter(store=store).between(period.start, period.end)
    amounts = [float(amount or 0) for amount in paid.values_list("amount", flat=True)]
    assert total.purchases.value == len(amounts)
    assert total.average_transaction_value.value == pytest.approx(sum(amounts) / len(amounts))


def counted(store: Store) -> tuple[queries.Segment, float]:
    """The totals and the day's revenue of twenty visits at noon, after whatever was sold."""
    for minute in range(20):
        factories.visit(store, factories.NOON + timedelta(minutes=minute))
    rollups.refresh_day(store, factories.NOON.date())
    period = Period(store, factories.NOON.date(), factories.NOON.date())
    return queries.total_segment(period, queries.totals(store, period)), queries.by_day(store, period)["revenue"][0]


def test_what_was_paid_back_lowers_the_days_revenue_and_is_no_purchase() -> None:
    store = factories.store()
    for number in range(10):
        factories.purchase(store, receipt=f"R{number}", amount="10.00")
    factories.purchase(store, receipt="R1 refund", amount="-10.00", status="refund")
    factories.purchase(store, receipt="R11", amount="0.00", status="void")
    total, revenue = counted(store)
    assert total.purchases is not None and total.purchases.value == 10 and revenue == 90.0
    assert total.average_transaction_value is not None and total.average_transaction_value.value == 10.0
    assert total.revenue_per_visitor is not None and total.revenue_per_visitor.value == pytest.approx(4.5, rel=0.1)


def test_receipts_of_unknown_amounts_are_purchases_of_which_no_money_is_told() -> None:
    store = factories.store()
    for number in range(10):
        factories.purchase(store, receipt=f"R{number}")
    Purchase.objects.update(amount=None)
    total, revenue = counted(store)
    assert total.conversion is not None and total.purchases is not None and total.purchases.value == 10
    assert total.average_transaction_value is None and total.revenue_per_visitor is None and isna(revenue)


def test_groups_of_a_till_without_amounts_have_rates_and_no_money() -> None:
    store, _ = shops.simulated_shop()
    with_amounts = queries.segments(store, shops.period(store), "gender")
    Purchase.objects.filter(store=store).update(amount=None)
    rollups.refresh_day(store, shops.period(store).last)
    without = queries.segments(store, shops.period(store), "gender")
    assert [segment.conversion for segment in without] == [segment.conversion for segment in with_amounts]
    assert any(segment.conversion and segment.revenue_per_visitor for segment in with_amounts)
    assert all(segment.average_transaction_value is segment.revenue_per_visitor is None for segment in without)


def test_where_receipts_name_their_visits_the_truth_lies_near(monkeypatch: pytest.MonkeyPatch) -> None:
    store, truth = shops.simulated_shop(rate=30)
    found = queries.report(store, shops.period(store), "gender")
    for segment in found.segments:
        assert segment.conversion is not None
        known = truth["gender"][segment.labels["gender"]]["conversion"]
        assert segment.conversion.low - 0.02 < known < segment.conversion.high + 0.02
    assert found.quality.method == "reference" and (found.quality.by_reference or 0) > 0.85


def test_a_busy_shop_without_references_is_told_what_that_costs() -> None:
    store, _ = shops.simulated_shop(rate=60, linked=0)
    quality = queries.report(store, shops.period(store), "gender").quality
    assert quality.method == "soft" and quality.trust == "green" and (quality.candidates_per_purchase or 0) > 10
    assert "Receipts do not tell who paid" in quality.how
    assert any("simulated" in text for text in quality.warnings)


def few_visits(count: int) -> Store:
    store = factories.store()
    for number in range(count):
        look = factories.CERTAIN_WOMAN if number % 4 else factories.CERTAIN_MAN
        factories.visit(store, factories.NOON + timedelta(minutes=number), **look)
    rollups.refresh_day(store, factories.NOON.date())
    return store


def of_the_day(store: Store) -> Period:
    return Period.of(store, factories.NOON.date(), factories.NOON.date())


def test_nine_visits_are_too_few_and_the_tenth_shows_them() -> None:
    nine, ten = few_visits(9), None
    assert queries.total_segment(of_the_day(nine), queries.totals(nine, of_the_day(nine))).reason == "too few visits"
    Store.objects.filter(pk=nine.pk).update(name="Nine")
    ten = few_visits(10)
    assert queries.total_segment(of_the_day(ten), queries.totals(ten, of_the_day(ten))).visits is not None


def test_a_small_group_is_withheld_with_the_one_that_would_give_it_away() -> None:
    store = few_visits(20)  # 15 women, 5 men
    women, men = queries.report(store, of_the_day(store), "gender").segments
    assert men.withheld and men.reason == "too few visits" and men.visits is None
    assert women.withheld and "worked out" in (women.reason or "")


def test_exports_withhold_what_the_page_withholds() -> None:
    store = few_visits(20)
    report = queries.report(store, of_the_day(store), "gender")
    file = io.StringIO()
    report_text.write_csv(report, file)
    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [row["gender"] for row in rows] == ["female", "male", "total"]
    assert rows[1]["visits_value"] == "" and rows[1]["withheld"] == "too few visits"
    assert rows[2]["visits_value"] == "20.0"
    assert "5.0" not in json.dumps(report_text.as_json(report)["segments"])


def test_the_command_prints_json_and_csv(capsys: pytest.CaptureFixture[str]) -> None:
    store, _ = shops.simulated_shop()
    arguments = ["report", "--store", store.name, "--from", str(shops.FIRST), "--to", str(shops.LAST), "--by", "mood"]
    call_command(*arguments, "--json")
    result = json.loads(capsys.readouterr().out)
    assert [segment["mood"] for segment in result["segments"]] == ["positive", "neutral", "negative"]
    call_command(*arguments, "--csv")
    assert capsys.readouterr().out.splitlines()[0].startswith("mood,visits_value,visits_low")
    with pytest.raises(CommandError, match="before it begins"):
        call_command("report", "--store", store.name, "--from", "2026-03-02", "--to", "2026-03-01")


def test_simulate_and_match_tell_what_they_did(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    truth = tmp_path / "truth.json"
    options = ["--days", "7", "--rate", "10", "--seed", "3", "--start", "2026-03-02", "--truth", str(truth)]
    call_command("simulate", "--stores", "2", *options, "--json")
    made = json.loads(capsys.readouterr().out)
    assert made == json.loads(truth.read_text()) and (made["from"], made["to"]) == ("2026-03-02", "2026-03-08")
    call_command("match_purchases", "--json")
    first = json.loads(capsys.readouterr().out)
    assert first["purchases"] == Purchase.objects.count() and 0 < first["matched_weight"] <= first["purchases"]
    call_command("match_purchases", "--json")
    again = json.loads(capsys.readouterr().out)
    assert {**again, "seconds": 0} == {**first, "seconds": 0}
    assert first.keys() == {
        "purchases",
        "candidates",
        "matched_weight",
        "unexplained",
        "clock_offset_seconds",
        "seconds",
    }


def test_a_change_is_called_clear_only_where_its_interval_says_so() -> None:
    store, _ = shops.simulated_shop()
    changes = queries.compare(store, Period.of(store, date(2026, 3, 16), date(2026, 3, 22)))
    assert set(changes) == {"visits", *queries.METRICS}
    for change in changes.values():
        assert change.is_clear == (change.difference.low > 0 or change.difference.high < 0)


# Frames and charts ----------------------------------------------------------------------------


def test_no_day_is_missing_and_small_days_are_gaps() -> None:
    store = few_visits(9)
    frame = queries.by_day(store, Period.of(store, date(2026, 3, 9), date(2026, 3, 11)))
    assert list(frame["day"]) == [date(2026, 3, day) for day in (9, 10, 11)]
    assert frame["visits"][0] == 0 and isna(frame["visits"][1])


def test_hours_are_means_on_the_stores_clock() -> None:
    store = few_visits(20)
    frame = queries.by_hour(store, Period.of(store, date(2026, 3, 3), date(2026, 3, 16)))
    assert frame[["weekday", "hour", "visits"]].to_numpy().tolist() == [[1, 13, 10]]  # of two Tuesdays, 20 on one


def figure_and_words(name: str, store: Store, period: Period) -> tuple[dict[str, Any], str]:
    chart = CHARTS[name]
    frame = chart.query(store, period)
    return json.loads(chart.build(frame).to_json()), chart.describe(frame)


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_without_data_says_so(name: str) -> None:
    store = factories.store()
    figure, words = figure_and_words(name, store, shops.period(store))
    assert figure["data"] == [] and len(figure["layout"]["annotations"]) == 1
    assert words.startswith(("No ", "Not enough "))


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_with_data_shows_and_tells_it(name: str) -> None:
    store, _ = shops.simulated_shop(rate=30)
    figure, words = figure_and_words(name, store, shops.period(store))
    assert figure["data"] and any(char.isdigit() for char in words)
    if name.startswith(("visits_by_age", "conversion", "spend")):
        assert figure["data"][0]["error_y"]["array"]


def test_too_few_is_written_where_a_bar_would_stand() -> None:
    store = few_visits(40)  # two age groups; the other five are empty
    figure, words = figure_and_words("visits_by_age", store, of_the_day(store))
    shown = set(figure["data"][0]["x"])
    said = {note["x"] for note in figure["layout"]["annotations"] if "too" in note["text"]}
    assert shown == {"28-45", "46-65"} and said == {"1-2", "3-9", "10-20", "21-27", "66-116"}
    assert "5 groups have too few visits" in words


def test_a_report_by_something_else_is_refused() -> None:
    store = factories.store()
    with pytest.raises(ValueError, match="“shoe size” is not a breakdown; use one of age gender mood age,gender"):
        queries.report(store, shops.period(store), "shoe size")


def test_what_moves_all_groups_together_is_told_apart_from_what_tells_them_apart() -> None:
    store, _ = shops.simulated_shop(rate=30, linked=0)
    period = shops.period(store)
    known = audits.assumed(store, period.start, period.end)
    exact = queries.segments(store, period, "gender")
    Audit.objects.create(
        store=store, start=period.end, missed_share=known.missed, missed_se=0.08, staff_share=known.staff, staff_se=0.02
    )
    for before, after in zip(exact, queries.segments(store, period, "gender"), strict=True):
        assert before.conversion is not None and after.conversion is not None and after.beside_others is not None
        assert before.beside_others == pytest.approx(before.conversion.half_width, rel=0.02)  # simulated: known exactly
        assert after.beside_others == pytest.approx(before.conversion.half_width, rel=0.02)
        assert after.conversion.half_width > 1.05 * after.beside_others


def test_days_are_not_promised_for_what_days_do_not_tell() -> None:
    wide = Interval(0.4, 0.25, 0.55)
    assert trust.days_needed(wide, 28) == "uncertain: about 35 more days until it is known to ±10 points"
    assert "about 85 more days" in (trust.days_needed(wide, 28, level=0.0764) or "")
    assert "count at the door" in (trust.days_needed(wide, 28, level=0.1) or "")
    assert trust.days_needed(Interval(0.4, 0.35, 0.45), 28, level=0.04) is None
