"""What an operator can get wrong about pictures and models, said by `manage.py check` with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from inference.predictor import TASKS
from training import artifacts


@register("pictures")
def yunet_is_there(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if not settings.YUNET_PATH or Path(settings.YUNET_PATH).is_file():
        return []
    return [
        Error(
            f"FOYER_YUNET names {settings.YUNET_PATH}, and there is no such file.",
            hint="Point it at a YuNet ONNX file, or leave it out to use the mtcnn package.",
            id="inference.E001",
        )
    ]


@register("pictures")
def models_can_serve(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for task in TASKS:
        try:
            artifacts.load(artifacts.resolve(task, Path(settings.MODELS_DIR)))
        except (FileNotFoundError, ValueError) as error:
            hint = f"Promote another {task} model in the admin, or delete {settings.MODELS_DIR}/{task}/serving."
            found.append(Error(f"The serving {task} model cannot be used: {error}", hint=hint, id="inference.E002"))
    return found


@register("pictures")
def spool_is_private(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    spool = Path(settings.SPOOL_DIR)
    if not spool.exists() or not spool.stat().st_mode & 0o077:
        return []
    return [
        Warning(
            f"Other users of this machine may read the pictures waiting in {spool}.",
            hint=f"chmod 700 {spool}",
            id="inference.W001",
        )
    ]
