"""An import is taken back: exactly the purchases it brought go."""

from __future__ import annotations

from django.db import transaction

from analytics.matching import mark_dirty
from analytics.models import Purchase, PurchaseImport


@transaction.atomic
def undo(import_id: int) -> int:
    """Delete the purchases of an import and name the hours that change; how many. 0 when it is undone already.

    Raises PurchaseImport.DoesNotExist.
    """
    row = PurchaseImport.objects.select_for_update(of=("self",)).select_related("store").get(pk=import_id)
    purchases = Purchase.objects.filter(brought_by=row)
    times = list(purchases.values_list("paid_at", flat=True))
    purchases.delete()
    mark_dirty(row.store, times)
    row.status = PurchaseImport.Status.UNDONE
    row.save(update_fields=["status"])
    return len(times)
