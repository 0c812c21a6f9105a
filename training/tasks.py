"""Celery's door to retraining, on a queue of its own."""

from __future__ import annotations

from pathlib import Path

from celery import shared_task
from celery.utils.log import get_task_logger
from django.conf import settings
from django.utils.timezone import now

from training import registry
from training.models import TrainingRun

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
        versions = [registry.register(folder, run) for folder in _train(run)]
    except (ValueError, OSError) as error:
        _end(run, TrainingRun.Status.FAILED, str(error))
        return "failed"
    names = ", ".join(version.version for version in versions)
    _end(run, TrainingRun.Status.DONE, f"Ready to be compared and promoted: {names}.")
    return names


def _train(run: TrainingRun) -> list[Path]:
    from training.fit import Order, train

    def notify(epoch: int, epochs: int, logs: dict[str, float]) -> None:
        figures = ", ".join(f"{name} {value:.3f}" for name, value in logs.items())
        TrainingRun.objects.filter(pk=run.pk).update(epoch=epoch, epochs_total=epochs, message=figures)

    order = Order(
        run.recipe,
        tuple(Path(line.strip()) for line in run.data_path.splitlines() if line.strip()),
        Path(settings.MODELS_DIR) / run.recipe,
        epochs=run.epochs,
        detector=Path(settings.YUNET_PATH) if settings.YUNET_PATH else None,
    )
    return train(order, notify=notify)


def _end(run: TrainingRun, status: TrainingRun.Status, message: str) -> None:
    TrainingRun.objects.filter(pk=run.pk).update(status=status, message=message, finished_at=now())
