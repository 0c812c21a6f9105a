"""Which column is what: formats recognised by their headers, and a guess by names in several languages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

FIELDS: Final = (
    "receipt", "paid_at", "date", "time", "amount", "till", "items", "visit_ref", "product", "category", "quantity",
    "branch",
)  # fmt: skip
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
    "branch": ("branch", "location", "filiale", "butikk", "magasin", "sucursal"),
}  # fmt: skip


@dataclass(frozen=True)
class Mapping:
    """`columns`: our field -> the file's column. `dates` says how 03/04/2026 is meant, where that is known."""

    format: str
    columns: dict[str, str] = field(default_factory=dict)
    dates: DateOrder = ""


SUPERMARKET_HEADERS: Final = {"invoice id", "branch", "product line", "total", "date", "time", "cogs"}
SUPERMARKET: Final = {
    "receipt": "Invoice ID", "date": "Date", "time": "Time", "amount": "Total", "category": "Product line",
    "quantity": "Quantity", "branch": "Branch",
}  # fmt: skip


class MappingError(ValueError):
    """The columns do not make purchases; the message names what is missing and what there is."""


def recognise(header: list[str], wanted: dict[str, str] | None = None) -> Mapping:
    """A mapping for a header; `wanted` overrides the guess. Raises MappingError when receipts could not be told."""
    names = [name.strip() for name in header]
    lower = {name.lower(): name for name in names}
    if lower.keys() >= SUPERMARKET_HEADERS and not wanted:
        return Mapping(
            "supermarket", {ours: lower[theirs.lower()] for ours, theirs in SUPERMARKET.items()}, "month-first"
        )
    columns = {ours: next((lower[name] for name in theirs if name in lower), "") for ours, theirs in SYNONYMS.items()}
    columns |= _checked(wanted or {}, names)
    columns = {ours: theirs for ours, theirs in columns.items() if theirs}
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
    missing = [what for what in ("receipt", "amount") if what not in columns]
    if "paid_at" not in columns and "date" not in columns:
        missing.append("paid_at (or date)")
    if missing:
        raise MappingError(f"No column for {', '.join(missing)} was found among: {', '.join(names)}.")
