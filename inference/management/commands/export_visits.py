"""`manage.py export_visits`: single visits of a store's days as CSV."""

from __future__ import annotations

import json
import logging
from argparse import ArgumentParser
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference import visit_csv
from inference.finding import NotFoundError, find_store
from inference.models import Store, Visit

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Write single visits as CSV to standard output or --out; for operators of this server only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--store", required=True, help="name or number")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True, help="2026-01-31")
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, help="2026-02-28, included")
        parser.add_argument("--out", type=Path, help="file to write instead of standard output")
        parser.add_argument("--json", action="store_true", help="with --out: say how many")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            store = find_store(options["store"])
        except NotFoundError as error:
            raise CommandError(str(error), returncode=2) from error
        visits = Visit.objects.filter(store=store).select_related("camera")
        visits = visits.between(_midnight(options["first"], store), _midnight(options["last"] + timedelta(1), store))
        if options["out"]:
            with options["out"].open("w", newline="", encoding="utf-8") as file:
                count = visit_csv.write(file, visits.iterator(), store)
            self.stdout.write(json.dumps({"exported": count}) if options["json"] else f"{count} visits")
        else:
            buffer = StringIO(newline="")
            count = visit_csv.write(buffer, visits.iterator(), store)
            self.stdout.write(buffer.getvalue(), ending="")
        # Who may run commands on the server may read its database; that they did is written down all the same.
        log.warning("single visits of %s exported on the command line: %s", store, count)


def _midnight(day: date, store: Store) -> datetime:
    return datetime.combine(day, time(), store.zone).astimezone(UTC)
