"""The staging tables: rows go in by COPY, become receipts, and are held against what the stores have, set by set."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

from analytics.sales.formats import Mapping
from analytics.sales.parse import SPECIAL, STAGED, Chunk, Parser, Refused

SAME_RECEIPT_HOURS: Final = 6  # within which rows of one number are one receipt; tills begin anew every day
HALF_DAY_HOURS: Final = 13  # from noon, where a receipt of which only the day is known stands; clocks may change
REFUND_AFTER_MINUTES: Final = 15  # a negative row of the same number, later than that, is money paid back
LARGEST_AMOUNT: Final = Decimal("9999999999")
FEW: Final = 5
MOST_REFUSED_LISTED: Final = 2_000  # the count is always whole

TABLES: Final = ("staged", "refused", "runs", "merged", "incoming", "decided", "stored")
CREATE: Final = """
    CREATE TEMPORARY TABLE staged (
        row integer, run integer, store_id bigint, receipt text, till text, at bigint, sort smallint, amount numeric,
        more numeric, less numeric, unit_price numeric, quantity numeric, items numeric, visit_ref text, age_mark text,
        gender_mark text, product text, category text, whole bigint, untimed boolean
    );
    CREATE TEMPORARY TABLE refused (
        row integer, name text, value text, reason text, receipt text, at bigint, store_id bigint
    );
"""


@dataclass(frozen=True)
class Shape:
    """What of a file's shape the statements must know."""

    has_whole: bool
    discount_is_rate: bool
    mapping: Mapping


@dataclass
class Counts:
    """Rows and receipts by what becomes of them."""

    new: int = 0
    changed: int = 0
    same: int = 0
    rows_new: int = 0
    rows_changed: int = 0
    rows_same: int = 0
    rows_refused: int = 0
    rows_left_out: int = 0
    lines: int = 0
    voided: int = 0
    refunds: int = 0
    total: Decimal = Decimal(0)
    unrounded: Decimal = Decimal(0)
    first_at: datetime | None = None
    last_at: datetime | None = None


def create() -> None:
    with connection.cursor() as cursor:
        drop()
        cursor.execute(CREATE)


def drop() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP VIEW IF EXISTS pg_temp.articles")
        cursor.execute("DROP TABLE IF EXISTS " + ", ".join(f"pg_temp.{name}" for name in TABLES))


def add(chunk: Chunk) -> None:
    """COPY a chunk's rows, and its refusals, into the staging tables."""
    with connection.cursor() as cursor:
        _copy(cursor, "staged", STAGED, chunk.lines)
        _copy(
            cursor,
            "refused",
            ("row", "name", "value", "reason", "receipt", "at", "store_id"),
            map(_refusal, chunk.refused),
        )


def _copy(cursor: CursorWrapper, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    text = "\n".join(lines)
    if text:
        cursor.copy_expert(f"COPY pg_temp.{table} ({', '.join(columns)}) FROM STDIN", io.StringIO(text), size=1 << 20)


def _refusal(item: Refused) -> str:
    texts = [text.translate(SPECIAL) for text in (item.column, item.value, item.reason)]
    return "\t".join((str(item.row), *texts, item.receipt, item.at, item.store))


# Receipts --------------------------------------------------------------------------------


def gather(shape: Shape, parser: Parser, notify: Callable[[float], None]) -> int:
    """Rows become receipts, held against the stores' own; how many rows merely repeated another.

    1. A row that repeats another wholly goes, where rows are receipts.
    2. A receipt of which a row was refused is refused as a whole, so that no wrong sum is stored.
    3. Rows that follow each other become a receipt; whether amounts are its total or its articles' is decided.
    4. Receipts that were cut apart are put together; numbers that were used anew are told apart.
    5. Each is new, the same, or changed.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '48MB'")
        # The planner needs to know how many, not which: a look at 3,000 rows of a table does, not at 30,000.
        cursor.execute("SET LOCAL default_statistics_target = 10")
        repeated = _drop_repeated(cursor) if shape.has_whole else 0
        if parser.is_counted:
            cursor.execute(COUNT_THROUGH)
        if shape.mapping.has("receipt"):
            cursor.execute(REFUSE_SIBLINGS, {"hours": SAME_RECEIPT_HOURS})
        notify(0.2)
        cursor.execute("ANALYZE pg_temp.staged (run)")
        cursor.execute(_runs(cursor, shape))
        notify(0.5)
        cursor.execute("ANALYZE pg_temp.runs")
        _merge(cursor)
        notify(0.7)
        _decide(cursor, shape)
        notify(1.0)
    return repeated


COUNT_THROUGH: Final = """
    UPDATE pg_temp.staged s SET receipt = s.receipt || ' #' || n.number
    FROM (SELECT run, row_number() OVER (PARTITION BY store_id, receipt ORDER BY row) AS number FROM pg_temp.staged) n
    WHERE n.run = s.run
"""
REFUSE_SIBLINGS: Final = """
    WITH bad AS (
        SELECT receipt, at, min(row) AS row FROM pg_temp.refused
        WHERE receipt IS NOT NULL AND receipt <> '' GROUP BY receipt, at
    ), gone AS (
        DELETE FROM pg_temp.staged s USING bad
        WHERE s.receipt = bad.receipt AND (bad.at IS NULL OR abs(s.at - bad.at) <= %(hours)s * 3600000000::bigint)
        RETURNING s.row, s.receipt, s.at, s.store_id, bad.row AS because
    )
    INSERT INTO pg_temp.refused
    SELECT DISTINCT ON (row) row, '', '', 'row ' || because || ' of the same receipt is refused', receipt, at, store_id
    FROM gone
"""


def _drop_repeated(cursor: CursorWrapper) -> int:
    cursor.execute("""
        DELETE FROM pg_temp.staged WHERE row IN (
            SELECT row FROM (
                SELECT row, row_number() OVER (PARTITION BY receipt, whole ORDER BY row) AS number FROM pg_temp.staged
                WHERE receipt IN (SELECT receipt FROM pg_temp.staged GROUP BY receipt HAVING count(*) > 1)
            ) twice WHERE number > 1
        )
    """)
    return int(cursor.rowcount)


def _paid(shape: Shape) -> str:
    """SQL: what a row says was paid, before it is known whether that is an article's amount or the receipt's."""
    value = "coalesce(amount, coalesce(quantity, 1) * unit_price)"
    value += " * (1 - coalesce(less, 0))" if shape.discount_is_rate else " - coalesce(less, 0)"
    value = f"({value} + coalesce(more, 0))"
    signed = f"CASE WHEN sort = 1 OR (quantity < 0 AND amount > 0) THEN -abs({value}) ELSE {value} END"
    return f"CASE WHEN sort = 2 THEN 0 WHEN sort = 3 THEN NULL ELSE {signed} END"


def _line_amount(shape: Shape, totals: bool) -> str:
    if totals or shape.mapping.only_lines:
        price = "round(quantity * unit_price, 2)" if shape.mapping.has("unit_price") else "round(amount, 2)"
        return f"CASE WHEN sort = 3 OR unit_price IS NOT NULL THEN {price} END" if shape.mapping.only_lines else price
    return f"round({_paid(shape)}, 2)"


RUNS: Final = """
    CREATE TEMPORARY TABLE runs AS
    SELECT run, min(store_id) AS store_id, min(receipt) AS receipt, min(till) AS till, min(at) AS at,
           bool_or(sort = 1) AS refund, bool_or(sort = 2) AND bool_and(sort IN (2, 3)) AS void, {amount} AS amount,
           sum(less) AS less, count(*) AS rows, min(row) AS row, {items} AS items, max(visit_ref) AS visit_ref,
           max(age_mark) AS age_mark, max(gender_mark) AS gender_mark, coalesce(bool_or(untimed), false) AS untimed
    FROM pg_temp.staged GROUP BY run
"""
ARTICLES: Final = """
    CREATE TEMPORARY VIEW articles AS
    SELECT run, row, product, category, coalesce(quantity, 1)::numeric(10, 3) AS quantity,
           ({line_amount})::numeric(12, 2) AS amount
    FROM pg_temp.staged WHERE {articles} AND (product <> '' OR category <> '')
"""
TOTALS: Final = """
    WITH several AS (
        SELECT run, count(*) AS n, count(amount) AS told, min(amount) AS least, max(amount) AS most, sum(amount) AS sum,
               sum(coalesce(quantity, 1) * unit_price) AS computed,
               count(DISTINCT coalesce(product, '') || '|' || coalesce(quantity, 1)) AS articles
        FROM pg_temp.staged WHERE sort IN (0, 1, 3) AND run <= 20000 GROUP BY run HAVING count(*) > 1
    )
    SELECT count(*), count(*) FILTER (WHERE told = 1),
           count(*) FILTER (WHERE told = n AND least = most AND articles > 1),
           count(*) FILTER (WHERE told = n AND least = most AND abs(computed - most) < abs(computed - sum)),
           count(computed), count(DISTINCT most)
    FROM several
"""


def _totals_of_receipts(cursor: CursorWrapper) -> bool:
    """Whether an amount is the whole receipt's: said once among its rows, or again in each of them."""
    cursor.execute(TOTALS)
    several, once, alike, closer, computed, distinct = cursor.fetchone()
    if not several:
        return False
    if once > several / 2:
        return True
    if computed:
        return bool(closer > several / 2)
    return bool(alike == several and several >= FEW and distinct >= FEW / 2)


def _runs(cursor: CursorWrapper, shape: Shape) -> str:
    mapping = shape.mapping
    several = mapping.has("amount") and mapping.has_articles and not mapping.only_lines
    totals = several and _totals_of_receipts(cursor)
    # Where a row of its own sums up a receipt, only the others are articles.
    articles = "sort = 3" if mapping.only_lines else "sort <> 2"
    cursor.execute(ARTICLES.format(line_amount=_line_amount(shape, totals), articles=articles))
    paid = _paid(shape)
    amount = (
        f"CASE WHEN max({paid}) >= -min({paid}) THEN max({paid}) ELSE min({paid}) END" if totals else f"sum({paid})"
    )
    items = (
        "max(items)"
        if mapping.has("items")
        else f"sum(quantity) FILTER (WHERE {articles})"
        if mapping.has("quantity")
        else "NULL::numeric"
    )
    return RUNS.format(amount=amount, items=items)


# 4. Several runs of one number --------------------------------------------------------------------------------

MERGE: Final = """
    CREATE TEMPORARY TABLE merged AS
    WITH several AS (
        SELECT r.* FROM pg_temp.runs r
        JOIN (SELECT store_id, receipt FROM pg_temp.runs GROUP BY 1, 2 HAVING count(*) > 1) s USING (store_id, receipt)
    ), sold AS (
        SELECT *, min(at) FILTER (WHERE NOT refund AND NOT amount < 0) OVER number AS first_sold,
               bool_or(NOT refund) OVER (PARTITION BY store_id, receipt, till, at) AS sold_then
        FROM several WINDOW number AS (PARTITION BY store_id, receipt, till)
    ), kinds AS (
        SELECT *, (refund AND NOT sold_then)
                  OR coalesce(amount < 0 AND at > first_sold + %(minutes)s * 60000000::bigint, false) AS back
        FROM sold
    ), gaps AS (
        SELECT *, CASE WHEN at - lag(at) OVER number > %(hours)s * 3600000000::bigint THEN 1 ELSE 0 END AS gap
        FROM kinds WINDOW number AS (PARTITION BY store_id, receipt, till, back ORDER BY at)
    ), sessions AS (
        SELECT *, sum(gap) OVER (PARTITION BY store_id, receipt, till, back ORDER BY at, run) AS session FROM gaps
    )
    SELECT run, back, amount, rows, row, at, items,
           min(run) OVER (PARTITION BY store_id, receipt, till, back, session) AS key
    FROM sessions
"""
INCOMING: Final = """
    CREATE TEMPORARY TABLE incoming AS
    SELECT run, store_id, receipt, till, at, refund OR coalesce(amount < 0, false) AS refund, void, amount, less, rows,
           row, items, visit_ref, age_mark, gender_mark, untimed, 1::bigint AS place, true AS alone
    FROM pg_temp.runs {unless}
"""
JOINED: Final = """
    INSERT INTO pg_temp.incoming
    SELECT *, row_number() OVER (PARTITION BY store_id, receipt ORDER BY refund, at, till),
           count(*) OVER (PARTITION BY store_id, receipt) = 1
    FROM (
        SELECT m.key, min(r.store_id), min(r.receipt), min(r.till), min(r.at),
               bool_or(m.back) OR coalesce(sum(m.amount) < 0, false), bool_and(r.void), sum(r.amount), sum(r.less),
               sum(r.rows), min(r.row), sum(r.items), max(r.visit_ref), max(r.age_mark), max(r.gender_mark),
               bool_or(r.untimed)
        FROM pg_temp.merged m JOIN pg_temp.runs r USING (run) GROUP BY m.key
    ) whole (
        run, store_id, receipt, till, at, refund, void, amount, less, rows, row, items, visit_ref, age_mark,
        gender_mark, untimed
    )
"""


def _merge(cursor: CursorWrapper) -> None:
    cursor.execute(MERGE, {"minutes": REFUND_AFTER_MINUTES, "hours": SAME_RECEIPT_HOURS})
    several = cursor.rowcount
    cursor.execute(INCOMING.format(unless="WHERE run NOT IN (SELECT run FROM pg_temp.merged)" if several else ""))
    if several:
        cursor.execute(JOINED)
        cursor.execute(
            "UPDATE pg_temp.staged s SET run = m.key FROM pg_temp.merged m WHERE m.run = s.run AND m.run <> m.key"
        )
    cursor.execute("ANALYZE pg_temp.incoming")


# 5. What becomes of each --------------------------------------------------------------------------------

# `name` is the receipt's own number, unless that is another receipt's already: then the day, till and kind follow it.
DECIDED: Final = """
    CREATE TEMPORARY TABLE decided AS
    WITH plain AS (
        SELECT i.*, p.id AS plain_id, p.paid_at AS there_at, p.amount AS there_amount,
               p.id IS NOT NULL AND (p.till = i.till OR (i.alone AND (p.till = '' OR i.till = '')))
               AND (p.status = 'refund') = (i.refund AND NOT i.void)
               AND abs(extract(epoch FROM p.paid_at) - i.at / 1e6)
               <= CASE WHEN p.has_time AND NOT i.untimed THEN %(hours)s ELSE %(half_day)s END * 3600 AS is_plain
        FROM pg_temp.incoming i LEFT JOIN analytics_purchase p ON p.store_id = i.store_id AND p.receipt = i.receipt
    ), longer AS (
        SELECT *, is_plain OR (plain_id IS NULL AND place = 1) AS keeps,
               receipt || to_char(to_timestamp(at / 1e6) AT TIME ZONE st.timezone, ' YYYY-MM-DD')
               || CASE WHEN till = '' THEN '' ELSE ' ' || till END
               || CASE WHEN refund THEN ' refund' ELSE '' END AS long
        FROM plain JOIN (SELECT id AS store, timezone FROM inference_store) st ON st.store = store_id
    ), named AS (
        SELECT *, CASE WHEN keeps THEN receipt ELSE long END AS name,
               void OR (amount <= 0 AND less > 0 AND %(refunded)s) AS is_void,
               plain_id IS NOT NULL AND NOT is_plain AS clashes
        FROM longer
    )
    SELECT n.run, n.store_id, n.name, n.receipt, n.till, to_timestamp(n.at / 1e6) AS paid_at, n.amount AS unrounded,
           CASE WHEN n.is_void THEN 0 ELSE round(n.amount, 2) END AS amount,
           CASE WHEN n.is_void THEN 'void' WHEN n.refund THEN 'refund' ELSE 'sale' END AS status,
           CASE WHEN n.items IS NOT NULL THEN least(greatest(floor(n.items), 0), 2000000000)::integer END AS items,
           n.visit_ref, n.age_mark, n.gender_mark, n.rows, n.row, CASE WHEN n.is_plain THEN n.plain_id END AS id,
           'new' AS action, n.untimed, n.clashes,
           n.clashes AND NOT n.refund AND n.there_amount = round(n.amount, 2) AS reread, n.there_at
    FROM named n
"""


NUMBERED: Final = """
    UPDATE pg_temp.decided d SET name = d.name || ' #' || n.number
    FROM (
        SELECT run, row_number() OVER (PARTITION BY store_id, name ORDER BY paid_at, run) AS number
        FROM pg_temp.decided WHERE name <> receipt
    ) n WHERE n.run = d.run AND n.number > 1
"""


def _decide(cursor: CursorWrapper, shape: Shape) -> None:
    refunded = "refunded" in shape.mapping.minus
    hours = {"hours": SAME_RECEIPT_HOURS, "half_day": HALF_DAY_HOURS}
    cursor.execute(DECIDED, {"refunded": refunded, **hours})
    cursor.execute(NUMBERED)
    cursor.execute("""
        UPDATE pg_temp.decided d SET id = p.id FROM analytics_purchase p
        WHERE d.name <> d.receipt AND p.store_id = d.store_id AND p.receipt = d.name
    """)
    _refuse_reread(cursor)
    _refuse_large(cursor)
    cursor.execute("UPDATE pg_temp.decided d SET action = 'same' WHERE id IS NOT NULL")
    if cursor.rowcount:
        cursor.execute("ANALYZE pg_temp.decided")
        cursor.execute(_changed(shape))
        if shape.mapping.has_articles:
            cursor.execute(CHANGED_LINES)


def _refuse_reread(cursor: CursorWrapper) -> None:
    """Receipts whose numbers and amounts are here at other times, most of them: the file was read in another way."""
    cursor.execute(
        "SELECT count(*) FILTER (WHERE clashes AND id IS NULL), count(*) FILTER (WHERE reread AND id IS NULL) "
        "FROM pg_temp.decided"
    )
    clashing, reread = cursor.fetchone()
    if reread and reread * 2 >= clashing:
        _refuse(
            cursor,
            "clashes AND id IS NULL",
            "'receipt ' || receipt || ' is already here with the same amount at another time (' || "
            "to_char(there_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || "
            "' UTC); was the file read with another order of dates? Undo the earlier import first'",
        )


def _refuse_large(cursor: CursorWrapper) -> None:
    _refuse(cursor, f"abs(amount) > {LARGEST_AMOUNT}", "'the amount of the receipt is too large'")


def _refuse(cursor: CursorWrapper, which: str, reason: str) -> None:
    cursor.execute(f"""
        WITH gone AS (DELETE FROM pg_temp.decided WHERE {which} RETURNING run, receipt, {reason} AS reason)
        INSERT INTO pg_temp.refused SELECT s.row, '', gone.receipt, gone.reason, s.receipt, s.at, s.store_id
        FROM pg_temp.staged s JOIN gone USING (run)
    """)


def _changed(shape: Shape) -> str:
    """Only what the file has a column for can be changed by it."""
    mapping = shape.mapping
    tests = ["p.status <> d.status", "(NOT d.untimed AND (p.paid_at <> d.paid_at OR NOT p.has_time))"]
    tests += ["d.amount IS DISTINCT FROM p.amount"] if mapping.has("amount", "unit_price") else []
    tests += ["d.till <> p.till"] if mapping.has("till") else []
    tests += ["d.items IS DISTINCT FROM p.items"] if mapping.has("items", "quantity") else []
    tests += [f"d.{name} <> p.{name}" for name in ("visit_ref", "age_mark", "gender_mark") if mapping.has(name)]
    changed = " OR ".join(tests)
    return (
        f"UPDATE pg_temp.decided d SET action = 'changed' FROM analytics_purchase p WHERE p.id = d.id AND ({changed})"
    )


# A line's digest; their sum does not depend on the order of lines.
DIGEST: Final = """
    sum(hashtextextended(
        l.product || '|' || l.category || '|' || l.quantity || '|' || coalesce(l.amount::text, ''), 0
    )::numeric)
"""
CHANGED_LINES: Final = f"""
    UPDATE pg_temp.decided d SET action = 'changed'
    FROM (
        SELECT run, {DIGEST} AS digest
        FROM pg_temp.articles l JOIN pg_temp.decided d USING (run) WHERE d.action = 'same' GROUP BY run
    ) ours, (
        SELECT d.run, {DIGEST} AS digest
        FROM analytics_purchaseline l JOIN pg_temp.decided d ON d.id = l.purchase_id
        WHERE d.action = 'same' GROUP BY d.run
    ) theirs
    WHERE ours.run = d.run AND theirs.run = d.run AND ours.digest <> theirs.digest
"""


# What was found --------------------------------------------------------------------------------

COUNTS: Final = """
    SELECT count(*) FILTER (WHERE action = 'new'), count(*) FILTER (WHERE action = 'changed'),
           count(*) FILTER (WHERE action = 'same'),
           coalesce(sum(rows) FILTER (WHERE action = 'new'), 0),
           coalesce(sum(rows) FILTER (WHERE action = 'changed'), 0),
           coalesce(sum(rows) FILTER (WHERE action = 'same'), 0),
           count(*) FILTER (WHERE action = 'new' AND status = 'void'),
           count(*) FILTER (WHERE action = 'new' AND status = 'refund'),
           coalesce(sum(amount) FILTER (WHERE action = 'new'), 0),
           coalesce(sum(unrounded) FILTER (WHERE action = 'new' AND status <> 'void'), 0),
           min(paid_at), max(paid_at)
    FROM pg_temp.decided
"""


def count() -> Counts:
    with connection.cursor() as cursor:
        cursor.execute(COUNTS)
        (new, changed, same, rows_new, rows_changed, rows_same, voided, refunds, total, unrounded, first, last) = (
            cursor.fetchone()
        )
        cursor.execute("SELECT count(*) FROM pg_temp.refused")
        (refused,) = cursor.fetchone()
        # Of which receipts articles are matters only where some are not new.
        of_new = (
            "" if new and not (changed or same or refused) else "JOIN pg_temp.decided USING (run) WHERE action = 'new'"
        )
        cursor.execute(f"SELECT count(*) FROM pg_temp.articles {of_new}")
        (lines,) = cursor.fetchone()
    return Counts(
        new,
        changed,
        same,
        int(rows_new),
        int(rows_changed),
        int(rows_same),
        refused,
        0,
        lines,
        voided,
        refunds,
        total,
        unrounded,
        first,
        last,
    )


def refused(limit: int = MOST_REFUSED_LISTED) -> list[dict[str, Any]]:
    """The refused rows in the file's order, as many as are listed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row, name, value, reason FROM pg_temp.refused ORDER BY row LIMIT %s", [limit])
        return [
            {"row": row, "column": name, "value": value, "reason": reason}
            for row, name, value, reason in cursor.fetchall()
        ]


def refused_rows() -> dict[int, tuple[int, str]]:
    """(store, reason) of all of them by row; store 0 is of no store here, or of one that the sender may not touch."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT row, coalesce(store_id, 0), reason FROM pg_temp.refused")
        return {row: (store, reason) for row, store, reason in cursor.fetchall()}


def by_day(timezone: str) -> dict[str, dict[str, Any]]:
    """New purchases and their sum by the store's day."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (paid_at AT TIME ZONE %s)::date, count(*), coalesce(sum(amount), 0) FROM pg_temp.decided "
            "WHERE action = 'new' GROUP BY 1 ORDER BY 1",
            [timezone],
        )
        return {day.isoformat(): {"purchases": number, "total": str(total)} for day, number, total in cursor.fetchall()}


def by_store() -> dict[int, int]:
    """New and changed purchases by store."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT store_id, count(*) FROM pg_temp.decided WHERE action <> 'same' GROUP BY 1 ORDER BY 1")
        return dict(cursor.fetchall())


SAMPLE: Final = """
    SELECT d.name, d.paid_at, d.amount, d.items, d.till, d.status, s.product, s.category
    FROM (SELECT * FROM pg_temp.decided WHERE {which} ORDER BY row LIMIT %s) d LEFT JOIN pg_temp.staged s USING (row)
    ORDER BY d.row
"""


def sample(limit: int, which: str = "action = 'new'") -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(SAMPLE.format(which=which), [limit])
        names = ("receipt", "paid_at", "amount", "items", "till", "status", "product", "category")
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
