"""Rows become purchases, or are refused with row, column, value and reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from analytics.sales.formats import DateOrder, Mapping
from analytics.sales.sniff import Text
from inference.capture_time import on_clock

LARGEST_AMOUNT = Decimal("9999999999")
LONGEST_VALUE = 80  # characters of a refused value that are kept
CENT = Decimal("0.01")
# What tills write beside receipts that brought no money, and beside rows that are no sales.
NOT_PAID = {
    "void", "voided", "cancelled", "canceled", "failed", "declined", "pending", "open", "parked", "expired", "refunded",
    "storniert", "storno", "abgebrochen", "annullert", "annulé", "anulado",
}  # fmt: skip
REFUNDS = {"refund", "return", "erstattung", "rückgabe", "retur", "remboursement"}
TIME_FORMATS = ("%H:%M:%S", "%H:%M", "%I:%M:%S %p", "%I:%M %p", "%I:%M%p", "%H.%M", "%H.%M.%S")
DATE_PARTS = re.compile(r"(\d{1,4})[./\-\s](\d{1,2})[./\-\s](\d{2,4})")


@dataclass(frozen=True)
class Refused:
    row: int
    column: str
    value: str
    reason: str


@dataclass(frozen=True)
class Line:
    product: str
    category: str
    quantity: Decimal
    amount: Decimal


@dataclass
class ParsedPurchase:
    """One receipt; `rows` are the lines of the file it came from."""

    receipt: str
    paid_at: datetime
    amount: Decimal
    till: str = ""
    items: int | None = None
    visit_ref: str = ""
    lines: list[Line] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)


@dataclass
class Parsed:
    """`rows` counts the file's data rows of the chosen branch; `other_branches` the ones left alone, `left_out` those
    that are no sales (voided, pending, a payment's own row)."""

    rows: int = 0
    purchases: list[ParsedPurchase] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    other_branches: int = 0
    left_out: int = 0
    branches: list[str] = field(default_factory=list)


class CellError(ValueError):
    """One cell cannot be read."""

    def __init__(self, column: str, value: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.value = column, value


class AmbiguousDatesError(ValueError):
    """No date in the file tells whether the day or the month is written first."""


@dataclass
class Row:
    """One row's cells by our field names."""

    number: int
    cells: dict[str, str]
    columns: dict[str, str]
    mark: str = ""  # the decimal mark of the file's amounts, where they tell

    def get(self, name: str) -> str:
        return self.cells.get(name, "")

    def refuse(self, name: str, reason: str) -> CellError:
        return CellError(self.columns.get(name, name), self.get(name), reason)


def parse(text: Text, mapping: Mapping, zone: ZoneInfo, *, branch: str = "") -> Parsed:
    """Read every row. Raises AmbiguousDatesError when 03/04 could be two days and nothing tells which."""
    rows = _rows(text, mapping)
    result = Parsed(branches=sorted({row.get("branch") for row in rows} - {""}))
    mine = [row for row in rows if not branch or row.get("branch") == branch]
    result.rows, result.other_branches = len(mine), len(rows) - len(mine)
    order = mapping.dates or date_order(row.get("paid_at") or row.get("date") for row in mine)
    mark = decimal_mark(row.get("amount") for row in mine)
    receipts: dict[str, ParsedPurchase] = {}
    for row in mine:
        row.mark = mark
        if not is_sale(row, mapping):
            result.left_out += 1
            continue
        try:
            _take(row, order, zone, receipts)
        except CellError as error:
            result.refused.append(Refused(row.number, error.column, error.value[:LONGEST_VALUE], str(error)))
    result.purchases = list(receipts.values())
    return result


def _rows(text: Text, mapping: Mapping) -> list[Row]:
    rows = text.rows()
    _, header = next(rows)
    place = {name.strip(): k for k, name in enumerate(header)}
    wanted = {ours: place[theirs] for ours, theirs in mapping.columns.items()}
    return [
        Row(number, {ours: row[k].strip() if k < len(row) else "" for ours, k in wanted.items()}, mapping.columns)
        for number, row in rows
    ]


def is_sale(row: Row, mapping: Mapping) -> bool:
    """Whether the till says that this row brought (or, as a refund, cost) money."""
    return row.get("status").lower() not in NOT_PAID and row.get("kind").lower() not in mapping.not_sales


def _take(row: Row, order: DateOrder, zone: ZoneInfo, receipts: dict[str, ParsedPurchase]) -> None:
    """A row is a purchase, a line of one, or, without an amount and a time of its own, one more article of one."""
    known = receipts.get(row.get("receipt"))
    if known is not None and not row.get("amount"):
        known.lines.append(_line(row, Decimal(0)))
        known.rows.append(row.number)
        known.items = (known.items or 0) + (_items(row, known.lines[-1].quantity) or 0)
    else:
        new = _purchase(row, order, zone, receipts)
        if known is not None and new.amount < 0 and new.paid_at != known.paid_at:
            new.receipt = f"{new.receipt} refund"  # of a receipt of this file, some time later
        _add(new, receipts, row)


def _line(row: Row, amount: Decimal) -> Line:
    quantity = _number(row, "quantity") if row.get("quantity") else Decimal(1)
    if row.get("unit_price"):
        amount = (quantity * _number(row, "unit_price")).quantize(CENT)
    return Line(row.get("product")[:200], row.get("category")[:100], quantity, amount)


def _add(new: ParsedPurchase, receipts: dict[str, ParsedPurchase], row: Row) -> None:
    """Rows that share receipt and time are the lines of one purchase."""
    known = receipts.setdefault(new.receipt, new)
    if known is new:
        return
    if known.paid_at != new.paid_at:
        raise row.refuse("receipt", f"receipt {new.receipt} stands in row {known.rows[0]} with another time")
    known.amount += new.amount
    known.lines += new.lines
    known.rows += new.rows
    known.items = (known.items or 0) + new.items if new.items is not None else known.items


def _purchase(row: Row, order: DateOrder, zone: ZoneInfo, receipts: dict[str, ParsedPurchase]) -> ParsedPurchase:
    if "receipt" in row.columns and not row.get("receipt"):
        raise row.refuse("receipt", "the receipt number is missing")
    if len(row.get("receipt")) > 100:
        raise row.refuse("receipt", "the receipt number is longer than 100 characters")
    amount = _number(row, "amount")
    if row.get("kind").lower() in REFUNDS:
        amount = -abs(amount)
    line = _line(row, amount)
    paid_at = _paid_at(row, order, zone)
    return ParsedPurchase(
        receipt=row.get("receipt") or _made_up(row, paid_at, receipts),
        paid_at=paid_at,
        amount=amount,
        till=row.get("till")[:50],
        items=_items(row, line.quantity),
        visit_ref=row.get("visit_ref")[:64],
        lines=[line] if line.product or line.category else [],
        rows=[row.number],
    )


def _made_up(row: Row, paid_at: datetime, receipts: dict[str, ParsedPurchase]) -> str:
    """A receipt number for a file without: its time and till. Articles of one time are one receipt; where rows are
    whole receipts, those of one time are counted through, so that the same file gives the same numbers again."""
    name = f"{paid_at:%Y%m%dT%H%M%S%z} {row.get('till')}".strip()
    if "product" in row.columns:
        return name
    number = 1
    while f"{name} #{number}" in receipts:
        number += 1
    return f"{name} #{number}"


def _items(row: Row, quantity: Decimal) -> int | None:
    if row.get("items"):
        return max(0, int(_number(row, "items")))
    return max(0, int(quantity)) if row.get("quantity") else None


# Numbers --------------------------------------------------------------------------------


def _number(row: Row, name: str) -> Decimal:
    text = row.get(name)
    if not text:
        raise row.refuse(name, "the number is missing")
    try:
        value = number(text, row.mark)
    except ValueError as error:
        raise row.refuse(name, "not a number") from error
    if abs(value) > LARGEST_AMOUNT:
        raise row.refuse(name, "the number is too large")
    return value


def decimal_mark(texts: Iterable[str]) -> str:
    """The decimal mark of a column, told by the amounts that have cents; "" where none or both are found."""
    found = {match[1] for text in texts if (match := re.search(r"\d([.,])\d{1,2}(?!\d)(?![.,]\d)", text))}
    return found.pop() if len(found) == 1 else ""


def number(text: str, mark: str = "") -> Decimal:
    """A number as people write it: 1.234,56 and 1,234.56 and 1 234,56, currency signs, −, (1.00). To the cent, or to
    the thousandth where more digits are given. `mark` is the column's decimal mark, for 1.234. Raises ValueError."""
    bare = re.sub(r"[\s\u00a0\u202f'’]|[A-Za-z]{2,4}\.?|[$€£¥]|kr\.?", "", text.replace("−", "-"))
    negative = (bare.startswith("(") and bare.endswith(")")) or bare.endswith("-") or bare.startswith("-")
    bare = bare.strip("()-+")
    if not re.fullmatch(r"\d[\d.,]*|[.,]\d+", bare):
        raise ValueError(text)
    try:
        value = Decimal(_with_point(bare, mark))
    except InvalidOperation as error:
        raise ValueError(text) from error
    return -value if negative else value


def _with_point(digits: str, column_mark: str) -> str:
    """The last of . and , is the decimal mark, unless it groups thousands (1.234.567 or 1,234 with both absent)."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return digits
    mark, other = digits[last], "," if digits[last] == "." else "."
    groups = digits.split(mark)
    if column_mark and mark != column_mark and len(groups) == 2 and len(groups[1]) == 3 and other not in digits:
        return "".join(groups)
    if len(groups) > 2 and all(len(group) == 3 for group in groups[1:]) and other not in digits:
        return "".join(groups)
    if len(groups) > 2:
        raise InvalidOperation
    # One comma before exactly three digits, as in 1,234: English thousands. A point there is a decimal point.
    if mark == "," and len(groups[1]) == 3 and other not in digits:
        return "".join(groups)
    return digits[:last].replace(other, "") + "." + digits[last + 1 :]


# Dates --------------------------------------------------------------------------------


def date_order(texts: Iterable[str]) -> DateOrder:
    """Whether the day or the month comes first, decided from the whole column; "" when every date is year-first."""
    first, second = 0, 0
    seen = False
    for text in texts:
        match = DATE_PARTS.match(text)
        if match and len(match[1]) <= 2:
            seen = True
            first, second = max(first, int(match[1])), max(second, int(match[2]))
    if not seen:
        return ""
    if first > 12 >= second:
        return "day-first"
    if second > 12 >= first:
        return "month-first"
    raise AmbiguousDatesError(
        "The dates could be read day first or month first, and no date in the file tells which. Please say which it is."
    )


def _paid_at(row: Row, order: DateOrder, zone: ZoneInfo) -> datetime:
    if row.get("paid_at"):
        return _moment(row, "paid_at", row.get("paid_at"), order, zone)
    if not row.get("date"):
        raise row.refuse("paid_at" if "paid_at" in row.columns else "date", "the date is missing")
    if "time" in row.columns and not row.get("time"):
        raise row.refuse("time", "the time is missing")
    return _moment(row, "date", f"{row.get('date')} {row.get('time')}".strip(), order, zone)


def _moment(row: Row, name: str, text: str, order: DateOrder, zone: ZoneInfo) -> datetime:
    readers: tuple[Callable[[], datetime], ...] = (
        lambda: datetime.fromisoformat(text),
        lambda: _written(text, order),
    )
    for read in readers:
        try:
            when = read()
        except ValueError:
            continue
        if not 1990 <= when.year <= 2100:
            raise row.refuse(name, f"the year {when.year} cannot be right")
        return when if when.tzinfo else on_clock(when, zone)
    raise row.refuse(name, "not a date and time that can be read")


def _written(text: str, order: DateOrder) -> datetime:
    match = DATE_PARTS.match(text)
    if not match:
        raise ValueError(text)
    a, b, c = (int(part) for part in match.groups())
    if len(match[1]) == 4:
        year, month, day = a, b, c
    else:
        year = c + 2000 if len(match[3]) == 2 else c
        day, month = (a, b) if order == "day-first" else (b, a)
    rest = text[match.end() :].strip(" ,T")
    return datetime.combine(datetime(year, month, day), _clock(rest))  # noqa: DTZ001  # the store's zone follows


def _clock(text: str) -> time:
    if not text:
        return time(12)  # a day without a time: noon keeps it on that day
    for form in TIME_FORMATS:
        try:
            return datetime.strptime(text.upper(), form).time()  # noqa: DTZ007  # the store's zone follows
        except ValueError:
            continue
    raise ValueError(text)
