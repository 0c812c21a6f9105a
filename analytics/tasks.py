"""Celery's doors to the numbers; downstream pulls: nothing in inference ever calls these."""

from __future__ import annotations

from celery import shared_task

from analytics import joining, queries, rollups
from analytics.models import PurchaseImport
from analytics.periods import USUAL_DAYS, Period
from analytics.sales import stage, undo
from inference.models import Store


@shared_task
def refresh() -> int:
    """Match and sum every hour that changed, then join the usual period; running twice changes nothing."""
    return sum(_refresh(store) for store in rollups.stores_with_changes())


def _refresh(store: Store) -> int:
    days = rollups.refresh(store)
    for by in queries.BREAKDOWNS:
        joining.joined(Period.latest(store, USUAL_DAYS), by)
    return days


@shared_task
def confirm_import(import_id: int) -> int:
    """Import a previewed sales file, then bring the store's figures up to date."""
    row = stage.confirm(import_id)
    return rollups.refresh(row.store)


@shared_task
def undo_import(import_id: int) -> int:
    """Take an import back, then bring the store's figures up to date."""
    undo.undo(import_id)
    return rollups.refresh(PurchaseImport.objects.select_related("store").get(pk=import_id).store)


@shared_task
def forget_previews() -> int:
    """Discard sales files that nobody decided about for a day."""
    return stage.forget_stale()
