"""One look through a whole file: what only all its rows together tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain, islice
from typing import Final

from analytics.sales import columns, numbers
from analytics.sales.formats import Mapping, is_rate
from analytics.sales.numbers import Mark
from analytics.sales.sniff import Row, Source
from analytics.sales.times import AmbiguousDatesError, DateOrder, OrderEvidence

ROWS_AT_ONCE: Final = 20_000
MOST_BRANCHES: Final = 200  # more distinct values are no branches
NUMBERS: Final = ("amount", "unit_price", "quantity", "discount", "tax", "tip", "refunded", "items")
DAY_LENGTH: Final = 14  # characters within which a date's numbers stand, weekday included
MOST_DISCOUNTS: Final = 5_000


@dataclass
class Survey:
    """`marks` are the decimal marks by field, where the column tells; `why` says what decided the order of dates."""

    rows: int = 0
    dates: DateOrder = ""
    why: str = ""
    marks: dict[str, Mark] = field(default_factory=dict)
    branches: list[str] = field(default_factory=list)
    has_times: bool = False
    discount_is_rate: bool = False


def chunks(source: Source) -> Iterator[list[Row]]:
    rows = source.data()
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        yield chunk


def cells_by_column(rows: Sequence[Row], width: int) -> list[tuple[str, ...]]:
    """The cells of rows, column by column; what a short row lacks is empty."""
    cells = [cells for _, cells in rows]
    if any(len(row) != width for row in cells):
        cells = [(row + [""] * (width - len(row)))[:width] for row in cells]
    return list(zip(*cells, strict=True))


def survey(source: Source, mapping: Mapping, today: date, notify: Callable[[float], None] | None = None) -> Survey:
    """Read the whole file once. Raises AmbiguousDatesError; `notify` is told the share that has been read, about."""
    place = {ours: source.header.index(theirs) for ours, theirs in mapping.columns.items()}
    seen = _Seen({name: set() for name in NUMBERS if name in place}, timed="time" in place)
    bytes_read, size = 0, max(1, source.path.stat().st_size)
    for rows in chunks(source):
        cells = cells_by_column(rows, len(source.header))
        seen.add({ours: cells[k] for ours, k in place.items()}, len(rows))
        if notify:
            bytes_read += sum(map(len, chain.from_iterable(cells)))
            notify(min(1.0, bytes_read / size))
    return seen.decide(mapping, today)


@dataclass
class _Seen:
    shapes: dict[str, set[str]]
    timed: bool
    rows: int = 0
    order: OrderEvidence = field(default_factory=OrderEvidence)
    days: set[str] = field(default_factory=set)
    branches: set[str] = field(default_factory=set)
    discounts: set[str] = field(default_factory=set)

    def add(self, cells: dict[str, tuple[str, ...]], rows: int) -> None:
        self.rows += rows
        for name, shapes in self.shapes.items():
            shapes |= numbers.shapes(map(str.strip, cells[name]))
        dates = cells.get("paid_at") or cells.get("date") or ()
        days = {text.strip()[:DAY_LENGTH] for text in dates} - self.days
        self.order.add(days)
        self.days |= days
        if not self.timed:
            self.timed = columns.Column("", tuple(dict.fromkeys(dates))[:2000]).has_times()
        if len(self.branches) < MOST_BRANCHES:
            self.branches |= set(map(str.strip, cells.get("branch", ())))
        if len(self.discounts) < MOST_DISCOUNTS:
            self.discounts |= set(cells.get("discount", ()))

    def decide(self, mapping: Mapping, today: date) -> Survey:
        found = Survey(self.rows, has_times=self.timed, branches=sorted(self.branches - {""})[:MOST_BRANCHES])
        if mapping.dates:
            found.dates, found.why = mapping.dates, "as was said"
        else:
            found.dates, found.why = self.order.order(today)
        found.marks = self._marks(mapping.mark)
        found.discount_is_rate = "discount" in mapping.minus and self._is_rate(mapping.columns["discount"])
        return found

    def _marks(self, said: Mark) -> dict[str, Mark]:
        """Each column's own decimal mark; where it does not tell, that of the columns that do."""
        if said:
            return dict.fromkeys(self.shapes, said)
        told = {name: numbers.decimal_mark(shapes) for name, shapes in self.shapes.items()}
        sure = {mark for name, mark in told.items() if mark and name not in ("quantity", "items")}
        usual: Mark = sure.pop() if len(sure) == 1 else ""
        return {name: mark or usual for name, mark in told.items()}

    def _is_rate(self, name: str) -> bool:
        if is_rate(name) or any("%" in text for text in self.discounts):
            return True
        values = [abs(value) for value in map(_number, self.discounts) if value]
        return bool(values) and max(values) < 1 and any(value % 1 for value in values)


def _number(text: str) -> float:
    try:
        return float(numbers.number(text.strip()))
    except ValueError:
        return 0.0


__all__ = ["AmbiguousDatesError", "Survey", "cells_by_column", "chunks", "survey"]
