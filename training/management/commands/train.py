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
        parser.add_argument(
            "--data", type=Path, nargs="+", help="zip or folder of pictures; one for each data set of the recipe"
        )
        parser.add_argument(
            "--format", choices=FORMATS, help="how the (first) pictures are named; the recipe's own if left out"
        )
        parser.add_argument(
            "--detector", type=Path, default=settings.YUNET_PATH or None,
            help="YuNet's file: learn from its crops of the pictures, too (FOYER_YUNET if left out)",
        )  # fmt: skip
        parser.add_argument(
            "--careless-split", action="store_true",
            help="split picture by picture, duplicates and sister frames left in, to see how much that flatters",
        )  # fmt: skip
        parser.add_argument("--out", type=Path, help="folder that gets the model version's folder")
        parser.add_argument("--epochs", type=int, help="instead of the recipe's number")
        parser.add_argument("--list", action="store_true", help="name the recipes and stop")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["list"]:
            return self._list(as_json=options["json"])
        if not options["recipe"] or not options["data"]:
            raise CommandError("Say --recipe and --data, or --list to see the recipes.", returncode=2)
        folders = self._train(options)
        if options["json"]:
            self.stdout.write(json.dumps({"recipe": options["recipe"], **_told(folders[0]),
                                          "versions": [_told(folder) for folder in folders]}))  # fmt: skip
            return None
        for folder in folders:
            self.stdout.write(f"{folder}\n{(folder / 'card.md').read_text()}")

    def _train(self, options: dict[str, Any]) -> list[Path]:
        from training.fit import Order, train

        order = Order(
            options["recipe"],
            tuple(options["data"]),
            options["out"] or Path(settings.MODELS_DIR) / options["recipe"],
            epochs=options["epochs"],
            data_format=options["format"],
            detector=options["detector"],
            clean=not options["careless_split"],
        )
        try:
            return train(order, notify=self._notify)
        except (ValueError, FileNotFoundError) as error:
            raise CommandError(str(error), returncode=2) from error

    def _notify(self, epoch: int, epochs: int, logs: dict[str, float]) -> None:
        figures = ", ".join(f"{name} {value:.4f}" for name, value in logs.items())
        self.stderr.write(f"epoch {epoch} of {epochs}: {figures}")

    def _list(self, *, as_json: bool) -> None:
        rows = [
            {
                "name": r.name, "task": ", ".join(r.tasks), "data": ", ".join(source.format for source in r.sources),
                "takes": r.takes, "expect": r.expect,
            }
            for r in RECIPES.values()
        ]  # fmt: skip
        if as_json:
            self.stdout.write(json.dumps({"recipes": rows}))
            return
        for row in rows:
            self.stdout.write(f"{row['name']:12} {row['task']:11} {row['data']:15} {row['takes']}; {row['expect']}")


def _told(folder: Path) -> dict[str, Any]:
    metrics = json.loads((folder / "metrics.json").read_text())
    return {"artifact": str(folder), "version": folder.name, "metrics": metrics}
