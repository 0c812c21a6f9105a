"""Days are the store's days, of 23, 24 or 25 hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.periods import Period, PeriodError, day_of, midnight
from inference.models import Store

OSLO = Store(timezone="Europe/Oslo")


def day(store: Store, when: date) -> Period:
    return Period.of(store, when, when)


@pytest.mark.parametrize(
    ("when", "hours"), [(date(2026, 3, 29), 23), (date(2026, 3, 30), 24), (date(2026, 10, 25), 25)]
)
def test_a_day_has_as_many_hours_as_the_clock_gives_it(when: date, hours: int) -> None:
    assert day(OSLO, when).end - day(OSLO, when).start == timedelta(hours=hours)


def test_a_day_in_india_begins_at_half_past_six_the_evening_before() -> None:
    store = Store(timezone="Asia/Kolkata")
    assert midnight(date(2026, 3, 10), store) == datetime(2026, 3, 9, 18, 30, tzinfo=UTC)


zones = st.sampled_from(["UTC", "Europe/Oslo", "Asia/Kolkata", "America/St_Johns", "Pacific/Apia"])


@given(zones, st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))
def test_every_instant_lies_in_exactly_its_day(zone: str, instant: datetime) -> None:
    store = Store(timezone=zone)
    period = day(store, day_of(instant, store))
    assert period.start <= instant < period.end
    assert day_of(period.start, store) == period.first


def test_the_period_before_has_as_many_days_and_ends_where_this_one_begins() -> None:
    period = Period.of(OSLO, date(2026, 3, 23), date(2026, 4, 5))
    before = period.previous()
    assert before.days == period.days == 14 and before.end == period.start


@pytest.mark.parametrize(
    ("first", "last", "problem"),
    [
        ("2026-03-10", "2026-03-09", "ends on 09 March 2026, before it begins on 10 March 2026"),
        ("2020-01-01", "2026-01-01", "longer than 800 days"),
        ("yesterday", "2026-01-01", "Write both dates like"),
        ("2026-01-01", None, "Write both dates like"),
    ],
)
def test_dates_that_make_no_period_are_explained(first: str, last: str | None, problem: str) -> None:
    with pytest.raises(PeriodError, match=problem):
        Period.parse(OSLO, first, last)


def test_without_dates_it_is_the_last_four_weeks_up_to_yesterday() -> None:
    period = Period.parse(OSLO, None, None)
    assert period.days == 28
    assert period.last == datetime.now(OSLO.zone).date() - timedelta(days=1)
