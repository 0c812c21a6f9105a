"""`manage.py train`: run a recipe on a data set and write a model version. Needs no database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from training.datasets.base import FORMATS
from training.recipes import RECIPES


class Command(BaseCommand):
    help = "Train a recipe and write its model version; --list names the recipes."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--recipe", choices=sorted(RECIPES))
        parser.add_argument("--data", type=Path, help="zip or folder of pictures")
        parser.add_argument(
            "--format", choices=FORMATS, help="how the pictures are named; the recipe's own if left out"
        )
        parser.add_argument("--out", type=Path, help="folder that gets the model version's folder")
        parser.add_argument("--epochs", type=int, help="instead of the recipe's number")
        parser.add_argument("--list", action="store_true", help="name the recipes and stop")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            return self._list(as_json=options["json"])
        if not options["recipe"] or not options["data"]:
            raise CommandError("Say --recipe and --data, or --list to see the recipes.", returncode=2)
        path = self._train(options)
        result = {"recipe": options["recipe"], "artifact": str(path), "version": path.name}
        result |= {"metrics": json.loads((path / "metrics.json").read_text())}
        self.stdout.write(json.dumps(result) if options["json"] else f"{path}\n{(path / 'card.md').read_text()}")

    def _train(self, options: dict[str, Any]) -> Path:
        from training.fit import train

        out = options["out"] or settings.MODELS_DIR / RECIPES[options["recipe"]].task
        try:
            return train(
                options["recipe"],
                options["data"],
                out,
                epochs=options["epochs"],
                notify=self._notify,
                data_format=options["format"],
            )
        except (ValueError, FileNotFoundError) as error:
            raise CommandError(str(error), returncode=2) from error

    def _notify(self, epoch: int, epochs: int, logs: dict[str, float]) -> None:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
        self.stderr.write(f"epoch {epoch} of {epochs}: {figures}")

    def _list(self, *, as_json: bool) -> None:
        rows = [
            {"name": r.name, "task": r.task, "data": r.data_format, "takes": r.takes, "expect": r.expect}
            for r in RECIPES.values()
        ]
        if as_json:
            self.stdout.write(json.dumps({"recipes": rows}))
            return
        for row in rows:
            self.stdout.write(f"{row['name']:12} {row['task']:7} {row['data']:8} {row['takes']}; {row['expect']}")
