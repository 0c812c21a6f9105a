"""The mapping of a file's columns to purchases: tills known by their headers, else a guess by name and content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from analytics.sales import personal
from analytics.sales.columns import Column, guess
from analytics.sales.headers import compact, spellings, words
from analytics.sales.numbers import Mark
from analytics.sales.times import DateOrder

FIELDS: Final = (
    "receipt", "paid_at", "date", "time", "amount", "unit_price", "quantity", "discount", "tax", "tip", "refunded",
    "items", "till", "branch", "status", "kind", "voided", "product", "category", "visit_ref",
    "age_mark", "gender_mark",
)  # fmt: skip
# Kinds of rows, in lower case, that are no sales in any till's file.
NOT_SALES: Final = frozenset((
    "payout", "fee", "layby", "deposit", "auszahlung", "payment in", "cash in", "cash out", "pay in", "pay out",
    "opening float", "einlage", "entnahme", "avtransfer", "avbestellung", "avtraining", "avsonstige", "avsachbezug",
    "training",
))  # fmt: skip
# Kinds of rows of a file that tells a sale, its articles and how it was paid in rows of their own.
WHOLE_SALES: Final = frozenset(("sale", "order", "receipt", "transaction", "invoice", "header"))
ARTICLES_OF_SALES: Final = frozenset((
    "sale line", "line", "line item", "lineitem", "item", "order line", "order item", "receipt line", "invoice line",
    "detail",
))  # fmt: skip
PAYMENTS: Final = frozenset(("payment", "tender", "payments"))
NET: Final = frozenset(map(compact, (
    "net sales", "net total", "net amount", "net revenue", "net", "netto", "nettobetrag", "nettoumsatz", "subtotal",
    "sub total", "zwischensumme", "total ht", "montant ht", "base imponible", "imponibile",
)))  # fmt: skip
GROSS: Final = frozenset(map(compact, ("gross sales", "gross revenue")))


@dataclass(frozen=True)
class Mapping:
    """`columns`: our field -> the file's column. `dates` says how 03/04/2026 is meant, `mark` the decimal mark, where
    these are known. What was paid is the amount, plus the columns of `plus`, minus those of `minus`. Rows whose kind is
    in `not_sales` are left out, those in `only_lines` are articles of a receipt whose total another row says."""

    format: str
    columns: dict[str, str] = field(default_factory=dict)
    dates: DateOrder = ""
    mark: Mark = ""
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    instead: dict[str, str] = field(default_factory=dict)
    not_sales: frozenset[str] = NOT_SALES
    only_lines: frozenset[str] = frozenset()

    def has(self, *names: str) -> bool:
        return any(name in self.columns for name in names)

    @property
    def has_articles(self) -> bool:
        """Whether rows tell what was bought."""
        return self.has("product", "category")


@dataclass(frozen=True)
class Known:
    """A till's export: the headers that tell it, and which column is what.

    Columns it may lack are in `perhaps`; `instead` says which column stands in where another's cell is empty.
    """

    name: str
    columns: dict[str, str]
    more: tuple[str, ...] = ()
    perhaps: dict[str, str] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    dates: DateOrder = ""
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    not_sales: frozenset[str] = frozenset()
    only_lines: frozenset[str] = frozenset()

    def told_by(self, names: dict[str, str]) -> bool:
        return all(compact(header) in names for header in (*self.columns.values(), *self.more))

    def mapping(self, names: dict[str, str]) -> Mapping:
        wanted = self.columns | {ours: theirs for ours, theirs in self.perhaps.items() if compact(theirs) in names}
        return Mapping(
            self.name,
            {ours: names[compact(theirs)] for ours, theirs in wanted.items()},
            self.dates,
            plus=tuple(name for name in self.plus if name in wanted),
            minus=tuple(name for name in self.minus if name in wanted),
            instead={ours: names[compact(theirs)] for ours, theirs in self.instead.items() if compact(theirs) in names},
            not_sales=NOT_SALES | self.not_sales,
            only_lines=self.only_lines,
        )


# The more telling come first: a file with line items also has the headers of its receipts. What a customer paid for
# goods is counted: with tax, without tip, so that a till's receipts and its line items say the same.
KNOWN: Final = (
    Known(
        "supermarket",
        {"receipt": "Invoice ID", "date": "Date", "time": "Time", "amount": "Total", "category": "Product line",
         "quantity": "Quantity", "branch": "Branch"},
        ("cogs",),
    ),
    Known(
        "shopify orders",
        {"receipt": "Name", "paid_at": "Paid at", "amount": "Total", "status": "Financial Status",
         "product": "Lineitem name", "quantity": "Lineitem quantity", "unit_price": "Lineitem price"},
        perhaps={"refunded": "Refunded Amount", "branch": "Location"},
        instead={"paid_at": "Created at"},  # an order that is not paid yet
        minus=("refunded",),
    ),
    Known(
        "woocommerce",
        {"receipt": "Order Number", "paid_at": "Order Date", "amount": "Order Total Amount", "status": "Order Status"},
        ("Order Subtotal Amount",),
        perhaps={"product": "Item Name", "quantity": "Quantity (- Refund)", "unit_price": "Item Cost",
                 "refunded": "Order Refund Amount", "category": "Category"},
        minus=("refunded",),
    ),
    Known(
        "toast items",
        {"receipt": "Check Id", "paid_at": "Order Date", "amount": "Net Price", "tax": "Tax", "quantity": "Qty",
         "product": "Menu Item", "voided": "Void?"},
        perhaps={"category": "Sales Category", "branch": "Location"},
        plus=("tax",),
    ),
    Known(
        "toast checks",
        {"receipt": "Check Id", "date": "Opened Date", "time": "Opened Time", "amount": "Total"},
        ("Check #", "Tender"),
    ),
    Known(
        "toast orders",
        {"receipt": "Order Id", "paid_at": "Opened", "amount": "Total", "voided": "Voided", "tip": "Tip"},
        ("Order #", "# of Guests"),
        perhaps={"branch": "Location"},
        minus=("tip",),
    ),
    Known(
        "toast payments",
        {"receipt": "Check Id", "paid_at": "Paid Date", "amount": "Amount", "status": "Status",
         "refunded": "Refund Amount"},
        ("Payment Id",),
        perhaps={"branch": "Location"},
        minus=("refunded",),
    ),
    Known(
        "clover items",
        {"receipt": "Order ID", "paid_at": "Line Item Date", "amount": "Item Total", "product": "Item Name",
         "status": "Payment State"},
        perhaps={"quantity": "Quantity Sold", "category": "Category"},
    ),
    Known(
        "clover orders",
        {"receipt": "Order ID", "paid_at": "Order Date", "amount": "Order Total", "status": "Order Payment State"},
        ("Payments Total",),
        perhaps={"refunded": "Refunds Total"},
        minus=("refunded",),
    ),
    Known(
        "square items",
        {"receipt": "Transaction ID", "date": "Date", "time": "Time", "amount": "Net Sales", "product": "Item",
         "category": "Category", "quantity": "Qty", "kind": "Event Type"},
        perhaps={"tax": "Tax", "branch": "Location", "till": "Device Name"},
        plus=("tax",),
    ),
    Known(
        "square transactions",
        {"receipt": "Transaction ID", "date": "Date", "time": "Time", "amount": "Total Collected",
         "kind": "Event Type"},
        perhaps={"tip": "Tip", "branch": "Location", "till": "Device Name", "status": "Transaction Status"},
        minus=("tip",),
    ),
    Known(
        "loyverse items",
        {"receipt": "Receipt number", "paid_at": "Date", "kind": "Receipt type", "amount": "Net sales",
         "product": "Item", "category": "Category", "quantity": "Quantity", "till": "POS", "branch": "Store",
         "status": "Status"},
    ),
    Known(
        "loyverse receipts",
        {"receipt": "Receipt number", "paid_at": "Date", "kind": "Receipt type", "amount": "Total collected",
         "till": "POS", "branch": "Store", "status": "Status"},
        perhaps={"tip": "Tips"},
        minus=("tip",),
    ),
    Known(
        "lightspeed",
        {"receipt": "Receipt number", "paid_at": "Date", "kind": "Line type", "amount": "Total", "till": "Register",
         "status": "Status", "product": "Details"},
        perhaps={"quantity": "Quantity"},
        not_sales=frozenset({"payment"}),
        only_lines=frozenset({"sale line"}),
    ),
    Known(
        "sumup",
        {"receipt": "Transaction ID", "paid_at": "Date", "kind": "Transaction type", "status": "Status",
         "amount": "Total"},
        perhaps={"tip": "Tip amount", "product": "Description"},
        minus=("tip",),
        not_sales=frozenset({"cash withdrawal"}),
    ),
    Known(
        "sumup sales",
        {"receipt": "Transaction ID", "date": "Date", "time": "Time", "kind": "Type", "amount": "Price (Gross)",
         "product": "Description", "quantity": "Quantity"},
    ),
    Known(
        "zettle products",
        {"receipt": "Receipt number", "date": "Date", "time": "Time", "product": "Name", "quantity": "Quantity",
         "amount": "Final price"},
        perhaps={"category": "Category"},
    ),
    Known(
        "zettle",
        {"receipt": "Receipt number", "date": "Date", "time": "Time", "amount": "Total"},
        ("Payment method", "Fee"),
        perhaps={"tip": "Tip"},
    ),
    Known(
        "dsfinv-k",
        {"receipt": "BON_ID", "paid_at": "BON_ENDE", "amount": "UMS_BRUTTO", "kind": "BON_TYP", "till": "Z_KASSE_ID"},
        perhaps={"voided": "BON_STORNO"},
    ),
)  # fmt: skip


class MappingError(ValueError):
    """The columns do not make purchases; the message names what is missing and what there is."""


def recognise(columns: Sequence[Column], wanted: dict[str, str] | None = None, *, anything: bool = False) -> Mapping:
    """A mapping for a file's columns; `wanted` overrides the guess.

    Raises MappingError when purchases could not be told, unless `anything` will do.
    """
    names = [column.name for column in columns]
    by_compact = {spelt: name for k in (1, 0) for name in reversed(names) for spelt in spellings(name)[k : k + 1]}
    somebodys = personal.columns(names, _rows(columns))
    if not wanted:
        for known in KNOWN:
            if known.told_by(by_compact):
                return known.mapping(by_compact)
    found = guess(columns, somebodys)
    found = _overridden(found, _checked(wanted or {}, names, somebodys))
    if not anything:
        _require(found, names)
    plain = all(ours == theirs for ours, theirs in found.items())
    return _with_kinds(_with_sums(Mapping("own" if wanted else "plain" if plain else "guessed", found)), columns)


def _rows(columns: Sequence[Column]) -> list[list[str]]:
    """Cells to look for personal content in; which row they are of does not matter."""
    depth = max((len(column.values) for column in columns), default=0)
    return [[column.values[k] if k < len(column.values) else "" for column in columns] for k in range(depth)]


def _overridden(found: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    """What is wanted wins; a column serves one field only. An empty wish says that a field is in no column."""
    taken = set(wanted.values())
    result = {ours: theirs for ours, theirs in found.items() if theirs not in taken and ours not in wanted}
    if "paid_at" in wanted:
        result = {ours: theirs for ours, theirs in result.items() if ours not in ("date", "time")}
    if "date" in wanted:
        result.pop("paid_at", None)
    return result | {ours: theirs for ours, theirs in wanted.items() if theirs}


def _with_sums(mapping: Mapping) -> Mapping:
    """Tax comes on top of an amount that is net of it, discounts off one that is before them, refunds off any."""
    names = spellings(mapping.columns.get("amount", ""))
    plus = ("tax",) if mapping.has("tax") and any(name in NET for name in names) else ()
    before = any(name in GROSS for name in names) or "amount" not in mapping.columns
    minus: tuple[str, ...] = ("discount",) if mapping.has("discount") and before else ()
    if mapping.has("refunded"):
        minus += ("refunded",)
    return replace(mapping, plus=plus, minus=minus)


def _with_kinds(mapping: Mapping, columns: Sequence[Column]) -> Mapping:
    """A file with rows for sales, for their articles and for their payments says each sum more than once."""
    said = {text.lower() for column in columns if column.name == mapping.columns.get("kind") for text in column.values}
    if not said & WHOLE_SALES:
        return mapping
    articles = frozenset(said & ARTICLES_OF_SALES)
    return replace(mapping, only_lines=articles, not_sales=mapping.not_sales | PAYMENTS) if articles else mapping


def _checked(wanted: dict[str, str], names: list[str], somebodys: frozenset[str]) -> dict[str, str]:
    for ours, theirs in wanted.items():
        if ours not in FIELDS:
            raise MappingError(f"“{ours}” is not one of our fields: {', '.join(FIELDS)}.")
        if theirs and theirs not in names:
            raise MappingError(f"The file has no column “{theirs}”; it has {', '.join(names)}.")
        if theirs in somebodys:
            raise MappingError(f"The column “{theirs}” is about people and is never read; leave “{ours}” out.")
    return wanted


def _require(columns: dict[str, str], names: list[str]) -> None:
    sells = "amount" in columns or "unit_price" in columns or ("product" in columns and "receipt" in columns)
    missing = [] if sells else ["amount"]
    if "paid_at" not in columns and "date" not in columns:
        missing.append("paid_at (or date)")
    if missing:
        raise MappingError(f"No column for {', '.join(missing)} was found among: {', '.join(names)}.")


def is_rate(column: str) -> bool:
    """Whether a discount's name says that it is in percent."""
    return bool({"percent", "percentage", "pct", "rate", "prozent"} & set(words(column))) or "%" in column
