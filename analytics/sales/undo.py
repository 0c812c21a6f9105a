"""An import is taken back: what it brought goes, what it corrected is as before."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from analytics.matching import mark_dirty
from analytics.models import PurchaseChange, PurchaseImport
from analytics.sales import files
from inference.models import Store


class CannotUndoError(ValueError):
    """A later import corrected the same receipts; the message says which."""


TIMES: Final = """
    SELECT DISTINCT store_id, date_bin('15 minutes', at, 'epoch') FROM (
        SELECT store_id, paid_at AS at FROM analytics_purchase WHERE brought_by_id = %(import)s
        UNION ALL
        SELECT p.store_id, p.paid_at FROM analytics_purchase p JOIN analytics_purchasechange c ON c.purchase_id = p.id
        WHERE c.brought_by_id = %(import)s
        UNION ALL
        SELECT p.store_id, (c.before ->> 'paid_at')::timestamptz
        FROM analytics_purchase p JOIN analytics_purchasechange c ON c.purchase_id = p.id
        WHERE c.brought_by_id = %(import)s
    ) times
"""
PUT_BACK: Final = (
    """
    DELETE FROM analytics_purchaseline l USING analytics_purchasechange c
    WHERE c.brought_by_id = %(import)s AND l.purchase_id = c.purchase_id
    """,
    """
    UPDATE analytics_purchase p
    SET till = b.till, paid_at = b.paid_at, has_time = coalesce(b.has_time, true), amount = b.amount, status = b.status,
        items = b.items, visit_ref = b.visit_ref, age_mark = b.age_mark, gender_mark = b.gender_mark
    FROM analytics_purchasechange c, jsonb_populate_record(NULL::analytics_purchase, c.before) b
    WHERE c.brought_by_id = %(import)s AND p.id = c.purchase_id
    """,
    """
    INSERT INTO analytics_purchaseline (purchase_id, product, category, quantity, amount)
    SELECT c.purchase_id, l.product, l.category, l.quantity, l.amount
    FROM analytics_purchasechange c, jsonb_populate_recordset(NULL::analytics_purchaseline, c.before -> 'lines') l
    WHERE c.brought_by_id = %(import)s
    """,
    "DELETE FROM analytics_purchasechange WHERE brought_by_id = %(import)s",
)
# The tables that point at purchases, those first.
REMOVE: Final = (
    """
    DELETE FROM analytics_purchaseline l USING analytics_purchase p
    WHERE p.brought_by_id = %(import)s AND l.purchase_id = p.id
    """,
    """
    DELETE FROM analytics_match m USING analytics_purchase p
    WHERE p.brought_by_id = %(import)s AND m.purchase_id = p.id
    """,
    "DELETE FROM analytics_purchase WHERE brought_by_id = %(import)s",
)


@transaction.atomic
def undo(import_id: int) -> int:
    """Take back an import and name the hours that change; how many purchases went. 0 when it is undone already.

    Raises PurchaseImport.DoesNotExist, and CannotUndoError when a later import corrected the same receipts.
    """
    row = PurchaseImport.objects.select_for_update(of=("self",)).select_related("store").get(pk=import_id)
    if row.status not in (PurchaseImport.Status.DONE, PurchaseImport.Status.UNDOING):
        return 0
    _check(row)
    with connection.cursor() as cursor:
        cursor.execute(TIMES, {"import": import_id})
        times = cursor.fetchall()
        for statement in (*PUT_BACK, *REMOVE):
            cursor.execute(statement, {"import": import_id})
        removed = int(cursor.rowcount)
    for store in Store.objects.filter(pk__in={store_id for store_id, _ in times}):
        mark_dirty(store, [at for store_id, at in times if store_id == store.pk])
    row.status, row.message, row.progress = PurchaseImport.Status.UNDONE, "", 100
    row.save(update_fields=["status", "message", "progress"])
    transaction.on_commit(lambda: files.forget(import_id))
    return removed


def _check(row: PurchaseImport) -> None:
    """A receipt that a later import corrected holds that one's values: they would be lost, or wrong ones come back."""
    mine = PurchaseChange.objects.filter(brought_by=row).values("purchase_id")
    later = PurchaseChange.objects.filter(brought_by_id__gt=row.pk)
    blocking = later.filter(purchase__brought_by=row) | later.filter(purchase_id__in=mine)
    first = blocking.select_related("brought_by").order_by("-brought_by_id").first()
    if first is not None:
        number = blocking.values("purchase_id").distinct().count()
        raise CannotUndoError(
            f"Import {first.brought_by_id} ({first.brought_by.file_name}) later corrected {number} of the same "
            "receipts; undo that one first."
        )
