"""Which model versions there are, which serves, and going back."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils.timezone import now

from training import artifacts
from training.models import ModelVersion, TaskName, TrainingRun

# A group may lose this much of its recall to a new version before somebody has to say so on purpose.
TOLERATED_LOSS = 0.03


class NothingBeforeError(LookupError):
    """No version served before the one that serves now."""


class WorseForSomeError(ValueError):
    """A version gets some group right markedly less often than the serving one; the message says which."""


def sync_pretrained() -> None:
    """Register the shipped versions; one serves where nothing else does. Also tells the workers what serves."""
    for task in TaskName.values:
        folder = artifacts.PRETRAINED / task
        if (folder / "config.json").exists():
            version = register(folder)
            _retire_replaced(version)
            if not ModelVersion.objects.filter(task=task, is_serving=True).exists():
                promote(version)
        serving = ModelVersion.objects.filter(task=task, is_serving=True).first()
        if serving is not None:
            artifacts.point_serving(Path(settings.MODELS_DIR), task, Path(serving.path))


def _retire_replaced(shipped: ModelVersion) -> None:
    """An update of Foyer brought another version in the same folder: those before it cannot serve any more. Their rows
    stay, since visits were made with them and the join needs their confusions."""
    before = ModelVersion.objects.filter(task=shipped.task, path=shipped.path).exclude(pk=shipped.pk)
    before.update(is_serving=False, promoted_at=None)


def register(folder: Path, run: TrainingRun | None = None) -> ModelVersion:
    """The row of an artifact; made when it is new. It does not serve until it is promoted."""
    artifact = artifacts.load(folder)
    version, made = ModelVersion.objects.get_or_create(
        task=artifact.task,
        version=artifact.version,
        defaults={"path": str(folder.resolve()), "metrics": artifact.metrics, "run": run},
    )
    if not made and version.path != str(folder.resolve()):  # the checkout was moved
        version.path = str(folder.resolve())
        version.save(update_fields=["path"])
    return version


def losses(version: ModelVersion, serving: ModelVersion | None) -> list[str]:
    """The groups that a version gets right less often than the serving one does by more than is tolerated, in words."""
    if serving is None or serving == version:
        return []
    mine, theirs = version.metrics.get("by_group", {}), serving.metrics.get("by_group", {})
    shares = {name: (theirs[name]["accuracy"], mine[name]["accuracy"]) for name in theirs if name in mine}
    return [
        f"{name}: {before:.1%} → {after:.1%}"
        for name, (before, after) in sorted(shares.items(), key=lambda item: item[1][1] - item[1][0])
        if before - after > TOLERATED_LOSS
    ]


def serving_version(task: str) -> ModelVersion | None:
    return ModelVersion.objects.filter(task=task, is_serving=True).first()


def promote(version: ModelVersion, *, override: bool = False) -> None:
    """Let a version serve. Workers take it up with their next chunk of pictures.

    Raises WorseForSomeError when some group loses more than TOLERATED_LOSS, unless that is overridden.
    """
    lost = [] if override else losses(version, serving_version(version.task))
    if lost:
        raise WorseForSomeError("Right less often than the serving version for " + "; ".join(lost) + ".")
    with transaction.atomic():
        ModelVersion.objects.select_for_update().filter(task=version.task, is_serving=True).update(is_serving=False)
        version.is_serving, version.promoted_at = True, now()
        version.save(update_fields=["is_serving", "promoted_at"])
        path = Path(version.path)
        transaction.on_commit(lambda: artifacts.point_serving(Path(settings.MODELS_DIR), version.task, path))


def roll_back(task: str) -> ModelVersion:
    """Let the version serve that was promoted before the present one. Raises NothingBeforeError."""
    with transaction.atomic():
        serving = ModelVersion.objects.select_for_update().filter(task=task, is_serving=True).first()
        earlier = ModelVersion.objects.filter(task=task, is_serving=False, promoted_at__isnull=False)
        before = earlier.order_by("-promoted_at").first()
        if serving is None or before is None:
            raise NothingBeforeError(f"No {task} model served before this one.")
        # The version that is left loses its place in the history, so going back twice goes back two steps.
        ModelVersion.objects.filter(pk=serving.pk).update(is_serving=False, promoted_at=None)
        promote(before, override=True)  # going back is a decision already
    return before
