"""How a file is written: its encoding and its delimiter."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Some tills write a title and a period above the header; it stands in one of so many lines.
HEADER_WITHIN = 10
DELIMITERS = (",", ";", "\t", "|")
# Starts of files that are no text, whatever their name says.
BINARY_STARTS = {
    b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"PK\x03\x04": "a zip or Excel file; save it as CSV",
    b"%PDF": "a PDF", b"\xd0\xcf\x11\xe0": "an old Excel file; save it as CSV",
}  # fmt: skip


class UnreadableError(ValueError):
    """The file as a whole cannot be used; the message says why."""


@dataclass(frozen=True)
class Text:
    content: str
    encoding: str
    delimiter: str
    preamble: int = 0  # lines above the header: a title, the shop's name, the period

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """(line number where the row begins, cells) for every row that is not blank; the header is the first."""
        reader = csv.reader(io.StringIO(self.content, newline=""), delimiter=self.delimiter)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UnreadableError(f"line {line} is not CSV: {error}") from error
            if line > self.preamble and any(cell.strip() for cell in row):
                yield line, row


def read(data: bytes) -> Text:
    """Raises UnreadableError for an empty file and for one that is not text."""
    if not data.strip():
        raise UnreadableError("The file is empty.")
    for start, what in BINARY_STARTS.items():
        if data.startswith(start):
            raise UnreadableError(f"This is {what}, not a CSV file.")
    content, encoding = _decode(data)
    if "\0" in content:
        raise UnreadableError("This is not a text file.")
    return Text(content, encoding, _delimiter(content))


def _decode(data: bytes) -> tuple[str, str]:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace"), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace"), "cp1252"


def _delimiter(content: str) -> str:
    """The delimiter that splits the first lines, a header among them, into the most cells; quotes count."""
    lines = content.lstrip("\r\n").split("\n", HEADER_WITHIN)[:HEADER_WITHIN]

    def most_cells(mark: str) -> int:
        return max((len(next(csv.reader([line], delimiter=mark), [])) for line in lines), default=0)

    return max(DELIMITERS, key=most_cells)
