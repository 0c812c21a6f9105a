"""Numbers as they are written where the shop is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

Mark = Literal["", ".", ","]
PLAIN: Final = re.compile(r"-?\d{1,12}(\.\d{1,2}|\.\d{4})?")  # needs no second look, whatever the file's mark
LEAVE_OUT: Final = re.compile(r"[\s\u00a0\u202f\u2009'’`]|[A-Za-z]{1,3}\$|[A-Za-złč]{2,4}\.?|[$€£¥₹₺₽₩]")
DIGITS: Final = re.compile(r"\d[\d.,]*|[.,]\d+")
LARGEST: Final = Decimal("9999999999")
SMALLEST_PART: Final = Decimal("0.0001")  # what is kept of a number before receipts are rounded to the cent
ALIKE: Final = str.maketrans("0123456789", "9999999999")


def shapes(texts: Iterable[str]) -> set[str]:
    """The distinct ways in which numbers are written, digits made alike but for a leading zero."""
    return {("z" if text[:1] == "0" else text[:1].translate(ALIKE)) + text[1:].translate(ALIKE) for text in set(texts)}


def decimal_mark(shapes: Iterable[str]) -> Mark:
    """The decimal mark that a column's shapes tell; "" where none or both are found.

    1,5 and 1.234,56 and 1.234.567 tell by themselves. Where all numbers have exactly three digits after one mark, these
    are decimals if every number has them, or one begins with a zero; thousands otherwise.
    """
    bare = [LEAVE_OUT.sub("", shape).strip("()-+−–*") for shape in shapes]
    told: set[Mark] = {mark for mark in map(_told, bare) if mark}
    if told:
        return told.pop() if len(told) == 1 else ""
    threes = [text for text in bare if re.fullmatch(r"[9z]9*[.,]999", text)]
    marks = {text[-4] for text in threes}
    if len(marks) != 1:
        return ""
    mark: Mark = "." if marks == {"."} else ","
    plain = any(text.isalnum() for text in bare)
    small = any(text[0] == "z" for text in threes)
    return mark if small or not plain else "," if mark == "." else "."


def _told(text: str) -> Mark:
    """The decimal mark that one number's shape shows beyond doubt."""
    point, comma = text.rfind("."), text.rfind(",")
    if point >= 0 and comma >= 0:
        return "." if point > comma else ","
    if max(point, comma) < 0:
        return ""
    mark, other = (".", ",") if point >= 0 else (",", ".")
    parts = text.split(mark)
    if len(parts) > 2:
        return other if len(parts[-1]) == 3 else ""  # type: ignore[return-value]  # one of the two marks
    return mark if len(parts[-1]) != 3 else ""  # type: ignore[return-value]


def number(text: str, mark: Mark = "") -> Decimal:
    """A number as people write it: 1.234,56 and 1,234.56 and 1 234,56, currency signs, −, 1.00-, (1.00), 12,-.

    `mark` is its column's decimal mark, for 1.234. Raises ValueError for anything else and for what is too large.
    """
    value = Decimal(text) if PLAIN.fullmatch(text) and mark != "," else _written(text, mark)
    if abs(value) > LARGEST:
        raise ValueError("the number is too large")
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -4:
        value = value.quantize(SMALLEST_PART, ROUND_HALF_UP)
    return value


def _written(text: str, mark: Mark) -> Decimal:
    bare = LEAVE_OUT.sub("", text.replace("−", "-").replace("–", "-"))
    if bare.endswith((",-", ".-")):
        bare = bare[:-2]  # 12,- is twelve, nothing left over
    negative = (bare.startswith("(") and bare.endswith(")")) or bare.endswith("-") or bare.startswith("-")
    bare = bare.strip("()-+")
    if not DIGITS.fullmatch(bare):
        raise ValueError("not a number")
    value = Decimal(_with_point(bare, mark))
    return -value if negative else value


def _with_point(digits: str, column_mark: Mark) -> str:
    """The last of . and , is the decimal mark, unless it groups thousands."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return digits
    mark, other = digits[last], "," if digits[last] == "." else "."
    groups = digits.split(mark)
    if len(groups) > 2:
        if other in digits or not _groups_thousands(groups):
            raise ValueError("not a number")
        return "".join(groups)
    three = len(groups[1]) == 3 and other not in digits and groups[0] not in ("", "0")
    # Unless the column tells: one comma before exactly three digits, as in 1,234, is an English thousand; a point there
    # is a decimal point.
    if three and (mark != column_mark if column_mark else mark == ","):
        return "".join(groups)
    if other in groups[0] and not _groups_thousands(groups[0].split(other)):
        raise ValueError("not a number")
    return groups[0].replace(other, "") + "." + groups[1]


def _groups_thousands(groups: list[str]) -> bool:
    """1.234.567, and 12,34,567 as in India."""
    inner = groups[1:-1]
    return (
        1 <= len(groups[0]) <= 3
        and len(groups[-1]) == 3
        and (all(len(group) == 3 for group in inner) or all(len(group) == 2 for group in inner))
    )
