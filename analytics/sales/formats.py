"""Which column is what: formats recognised by their headers, and a guess by names in several languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

FIELDS: Final = (
    "receipt", "paid_at", "date", "time", "amount", "till", "items", "visit_ref", "product", "category", "quantity",
    "branch", "status", "kind", "unit_price",
)  # fmt: skip
# Kinds of rows, in lower case, that are no sales in any till's file.
NOT_SALES: Final = frozenset({"payout", "fee", "layby", "deposit", "auszahlung", "void"})
DateOrder = Literal["", "day-first", "month-first"]

# What tills call things, in lower case; the first that a file has is taken.
SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "receipt": (
        "receipt", "invoice id", "receipt number", "receipt no", "invoice", "order id", "transaction id", "bon",
        "bonnr", "belegnummer", "beleg", "kvittering", "kvitto", "ticket", "numéro de ticket", "bonnummer", "recibo",
    ),
    "paid_at": ("paid_at", "paid at", "date & time", "datetime", "date time", "timestamp", "zeitpunkt", "tidspunkt"),
    "date": ("date", "datum", "dato", "fecha", "transaction date", "sale date"),
    "time": ("time", "uhrzeit", "zeit", "tid", "klokkeslett", "heure", "hora", "tijd", "transaction time"),
    "amount": (
        "amount", "total", "gross sales", "total collected", "betrag", "summe", "gesamt", "beløp", "sum", "belopp",
        "montant", "importe", "bedrag", "total amount",
    ),
    "till": ("till", "register", "kasse", "kasse nr", "pos", "device", "caisse", "caja"),
    "items": ("items", "item count", "antall", "anzahl"),
    "visit_ref": ("visit_ref", "visit ref", "visit reference", "ticket reference"),
    "product": ("product", "item", "artikel", "produkt", "vare", "article", "producto"),
    "category": ("category", "product line", "warengruppe", "kategori", "kategorie", "catégorie", "categoría"),
    "quantity": ("quantity", "qty", "menge", "mengde", "quantité", "cantidad", "aantal"),
    "branch": ("branch", "location", "store", "filiale", "butikk", "magasin", "sucursal"),
    "status": ("status", "order status", "financial status", "stand", "statut", "estado"),
    "kind": ("kind", "type", "receipt type", "transaction type", "event type", "line type", "typ", "art"),
    "unit_price": ("unit price", "lineitem price", "einzelpreis", "enhetspris", "prix unitaire"),
}  # fmt: skip


@dataclass(frozen=True)
class Mapping:
    """`columns`: our field -> the file's column. `dates` says how 03/04/2026 is meant, where that is known; rows whose
    kind is in `not_sales` are left out."""

    format: str
    columns: dict[str, str] = field(default_factory=dict)
    dates: DateOrder = ""
    not_sales: frozenset[str] = NOT_SALES


@dataclass(frozen=True)
class Known:
    """A till's export: the headers that tell it, lower case, and which column is what."""

    name: str
    headers: frozenset[str]
    columns: dict[str, str]
    dates: DateOrder = ""
    not_sales: frozenset[str] = frozenset()


def _known(name: str, columns: dict[str, str], *more: str, dates: DateOrder = "", not_sales: str = "") -> Known:
    """Told by the columns it is read by, and by more."""
    headers = frozenset(header.lower() for header in (*columns.values(), *more))
    return Known(name, headers, columns, dates, frozenset(filter(None, not_sales.split(","))))


# The more telling come first: a file with line items also has the headers of its receipts.
KNOWN: Final = (
    _known(
        "supermarket",
        {"receipt": "Invoice ID", "date": "Date", "time": "Time", "amount": "Total", "category": "Product line",
         "quantity": "Quantity", "branch": "Branch"},
        "cogs", dates="month-first",
    ),
    _known(
        "shopify orders",
        {"receipt": "Name", "paid_at": "Paid at", "amount": "Total", "status": "Financial Status",
         "product": "Lineitem name", "quantity": "Lineitem quantity", "unit_price": "Lineitem price"},
    ),
    _known(
        "square items",
        {"receipt": "Transaction ID", "date": "Date", "time": "Time", "amount": "Net Sales", "product": "Item",
         "category": "Category", "quantity": "Qty", "kind": "Event Type"},
    ),
    _known(
        "square transactions",
        {"receipt": "Transaction ID", "date": "Date", "time": "Time", "amount": "Total Collected",
         "kind": "Event Type"},
    ),
    _known(
        "loyverse items",
        {"receipt": "Receipt number", "paid_at": "Date", "kind": "Receipt type", "amount": "Net sales",
         "product": "Item", "category": "Category", "quantity": "Quantity", "till": "POS", "branch": "Store",
         "status": "Status"},
    ),
    _known(
        "loyverse receipts",
        {"receipt": "Receipt number", "paid_at": "Date", "kind": "Receipt type", "amount": "Total collected",
         "till": "POS", "branch": "Store", "status": "Status"},
    ),
    _known(
        "lightspeed",
        {"receipt": "Receipt number", "paid_at": "Date", "kind": "Line type", "amount": "Total", "till": "Register",
         "status": "Status"},
        not_sales="sale line,payment",
    ),
    _known(
        "sumup",
        {"receipt": "Transaction ID", "paid_at": "Date", "kind": "Transaction type", "status": "Status",
         "amount": "Total"},
    ),
    _known(
        "zettle",
        {"receipt": "Receipt number", "date": "Date", "time": "Time", "amount": "Total"},
        "Payment method", "Fee",
    ),
)  # fmt: skip


class MappingError(ValueError):
    """The columns do not make purchases; the message names what is missing and what there is."""


def recognise(header: list[str], wanted: dict[str, str] | None = None) -> Mapping:
    """A mapping for a header; `wanted` overrides the guess. Raises MappingError when receipts could not be told."""
    names = [name.strip() for name in header]
    lower = {name.lower(): name for name in names}
    for known in KNOWN:
        if known.headers <= lower.keys() and not wanted:
            columns = {ours: lower[theirs.lower()] for ours, theirs in known.columns.items()}
            return Mapping(known.name, columns, known.dates, NOT_SALES | known.not_sales)
    columns = {ours: next((lower[name] for name in theirs if name in lower), "") for ours, theirs in SYNONYMS.items()}
    columns |= _checked(wanted or {}, names)
    columns = {ours: theirs for ours, theirs in columns.items() if theirs}
    if "date" in columns and "time" not in columns:
        columns.setdefault("paid_at", columns.pop("date"))
    _require(columns, names)
    plain = all(ours == theirs for ours, theirs in columns.items())
    return Mapping("own" if wanted else "plain" if plain else "guessed", columns)


def _checked(wanted: dict[str, str], names: list[str]) -> dict[str, str]:
    for ours, theirs in wanted.items():
        if ours not in FIELDS:
            raise MappingError(f"“{ours}” is not one of our fields: {', '.join(FIELDS)}.")
        if theirs not in names:
            raise MappingError(f"The file has no column “{theirs}”; it has {', '.join(names)}.")
    return wanted


def _require(columns: dict[str, str], names: list[str]) -> None:
    missing = [] if "amount" in columns else ["amount"]
    if "paid_at" not in columns and "date" not in columns:
        missing.append("paid_at (or date)")
    if missing:
        raise MappingError(f"No column for {', '.join(missing)} was found among: {', '.join(names)}.")
