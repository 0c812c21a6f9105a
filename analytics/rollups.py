"""Hours are summed: what changed is matched and counted again, exactly, however often that is asked for.

Inference names hours with new visits (ChangedHour), imports name hours with new purchases (DirtyHour). `refresh` takes
those names, matches the days around them, and rewrites the figures of the hours concerned, all in one transaction per
day; killed at any moment, it has done a day wholly or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils.timezone import now

from analytics.matching import match
from analytics.models import DirtyHour, FigureWork, HourFigure, Purchase
from analytics.periods import day_of, midnight
from inference import audits
from inference.models import ChangedHour, Store, Visit

FEW_DAYS = 2


@dataclass(frozen=True)
class Progress:
    """Days done of all days to do; `stopped` where somebody has stopped the work."""

    done: int
    total: int
    stopped: bool

    @property
    def percent(self) -> int:
        return 100 * self.done // max(1, self.total)

    @property
    def is_long(self) -> bool:
        """Whether it is worth watching; a live store's current day is done within seconds."""
        return self.stopped or self.total > FEW_DAYS


def refresh(store: Store) -> int:
    """Bring a store's figures up to date, day by day, until all are done or somebody stops it; how many days were done.

    A day that another worker has done meanwhile is not done again.
    """
    days = changed_days(store)
    if not days or is_stopped(store):
        return 0
    FigureWork.objects.get_or_create(store=store)
    work = FigureWork.objects.filter(store=store)
    work.filter(total__lt=len(days)).update(total=len(days))  # work that was killed goes on counting where it was
    done = 0
    for day in days:
        if is_stopped(store):
            break
        if day in changed_days(store):
            refresh_day(store, day)
            done += 1
    if not changed_days(store):
        work.update(total=0)
    return done


def is_stopped(store: Store) -> bool:
    return FigureWork.objects.filter(store=store, stopped_at__isnull=False).exists()


def stop(store: Store, by: User) -> None:
    """Do no further day until `go_on`; what is done stays done, and the rest stays to do."""
    FigureWork.objects.update_or_create(store=store, defaults={"stopped_at": now(), "stopped_by": by})


def go_on(store: Store) -> None:
    FigureWork.objects.filter(store=store).update(stopped_at=None, stopped_by=None)


def progress(store: Store) -> Progress | None:
    """How far the figures have come; None where nothing is to do."""
    left = len(changed_days(store))
    if not left:
        return None
    work = FigureWork.objects.filter(store=store).first() or FigureWork(store=store)
    total = max(work.total, left)
    return Progress(total - left, total, work.stopped_at is not None)


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
    """The store's hours of [start, end) that saw a visit, a purchase or a refund."""
    entered = Visit.objects.filter(store=store).between(start, end).values_list("entered_at", flat=True)
    receipts = Purchase.objects.filter(store=store).exclude(status=Purchase.Status.VOID)
    paid = receipts.between(start, end).values_list("paid_at", flat=True)
    return sorted({store.hour_of(instant) for times in (entered, paid) for instant in times.iterator()})


SUM_HOURS = """
    INSERT INTO analytics_hourfigure (store_id, hour, visits, classified, till_purchases, till_priced, till_revenue,
                                      till_revenue2, till_refunded, till_refunded2)
    WITH hours AS (SELECT unnest(%(hours)s::timestamptz[]) AS hour),
    seen AS (
        SELECT hours.hour, count(*) AS n, count(coalesce(v.age, v.gender, v.mood)) AS classified
        FROM hours
        JOIN inference_visit v ON v.store_id = %(store)s
            AND v.entered_at >= hours.hour AND v.entered_at < hours.hour + interval '1 hour'
        GROUP BY hours.hour
    ),
    till AS (
        SELECT hours.hour, count(*) FILTER (WHERE p.status = 'sale') AS n,
            count(p.amount) FILTER (WHERE p.status = 'sale') AS priced,
            sum(p.amount) FILTER (WHERE p.status = 'sale')::float8 AS a,
            sum(p.amount * p.amount) FILTER (WHERE p.status = 'sale')::float8 AS a2,
            -sum(p.amount) FILTER (WHERE p.status = 'refund')::float8 AS r,
            sum(p.amount * p.amount) FILTER (WHERE p.status = 'refund')::float8 AS r2
        FROM hours
        JOIN analytics_purchase p ON p.store_id = %(store)s AND p.status <> 'void'
            AND p.paid_at >= hours.hour AND p.paid_at < hours.hour + interval '1 hour'
        GROUP BY hours.hour
    )
    SELECT %(store)s, hour, coalesce(seen.n, 0), coalesce(seen.classified, 0), coalesce(till.n, 0),
           coalesce(till.priced, 0), coalesce(till.a, 0), coalesce(till.a2, 0), coalesce(till.r, 0),
           coalesce(till.r2, 0)
    FROM hours LEFT JOIN seen USING (hour) LEFT JOIN till USING (hour)
"""
