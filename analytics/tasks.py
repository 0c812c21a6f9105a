"""Celery's doors to the numbers; downstream pulls: nothing in inference ever calls these."""

from __future__ import annotations

from typing import Any

from celery import Task, shared_task

from analytics import echo, locks, queries, rollups
from analytics.models import PurchaseImport
from analytics.periods import USUAL_DAYS, Period
from analytics.sales import imports, undo
from inference.models import Store


@shared_task
def refresh() -> int:
    """Match and sum every hour that changed, then join the usual period; running twice changes nothing."""
    stores = rollups.stores_with_changes()
    days = sum(rollups.refresh(store) for store in stores)
    for store in stores:
        _join(store)
    return days


@shared_task
def join_usual() -> None:
    """Have the usual period's rates ready before anybody looks, after midnight above all."""
    for store in Store.objects.all():
        _join(store)


def _join(store: Store) -> None:
    usual = Period.latest(store, USUAL_DAYS)
    queries.work_out(store, usual)
    echo.of(usual)  # kept for “How we know”


@shared_task
def join_period(store_id: int, first: str, last: str) -> None:
    """Work out who buys in days that somebody asked for; running twice does nothing the second time."""
    store = Store.objects.filter(pk=store_id).first()
    if store is not None:
        queries.work_out(store, Period.parse(store, first, last))


@shared_task
def read_import(import_id: int) -> None:
    """Look through an uploaded sales file and say what importing it would do."""
    imports.look(import_id)


@shared_task
def confirm_import(import_id: int) -> int:
    """Import a previewed sales file, then bring the store's figures up to date."""
    row = imports.confirm(import_id)
    return rollups.refresh(row.store)


@shared_task
def undo_import(import_id: int) -> int:
    """Take an import back, then bring the store's figures up to date."""
    row = PurchaseImport.objects.select_related("store").get(pk=import_id)
    with locks.alone(locks.Work.SALES_FILE, import_id) as mine:
        try:
            if mine:
                undo.undo(import_id)
        except undo.CannotUndoError as error:
            row.status, row.message = PurchaseImport.Status.DONE, str(error)
            row.save(update_fields=["status", "message"])
            return 0
    return rollups.refresh(row.store)


@shared_task
def resume_imports() -> int:
    """Go on with sales files whose worker died; whoever still works at one is left alone."""
    found = imports.take_up_abandoned()
    for import_id, status in found:
        RESUMED[status].delay(import_id)
    return len(found)


RESUMED: dict[str, Task[[int], Any]] = {
    PurchaseImport.Status.READING: read_import,
    PurchaseImport.Status.RUNNING: confirm_import,
    PurchaseImport.Status.UNDOING: undo_import,
}


@shared_task
def forget_previews() -> int:
    """Discard sales files that nobody decided about for a day."""
    return imports.forget_stale()
