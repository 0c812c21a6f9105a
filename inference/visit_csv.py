"""Visits as CSV, in and out: one row per visit, probabilities per label."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TextIO

from django.db import transaction

from inference.capture_time import on_clock
from inference.models import Camera, Store, Visit
from inference.visits import mark_changed
from training.labels import AGE_GROUPS, LABELS, Task

BASE_COLUMNS = ("visit_ref", "entered_at", "camera", "party")
COLUMNS_OF: dict[Task, tuple[str, ...]] = {
    task: tuple(f"{task}:{label}" for label in labels) for task, labels in LABELS.items()
}
COLUMNS = (*BASE_COLUMNS, *(column for columns in COLUMNS_OF.values() for column in columns))
# Probabilities written with few digits rarely sum to exactly 1.
TOLERATED_SUM_ERROR = 0.01
ROWS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Refused:
    row: int
    column: str
    value: str
    reason: str


class RowError(ValueError):
    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value = column, value


@dataclass
class VisitImport:
    imported: int = 0
    duplicates: int = 0
    refused: list[Refused] = field(default_factory=list)


def read(file: TextIO, store: Store) -> VisitImport:
    """Import a CSV; all good rows or, if the database fails, none. Raises ValueError for missing columns."""
    reader = csv.DictReader(file)
    missing = [column for column in ("visit_ref", "entered_at") if column not in (reader.fieldnames or [])]
    if missing:
        raise ValueError(f"The columns {', '.join(missing)} are missing; found {', '.join(reader.fieldnames or [])}.")
    result, rows = VisitImport(), []
    cameras: dict[str, Camera] = {camera.name: camera for camera in store.cameras.all()}
    for number, row in enumerate(reader, start=2):
        try:
            rows.append(_visit(row, store, cameras))
        except RowError as error:
            result.refused.append(Refused(number, error.column, error.value, str(error)))
    _save(rows, store, result)
    return result


@transaction.atomic
def _save(rows: list[Visit], store: Store, result: VisitImport) -> None:
    known = set(Visit.objects.filter(store=store, ref__in=[row.ref for row in rows]).values_list("ref", flat=True))
    new: dict[str, Visit] = {}
    for row in rows:
        if row.ref not in known:
            new.setdefault(row.ref, row)
    Visit.objects.bulk_create(new.values(), batch_size=ROWS_AT_ONCE)
    mark_changed(store, [visit.entered_at for visit in new.values()])
    result.imported, result.duplicates = len(new), len(rows) - len(new)


def _visit(row: dict[str, str | None], store: Store, cameras: dict[str, Camera]) -> Visit:
    ref = (row.get("visit_ref") or "").strip()
    if not ref or len(ref) > 64:
        raise RowError("visit_ref", ref, "a visit needs a reference of 1 to 64 characters")
    name = (row.get("camera") or "").strip()
    if name and name not in cameras:
        raise RowError("camera", name, f"{store} has no camera of this name")
    if name and cameras[name].place == Camera.Place.CHECKOUT:
        raise RowError("camera", name, "this camera is at a till; nobody enters there")
    looks = {task: _probabilities(row, task) for task in COLUMNS_OF}
    return Visit(
        store=store,
        camera=cameras.get(name),
        ref=ref,
        entered_at=_time(row.get("entered_at") or "", store),
        party=(row.get("party") or "").strip()[:64],
        source=Visit.Source.IMPORTED,
        age_years=_years(looks["age"]),
        model_version="imported",
        faces=1,
        **looks,
    )


def _time(text: str, store: Store) -> datetime:
    try:
        when = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise RowError("entered_at", text, "not a time like 2026-01-31T10:15:00+01:00") from error
    return when if when.tzinfo else on_clock(when, store.zone)


def _probabilities(row: dict[str, str | None], task: Task) -> list[float] | None:
    """One attribute's probabilities, summing to 1; None when all its columns are empty."""
    texts = {column: (row.get(column) or "").strip() for column in COLUMNS_OF[task]}
    if not any(texts.values()):
        return None
    values: list[float] = []
    for column, text in texts.items():
        try:
            values.append(float(text or 0))
        except ValueError as error:
            raise RowError(column, text, "not a number between 0 and 1") from error
        if not 0 <= values[-1] <= 1:
            raise RowError(column, text, "not a number between 0 and 1")
    if abs(sum(values) - 1) > TOLERATED_SUM_ERROR:
        raise RowError(f"{task}:…", f"{sum(values):.3f}", f"the probabilities of {task} must sum to 1")
    return [value / sum(values) for value in values]


def _years(age: list[float] | None) -> float | None:
    if age is None:
        return None
    return sum(p * (group.low + group.high) / 2 for p, group in zip(age, AGE_GROUPS, strict=True))


def write(file: TextIO, visits: Iterable[Visit], store: Store) -> int:
    """Write visits with times on the store's clock; how many."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    for visit in visits:
        writer.writerow(_row(visit, store))
        count += 1
    return count


def _row(visit: Visit, store: Store) -> Iterator[object]:
    yield visit.ref
    yield visit.entered_at.astimezone(store.zone).isoformat()
    yield visit.camera.name if visit.camera else ""
    yield visit.party
    for task, columns in COLUMNS_OF.items():
        yield from getattr(visit, task) or [""] * len(columns)
