"""`manage.py evaluate`: score a model version on a data set. Needs no database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from training import artifacts
from training.datasets import DataSet, Example, open_data
from training.datasets.base import FORMATS, batches
from training.evaluate import evaluate
from training.labels import LABELS
from training.preprocessing import Pixels

PICTURES_AT_ONCE = 256


class Command(BaseCommand):
    help = "Score the serving model, or --model REF, on every picture of a data set."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--task", choices=sorted(LABELS), required=True)
        parser.add_argument("--data", type=Path, required=True, help="zip or folder of pictures")
        parser.add_argument("--format", choices=FORMATS, required=True)
        parser.add_argument(
            "--split",
            help="only this part: a folder of the data set (public_test), or what the version's training kept apart "
            "(test, validation)",
        )
        parser.add_argument("--model", help="a version's name or folder instead of the serving one")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            artifact = artifacts.load(artifacts.resolve(options["task"], settings.MODELS_DIR, options["model"]))
            data = open_data(options["data"], options["format"], options["task"])
            result = self._score(artifact, data, options["split"])
        except (ValueError, FileNotFoundError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(result, indent=None if options["json"] else 1))
        if result["refused"]:
            raise SystemExit(1)

    def _score(self, artifact: artifacts.Artifact, data: DataSet, part: str | None) -> dict[str, Any]:
        examples = _of_part(artifact, data.examples, part)
        refused = [{"file": item.file, "reason": item.reason} for item in data.refused]
        kept: list[Example] = []
        predictions: list[artifacts.Prediction] = []
        for some in batches(examples, PICTURES_AT_ONCE):
            readable: list[tuple[Example, Pixels]] = []
            for example in some:
                try:
                    readable.append((example, data.pixels(example)))
                except ValueError as error:
                    refused.append({"file": example.name, "reason": str(error)})
            kept += [example for example, _ in readable]
            predictions.append(artifact.predict([pixels for _, pixels in readable]))
            self.stderr.write(f"{len(kept)} of {len(examples)} pictures")
        if not kept:
            raise ValueError("No picture is left to score; check --split and --format.")
        tags = [example.tags for example in kept]
        scores = evaluate(
            artifact.task, [e.label for e in kept], tags, _joined(predictions), artifact.outputs.classes
        )  # fmt: skip
        return {**scores, "model": artifact.version, "refused": refused}


def _of_part(artifact: artifacts.Artifact, examples: list[Example], part: str | None) -> list[Example]:
    """All, the data set's own part of that name, or what this version's own split kept apart under that name."""
    if part is None:
        return examples
    names = artifact.names_of(part)
    return [example for example in examples if (example.part == part if example.part else example.name in names)]


def _joined(parts: list[artifacts.Prediction]) -> artifacts.Prediction:
    import numpy as np

    years = [part.years for part in parts if part.years is not None]
    return artifacts.Prediction(
        np.concatenate([part.probabilities for part in parts]),
        np.concatenate(years) if years else None,
        np.concatenate([part.classes for part in parts]),
        np.concatenate([part.face for part in parts]),
    )
