"""`manage.py undo_import`: take an import of sales back."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from analytics.models import PurchaseImport
from analytics.sales.undo import CannotUndoError, undo


class Command(BaseCommand):
    help = "Remove exactly what one import brought."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("id", type=int)
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            removed = undo(options["id"])
        except PurchaseImport.DoesNotExist as error:
            raise CommandError(f"There is no import {options['id']}.", returncode=2) from error
        except CannotUndoError as error:
            raise CommandError(str(error), returncode=2) from error
        result = {"import": options["id"], "removed": removed}
        self.stdout.write(json.dumps(result) if options["json"] else f"{removed} purchases removed")
