"""Names of columns, made comparable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

NUMBERED = re.compile(r"Column \d+")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
BRACKETS = re.compile(r"\s*[(\[].*?[)\]]")


def unique(cells: Sequence[str]) -> list[str]:
    """A header's names: stripped, blank ones numbered, repeated ones counted."""
    names: list[str] = []
    for place, cell in enumerate(cells, start=1):
        name = " ".join(cell.split()) or f"Column {place}"
        number = sum(name == other or other.startswith(f"{name} (#") for other in names)
        names.append(f"{name} (#{number + 1})" if number else name)
    return names


def numbered(width: int) -> list[str]:
    """Names for the columns of a file without a header."""
    return [f"Column {place}" for place in range(1, width + 1)]


def are_numbered(names: Sequence[str]) -> bool:
    return all(NUMBERED.fullmatch(name) for name in names)


@lru_cache(4096)
def words(name: str) -> tuple[str, ...]:
    """The words of a name, in lower case and without accents: InvoiceNo, invoice_no and “Invoice No.” are alike."""
    plain = "".join(
        char for char in unicodedata.normalize("NFKD", CAMEL.sub(" ", name)) if not unicodedata.combining(char)
    )
    return tuple(re.findall(r"[^\W_]+|#", plain.casefold()))


def compact(name: str) -> str:
    """The words of a name in one: ORDERNUMBER is “order number”."""
    return "".join(words(name))


def spellings(name: str) -> tuple[str, ...]:
    """A name's compact form, and the one without what stands in brackets: “Amount (EUR)”."""
    return compact(name), compact(BRACKETS.sub("", name))
