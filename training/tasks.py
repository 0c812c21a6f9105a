"""Celery's door to retraining, on a queue of its own."""

from __future__ import annotations

from pathlib import Path

from celery import shared_task
from celery.utils.log import get_task_logger
from django.conf import settings
from django.utils.timezone import now

from training import registry
from training.models import TrainingRun
from training.recipes import RECIPES

log = get_task_logger(__name__)


@shared_task
def retrain(run_id: int) -> str:
    """Train what a run asks for and register the version, not yet serving. A run killed midway goes on at its last
    checkpoint when the task is delivered again."""
    open_states = [TrainingRun.Status.QUEUED, TrainingRun.Status.RUNNING]
    claimed = TrainingRun.objects.filter(pk=run_id, status__in=open_states)
    if not claimed.update(status=TrainingRun.Status.RUNNING, started_at=now()):
        return "not to be run"
    run = TrainingRun.objects.get(pk=run_id)
    try:
        version = registry.register(_train(run), run)
    except (ValueError, OSError) as error:
        _end(run, TrainingRun.Status.FAILED, str(error))
        return "failed"
    _end(run, TrainingRun.Status.DONE, f"Model version {version.version} is ready to be compared and promoted.")
    return version.version


def _train(run: TrainingRun) -> Path:
    from training.fit import train

    recipe = RECIPES[run.recipe]

    def notify(epoch: int, epochs: int, logs: dict[str, float]) -> None:
        figures = ", ".join(f"{name} {value:.3f}" for name, value in logs.items())
        TrainingRun.objects.filter(pk=run.pk).update(epoch=epoch, epochs_total=epochs, message=figures)

    out = Path(settings.MODELS_DIR) / recipe.task
    return train(run.recipe, Path(run.data_path), out, epochs=run.epochs, notify=notify)


def _end(run: TrainingRun, status: TrainingRun.Status, message: str) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(status=status, message=message, finished_at=now())
