"""What is odd about a file and worth a second look before it is stored; nothing here refuses anything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from django.db import connection

from analytics.sales.formats import Mapping
from analytics.sales.parse import Parser
from analytics.sales.survey import Survey
from inference.models import Store

MANY_TIMES: Final = 10  # a total so many times the usual one is named
FEWEST_DAYS: Final = 5  # days that make something usual
RARE: Final = 0.002  # share of receipts; hours of the day with fewer are outside opening hours
FEWEST_RECEIPTS: Final = 200
AROUND_OPENING: Final = 30  # minutes
NAMED: Final = 5  # days that a warning names

DAYS: Final = """
    SELECT (paid_at AT TIME ZONE %(zone)s)::date AS day, count(*) FILTER (WHERE status = 'sale'),
           coalesce(sum(amount), 0)
    FROM pg_temp.decided GROUP BY 1 ORDER BY 1
"""
# Rows, and the days of stores and tills that they are of.
ROWS_AND_DAYS: Final = "SELECT count(*), count(DISTINCT (store_id, till, paid_at)) FROM pg_temp.decided"
HOURS: Final = """
    SELECT extract(hour FROM paid_at AT TIME ZONE %(zone)s)::int, count(*) FROM pg_temp.decided GROUP BY 1
"""
# Minutes of the day that lie behind the opening's, counted around midnight, by more than the shop is open.
CLOSED: Final = """
    SELECT count(*) FROM pg_temp.decided WHERE NOT untimed
    AND (extract(epoch FROM (paid_at AT TIME ZONE %(zone)s)::time)::int / 60 - %(first)s + 2880) %% 1440 > %(minutes)s
"""
USUAL: Final = """
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total) FROM (
        SELECT (paid_at AT TIME ZONE %(zone)s)::date, sum(amount) AS total FROM analytics_purchase
        WHERE store_id = %(store)s AND amount > 0 GROUP BY 1 ORDER BY 1 DESC LIMIT 60
    ) days HAVING count(*) >= %(fewest)s
"""
LARGE: Final = """
    SELECT name, amount FROM pg_temp.decided, (
        SELECT percentile_cont(0.99) WITHIN GROUP (ORDER BY amount) AS usual, count(*) AS n
        FROM pg_temp.decided WHERE amount > 0
    ) u
    WHERE n >= 50 AND amount > usual * %(times)s ORDER BY amount DESC LIMIT 3
"""
OVERLAP: Final = """
    SELECT i.id, i.file_name, count(*) FROM pg_temp.decided d JOIN analytics_purchase p ON p.id = d.id
    JOIN analytics_purchaseimport i ON i.id = p.brought_by_id GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 3
"""


def warnings(store: Store, parser: Parser, seen: Survey, mapping: Mapping) -> list[str]:
    """What to look at, a sentence each; reads the staging tables."""
    with connection.cursor() as cursor:

        def rows(query: str, **values: int) -> list[tuple[Any, ...]]:
            cursor.execute(query, {"zone": store.timezone, "store": store.pk, **values})
            return list(cursor.fetchall())

        days = {day: (number, total) for day, number, total in rows(DAYS)}
        usual = rows(USUAL, fewest=FEWEST_DAYS)
        return [
            *_reading(parser, seen, mapping),
            *(_sums_of_days(rows(ROWS_AND_DAYS)[0]) if parser.is_counted and not seen.has_times else []),
            *_empty_days(days),
            *_unusual_days(days, Decimal(usual[0][0]) if usual and usual[0][0] else None),
            *_large(rows(LARGE, times=MANY_TIMES)),
            *(_closed(store, rows) if store.opens_at and store.closes_at else _night(dict(rows(HOURS)), seen)),
            *_untimed(rows("SELECT count(*) FROM pg_temp.decided WHERE untimed")[0][0], seen),
            *_future(rows("SELECT count(*) FROM pg_temp.decided WHERE paid_at > now() + interval '1 hour'")[0][0]),
            *(f"{_receipts(number)} here already from import {pk} ({name})." for pk, name, number in rows(OVERLAP)),
        ]


def _reading(parser: Parser, seen: Survey, mapping: Mapping) -> list[str]:
    found = []
    if not seen.has_times:
        found.append(
            "The file has no times of day: its receipts count for their day, and who buys cannot be told from them."
        )
    if not mapping.has("receipt"):
        found.append(
            "The file has no receipt numbers: every row is taken as a purchase."
            if parser.is_counted
            else "The file has no receipt numbers: articles of one till and time are taken as one purchase."
        )
    if not mapping.has("amount", "unit_price"):
        found.append("The file has no amounts: purchases are counted, and what was spent stays unknown.")
    if parser.clock.never:
        found.append(
            f"{len(parser.clock.never)} times lie in the hour that clocks jumped over; they are moved on by it."
        )
    if parser.clock.twice:
        found.append(f"{len(parser.clock.twice)} times lie in the hour that happened twice; the first is taken.")
    return found


def _sums_of_days(counted: tuple[int, int]) -> list[str]:
    """A file with one row a day holds no receipts; `counted` are (rows, days)."""
    rows, days = counted
    if rows < FEWEST_DAYS or days < rows:
        return []
    return ["No day has two rows: these look like sums of days, not receipts, and each would count as one purchase."]


def _empty_days(days: dict[date, tuple[int, Decimal]]) -> list[str]:
    """Days without a sale, on weekdays that usually have some."""
    if len(days) < FEWEST_DAYS:
        return []
    first, last = min(days), max(days)
    if (last - first).days > 5_000:
        return [f"The file reaches from {first} to {last}: are all its dates right?"]
    every = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    open_on = {
        day.weekday() for day in every if sum(d.weekday() == day.weekday() for d in days) * 2 > (last - first).days / 7
    }
    empty = [day for day in every if day not in days and day.weekday() in open_on]
    return [f"{_named(empty)} had no sale."] if empty else []


def _unusual_days(days: dict[date, tuple[int, Decimal]], usual: Decimal | None) -> list[str]:
    totals = sorted(total for _, total in days.values() if total > 0)
    if usual is None and len(totals) >= FEWEST_DAYS:
        usual = totals[len(totals) // 2]
    odd = [day for day, (_, total) in days.items() if usual and total > usual * MANY_TIMES]
    return [f"The total of {_named(odd)} is more than {MANY_TIMES} times the usual."] if odd else []


def _large(found: list[tuple[str, Decimal]]) -> list[str]:
    return [
        f"Receipt {name} of {amount} is more than {MANY_TIMES} times as large as nearly all others."
        for name, amount in found
    ]


def _closed(store: Store, rows: Callable[..., list[tuple[Any, ...]]]) -> list[str]:
    """Receipts of when the store is closed, a little before and after left to whoever opens and closes it."""
    assert store.opens_at and store.closes_at
    opens, closes = (at.hour * 60 + at.minute for at in (store.opens_at, store.closes_at))
    minutes = (closes - opens) % 1440 + 2 * AROUND_OPENING
    number = rows(CLOSED, first=opens - AROUND_OPENING, minutes=minutes)[0][0]
    return [f"{_receipts(number)} of hours in which the store is closed."] if number else []


def _night(hours: dict[int, int], seen: Survey) -> list[str]:
    number = sum(hours.values())
    if not seen.has_times or number < FEWEST_RECEIPTS:
        return []
    odd = {hour: n for hour, n in hours.items() if n < number * RARE}
    return [f"{_receipts(sum(odd.values()))} of hours in which hardly anything is sold."] if odd else []


def _untimed(number: int, seen: Survey) -> list[str]:
    if not seen.has_times or not number:
        return []
    return [f"{_receipts(number)} without a time of day: counted for the day, and joined with no visit."]


def _future(number: int) -> list[str]:
    return [f"{_receipts(number)} of the future: is the till's clock right?"] if number else []


def _receipts(number: int) -> str:
    return f"{number} receipt is" if number == 1 else f"{number} receipts are"


def _named(days: list[date]) -> str:
    shown = ", ".join(day.isoformat() for day in days[:NAMED])
    return shown + (f" and {len(days) - NAMED} more days" if len(days) > NAMED else "")
