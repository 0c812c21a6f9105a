"""`manage.py import_sales`: a till's CSV into purchases."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.models import PurchaseImport
from analytics.sales import stage
from analytics.sales.stage import Choice
from inference.finding import NotFoundError, find_store


class Command(BaseCommand):
    help = "Import a sales CSV; good rows go in, the others are listed with their reasons."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--store", required=True, help="name or number")
        parser.add_argument("--mapping", default="auto", help='auto, or a JSON file like {"receipt": "Bon", …}')
        parser.add_argument("--dates", choices=("day-first", "month-first"), default="", help="how 03/04/2026 is meant")
        parser.add_argument("--branch", default="", help="take only the rows of this branch")
        parser.add_argument("--all-or-none", action="store_true", help="import nothing if any row is refused")
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            store = find_store(options["store"])
            data = options["file"].read_bytes()
            columns = None if options["mapping"] == "auto" else json.loads(Path(options["mapping"]).read_text())
        except (NotFoundError, OSError, json.JSONDecodeError) as error:
            raise CommandError(str(error), returncode=2) from error
        choice = Choice(columns, options["dates"], options["branch"], options["all_or_none"])
        row = stage.preview(store, options["file"].name, data, choice=choice)
        if row.status == PurchaseImport.Status.PREVIEWED:
            row = self._decide(row, dry_run=options["dry_run"])
        self._report(row, as_json=options["json"])

    def _decide(self, row: PurchaseImport, *, dry_run: bool) -> PurchaseImport:
        if not dry_run:
            return stage.confirm(row.pk)
        stage.discard(row.pk)
        return row

    def _report(self, row: PurchaseImport, *, as_json: bool) -> None:
        report = {
            "import": row.pk,
            "rows": row.rows,
            "purchases": row.purchases_count,
            "lines": row.lines_count,
            "duplicates": row.duplicates,
            "refused": row.refused,
            "mapping": row.mapping,
            "from": row.first_at.isoformat() if row.first_at else None,
            "to": row.last_at.isoformat() if row.last_at else None,
            "total": float(row.total),
            "message": row.message,
        }
        self.stdout.write(json.dumps(report, indent=None if as_json else 1, ensure_ascii=False))
        if row.status == PurchaseImport.Status.FAILED:
            self.stderr.write(row.message)
            raise SystemExit(2)
        if row.refused:
            raise SystemExit(1 if row.purchases_count + row.duplicates else 2)
