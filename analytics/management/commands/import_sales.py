"""`manage.py import_sales`: a till's file into purchases."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.models import PurchaseImport, SalesMapping
from analytics.sales import imports
from analytics.sales.formats import MappingError
from analytics.sales.imports import Choice
from analytics.sales.sniff import UnreadableError
from analytics.sales.times import AmbiguousDatesError
from inference.finding import NotFoundError, find_store
from inference.models import Store


class Command(BaseCommand):
    help = "Import a sales file (CSV or XLSX); good rows go in, the others are listed with their reasons."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--store", required=True, help="name or number")
        parser.add_argument(
            "--mapping",
            default="auto",
            help='auto, the name of a mapping saved for the store, or a JSON file like {"receipt": "Bon", …}',
        )
        parser.add_argument("--dates", choices=("day-first", "month-first"), default="", help="how 03/04/2026 is meant")
        parser.add_argument(
            "--decimal", choices=(".", ","), default="", help="the decimal mark, where the file does not tell"
        )
        parser.add_argument("--branch", default="", help="take only the rows of this branch")
        parser.add_argument(
            "--to",
            action="append",
            default=[],
            metavar="BRANCH=STORE",
            help="which store a branch's rows go to; several times",
        )
        parser.add_argument("--all-or-none", action="store_true", help="import nothing if any row is refused")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            store = find_store(options["store"])
            choice = self._choice(store, options)
            row = PurchaseImport(store=store, file_name=path.name[-255:], checksum=imports.checksum(path))
            choice = imports.with_saved(store, path, choice)
            imports.run(row, path, choice, notify=self._tell, dry=options["dry_run"])
        except (NotFoundError, OSError, json.JSONDecodeError) as error:
            raise CommandError(str(error), returncode=2) from error
        except (UnreadableError, MappingError, AmbiguousDatesError) as error:
            row.status, row.message = PurchaseImport.Status.FAILED, _with_help(error)
        self._report(row, as_json=options["json"])

    def _choice(self, store: Store, options: dict[str, Any]) -> Choice:
        to = dict(word.rsplit("=", 1) for word in options["to"] if "=" in word)
        choice = Choice(
            None,
            options["dates"],
            options["decimal"],
            options["branch"],
            {branch: find_store(name).pk for branch, name in to.items()},
            options["all_or_none"],
        )
        return _with_mapping(store, options["mapping"], choice)

    def _tell(self, percent: int) -> None:
        if sys.stderr.isatty():
            self.stderr.write(f"\r{percent} %", ending="")

    def _report(self, row: PurchaseImport, *, as_json: bool) -> None:
        report = {
            "import": row.pk,
            "rows": row.rows,
            "purchases": row.purchases_count,
            "updated": row.updated,
            "lines": row.lines_count,
            "duplicates": row.duplicates,
            "refunds": row.mapping.get("refunds", 0),
            "voided": row.mapping.get("voided", 0),
            "refused": row.refused,
            "mapping": row.mapping,
            "from": row.first_at.astimezone(row.store.zone).isoformat() if row.first_at else None,
            "to": row.last_at.astimezone(row.store.zone).isoformat() if row.last_at else None,
            "total": float(row.total),
            "currency": row.store.currency,
            "row_counts": row.mapping.get("row_counts", {}),
            "rounding": row.mapping.get("rounding", {}),
            "warnings": row.mapping.get("warnings", []),
            "message": row.message,
        }
        self.stdout.write(json.dumps(report, indent=None if as_json else 1, ensure_ascii=False))
        if row.status == PurchaseImport.Status.FAILED:
            self.stderr.write(row.message)
            raise SystemExit(2)
        if row.refused:
            raise SystemExit(1 if row.purchases_count + row.updated + row.duplicates else 2)


def _with_mapping(store: Store, word: str, choice: Choice) -> Choice:
    """`auto`, the name of a saved mapping, or a JSON file: columns alone, or with dates, mark and branches beside."""
    if word == "auto":
        return choice
    saved = SalesMapping.objects.filter(store=store, name=word).first()
    if saved is not None:
        return imports.from_saved(saved, choice)
    said = json.loads(Path(word).read_text(encoding="utf-8"))
    if "columns" not in said or not isinstance(said["columns"], dict):
        said = {"columns": said}
    return imports.from_saved(SalesMapping(name="", choice=said), choice)


def _with_help(error: Exception) -> str:
    if isinstance(error, AmbiguousDatesError):
        return f"{error} (--dates day-first or --dates month-first)"
    if isinstance(error, MappingError):
        return f'{error} (name the columns: --mapping FILE with {{"receipt": "…", "paid_at": "…", "amount": "…"}})'
    return str(error)
