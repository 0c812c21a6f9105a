"""`manage.py report`: a store's figures by segment, with 95 % intervals."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from io import StringIO
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics import queries, report_text
from analytics.periods import Period, PeriodError
from inference.finding import NotFoundError, find_store


class Command(BaseCommand):
    help = "Visits, purchases, conversion, average transaction value and revenue per visitor by segment."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--store", required=True, help="name or number")
        parser.add_argument("--from", dest="first", type=date.fromisoformat, required=True)
        parser.add_argument("--to", dest="last", type=date.fromisoformat, required=True, help="included")
        parser.add_argument("--by", choices=queries.BREAKDOWNS, default="age")
        parser.add_argument("--csv", action="store_true")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            store = find_store(options["store"])
            period = Period.of(store, options["first"], options["last"])
        except (NotFoundError, PeriodError) as error:
            raise CommandError(str(error), returncode=2) from error
        found = queries.report(store, period, options["by"])
        if options["csv"]:
            buffer = StringIO()
            report_text.write_csv(found, buffer)
            self.stdout.write(buffer.getvalue(), ending="")
        else:
            indent = None if options["json"] else 1
            self.stdout.write(json.dumps(report_text.as_json(found), indent=indent, ensure_ascii=False))
