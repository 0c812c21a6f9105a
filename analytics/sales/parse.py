"""Rows become lines of the staging table, column by column, or are refused with row, column, value and reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate, chain, compress
from operator import ne
from typing import Final
from zoneinfo import ZoneInfo

from analytics.sales import columns, personal
from analytics.sales.formats import Mapping
from analytics.sales.headers import compact
from analytics.sales.kinds import REFUNDS, VOIDED, YES
from analytics.sales.numbers import Mark, number
from analytics.sales.sniff import Row, Source
from analytics.sales.survey import Survey, cells_by_column
from analytics.sales.times import Clock

LONGEST_VALUE: Final = 80  # characters of a refused value that are kept
LONGEST: Final = {
    "receipt": 100,
    "till": 50,
    "visit_ref": 64,
    "age_mark": 20,
    "gender_mark": 20,
    "product": 200,
    "category": 100,
}
MOST_KEPT: Final = 200_000  # cells whose reading is remembered, so that memory stays bounded
LAST: Final = 2  # rows at the end of a chunk among which the file's sums may stand
NULL: Final = "\\N"  # COPY's sign for nothing
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
DAY: Final = 86_400_000_000  # microseconds
QUARTER: Final = 900_000_000
SECONDS: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
SPECIAL: Final = str.maketrans({"\\": "\\\\", "\t": " ", "\n": " ", "\r": " ", "\0": None})

# What a row is.
SALE, REFUND, VOID, ARTICLE, LEFT_OUT = "0", "1", "2", "3", "9"
# What stands beside a sum below the rows.
SUMS: Final = frozenset(map(compact, (
    "total", "totals", "grand total", "sum", "subtotal", "summe", "gesamt", "gesamtsumme", "totalt", "sum totalt",
    "total général", "totale", "totaal", "suma", "yhteensä", "i alt", "total general", "all", "insgesamt",
)))  # fmt: skip


@dataclass(frozen=True)
class Refused:
    """A row that is not taken. `receipt` and `at` (microseconds since 1970), where they could be read, tell which rows
    belong to it; `store` whose it is."""

    row: int
    column: str
    value: str
    reason: str
    receipt: str = NULL
    at: str = NULL
    store: str = NULL


@dataclass
class Chunk:
    """`lines` are rows of the staging table in COPY's text format."""

    lines: list[str] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    left_out: int = 0


STAGED: Final = (
    "row", "run", "store_id", "receipt", "till", "at", "sort", "amount", "more", "less", "unit_price",
    "quantity", "items", "visit_ref", "age_mark", "gender_mark",
    "product", "category", "whole", "untimed",
)  # fmt: skip


class Memo(dict[str, str | None]):
    """Cells of a column that were read before; None where a cell cannot be read."""

    def __init__(self, read: Callable[[str], str | None]) -> None:
        super().__init__()
        self._read = read

    def __missing__(self, text: str) -> str | None:
        if len(self) > MOST_KEPT:
            self.clear()
        value = self[text] = self._read(text)
        return value

    def column(self, cells: Iterable[str]) -> list[str | None]:
        return list(map(self.__getitem__, cells))


@dataclass(frozen=True)
class Branches:
    """Which store a branch's rows go to: `stores` by branch in lower case, None where they may not go; others to
    `default`, or nowhere."""

    default: int | None
    stores: dict[str, int | None] = field(default_factory=dict)
    only: str = ""

    def store(self, branch: str) -> str | None:
        found = self.stores.get(branch.strip().lower(), self.default)
        return None if found is None else str(found)

    @property
    def reaches(self) -> list[int]:
        """The stores whose rows the file holds; 0 stands for rows that are of no store here, or not this user's."""
        others = {0} if self.only else set()
        return sorted({store or 0 for store in (self.default, *self.stores.values())} | others)


class Parser:
    """Reads a file chunk by chunk; remembers only the row before, and cells read."""

    def __init__(self, source: Source, mapping: Mapping, survey: Survey, zone: ZoneInfo, branches: Branches) -> None:
        self.mapping, self.survey, self.branches = mapping, survey, branches
        self.clock = Clock(zone, survey.dates)
        self.width = len(source.header)
        self.place = {ours: source.header.index(theirs) for ours, theirs in mapping.columns.items()}
        self.instead = {ours: source.header.index(theirs) for ours, theirs in mapping.instead.items()}
        self.left_out: Counter[str] = Counter()
        self._before: dict[str, str] = {}
        self._run, self._key = 0, ("",) * 5
        self._numbers = {name: Memo(self._number_reader(name)) for name in survey.marks}
        self._texts = {name: Memo(_text_reader(length)) for name, length in LONGEST.items()}
        self._moments = Memo(self._moment)
        self._days, self._clocks, self._offsets = Memo(self._day), Memo(self._clock), Memo(self._offset)
        self._names = Memo(self._name)
        self._untimed: set[str] = set()  # dates that say no time of day
        self._sorts = Memo(self._sort)
        self._stores = Memo(branches.store)
        self._counted = not mapping.has("receipt") and not (mapping.has_articles and survey.has_times)

    @property
    def is_counted(self) -> bool:
        """Whether rows without receipt numbers are whole purchases, told apart by counting those of one time."""
        return self._counted

    @property
    def has_whole(self) -> bool:
        """Whether a row that repeats another wholly is that row once more, and not a second article."""
        return self.mapping.has("receipt") and not self.mapping.has_articles

    def chunk(self, rows: Sequence[Row]) -> Chunk:
        """The numbered steps that every chunk goes through:

        1. cut into columns, what a receipt's further rows leave empty taken from its first;
        2. read each column;
        3. leave out what is no sale, refuse what cannot be read;
        4. put the rest into lines of the staging table.
        """
        result = Chunk()
        numbers = [number for number, _ in rows]
        cells = self._cells(rows)
        sorts = self._sorts_of(cells, rows)
        read = self._read(cells, sorts)
        bad = self._refuse(rows, cells, read, sorts, result)
        keep = [sort != LEFT_OUT and k not in bad for k, sort in enumerate(sorts)]
        result.left_out = sum(sort == LEFT_OUT for sort in sorts)
        lines = self._lines(numbers, rows, read, keep)
        result.lines = lines
        return result

    # 1. Cells ------------------------------------------------------------------------------------------------------

    def _cells(self, rows: Sequence[Row]) -> dict[str, list[str]]:
        columns = cells_by_column(rows, self.width)
        cells = {ours: list(map(str.strip, columns[k])) for ours, k in self.place.items()}
        dates = cells.get("paid_at") or cells["date"]
        if "" in dates:
            self._fill(cells, dates, {ours: columns[k] for ours, k in self.instead.items()})
        for name in ("receipt", "paid_at", "date", "time", "till", "branch"):
            if name in cells:
                self._before[name] = cells[name][-1]
        return cells

    def _fill(self, cells: dict[str, list[str]], dates: list[str], instead: dict[str, tuple[str, ...]]) -> None:
        """A row without a date that goes on with the receipt above it is of the same time, till and branch; what else
        is empty is taken from where it may stand `instead`."""
        receipts = cells.get("receipt")
        if receipts is None:
            return
        told = [name for name in ("receipt", "paid_at", "date", "time", "till", "branch") if name in cells]
        articles = cells.get("product") or cells.get("category") or [""] * len(dates)
        before = self._before
        for k, day in enumerate(dates):
            if not day and (receipts[k] == before.get("receipt") or (not receipts[k] and articles[k])) and before:
                for name in told:
                    cells[name][k] = cells[name][k] or before.get(name, "")
                if "amount" in cells and not cells["amount"][k]:
                    cells.setdefault("_article", [""] * len(dates))[k] = "x"
            for ours, others in instead.items():
                cells[ours][k] = cells[ours][k] or others[k].strip()
            before = {name: cells[name][k] for name in told}

    # 2. Reading ----------------------------------------------------------------------------------------------------

    def _number_reader(self, name: str) -> Callable[[str], str | None]:
        mark: Mark = self.survey.marks[name]
        rate = name == "discount" and self.survey.discount_is_rate

        def read(text: str) -> str | None:
            try:
                value = number(text.rstrip("%") if rate else text, mark)
            except ValueError:
                return NULL if columns.nothing(text) else None
            if rate:
                value = abs(value) / 100 if abs(value) > 1 or "%" in text else abs(value)
            return str(abs(value) if name == "discount" else value)

        return read

    def _moment(self, text: str) -> str | None:
        if not self.survey.has_times:
            return self._at_noon(text.partition("\t")[0])
        day, mark, at = text.partition("\t")
        quick = self._quick(day, at) if mark else self._quick(*text.partition(" ")[::2])
        if quick is not None:
            return quick
        try:
            when = self.clock.moment_of(day, at) if at else self.clock.moment(day)
        except (ValueError, OverflowError):
            return None
        if not at and not self.clock.tells_time(day):
            self._untimed.add(text)
        return str(round((when - EPOCH).total_seconds() * 1_000_000))

    def _at_noon(self, text: str) -> str | None:
        """A day of a file without times of day, which may write them all as midnight."""
        try:
            when = self.clock.noon(text)
        except (ValueError, OverflowError):
            return None
        return str(round((when - EPOCH).total_seconds() * 1_000_000))

    def _quick(self, day: str, at: str) -> str | None:
        """A date and a time of day that were each read before, where the clock runs evenly; else None."""
        if not at:
            return None
        date, clock = self._days[day], self._clocks[at]
        if date is None or clock is None:
            return None
        local = int(date) + int(clock)
        offset = self._offsets[str(local // QUARTER)]
        return None if offset is None else str(local - int(offset))

    def _day(self, text: str) -> str | None:
        """Microseconds from 1970 to a day's midnight, as a clock without zone shows it."""
        try:
            when = self.clock.day(text)
        except (ValueError, OverflowError):
            return None
        return str((when.toordinal() - EPOCH.toordinal()) * DAY)

    def _clock(self, text: str) -> str | None:
        """Microseconds since midnight; None where the text is no time of day on the store's clock.

        A day has 86,400 seconds but only 1,440 minutes, which are soon all known: seconds are added to theirs.
        """
        if SECONDS.fullmatch(text) and (minute := self._clocks[text[:5]]) is not None:
            return str(int(minute) + int(text[6:]) * 1_000_000)
        try:
            when = self.clock.time_of_day(text)
        except (ValueError, OverflowError):
            return None
        return str((when.hour * 3600 + when.minute * 60 + when.second) * 1_000_000 + when.microsecond)

    def _offset(self, quarter: str) -> str | None:
        """The zone's offset in a quarter of an hour; None where the clock jumps."""
        local = EPOCH.replace(tzinfo=None) + timedelta(microseconds=int(quarter) * QUARTER)
        first, second = (local.replace(tzinfo=self.clock.zone, fold=fold).utcoffset() for fold in (0, 1))
        return str((first.days * 86_400 + first.seconds) * 1_000_000) if first is not None and first == second else None

    def _name(self, at: str) -> str | None:
        """A made-up receipt number begins with the time on the store's clock."""
        return f"{datetime.fromtimestamp(int(at) / 1_000_000, self.clock.zone):%Y%m%dT%H%M%S%z}"

    def _sort(self, text: str) -> str | None:
        kind, status, voided = text.lower().split("\t")
        if kind in self.mapping.not_sales or status in self.mapping.not_sales:
            return LEFT_OUT
        if kind in VOIDED or status in VOIDED or voided in YES:
            return VOID
        if kind in self.mapping.only_lines:
            return ARTICLE
        return REFUND if kind in REFUNDS or (status in REFUNDS and "refunded" not in self.mapping.minus) else SALE

    def _sorts_of(self, cells: dict[str, list[str]], rows: Sequence[Row]) -> list[str]:
        none = [""] * len(rows)
        told = [cells.get(name, none) for name in ("kind", "status", "voided")]
        sorts = [sort or SALE for sort in self._sorts.column(map("\t".join, zip(*told, strict=True)))]
        if "_article" in cells:
            sorts = [
                ARTICLE if article and sort == SALE else sort
                for article, sort in zip(cells["_article"], sorts, strict=True)
            ]
        if self.branches.only:
            branch = cells.get("branch", none)
            sorts = [sort if name == self.branches.only else LEFT_OUT for name, sort in zip(branch, sorts, strict=True)]
        dates = cells.get("paid_at") or cells["date"]
        for k, day in enumerate(dates) if "" in dates else ():
            last = k >= len(dates) - LAST
            if not day and (
                _is_sum(rows[k][1]) or (last and not cells.get("receipt", dates)[k] and _is_bare(rows[k][1]))
            ):
                sorts[k] = LEFT_OUT
        self.left_out.update(sort for sort in sorts if sort == LEFT_OUT)
        return sorts

    def _read(self, cells: dict[str, list[str]], sorts: list[str]) -> dict[str, list[str | None]]:
        size = len(sorts)
        read: dict[str, list[str | None]] = {"sort": list(sorts)}
        for name, memo in self._numbers.items():
            read[name] = memo.column(cells[name])
        for name in ("till", "visit_ref", "age_mark", "gender_mark", "product", "category"):
            read[name] = self._texts[name].column(cells[name]) if name in cells else [""] * size
        if "paid_at" in cells:
            read["at"] = self._moments.column(cells["paid_at"])
            if self._untimed:
                read["untimed"] = ["t" if text in self._untimed else NULL for text in cells["paid_at"]]
        else:
            times = cells.get("time", [""] * size)
            read["at"] = self._moments.column(map("\t".join, zip(cells["date"], times, strict=True)))
        if not self.survey.has_times:
            read["untimed"] = ["t"] * size
        read["store_id"] = self._stores.column(cells.get("branch", [""] * size))
        if len(self.survey.branches) > 1 and not self.branches.stores:
            read["till"] = self._texts["till"].column(
                map(" ".join, zip(cells["branch"], cells.get("till", [""] * size), strict=True))
            )
        read["receipt"] = self._receipts(cells, read)
        return read

    def _receipts(self, cells: dict[str, list[str]], read: dict[str, list[str | None]]) -> list[str | None]:
        if "receipt" in cells:
            receipts = cells["receipt"]
            if max(map(len, receipts), default=0) > LONGEST["receipt"] or _has_special("".join(receipts)):
                return [_receipt(text) for text in receipts]
            return list(receipts)
        names = self._names
        return [f"{names[at]} {till}".strip() if at else "" for at, till in zip(read["at"], read["till"], strict=True)]

    # 3. Refusing ---------------------------------------------------------------------------------------------------

    def _refuse(
        self,
        rows: Sequence[Row],
        cells: dict[str, list[str]],
        read: dict[str, list[str | None]],
        sorts: list[str],
        result: Chunk,
    ) -> set[int]:
        """The places of rows that cannot be taken; each is told once, by its first fault."""
        faults: dict[int, tuple[str, str, str]] = {}

        def fault(k: int, name: str, reason: str, value: str | None = None) -> None:
            if sorts[k] != LEFT_OUT:
                cell = cells[name][k] if name in cells else ""
                faults.setdefault(k, (self.mapping.columns.get(name, name), cell if value is None else value, reason))

        for k, (_, row) in enumerate(rows):
            if len(row) > self.width and any(cell.strip() for cell in row[self.width :]):
                fault(
                    k,
                    "",
                    f"has {len(row)} cells, the header {self.width}: a cell with the delimiter in it needs quotes",
                    "",
                )
        self._refuse_receipts(cells, read, fault)
        self._refuse_times(cells, read, fault)
        for name in self._numbers:
            if None in read[name]:
                for k in _places(read[name]):
                    fault(k, name, self._number_fault(cells[name][k]))
        self._refuse_missing(read, sorts, fault)
        if None in read["store_id"]:
            for k in _places(read["store_id"]):
                fault(k, "branch", "rows of this branch may not be imported: it is no store of yours")
        for k, (column, value, reason) in sorted(faults.items()):
            result.refused.append(self._refused(rows[k], column, value, reason, read, k))
        return set(faults)

    def _refused(
        self, row: Row, column: str, value: str, reason: str, read: dict[str, list[str | None]], k: int
    ) -> Refused:
        shifted = len(row[1]) != self.width  # another column's content may stand here, a name perhaps
        shown = "" if shifted or personal.is_personal_text(value) else value[:LONGEST_VALUE]
        receipt = read["receipt"][k] if self.mapping.has("receipt") else None
        return Refused(
            row[0], column, shown, reason, receipt or NULL, read["at"][k] or NULL, read["store_id"][k] or NULL
        )

    def _refuse_receipts(
        self, cells: dict[str, list[str]], read: dict[str, list[str | None]], fault: Callable[..., None]
    ) -> None:
        if "receipt" not in cells:
            return
        receipts = read["receipt"]
        if "" in receipts or None in receipts:
            for k, receipt in enumerate(receipts):
                if receipt is None:
                    fault(k, "receipt", f"the receipt number is longer than {LONGEST['receipt']} characters")
                elif not receipt:
                    fault(k, "receipt", "the receipt number is missing")

    def _refuse_times(
        self, cells: dict[str, list[str]], read: dict[str, list[str | None]], fault: Callable[..., None]
    ) -> None:
        name = "paid_at" if "paid_at" in cells else "date"
        if "time" in cells and "" in cells["time"]:
            for k, text in enumerate(cells["time"]):
                if not text and cells[name][k]:
                    fault(k, "time", "the time is missing")
        if None in read["at"]:
            for k in _places(read["at"]):
                if columns.nothing(cells[name][k]):
                    fault(k, name, "the date is missing")
                else:
                    at = "time" if "time" in cells and self._moments[cells[name][k]] is not None else name
                    fault(k, at, self._time_fault(cells[name][k], cells.get("time", [""] * (k + 1))[k]))

    def _time_fault(self, day: str, at: str) -> str:
        try:
            self.clock.moment_of(day, at) if at else self.clock.moment(day)
        except (ValueError, OverflowError) as error:
            if "year" in str(error) and "cannot be right" in str(error):
                return str(error)
        return "not a date and time that can be read"

    def _number_fault(self, text: str) -> str:
        try:
            number(text)
        except ValueError as error:
            return str(error)
        return "not a number"

    def _refuse_missing(self, read: dict[str, list[str | None]], sorts: list[str], fault: Callable[..., None]) -> None:
        """An amount is needed where the file has amounts, unless it follows from price and quantity."""
        amounts, prices = read.get("amount"), read.get("unit_price")
        quantities = read.get("quantity")
        if amounts is None and prices is None:
            return
        missing = amounts if amounts is not None else prices or []
        if NULL not in missing:
            if amounts is None and quantities and NULL in quantities:
                missing = quantities
            else:
                return
        for k, value in enumerate(missing):
            computed = (
                prices and prices[k] not in (NULL, None) and (quantities is None or quantities[k] not in (NULL, None))
            )
            if value == NULL and sorts[k] in (SALE, REFUND) and not (amounts is not None and computed):
                name = "amount" if amounts is not None else "quantity" if missing is quantities else "unit_price"
                fault(k, name, "the number is missing")

    # 4. Lines ------------------------------------------------------------------------------------------------------

    def _lines(
        self, numbers: list[int], rows: Sequence[Row], read: dict[str, list[str | None]], keep: list[bool]
    ) -> list[str]:
        kept: dict[str, list[str]] = {name: list(compress(column, keep)) for name, column in read.items()}  # type: ignore[arg-type]
        kept["row"] = list(map(str, compress(numbers, keep)))
        size = len(kept["row"])
        if not size:
            return []
        kept["more"], kept["less"] = self._sum(self.mapping.plus, kept, size), self._sum(self.mapping.minus, kept, size)
        kept["run"] = self._runs(kept)
        none = [NULL] * size
        if self.has_whole:
            kept["whole"] = [str(hash(tuple(cells))) for _, cells in compress(rows, keep)]
        return list(map("\t".join, zip(*(kept.get(name, none) for name in STAGED), strict=True)))

    def _sum(self, names: tuple[str, ...], kept: dict[str, list[str]], size: int) -> list[str]:
        columns = [kept[name] for name in names if name in kept]
        if not columns:
            return [NULL] * size
        if len(columns) == 1:
            return columns[0]
        return [str(sum(Decimal(value) for value in values if value != NULL)) for values in zip(*columns, strict=True)]

    def _runs(self, kept: dict[str, list[str]]) -> list[str]:
        """Rows that follow each other and are of one receipt, time and till get the same number."""
        refunds = ["1" if sort == REFUND else "" for sort in kept["sort"]]
        keys = list(zip(kept["receipt"], kept["at"], kept["till"], kept["store_id"], refunds, strict=True))
        if self._counted:
            runs = range(self._run + 1, self._run + 1 + len(keys))
        else:
            changes = map(ne, keys, chain([self._key], keys))
            runs = list(accumulate(changes, initial=self._run))[1:]  # type: ignore[assignment]
        self._run, self._key = runs[-1], keys[-1]
        return list(map(str, runs))


def _places(column: list[str | None]) -> list[int]:
    return [k for k, value in enumerate(column) if value is None]


def _has_special(text: str) -> bool:
    return "\\" in text or "\t" in text or "\n" in text or "\r" in text or "\0" in text or "@" in text


def _receipt(text: str) -> str | None:
    return None if len(text) > LONGEST["receipt"] else personal.masked(text).translate(SPECIAL)


def _text_reader(length: int) -> Callable[[str], str | None]:
    def read(text: str) -> str:
        return "" if columns.nothing(text) else personal.masked(" ".join(text.split())[:length]).translate(SPECIAL)

    return read


def _is_bare(cells: Sequence[str]) -> bool:
    """Whether a row says nothing but numbers, as one that sums up the others does."""
    said = [cell for cell in cells if cell.strip()]
    return bool(said) and all(not _fails(cell) for cell in said)


def _fails(text: str) -> bool:
    try:
        number(text)
    except ValueError:
        return True
    return False


def _is_sum(cells: Sequence[str]) -> bool:
    """Whether a row without a date is a sum below the others."""
    said = [cell.strip() for cell in cells if cell.strip()]
    return bool(said) and compact(said[0].rstrip(":")) in SUMS
