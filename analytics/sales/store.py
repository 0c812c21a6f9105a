"""What was decided is written: new receipts and their lines, and what the till corrected, one statement each."""

from __future__ import annotations

from typing import Final

from django.db import connection

from analytics.matching import mark_dirty
from analytics.sales.stage import Shape
from inference.models import Store

IDS: Final = """
    CREATE TEMPORARY TABLE ids AS
    SELECT run, coalesce(id, nextval((SELECT pg_get_serial_sequence('analytics_purchase', 'id')))) AS id, action
    FROM pg_temp.decided WHERE action <> 'same'
"""
REMEMBER: Final = """
    INSERT INTO analytics_purchasechange (brought_by_id, purchase_id, before)
    SELECT %(import)s, p.id, to_jsonb(p) - 'id' - 'store_id' - 'brought_by_id' || jsonb_build_object('lines', coalesce((
        SELECT jsonb_agg(to_jsonb(l) - 'id' - 'purchase_id' ORDER BY l.id) FROM analytics_purchaseline l WHERE l.purchase_id = p.id
    ), '[]'::jsonb))
    FROM analytics_purchase p JOIN pg_temp.ids i USING (id) WHERE i.action = 'changed'
"""
PURCHASES: Final = """
    INSERT INTO analytics_purchase (id, store_id, receipt, till, paid_at, has_time, amount, status, items, visit_ref, age_mark, gender_mark,
                                    brought_by_id)
    SELECT i.id, d.store_id, d.name, d.till, d.paid_at, %(timed)s, d.amount, d.status, d.items, coalesce(d.visit_ref, ''), coalesce(d.age_mark, ''),
           coalesce(d.gender_mark, ''), %(import)s
    FROM pg_temp.decided d JOIN pg_temp.ids i USING (run) WHERE d.action = 'new'
"""
OLD_LINES: Final = """
    DELETE FROM analytics_purchaseline l USING pg_temp.ids i WHERE i.action = 'changed' AND l.purchase_id = i.id
"""
LINES: Final = """
    INSERT INTO analytics_purchaseline (purchase_id, product, category, quantity, amount)
    SELECT i.id, a.product, a.category, a.quantity, a.amount FROM pg_temp.articles a JOIN pg_temp.ids i USING (run)
"""
CHANGED_TIMES: Final = """
    SELECT DISTINCT store_id, date_bin('15 minutes', at, 'epoch') FROM (
        SELECT d.store_id, d.paid_at AS at FROM pg_temp.decided d WHERE d.action <> 'same'
        UNION ALL
        SELECT p.store_id, p.paid_at FROM analytics_purchase p JOIN pg_temp.ids i USING (id) WHERE i.action = 'changed'
    ) times
"""


def write(import_id: int, shape: Shape) -> None:
    """Store what `stage.gather` decided; the caller's transaction makes it all or nothing."""
    with connection.cursor() as cursor:
        cursor.execute(IDS)
        cursor.execute("ANALYZE pg_temp.ids")
        cursor.execute(CHANGED_TIMES)
        times = cursor.fetchall()
        cursor.execute(REMEMBER, {"import": import_id})
        if cursor.rowcount:
            cursor.execute(_correct(shape))
            if shape.mapping.has_articles:
                cursor.execute(OLD_LINES)
        cursor.execute(PURCHASES, {"import": import_id, "timed": shape.has_times})
        if shape.mapping.has_articles:
            cursor.execute(LINES)
    for store in Store.objects.filter(pk__in={store_id for store_id, _ in times}):
        mark_dirty(store, [at for store_id, at in times if store_id == store.pk])


def _correct(shape: Shape) -> str:
    """Only what the file has a column for is corrected."""
    mapping = shape.mapping
    columns = ["status", *(["paid_at"] if shape.has_times else [])]
    columns += ["amount"] if mapping.has("amount", "unit_price") else []
    columns += ["items"] if mapping.has("items", "quantity") else []
    columns += [name for name in ("till", "visit_ref", "age_mark", "gender_mark") if mapping.has(name)]
    changes = ", ".join(f"{name} = d.{name}" for name in columns)
    changes += ", has_time = true" if shape.has_times else ""
    return (
        f"UPDATE analytics_purchase p SET {changes} FROM pg_temp.decided d WHERE p.id = d.id AND d.action = 'changed'"
    )
