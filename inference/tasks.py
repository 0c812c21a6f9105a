"""Celery's doors to the vision steps; this module alone knows which step follows which."""

from __future__ import annotations

from celery import shared_task
from celery.utils.log import get_task_logger

from inference import intake, pipeline, retention
from inference.models import SnapshotBatch

log = get_task_logger(__name__)


@shared_task
def analyse_batch(batch_id: int) -> int:
    """Analyse what is pending of a batch and make its visits; running twice changes nothing."""
    batch = SnapshotBatch.objects.filter(pk=batch_id).first()
    return pipeline.analyse_pending(batch) if batch else 0


@shared_task
def resume() -> int:
    """Take up whatever a killed worker or a lost message left pending, and clean the spool after crashes."""
    retention.sweep_spool()
    retention.forget_appearances()
    intake.close_cut_off()
    return pipeline.analyse_pending()


@shared_task
def forget() -> None:
    """Delete by age."""
    log.info("forgotten: %s", retention.forget())
