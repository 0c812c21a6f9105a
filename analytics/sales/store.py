"""What was decided is written: new receipts and their lines, and what the till corrected, one statement each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import connection
from django.db.backends.utils import CursorWrapper

from analytics.matching import mark_dirty
from analytics.sales.stage import Shape
from inference.models import Store

# Rows of the file that one statement stores, so that there is a step every few seconds.
ROWS_AT_ONCE: Final = 250_000
# In the file's order, which is that of time and of receipt numbers: indexes grow at their ends.
STORED: Final = (
    """
    CREATE TEMPORARY TABLE stored AS
    SELECT run, coalesce(id, nextval((SELECT pg_get_serial_sequence('analytics_purchase', 'id')))) AS id, action,
           store_id, name, till, paid_at, amount, status, items, visit_ref, age_mark, gender_mark,
           untimed
    FROM (SELECT * FROM pg_temp.decided WHERE action <> 'same' ORDER BY run) d
    """,
    "CREATE INDEX ON pg_temp.stored (run)",
    "ANALYZE pg_temp.stored",
    "CREATE INDEX ON pg_temp.staged USING brin (run)",
)
REMEMBER: Final = """
    INSERT INTO analytics_purchasechange (brought_by_id, purchase_id, before)
    SELECT %(import)s, p.id, to_jsonb(p) - 'id' - 'store_id' - 'brought_by_id' || jsonb_build_object('lines', coalesce((
        SELECT jsonb_agg(to_jsonb(l) - 'id' - 'purchase_id' ORDER BY l.id)
        FROM analytics_purchaseline l WHERE l.purchase_id = p.id
    ), '[]'::jsonb))
    FROM analytics_purchase p JOIN pg_temp.stored i USING (id) WHERE i.action = 'changed'
"""
PURCHASES: Final = """
    INSERT INTO analytics_purchase (
        id, store_id, receipt, till, paid_at, has_time, amount, status, items, visit_ref, age_mark, gender_mark,
        brought_by_id
    )
    SELECT id, store_id, name, till, paid_at, NOT untimed, amount, status, items, coalesce(visit_ref, ''),
           coalesce(age_mark, ''), coalesce(gender_mark, ''), %(import)s
    FROM pg_temp.stored WHERE action = 'new' AND run >= %(first)s AND run < %(end)s
"""
OLD_LINES: Final = """
    DELETE FROM analytics_purchaseline l USING pg_temp.stored i WHERE i.action = 'changed' AND l.purchase_id = i.id
"""
LINES: Final = """
    INSERT INTO analytics_purchaseline (purchase_id, product, category, quantity, amount)
    SELECT i.id, a.product, a.category, a.quantity, a.amount
    FROM pg_temp.articles a JOIN pg_temp.stored i ON i.run = a.run
    WHERE a.run >= %(first)s AND a.run < %(end)s AND i.run >= %(first)s AND i.run < %(end)s
"""
CHANGED_TIMES: Final = """
    SELECT DISTINCT store_id, date_bin('15 minutes', at, 'epoch') FROM (
        SELECT store_id, paid_at AS at FROM pg_temp.stored
        UNION ALL
        SELECT p.store_id, p.paid_at FROM analytics_purchase p JOIN pg_temp.stored i USING (id)
        WHERE i.action = 'changed'
    ) times
"""


def write(import_id: int, shape: Shape, notify: Callable[[float], None]) -> None:
    """Store what `stage.gather` decided; the caller's transaction makes it all or nothing."""
    with connection.cursor() as cursor:
        for statement in STORED:
            cursor.execute(statement)
        notify(0.1)
        cursor.execute(CHANGED_TIMES)
        times = cursor.fetchall()
        # References are checked with each statement, not all of them while the transaction ends, unseen.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(REMEMBER, {"import": import_id})
        if cursor.rowcount:
            cursor.execute(_correct(shape))
            if shape.mapping.has_articles:
                cursor.execute(OLD_LINES)
        values = {"import": import_id}
        steps = [PURCHASES, LINES] if shape.mapping.has_articles else [PURCHASES]
        parts = [(statement, part) for statement in steps for part in _parts(cursor)]
        for number, (statement, part) in enumerate(parts, start=1):
            cursor.execute(statement, values | part)
            notify(0.1 + 0.9 * number / len(parts))
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    for store in Store.objects.filter(pk__in={store_id for store_id, _ in times}):
        mark_dirty(store, [at for store_id, at in times if store_id == store.pk])


def _parts(cursor: CursorWrapper) -> list[dict[str, int]]:
    """Ranges of runs that hold about so many of the file's rows each."""
    cursor.execute("SELECT count(*), coalesce(min(run), 0), coalesce(max(run), -1) FROM pg_temp.staged")
    rows, first, last = cursor.fetchone()
    width = max(1, ROWS_AT_ONCE * (last - first + 1) // max(1, rows))
    return [{"first": start, "end": start + width} for start in range(first, last + 1, width)]


def _correct(shape: Shape) -> str:
    """Only what the file has a column for is corrected."""
    mapping = shape.mapping
    columns = ["status"]
    columns += ["amount"] if mapping.has("amount", "unit_price") else []
    columns += ["items"] if mapping.has("items", "quantity") else []
    columns += [name for name in ("till", "visit_ref", "age_mark", "gender_mark") if mapping.has(name)]
    changes = ", ".join(f"{name} = d.{name}" for name in columns)
    # A day alone takes nobody's time away.
    changes += (
        ", paid_at = CASE WHEN d.untimed THEN p.paid_at ELSE d.paid_at END, has_time = p.has_time OR NOT d.untimed"
    )
    return (
        f"UPDATE analytics_purchase p SET {changes} FROM pg_temp.decided d WHERE p.id = d.id AND d.action = 'changed'"
    )
