"""A file as it comes off a till: what kind it is, how it is encoded and cut into cells, where its header stands."""

from __future__ import annotations

import codecs
import csv
import io
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Final, TextIO

from analytics.sales import workbook

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Eight-bit encodings, the likeliest first: Windows, Windows and Unix in Central Europe, an old Mac, a DOS till.
EIGHT_BIT: Final = ("cp1252", "cp1250", "iso8859_2", "mac_roman", "cp850")
LETTERS: Final = frozenset("äöüßéèêëàâáåæøœçñíìîïóòôõúùûÄÖÜÉÈÀÁÅÆØÇÑÍÓÕÚąćęłńśźżčďěňřšťůžýőűĄĆĘŁŃŚŹŻČĎĚŇŘŠŤŮŽÝŐŰ")
SIGNS: Final = frozenset("€£’–“”°\u00a0´")  # what else tills write beyond ASCII
DELIMITERS: Final = (",", ";", "\t", "|")
# Some tills write a title and a period above the header; it stands in one of so many rows.
HEADER_WITHIN: Final = 20
SAMPLE_BYTES: Final = 256 * 1024
ROWS_BETWEEN: Final = 2_000  # of a workbook, between two words of how far it is
LONGEST_CELL: Final = 1_000_000  # characters; a quote that is never closed would swallow the file
# Starts of files that are no tables, whatever their name says.
NO_TABLES: Final = {
    b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture", b"GIF8": "a picture", b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save it as XLSX or CSV", b"\x1f\x8b": "a packed file; unpack it first",
    b"{\\rtf": "a text document; save it as CSV", b"<!DOC": "a web page", b"<html": "a web page",
}  # fmt: skip

Row = tuple[int, list[str]]


class UnreadableError(ValueError):
    """The file as a whole cannot be used; the message says why."""


@dataclass(frozen=True)
class Source:
    """How a file is read. `skip` is the number of its line (or sheet row) before the header's, or before the first one
    where it has no header."""

    path: Path
    encoding: str
    delimiter: str = ","
    sheet: str = ""
    skip: int = 0
    header: list[str] = field(default_factory=list)
    is_headless: bool = False
    unpacked: TextIO | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Iterator[Row]:
        """(number of the line where the row begins, cells) for every row that is not blank, from the header on."""
        rows = self._unpacked() if self.unpacked else self._packed() if self.sheet else self._lines()
        return (row for row in rows if row[0] > self.skip and row[1] and (row[1][0].strip() or not _is_blank(row[1])))

    def data(self) -> Iterator[Row]:
        """The rows below the header."""
        return islice(self.rows(), 0 if self.is_headless else 1, None)

    def _packed(self) -> Iterator[Row]:
        return workbook.rows(self.path, self.sheet)

    def _unpacked(self) -> Iterator[Row]:
        assert self.unpacked is not None
        self.unpacked.seek(0)
        return ((int(number), cells) for number, *cells in csv.reader(self.unpacked))

    def _lines(self) -> Iterator[Row]:
        csv.field_size_limit(LONGEST_CELL)
        with self.path.open(encoding=self.encoding, errors="replace", newline="") as text:
            reader = csv.reader(text, delimiter=self.delimiter)
            line = 1
            try:
                for row in reader:
                    yield line, row
                    line = reader.line_num + 1
            except csv.Error as error:
                raise UnreadableError(_broken_csv(line, error)) from error


@contextmanager
def unpacked(source: Source, folder: Path, notify: Callable[[float], None]) -> Iterator[Source]:
    """A workbook's rows in a file without a name, which is gone with us: to unpack one is slow, and it is read twice.

    `notify` is told the share that is done.
    """
    if not source.sheet:
        yield source
        return
    told = max(1, workbook.height(source.path, source.sheet))
    csv.field_size_limit(LONGEST_CELL)
    with tempfile.TemporaryFile("w+", newline="", encoding="utf-8", dir=folder) as file:
        writer = csv.writer(file)
        for number, cells in workbook.rows(source.path, source.sheet):
            writer.writerow([number, *cells])
            if number % ROWS_BETWEEN == 0:
                notify(min(1.0, number / told))
        yield replace(source, unpacked=file)


def _is_blank(cells: list[str]) -> bool:
    return not any(cell.strip() for cell in cells)


def _broken_csv(line: int, error: csv.Error) -> str:
    if "field larger" in str(error):
        return f"A quotation mark that opens in line {line} is never closed."
    return f"Line {line} is not CSV: {error}."


def open_file(path: Path) -> Source:
    """How to read the file, its header not yet found. Raises UnreadableError for an empty file and for no table."""
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if not start.strip():
        raise UnreadableError("The file is empty.")
    for mark, what in NO_TABLES.items():
        if start.startswith(mark):
            raise UnreadableError(f"This is {what}, not a CSV or Excel file.")
    if start.startswith(b"PK\x03\x04"):
        return _open_workbook(path)
    encoding = _encoding(path, start)
    sample = start.decode(encoding, errors="replace")
    if "\0" in sample:
        raise UnreadableError("This is not a text file.")
    return Source(path, encoding, _delimiter(sample))


def _open_workbook(path: Path) -> Source:
    try:
        return Source(path, "xlsx", sheet=workbook.first_sheet(path))
    except workbook.NoWorkbookError as error:
        raise UnreadableError(str(error)) from error


# Encoding --------------------------------------------------------------------------------


def _encoding(path: Path, start: bytes) -> str:
    for mark, encoding in MARKS:
        if start.startswith(mark):
            return encoding
    if wide := _wide(start):
        return wide
    return "utf-8" if _is_utf8(path) else _eight_bit(path)


def _wide(start: bytes) -> str:
    """UTF-16 without a mark: every other byte of western text is zero."""
    even, odd = start[0:2000:2].count(0), start[1:2000:2].count(0)
    half = len(start[:2000]) // 2
    if odd > half * 0.7 and even < half * 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > half * 0.7 and odd < half * 0.1 else ""


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        try:
            while block := file.read(1 << 20):
                decoder.decode(block)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _eight_bit(path: Path) -> str:
    """The encoding that makes letters and signs people write out of the bytes beyond ASCII."""
    with path.open("rb") as file:
        words = b"".join(islice((line for line in file if not line.isascii()), 500))
    return max(EIGHT_BIT, key=lambda encoding: _likely(words, encoding))


def _likely(words: bytes, encoding: str) -> int:
    text = words.decode(encoding, errors="replace")
    return sum(_weight(text, k) for k, char in enumerate(text) if not char.isascii())


def _weight(text: str, place: int) -> int:
    char, before = text[place], text[place - 1 : place]
    if char in SIGNS:
        return 0 if before.islower() and char not in "’\u00a0" else 1
    if char not in LETTERS:
        return -2
    # A capital within a word is a wrong guess: Zubeh\xf6r is no ZubehˆrR, Caf\x8e no CafŽ.
    return -1 if char.isupper() and before.islower() else 2


# Dialect --------------------------------------------------------------------------------


def _delimiter(sample: str) -> str:
    """The delimiter that cuts the first rows, a header among them, into the most cells most evenly; quotes count."""
    if sample.startswith("sep=") and len(sample) > 4 and sample[4] in DELIMITERS:
        return sample[4]  # Excel's own first line
    return max(DELIMITERS, key=lambda mark: _evenness(sample, mark))


def _evenness(sample: str, mark: str) -> tuple[int, int]:
    """How many cells the usual row has, times how many rows are usual."""
    try:
        rows = list(islice(csv.reader(io.StringIO(sample, newline=""), delimiter=mark), HEADER_WITHIN))
    except csv.Error:
        return 0, 0
    widths = [len(row) for row in rows if any(cell.strip() for cell in row)]
    most = max(((widths.count(width) * (width - 1), width) for width in set(widths)), default=(0, 0))
    return most
