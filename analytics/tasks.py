"""Celery's doors to the numbers; downstream pulls: nothing in inference ever calls these."""

from __future__ import annotations

from celery import shared_task

from analytics import rollups


@shared_task
def refresh() -> int:
    """Match and sum every hour that changed; running twice changes nothing."""
    return sum(rollups.refresh(store) for store in rollups.stores_with_changes())
