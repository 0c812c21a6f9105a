"""Hours are summed: what changed is matched and counted again, exactly, however often that is asked for.

Inference names hours with new visits (ChangedHour), imports name hours with new purchases (DirtyHour). `refresh` takes
those names, matches the days around them, and rewrites the figures of the hours concerned, all in one transaction per
day; killed at any moment, it has done a day wholly or not at all.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection, transaction

from analytics.matching import match
from analytics.models import DirtyHour, HourFigure, Purchase
from analytics.periods import day_of, midnight
from inference import audits
from inference.models import ChangedHour, Store, Visit


def refresh(store: Store) -> int:
    """Bring a store's figures up to date; how many days were done."""
    days = changed_days(store)
    for day in days:
        refresh_day(store, day)
    return len(days)


def changed_days(store: Store) -> list[date]:
    hours = set(ChangedHour.objects.filter(store=store).values_list("hour", flat=True))
    hours |= set(DirtyHour.objects.filter(store=store).values_list("hour", flat=True))
    return sorted({day_of(hour, store) for hour in hours})


def stores_with_changes() -> list[Store]:
    ids = set(ChangedHour.objects.values_list("store_id", flat=True))
    ids |= set(DirtyHour.objects.values_list("store_id", flat=True))
    return list(Store.objects.filter(pk__in=ids))


@transaction.atomic
def refresh_day(store: Store, day: date) -> None:
    """Match and sum one day of the store anew.

    1. Take the day's names off both lists, so that what arrives from now on names them again.
    2. Match the day's purchases; the run that this notes also tells kept fits that they are out of date.
    3. Sum the day's hours.
    4. Look again what the camera counted while somebody counted at the door.
    """
    start, end = midnight(day, store), midnight(day + timedelta(days=1), store)
    for table in (ChangedHour, DirtyHour):
        table._default_manager.filter(store=store, hour__gte=start, hour__lt=end).delete()
    match(store, start, end)
    sum_hours(store, start, end)
    audits.recount(store, start, end)


def sum_hours(store: Store, start: datetime, end: datetime) -> None:
    """Rewrite the figures of [start, end), which must be whole hours of the store."""
    HourFigure.objects.filter(store=store, hour__gte=start, hour__lt=end).delete()
    hours = hour_starts(store, start, end)
    with connection.cursor() as cursor:
        cursor.execute(SUM_HOURS, {"store": store.pk, "hours": hours})


def hour_starts(store: Store, start: datetime, end: datetime) -> list[datetime]:
    """The store's hours of [start, end) that saw a visit or a purchase."""
    entered = Visit.objects.filter(store=store).between(start, end).values_list("entered_at", flat=True)
    paid = Purchase.objects.filter(store=store).between(start, end).values_list("paid_at", flat=True)
    return sorted({store.hour_of(instant) for times in (entered, paid) for instant in times.iterator()})


SUM_HOURS = """
    INSERT INTO analytics_hourfigure (store_id, hour, visits, classified, till_purchases, till_revenue, till_revenue2)
    WITH hours AS (SELECT unnest(%(hours)s::timestamptz[]) AS hour),
    seen AS (
        SELECT hours.hour, count(*) AS n, count(v.gender) AS classified
        FROM hours
        JOIN inference_visit v ON v.store_id = %(store)s
            AND v.entered_at >= hours.hour AND v.entered_at < hours.hour + interval '1 hour'
        GROUP BY hours.hour
    ),
    till AS (
        SELECT hours.hour, count(*) AS n, sum(p.amount)::float8 AS a, sum(p.amount * p.amount)::float8 AS a2
        FROM hours
        JOIN analytics_purchase p ON p.store_id = %(store)s AND p.amount > 0
            AND p.paid_at >= hours.hour AND p.paid_at < hours.hour + interval '1 hour'
        GROUP BY hours.hour
    )
    SELECT %(store)s, hour, coalesce(seen.n, 0), coalesce(seen.classified, 0), coalesce(till.n, 0),
           coalesce(till.a, 0), coalesce(till.a2, 0)
    FROM hours LEFT JOIN seen USING (hour) LEFT JOIN till USING (hour)
"""
