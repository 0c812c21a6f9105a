"""What is asked about a file's columns, and what the answers would make of its first rows."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Mapping as AnyMapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from django.utils.timezone import now

from analytics.models import PurchaseImport
from analytics.sales import files, imports, personal, stage
from analytics.sales.formats import MappingError
from analytics.sales.imports import Choice, Opened
from analytics.sales.sniff import UnreadableError
from analytics.sales.times import AmbiguousDatesError

CELLS: Final = 3  # of each column that are shown
LONGEST_CELL: Final = 40
TRIED: Final = 200  # rows
BRANCHES: Final = 30
SHOWN: Final = 8
LABELS: Final = (
    ("receipt", "receipt number"), ("paid_at", "date and time"), ("date", "date"), ("time", "time of day"),
    ("amount", "amount"), ("unit_price", "price of one"), ("quantity", "quantity"), ("discount", "discount"),
    ("tax", "tax"), ("tip", "tip"), ("refunded", "amount paid back"), ("items", "number of articles"),
    ("product", "article"), ("category", "category"), ("till", "till"), ("branch", "branch"), ("status", "status"),
    ("kind", "kind of row"), ("voided", "voided or not"), ("visit_ref", "visit it names"),
    ("age_mark", "age key of the cashier"), ("gender_mark", "gender key of the cashier"),
)  # fmt: skip
DATES: Final = (
    ("", "tell from the file"),
    ("day-first", "day first: 3 April"),
    ("month-first", "month first: March 4"),
)
MARKS: Final = (("", "tell from the file"), (",", "comma: 1.234,56"), (".", "point: 1,234.56"))


@dataclass(frozen=True)
class Asked:
    """A file's columns with what they are taken for."""

    opened: Opened
    choice: Choice
    branches: list[str]

    def answers(self, said: AnyMapping[str, str]) -> Choice:
        """What a form's fields say; of two columns said to be the same, the first counts."""
        columns: dict[str, str] = {}
        for place, name in enumerate(self.opened.source.header):
            field = said.get(f"column-{place}", "")
            if field and field not in columns:
                columns[field] = name
        for field, _ in LABELS:
            columns.setdefault(field, "")
        branches = {
            name: int(said[f"branch-{k}"])
            for k, name in enumerate(self.branches)
            if said.get(f"branch-{k}", "").isdigit()
        }
        dates, mark = said.get("dates", ""), said.get("mark", "")
        return Choice(
            columns,
            dates if dates in ("day-first", "month-first") else "",  # type: ignore[arg-type]  # one of its two values
            mark if mark in (".", ",") else "",  # type: ignore[arg-type]
            self.choice.branch,
            branches,
            self.choice.all_or_none,
        )

    def as_context(self) -> dict[str, Any]:
        chosen = {theirs: ours for ours, theirs in self.opened.mapping.columns.items()}
        return {
            "asked": [self._column(place, name, chosen) for place, name in enumerate(self.opened.source.header)],
            "branches": [
                {"field": f"branch-{k}", "name": name, "chosen": self.choice.branches.get(name)}
                for k, name in enumerate(self.branches)
            ],
            "choice": self.choice, "fields": LABELS, "dates": DATES, "marks": MARKS,
        }  # fmt: skip

    def _column(self, place: int, name: str, chosen: dict[str, str]) -> dict[str, Any]:
        about_people = name in self.opened.personal
        cells = [] if about_people else list(dict.fromkeys(self.opened.columns[place].values))[:CELLS]
        return {
            "field": f"column-{place}", "name": name, "personal": about_people, "chosen": chosen.get(name, ""),
            "cells": [personal.masked(cell)[:LONGEST_CELL] for cell in cells],
        }  # fmt: skip


def ask(row: PurchaseImport) -> Asked:
    """Raises FileNotFoundError when the upload is gone."""
    choice = Choice(**row.mapping["choice"])
    opened = imports.open_file(files.upload(row.pk), choice, anything=True)
    branch = opened.mapping.columns.get("branch")
    values = opened.columns[opened.source.header.index(branch)].values if branch else ()
    return Asked(opened, choice, sorted(set(values))[:BRANCHES])


def answer(row: PurchaseImport, choice: Choice, *, save: bool) -> None:
    """Keep what was said for this import, and for the store's next files if `save`."""
    row.mapping = {"choice": asdict(choice)}
    row.status, row.message, row.touched_at, row.tries = PurchaseImport.Status.READING, "", now(), 0
    row.save(update_fields=["mapping", "status", "message", "touched_at", "tries"])
    if save:
        opened = imports.open_file(files.upload(row.pk), choice, anything=True)
        imports.save_mapping(row.store, Path(row.file_name).stem[:60] or "own", opened.mapping, choice)


def try_out(row: PurchaseImport, choice: Choice) -> dict[str, Any]:
    """The first rows as they would be stored with these answers; nothing is."""
    path = _first_rows(row, choice)
    try:
        with imports.read(row.store, path, choice) as found:
            sample = [imports.shown(item, row.store) for item in stage.sample(SHOWN, "true")]
            refused = stage.refused()
            return {
                "sample": sample, "refused": refused, "refused_count": found.counts.rows_refused,
                "rows": found.survey.rows,
            }  # fmt: skip
    except (MappingError, AmbiguousDatesError, UnreadableError) as error:
        return {"error": str(error)}
    finally:
        path.unlink()


def _first_rows(row: PurchaseImport, choice: Choice) -> Path:
    opened = imports.open_file(files.upload(row.pk), choice, anything=True)
    handle, name = tempfile.mkstemp(suffix=".csv", dir=files.upload(row.pk).parent)
    with os.fdopen(handle, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(opened.source.header)
        for (_, cells), _ in zip(opened.source.data(), range(TRIED), strict=False):
            writer.writerow(cells)
    return Path(name)
