"""Excel workbooks as rows of texts, sheet row by sheet row."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from openpyxl.workbook import Workbook

# A workbook unpacks to at most so many bytes; more is an attack or no till's export.
LARGEST_UNPACKED: Final = 2_000_000_000
MIDNIGHT: Final = time(0)


class NoWorkbookError(ValueError):
    """The file is no workbook that can be read; the message says why."""


def first_sheet(path: Path) -> str:
    """The name of the sheet with the most columns in its first rows, the first of several."""
    with _open(path) as book:
        widths = {sheet.title: _width(sheet.iter_rows(max_row=30, values_only=True)) for sheet in book.worksheets}
    if not any(widths.values()):
        raise NoWorkbookError("The workbook is empty.")
    return max(widths, key=lambda name: widths[name])


def rows(path: Path, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells as text) of every row."""
    with _open(path) as book:
        for number, cells in enumerate(book[sheet].iter_rows(values_only=True), start=1):
            yield number, [text(cell) for cell in cells]


def height(path: Path, sheet: str) -> int:
    """How many rows the sheet says it has; 0 where it does not say."""
    with _open(path) as book:
        return int(book[sheet].max_row or 0)


def text(value: object) -> str:
    """A cell as a CSV would have it: dates year first, numbers with a point and no more digits than they have."""
    if value is None or isinstance(value, str):
        return (value or "").strip()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == MIDNIGHT else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return f"{value:.10f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


@contextmanager
def _open(path: Path) -> Iterator[Workbook]:
    from openpyxl import load_workbook

    try:
        with zipfile.ZipFile(path) as packed:
            size = sum(item.file_size for item in packed.infolist())
            names = set(packed.namelist())
    except zipfile.BadZipFile as error:
        raise NoWorkbookError("This is a damaged zip or Excel file; save it as CSV.") from error
    if "xl/workbook.xml" not in names:
        raise NoWorkbookError("This is a zip, not a CSV or Excel file; unpack it first.")
    if size > LARGEST_UNPACKED:
        raise NoWorkbookError("The workbook is too large; save it as CSV.")
    # From an open file: openpyxl judges a path by its ending, and uploads have none.
    with path.open("rb") as file:
        try:
            book = load_workbook(file, read_only=True, data_only=True)
        except (KeyError, ValueError, OSError) as error:
            raise NoWorkbookError("This Excel file cannot be read; save it as CSV.") from error
        yield book


def _width(rows: Iterator[tuple[object, ...]]) -> int:
    return max((sum(cell is not None for cell in row) for row in rows), default=0)
