"""Dates and times as tills write them, on the store's clock unless they say otherwise."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final, Literal
from zoneinfo import ZoneInfo

from inference.capture_time import on_clock

DateOrder = Literal["", "day-first", "month-first"]
NOON: Final = time(12)  # a day without a time: noon keeps it on that day
PARTS: Final = re.compile(r"(?:^|(?<=[A-Za-zäéûí.,] ))(\d{1,4})([./\-\s])(\d{1,2})[./\-\s](\d{4}|\d{2})(?!\d)")
COMPACT: Final = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)(?:[T ]?(\d\d)(\d\d)(\d\d)?)?")
EPOCH: Final = re.compile(r"1\d{9}(?:\.\d+|\d{3})?")  # seconds or milliseconds since 1970
SERIAL: Final = re.compile(r"[2-5]\d{4}(?:[.,]\d+)?")  # Excel's days since 1899-12-30
WORDS: Final = re.compile(
    r"(\d{1,2})(?:st|nd|rd|th)?[\s.\-/]*(?:de\s+)?([^\W\d_]{3,})[\s.,\-/]*(?:de\s+|del\s+)?(\d{4}|\d{2})(?!\d)"
)
WORDS_FIRST: Final = re.compile(r"([^\W\d_]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
CLOCK: Final = re.compile(
    r"(\d{1,2})(?:[:.h](\d{2}))?(?:[:.m](\d{2})(?:s|[.,]\d+)?)?h?\s*(?:([ap])\.?\s?m\.?)?(?:\s*(?:uhr|hrs?|kl\.?))?"
)
MONTHS: Final = {
    name: number
    for number, names in enumerate((
        "jan ene gen janv janu sty", "feb fév fev febr lut", "mar mär mrt maa mars märz", "apr abr avr kwi",
        "may mai maj mag mei tou",
        "jun jui giu juin cze kes", "jul lug juil lip hei", "aug ago aoû août sie elo", "sep set wrz syy",
        "oct okt ott out paź lok",
        "nov lis mar*", "dec dez dic déc des dés gru",
    ), start=1)
    for name in names.split()
}  # fmt: skip
OFFSETS: Final = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2,
    "EEST": 3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
ZONE: Final = re.compile(r"\s*\(?(?:([A-Z]{1,4})|(?:UTC|GMT)?([+-])(\d{1,2}):?(\d{2})?)\)?$")
EARLIEST, LATEST = 1990, 2100


class AmbiguousDatesError(ValueError):
    """No date in the file tells whether the day or the month is written first, or they contradict each other."""


# Which number is the day --------------------------------------------------------------------------------


@dataclass
class OrderEvidence:
    """What the dates of a whole column show about their order; filled value by value."""

    day_first: str = ""  # a date that can only be day first
    month_first: str = ""
    either: set[tuple[int, int, int]] = field(default_factory=set)  # (first, second, year) that could be both
    dotted: bool = True  # all that could be both are written with points, as only day-first countries do

    def add(self, texts: Iterable[str]) -> None:
        for text in texts:
            match = PARTS.search(text)
            if match and len(match[1]) <= 2 and int(match[1]) <= 31:
                self._add(int(match[1]), int(match[3]), _year(match[4]), match[0], match[2])

    def _add(self, first: int, second: int, year: int, text: str, mark: str) -> None:
        if first > 12 >= second:
            self.day_first = text
        elif second > 12 >= first:
            self.month_first = text
        elif first != second and first <= 12 and second <= 12:
            self.either.add((first, second, year))
            self.dotted = self.dotted and mark == "."

    def order(self, today: date) -> tuple[DateOrder, str]:
        """(order, why); "" where every date is year first. Raises AmbiguousDatesError."""
        if self.day_first and self.month_first:
            raise AmbiguousDatesError(
                f"Some dates can only be day first ({self.day_first}) and some only month first ({self.month_first}). "
                "Please say which it is; the others are refused."
            )
        if self.day_first or self.month_first:
            found: DateOrder = "day-first" if self.day_first else "month-first"
            return found, f"the date {self.day_first or self.month_first} can be read no other way"
        if not self.either:
            return "", ""
        if self.dotted:
            return "day-first", "dates with points are written day first"
        return self._not_in_the_future(today)

    def _not_in_the_future(self, today: date) -> tuple[DateOrder, str]:
        """A sale of tomorrow is none, so that one order may be left."""
        limit = today + timedelta(days=1)
        late_if_day_first = any(_date(year, month, day) > limit for day, month, year in self.either)
        late_if_month_first = any(_date(year, month, day) > limit for month, day, year in self.either)
        if late_if_day_first != late_if_month_first:
            return "month-first" if late_if_day_first else "day-first", "the other order has dates in the future"
        raise AmbiguousDatesError(
            "The dates could be read day first or month first, and no date in the file tells which. Please say which "
            "it is."
        )


def _date(year: int, month: int, day: int) -> date:
    return date(max(1, min(9999, year)), month, min(day, 28))


def _year(text: str) -> int:
    """Two-digit years are of this century unless that is far ahead."""
    year = int(text)
    return year if len(text) == 4 else 2000 + year if year < 70 else 1900 + year


# Reading --------------------------------------------------------------------------------


@dataclass
class Clock:
    """Reads times of one file. `notes` counts what clock changes did to them."""

    zone: ZoneInfo
    order: DateOrder = ""
    twice: set[datetime] = field(default_factory=set)  # clock times of an hour that happened twice
    never: set[datetime] = field(default_factory=set)  # clock times that the clock jumped over

    def moment(self, text: str) -> datetime:
        """A date with or without a time of day. Raises ValueError."""
        when, _ = self._read(text)
        return self._placed(when)

    def moment_of(self, day: str, at: str) -> datetime:
        """A date and a time of day from two cells; what time the first may carry is left out. Raises ValueError."""
        when, _ = self._read(day)
        clock, offset = _time_of_day(at)
        local = datetime.combine(when.date(), clock)
        return self._placed(local.replace(tzinfo=offset) if offset else local)

    def noon(self, text: str) -> datetime:
        """The noon of a date's day, whatever time it says. Raises ValueError."""
        when, _ = self._read(text)
        return self._placed(datetime.combine(when.date(), NOON))

    def day(self, text: str) -> date:
        """A day alone, its year a likely one. Raises ValueError."""
        day, rest = self._day(text.strip())
        if rest or isinstance(day, datetime) or not EARLIEST <= day.year <= LATEST:
            raise ValueError("not a day")
        return day

    def time_of_day(self, text: str) -> time:
        """A time on the store's clock alone. Raises ValueError."""
        clock, offset = _time_of_day(text)
        if offset is not None:
            raise ValueError("a time with a zone")
        return clock

    def tells_time(self, text: str) -> bool:
        """Whether a date that can be read says a time of day."""
        return self._read(text)[1]

    def has_time(self, text: str) -> bool:
        """Whether a date says a time of day other than midnight."""
        try:
            when, timed = self._read(text)
        except ValueError:
            return False
        return timed and when.time() != time(0)

    def _placed(self, when: datetime) -> datetime:
        if not EARLIEST <= when.year <= LATEST:
            raise ValueError(f"the year {when.year} cannot be right")
        if when.tzinfo:
            return when
        there = on_clock(when, self.zone)
        self._note(when, there)
        return there

    def _note(self, when: datetime, there: datetime) -> None:
        if there.replace(tzinfo=None) != when:
            self.never.add(when)
        elif there.utcoffset() != there.replace(fold=1).utcoffset():
            self.twice.add(when)

    def _read(self, text: str) -> tuple[datetime, bool]:
        """(when, whether a time of day was given)."""
        try:
            when = datetime.fromisoformat(text)
        except ValueError:
            return self._written(text)
        if text.isdigit():  # 20260328 is a date, but so may be digits of other lengths that Python takes for a week
            return self._written(text)
        return (when, True) if len(text) > 10 else (datetime.combine(when, NOON), False)

    def _written(self, text: str) -> tuple[datetime, bool]:
        day, rest = self._day(text.strip())
        if isinstance(day, datetime):
            return day, True
        if not rest:
            return datetime.combine(day, NOON), False
        clock, offset = _time_of_day(rest)
        when = datetime.combine(day, clock)
        return (when.replace(tzinfo=offset) if offset else when), True

    def _day(self, text: str) -> tuple[date, str]:
        """The date a text begins with (a datetime where it says all), and what follows it."""
        if match := PARTS.search(text):
            return self._of_parts(match), text[match.end() :].lstrip(" ,T-").rstrip()
        if match := COMPACT.fullmatch(text):
            day = date(int(match[1]), int(match[2]), int(match[3]))
            clock = time(int(match[4] or 0), int(match[5] or 0), int(match[6] or 0))
            return (datetime.combine(day, clock) if match[4] else day), ""
        if EPOCH.fullmatch(text):
            seconds = float(text) / 1000 if len(text) == 13 and "." not in text else float(text)
            return datetime.fromtimestamp(seconds, UTC), ""
        if SERIAL.fullmatch(text):
            return _serial(text), ""
        return _in_words(text)

    def _of_parts(self, match: re.Match[str]) -> date:
        first, second, last = int(match[1]), int(match[3]), match[4]
        if len(match[1]) == 4:
            return date(first, second, int(last))
        if first > 31:
            return date(_year(match[1]), second, int(last))
        day, month = (second, first) if self.order == "month-first" else (first, second)
        return date(_year(last), month, day)


def _serial(text: str) -> date:
    days = float(text.replace(",", "."))
    when = datetime(1899, 12, 30) + timedelta(seconds=round(days * 86_400))  # noqa: DTZ001  # the store's zone follows
    return when if days % 1 else when.date()


def _in_words(text: str) -> tuple[date, str]:
    if match := WORDS.search(text):
        day, name, year = match.groups()
    elif match := WORDS_FIRST.search(text):
        name, day, year = match.groups()
    else:
        raise ValueError("not a date and time that can be read")
    return date(_year(year), _month(name), int(day)), text[match.end() :].lstrip(" ,T-").rstrip()


def _month(name: str) -> int:
    name = name.lower()
    for length in (4, 3):
        if number := MONTHS.get(name[:length]):
            return number
    raise ValueError("not a date and time that can be read")


def _time_of_day(text: str) -> tuple[time, timezone | None]:
    text = text.strip()
    if not text:
        return NOON, None
    if text[:4] in ("1899", "1900") and " " in text:
        text = text.partition(" ")[2]  # how some tills write a time without a date
    bare, offset = _offset(text)
    if bare.isdigit() and len(bare) in (4, 6):
        return time(int(bare[:2]), int(bare[2:4]), int(bare[4:] or 0)), offset
    if re.fullmatch(r"0[.,]\d{3,}", bare):
        return _serial("40000" + bare[1:]).time(), offset  # type: ignore[attr-defined]  # a part of a day
    match = CLOCK.fullmatch(bare.lower().removeprefix("kl.").removeprefix("um ").removeprefix("à ").strip())
    if not match or not (match[2] or match[4]):
        raise ValueError("not a time of day that can be read")
    hour, minute, second = (int(part or 0) for part in match.groups()[:3])
    if match[4]:
        if not 1 <= hour <= 12:
            hour, half = hour, ""  # 13:05 PM: the 24-hour clock, with a needless mark
        else:
            half = match[4]
        hour = hour % 12 + 12 if half == "p" else hour % 12 if half == "a" else hour
    if (hour, minute, second) == (24, 0, 0):
        hour = 0
    return time(hour, minute, second), offset


def _offset(text: str) -> tuple[str, timezone | None]:
    match = ZONE.search(text)
    if not match or not re.search(r"\d(?: ?[AaPp]\.?[Mm]\.?)?$", text[: match.start()]):
        return text, None
    if match[1]:
        if match[1] not in OFFSETS:
            return text, None
        return text[: match.start()], timezone(timedelta(hours=OFFSETS[match[1]]))
    shift = timedelta(hours=int(match[3]), minutes=int(match[4] or 0))
    return text[: match.start()], timezone(shift if match[2] == "+" else -shift)
