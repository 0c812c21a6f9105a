"""Hours are summed: what changed is matched and counted again, exactly, however often that is asked for.

Inference names hours with new visits (ChangedHour), imports and matching name hours with new purchases or links
(DirtyHour). `refresh` takes those names, matches the days around them, and rewrites the figures of the hours concerned,
all in one transaction per day; killed at any moment, it has done a day wholly or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from analytics.matching import match
from analytics.models import DirtyHour, HourFigure, Purchase
from analytics.periods import day_of, midnight
from inference.models import ChangedHour, Store, Visit
from training.labels import LABELS

HOUR = timedelta(hours=1)
ATTRIBUTES = ("all", "age", "gender", "mood", "age,gender")


def refresh(store: Store) -> int:
    """Bring a store's figures up to date; how many days were done.

    Matching a day may name hours of the day before, whose visits gained or lost a buyer, hence the second look.
    """
    done = 0
    while days := changed_days(store):
        for day in days:
            refresh_day(store, day)
        done += len(days)
    return done


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
    2. Match the day's purchases. That may name hours, of this day or the one before: visits in those hours gained or
       lost a buyer.
    3. Sum the day's hours. Hours of another day stay named, for their own turn.
    """
    start, end = midnight(day, store), midnight(day + timedelta(days=1), store)
    for table in (ChangedHour, DirtyHour):
        table._default_manager.filter(store=store, hour__gte=start, hour__lt=end).delete()
    match(store, start, end)
    DirtyHour.objects.filter(store=store, hour__gte=start, hour__lt=end).delete()
    sum_hours(store, start, end)


def sum_hours(store: Store, start: datetime, end: datetime) -> None:
    """Rewrite the figures of [start, end), which must be whole hours of the store."""
    HourFigure.objects.filter(store=store, hour__gte=start, hour__lt=end).delete()
    hours = hour_starts(store, start, end)
    with connection.cursor() as cursor:
        for sql in (SUM_ALL, SUM_ATTRIBUTES, SUM_AGE_GENDER):
            cursor.execute(sql, _parameters(store, hours))


def hour_starts(store: Store, start: datetime, end: datetime) -> list[datetime]:
    """The store's hours of [start, end) that saw a visit or a purchase."""
    entered = Visit.objects.filter(store=store).between(start, end).values_list("entered_at", flat=True)
    paid = Purchase.objects.filter(store=store).between(start, end).values_list("paid_at", flat=True)
    return sorted({store.hour_of(instant) for times in (entered, paid) for instant in times.iterator()})


def _parameters(store: Store, hours: Sequence[datetime]) -> dict[str, Any]:
    return {
        "store": store.pk,
        "hours": list(hours),
        "ages": list(LABELS["age"]),
        "genders": list(LABELS["gender"]),
        "moods": list(LABELS["mood"]),
    }


# Every visit of the hours with m (1 if a purchase is linked) and a (its amount).
LINKED_VISITS = """
    WITH hours AS (SELECT unnest(%(hours)s::timestamptz[]) AS hour),
    linked AS (
        SELECT hours.hour, v.age, v.gender, v.mood,
               (m.id IS NOT NULL)::int AS m, coalesce(p.amount, 0)::float8 AS a
        FROM hours
        JOIN inference_visit v ON v.store_id = %(store)s
            AND v.entered_at >= hours.hour AND v.entered_at < hours.hour + interval '1 hour'
        LEFT JOIN analytics_match m ON m.visit_id = v.id
        LEFT JOIN analytics_purchase p ON p.id = m.purchase_id
    )
"""
INSERT = """
    INSERT INTO analytics_hourfigure
        (store_id, hour, attribute, segment, visits, visits_w2, buyers, buyers_w2, revenue, revenue_w2, revenue2_w2,
         classified, till_purchases, till_revenue, till_revenue2)
"""
SUMS = """
    sum(w), sum(w * w), sum(w * m), sum(w * w * m), sum(w * a), sum(w * w * a), sum(w * w * a * a)
"""
SUM_ALL = f"""
    {INSERT} {LINKED_VISITS},
    seen AS (
        SELECT hour, count(*) AS n, sum(m) AS m, sum(a) AS a, sum(a * a) AS a2, count(gender) AS classified
        FROM linked GROUP BY hour
    ),
    till AS (
        SELECT hours.hour, count(*) AS n, sum(p.amount)::float8 AS a, sum(p.amount * p.amount)::float8 AS a2
        FROM hours
        JOIN analytics_purchase p ON p.store_id = %(store)s AND p.amount > 0
            AND p.paid_at >= hours.hour AND p.paid_at < hours.hour + interval '1 hour'
        GROUP BY hours.hour
    )
    SELECT %(store)s, hour, 'all', '', coalesce(seen.n, 0), coalesce(seen.n, 0), coalesce(seen.m, 0),
           coalesce(seen.m, 0), coalesce(seen.a, 0), coalesce(seen.a, 0), coalesce(seen.a2, 0),
           coalesce(seen.classified, 0), coalesce(till.n, 0), coalesce(till.a, 0), coalesce(till.a2, 0)
    FROM hours LEFT JOIN seen USING (hour) LEFT JOIN till USING (hour)
"""
SUM_ATTRIBUTES = f"""
    {INSERT} {LINKED_VISITS},
    weighted AS (
        SELECT hour, 'age' AS attribute, (%(ages)s::text[])[k] AS segment, w, m, a
        FROM linked, unnest(age) WITH ORDINALITY AS p(w, k)
        UNION ALL
        SELECT hour, 'gender', (%(genders)s::text[])[k], w, m, a
        FROM linked, unnest(gender) WITH ORDINALITY AS p(w, k)
        UNION ALL
        SELECT hour, 'mood', (%(moods)s::text[])[k], w, m, a
        FROM linked, unnest(mood) WITH ORDINALITY AS p(w, k)
    )
    SELECT %(store)s, hour, attribute, segment, {SUMS}, 0, 0, 0, 0 FROM weighted GROUP BY hour, attribute, segment
"""
SUM_AGE_GENDER = f"""
    {INSERT} {LINKED_VISITS},
    weighted AS (
        SELECT hour, (%(ages)s::text[])[k] || ',' || (%(genders)s::text[])[g] AS segment, pa * pg AS w, m, a
        FROM linked, unnest(age) WITH ORDINALITY AS p(pa, k), unnest(gender) WITH ORDINALITY AS q(pg, g)
    )
    SELECT %(store)s, hour, 'age,gender', segment, {SUMS}, 0, 0, 0, 0 FROM weighted GROUP BY hour, segment
"""
