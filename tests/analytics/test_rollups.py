"""Sums by hour, against the whole table, through new, dirty and clean."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import pytest

from analytics import matching, rollups
from analytics.models import DirtyHour, HourFigure, Match, MatchRun, Purchase
from inference.models import ChangedHour, Store, Visit
from inference.visits import mark_changed
from tests import factories

pytestmark = pytest.mark.django_db
NOON = factories.NOON
Row = tuple[float, ...]


def whole_table(store: Store) -> dict[str, Row]:
    """Every hour's figures, worked out in Python from visits and purchases."""
    sums: dict[str, list[float]] = defaultdict(lambda: [0.0] * 8)
    for visit in Visit.objects.filter(store=store):
        add(sums[str(store.hour_of(visit.entered_at))], (1, visit.gender is not None, 0, 0, 0, 0, 0, 0))
    for purchase in Purchase.objects.filter(store=store).exclude(status="void"):
        amount, priced = float(purchase.amount or 0), purchase.amount is not None
        sold = (0.0, 0, 1, priced, amount, amount**2, 0, 0)
        back = (0.0, 0, 0, 0, 0, 0, -amount, amount**2)
        add(sums[str(store.hour_of(purchase.paid_at))], sold if purchase.status == "sale" else back)
    return {hour: tuple(round(value, 6) for value in values) for hour, values in sums.items()}


def add(row: list[float], values: Row) -> None:
    for k, value in enumerate(values):
        row[k] += value


def stored(store: Store) -> dict[str, Row]:
    columns = (
        "visits", "classified", "till_purchases", "till_priced", "till_revenue", "till_revenue2", "till_refunded",
        "till_refunded2",
    )  # fmt: skip
    rows = HourFigure.objects.filter(store=store).values_list("hour", *columns)
    return {str(hour): tuple(round(float(value), 6) for value in values) for hour, *values in rows}


def visit(store: Store, minutes: float, dice: random.Random) -> Visit:
    p, q = round(dice.random(), 3), round(dice.random(), 3)
    looks = {"age": [0, 0, 0, p, 1 - p, 0, 0], "gender": [q, 1 - q], "mood": [0, 1 - q, q]}
    if dice.random() < 0.2:
        looks = {"age": None, "gender": None, "mood": None}  # type: ignore[dict-item]  # not classified
    made = factories.visit(store, NOON + timedelta(minutes=minutes), **looks)
    mark_changed(store, [made.entered_at])
    return made


def purchase(store: Store, minutes: float, number: int, dice: random.Random) -> Purchase:
    """Most are sales; some are of nothing, of an unknown amount, paid back or voided."""
    at = NOON + timedelta(minutes=minutes)
    made = factories.purchase(store, at, str(number), f"{dice.uniform(1, 90):.2f}")
    odd: dict[int, dict[str, Any]] = {
        1: {"amount": None}, 2: {"amount": 0}, 3: {"status": "refund", "amount": -(made.amount or 0)},
        4: {"status": "void", "amount": 0},
    }  # fmt: skip
    Purchase.objects.filter(pk=made.pk).update(**odd.get(number % 10, {"amount": made.amount}))
    matching.mark_dirty(store, [at])
    return made


@pytest.mark.parametrize("zone", ["Europe/Oslo", "Asia/Kolkata"])
def test_figures_equal_the_whole_table_through_every_kind_of_change(zone: str) -> None:
    store, dice = factories.store(timezone=zone), random.Random(1)
    factories.visit(factories.store("Other"), NOON)  # counts for nobody else
    for number in range(40):
        visit(store, dice.uniform(0, 2900), dice)
        purchase(store, dice.uniform(0, 2900), number, dice)
    rollups.refresh(store)
    assert stored(store) == whole_table(store)
    for number in range(40, 60):  # late ones
        visit(store, dice.uniform(0, 1400), dice)
        purchase(store, dice.uniform(0, 1400), number, dice)
    rollups.refresh(store)
    assert stored(store) == whole_table(store)
    gone = list(Purchase.objects.filter(store=store).order_by("?")[:15])  # taken back
    matching.mark_dirty(store, [p.paid_at for p in gone])
    Purchase.objects.filter(pk__in=[p.pk for p in gone]).delete()
    rollups.refresh(store)
    assert stored(store) == whole_table(store)


def test_running_twice_changes_nothing_and_leaves_no_hour_to_do() -> None:
    store, dice = factories.store(), random.Random(2)
    for number in range(20):
        visit(store, dice.uniform(0, 600), dice)
        purchase(store, dice.uniform(0, 600), number, dice)
    assert rollups.refresh(store) == 1
    first = stored(store)
    assert not ChangedHour.objects.exists() and not DirtyHour.objects.exists()
    assert rollups.refresh(store) == 0
    rollups.refresh_day(store, NOON.date())
    assert stored(store) == first


def test_a_crash_in_the_middle_of_a_day_leaves_the_day_to_be_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store, dice = factories.store(), random.Random(3)
    visit(store, 0, dice)
    purchase(store, 10, 1, dice)

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(rollups, "hour_starts", crash)
        rollups.refresh(store)
    assert rollups.changed_days(store) == [NOON.date()] and not Match.objects.exists()
    assert rollups.refresh(store) == 1
    assert stored(store) == whole_table(store)


def test_a_purchase_after_midnight_belongs_to_the_visit_before_it() -> None:
    store, dice = factories.store(), random.Random(4)
    late = visit(store, 10 * 60 + 55, dice)  # 23:55 in Oslo
    paid = purchase(store, 11 * 60 + 10, 1, dice)
    rollups.refresh(store)
    assert Match.objects.get().visit == late and Match.objects.get().purchase == paid
    assert stored(store) == whole_table(store)


def test_a_receipt_that_names_its_visit_is_linked_to_it_however_late() -> None:
    store = factories.store()
    named = factories.visit(store, NOON, ref="ticket-7")
    other = factories.visit(store, NOON + timedelta(hours=4, minutes=50))
    factories.purchase(store, NOON + timedelta(hours=5), "1", visit_ref="ticket-7")
    factories.purchase(store, NOON + timedelta(hours=5, minutes=1), "2", visit_ref="no such ticket")
    rollups.refresh_day(store, NOON.date())
    links = dict(Match.objects.values_list("purchase__receipt", "visit_id"))
    assert links == {"1": named.pk, "2": other.pk}
    assert dict(Match.objects.values_list("purchase__receipt", "method")) == {"1": "reference", "2": "assignment"}


def test_stores_never_share_visits() -> None:
    one, other = factories.store("One"), factories.store("Other")
    factories.visit(one, NOON)
    factories.purchase(other, NOON + timedelta(minutes=10))
    for store in (one, other):
        rollups.refresh_day(store, NOON.date())
    assert not Match.objects.exists()
    assert MatchRun.objects.get(store=other).unexplained == 1


def test_a_refund_is_no_purchase() -> None:
    store = factories.store()
    factories.visit(store, NOON)
    factories.purchase(store, NOON + timedelta(minutes=10), amount="-5.00", status="refund")
    rollups.refresh_day(store, NOON.date())
    assert not Match.objects.exists()
    assert HourFigure.objects.get(visits=1).till_purchases == 0


def test_the_hour_that_happens_twice_is_two_hours() -> None:
    store = factories.store()
    first = factories.visit(store, NOON.replace(month=10, day=25, hour=0, minute=30))
    factories.visit(store, first.entered_at + timedelta(hours=1))
    rollups.refresh_day(store, date(2026, 10, 25))
    assert HourFigure.objects.count() == 2


def three_days(store: Store) -> None:
    dice = random.Random(6)
    for day in range(3):
        visit(store, day * 1440, dice)
        purchase(store, day * 1440 + 10, day, dice)


def test_the_work_can_be_stopped_between_days_and_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    store, ada = factories.store(), factories.manager()
    three_days(store)
    refresh_day = rollups.refresh_day

    def stopped_after_one(one: Store, day: date) -> None:
        refresh_day(one, day)
        rollups.stop(one, ada)

    monkeypatch.setattr(rollups, "refresh_day", stopped_after_one)
    assert rollups.refresh(store) == 1
    assert rollups.progress(store) == rollups.Progress(1, 3, stopped=True)
    assert rollups.refresh(store) == 0
    rollups.go_on(store)
    monkeypatch.undo()
    assert rollups.refresh(store) == 2
    assert rollups.progress(store) is None and stored(store) == whole_table(store)


def test_a_day_that_another_worker_has_done_is_not_done_again(monkeypatch: pytest.MonkeyPatch) -> None:
    store = factories.store()
    three_days(store)
    refresh_day, done = rollups.refresh_day, []

    def beside_another(one: Store, day: date) -> None:
        done.append(day)
        for other in rollups.changed_days(one):
            refresh_day(one, other)

    monkeypatch.setattr(rollups, "refresh_day", beside_another)
    assert rollups.refresh(store) == 1 and len(done) == 1
    assert stored(store) == whole_table(store)


def test_late_data_redo_the_days_they_touch_and_no_other() -> None:
    store, dice = factories.store(), random.Random(7)
    three_days(store)
    rollups.refresh(store)
    purchase(store, 1440 + 30, 99, dice)
    assert [day - NOON.date() for day in rollups.changed_days(store)] == [timedelta(days=1)]
    assert rollups.refresh(store) == 1 and stored(store) == whole_table(store)
