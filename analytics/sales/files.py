"""Uploaded sales files, kept until they are decided about, and the refused rows of each import, kept to be mended."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.conf import settings

from analytics.sales import personal
from analytics.sales.sniff import Source

REFUSED_KEPT: Final = timedelta(days=30)
REASON: Final = "reason"
STORE: Final = "store"  # whose a kept row is: told to nobody, and not written to what is downloaded


def upload(import_id: int) -> Path:
    return folder() / str(import_id)


def refused(import_id: int) -> Path:
    return folder() / f"{import_id}.refused.csv"


def keep(import_id: int, parts: Iterable[bytes]) -> Path:
    """Write an upload where only this user may read it."""
    path = upload(import_id)
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        for part in parts:
            file.write(part)
    return path


def forget(import_id: int) -> None:
    """Delete what is kept of an import."""
    upload(import_id).unlink(missing_ok=True)
    refused(import_id).unlink(missing_ok=True)


def forget_old() -> None:
    """Delete refused rows that nobody mended in time."""
    latest = time.time() - REFUSED_KEPT.total_seconds()
    for path in folder().glob("*.refused.csv"):
        if path.stat().st_mtime < latest:
            path.unlink(missing_ok=True)


def write_refused(path: Path, source: Source, rows: dict[int, tuple[int, str]], somebodys: frozenset[str]) -> None:
    """The refused rows as they stood in the file, with their store first and a reason last, what is about people left
    out. `rows` are (store, reason) by row.
    """
    places = [k for k, name in enumerate(source.header) if name not in somebodys]
    with open(
        path, "w", newline="", encoding="utf-8-sig", opener=lambda name, flags: os.open(name, flags, 0o600)
    ) as file:
        writer = csv.writer(file)
        writer.writerow([STORE, *(source.header[k] for k in places), REASON])
        for number, cells in source.data():
            if number in rows:
                store, reason = rows[number]
                writer.writerow([store, *(_safe(cells[k]) if k < len(cells) else "" for k in places), reason])


def read_refused(path: Path, stores: set[int] | None) -> Iterator[str]:
    """The kept rows of these stores (of all: None) as lines of a CSV that can be imported once it is mended."""
    with path.open(encoding="utf-8-sig", newline="") as kept:
        line = io.StringIO()
        writer = csv.writer(line)
        for number, (store, *cells) in enumerate(csv.reader(kept)):
            if not number or stores is None or int(store) in stores:
                writer.writerow(cells)
                yield ("" if number else "\ufeff") + line.getvalue()
                line.seek(0)
                line.truncate()


def _safe(cell: str) -> str:
    """Free texts may hold somebody's address, too; numbers and dates are no formulas."""
    text = personal.masked(cell)
    return f"'{text}" if text[:1] in "=@" else text


def folder() -> Path:
    """Where only this user gets to."""
    path = Path(settings.DATA_DIR) / "sales"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
