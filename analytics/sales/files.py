"""Uploaded sales files, kept until they are decided about, and the refused rows of each import, kept to be mended."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

from analytics.sales import personal
from analytics.sales.sniff import Source

REASON: Final = "reason"


def upload(import_id: int) -> Path:
    return _folder() / str(import_id)


def refused(import_id: int) -> Path:
    return _folder() / f"{import_id}.refused.csv"


def keep(import_id: int, parts: Iterable[bytes]) -> Path:
    """Write an upload where only this user may read it."""
    path = upload(import_id)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        for part in parts:
            file.write(part)
    return path


def forget(import_id: int) -> None:
    """Delete what is kept of an import."""
    upload(import_id).unlink(missing_ok=True)
    refused(import_id).unlink(missing_ok=True)


def write_refused(path: Path, source: Source, rows: Iterator[tuple[int, str]], somebodys: frozenset[str]) -> None:
    """The refused rows as they stood in the file, with a reason each, what is about people left out.

    Mended, the file can be imported as it is.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    places = [k for k, name in enumerate(source.header) if name not in somebodys]
    reasons = dict(rows)
    with open(
        path, "w", newline="", encoding="utf-8-sig", opener=lambda name, flags: os.open(name, flags, 0o600)
    ) as file:
        writer = csv.writer(file)
        writer.writerow([*(source.header[k] for k in places), REASON])
        for number, cells in source.data():
            if number in reasons:
                writer.writerow([*(_safe(cells[k]) if k < len(cells) else "" for k in places), reasons[number]])


def _safe(cell: str) -> str:
    """Free texts may hold somebody's address, too; numbers and dates are no formulas."""
    text = personal.masked(cell)
    return f"'{text}" if text[:1] in "=@" else text


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "sales"
