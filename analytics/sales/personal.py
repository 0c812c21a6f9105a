"""What in a till's file is about a person: recognised by column name and by content, and never stored or shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from analytics.sales.headers import compact, words

MASK: Final = "…"
# Whole names of columns, and words that make any column's name personal.
NAMES: Final = frozenset(map(compact, (
    "name on card", "last 4 digits", "letzte 4 ziffern", "pan suffix", "card number", "card", "card no", "cardholder",
    "iban", "phone", "telephone", "mobile", "email", "e-mail", "mail", "address", "street", "zip", "postcode",
    "postal code", "postnummer", "plz", "billing name", "shipping name", "ship to", "bill to", "cashier", "server",
    "staff", "employee", "user", "waiter", "salesperson", "sales rep", "seller", "kassierer", "bediener",
    "mitarbeiter", "bearbeiter", "selger", "ansatt", "personal", "medarbejder", "serveur", "vendeur", "caissier",
    "cajero", "vendedor", "empleado", "cassiere", "operatore", "medewerker", "operador", "kasjer", "sprzedawca",
    "pracownik", "kassör", "säljare", "ekspedient", "funcionário", "vendedora", "pokladní", "bediende", "verkoper",
    "received by", "created by", "sold by", "first name", "last name", "surname", "full name", "vorname", "nachname",
    "fornavn", "etternavn", "förnamn", "efternamn", "prénom", "nom", "nombre", "apellido", "cognome", "age", "alter",
    "gender", "sex", "geschlecht", "birthday", "dob", "kunde", "kundin", "client", "cliente", "klant", "kund",
    "member", "member number", "notes", "note", "comment", "anmerkung", "vendor", "tab names", "guest name",
    "household key", "user id", "cid", "loyalty card", "ip", "ip address", "vat number", "dni", "nif", "cpf", "ssn",
)))  # fmt: skip
WORDS: Final = frozenset((
    "customer", "kunden", "customerid", "email", "mail", "phone", "telefon", "telephone", "mobile", "handy",
    "address", "adresse", "street", "strasse", "straße", "cashier", "employee", "staff", "cardholder", "iban",
    "birth", "birthdate", "geburtsdatum", "passport", "contact", "contacts", "firstname", "lastname", "recipient",
    "geburtstag",
))  # fmt: skip
EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
CARD: Final = re.compile(r"(?<![\d.,])(?:\d[ -]?){12,18}\d(?![\d.,])|[*xX•]{4,}[ -]?\d{4}")
PHONE: Final = re.compile(
    r"(?<![\w.])\+\d{1,3}[ ./()-]?(?:\(?\d{1,4}\)?[ ./-]?){2,5}\d{2,4}(?!\w)|(?<!\w)\(\d{3}\) ?\d{3}-\d{4}"
)
SHARE: Final = 0.3  # of a column's values that look personal, for the column to be


def is_personal_name(header: str) -> bool:
    """Whether a column's name says that it is about a person."""
    told = set(words(header))
    sent_to = told & {"billing", "shipping"} and told & {"name", "company", "city", "zip", "province", "country"}
    return compact(header) in NAMES or bool(WORDS & told) or bool(sent_to)


def is_personal_text(text: str) -> bool:
    return bool(EMAIL.search(text) or PHONE.search(text) or _card(text))


def _is_wholly_personal(text: str) -> bool:
    """An address, a phone or a card number, and nothing beside it."""
    return is_personal_text(text) and not masked(text).strip(f"{MASK} ,;<>")


def masked(text: str) -> str:
    """A text with what is somebody's in it left out."""
    if not ("@" in text or "+" in text or "(" in text or sum(map(str.isdigit, text)) >= 12 or "*" in text):
        return text
    text = EMAIL.sub(MASK, text)
    text = CARD.sub(lambda match: MASK if _is_card(match[0]) else match[0], text)
    return PHONE.sub(MASK, text)


def columns(header: Sequence[str], sample: Iterable[Sequence[str]]) -> frozenset[str]:
    """The columns of a file that are about people."""
    found = {name for name in header if is_personal_name(name)}
    rows = list(sample)
    for place, name in enumerate(header):
        values = [row[place] for row in rows if place < len(row) and row[place].strip()]
        if values and sum(map(_is_wholly_personal, values)) >= SHARE * len(values):
            found.add(name)
    return frozenset(found)


def _card(text: str) -> bool:
    return any(_is_card(match[0]) for match in CARD.finditer(text))


def _is_card(text: str) -> bool:
    """Whether digits are a card's: they end with their check digit (Luhn), or are starred out."""
    digits = [int(char) for char in text if char.isdigit()]
    if len(digits) == 4:
        return True
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[-2::-2]]
    return digits[0] in (2, 3, 4, 5, 6) and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
