"""`manage.py import_visits`: visits counted elsewhere, from a CSV."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference import visit_csv
from inference.finding import NotFoundError, find_store


class Command(BaseCommand):
    help = f"Import visits; columns {', '.join(visit_csv.COLUMNS)}."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--store", required=True, help="name or number")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            store = find_store(options["store"])
            with options["file"].open(newline="", encoding="utf-8-sig") as file:
                result = visit_csv.read(file, store)
        except UnicodeDecodeError as error:
            raise CommandError(f"{options['file']} is not UTF-8 text.", returncode=2) from error
        except (NotFoundError, ValueError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        self.stdout.write(json.dumps(asdict(result), indent=None if options["json"] else 1, ensure_ascii=False))
        if result.refused:
            raise SystemExit(1 if result.imported + result.duplicates else 2)
