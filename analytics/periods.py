"""A period is a run of a store's days; the one place that turns days into instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.utils.timezone import now

from inference.models import Store

LONGEST_DAYS = 800
USUAL_DAYS = 28  # what a page shows where nobody asked for other days


class PeriodError(ValueError):
    """The dates make no period; the message says why."""


@dataclass(frozen=True)
class Period:
    """Days `first` to `last` of a store, both included."""

    store: Store
    first: date
    last: date

    @classmethod
    def of(cls, store: Store, first: date, last: date) -> Period:
        if last < first:
            raise PeriodError(f"The period ends on {last:%d %B %Y}, before it begins on {first:%d %B %Y}.")
        if (last - first).days >= LONGEST_DAYS:
            raise PeriodError(f"The period is longer than {LONGEST_DAYS} days.")
        return cls(store, first, last)

    @classmethod
    def latest(cls, store: Store, days: int) -> Period:
        """The last full days, up to yesterday on the store's clock."""
        yesterday = now().astimezone(store.zone).date() - timedelta(days=1)
        return cls(store, yesterday - timedelta(days=days - 1), yesterday)

    @classmethod
    def parse(cls, store: Store, first: str | None, last: str | None, *, days: int = USUAL_DAYS) -> Period:
        """From two ISO dates as an address carries them; the latest `days` where both are missing."""
        if not first and not last:
            return cls.latest(store, days)
        try:
            return cls.of(store, date.fromisoformat(first or ""), date.fromisoformat(last or ""))
        except PeriodError:
            raise
        except ValueError as error:
            raise PeriodError("Write both dates like 2026-01-31.") from error

    @property
    def start(self) -> datetime:
        return midnight(self.first, self.store)

    @property
    def end(self) -> datetime:
        """The instant after the last day."""
        return midnight(self.last + timedelta(days=1), self.store)

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def previous(self) -> Period:
        """The same number of days right before."""
        length = timedelta(days=self.days)
        return Period(self.store, self.first - length, self.last - length)

    def __str__(self) -> str:
        return f"{self.first:%d %b %Y} – {self.last:%d %b %Y}"


def midnight(day: date, store: Store) -> datetime:
    """When the store's day begins, in UTC; days are 23 or 25 hours long when clocks change."""
    return datetime.combine(day, time(), store.zone).astimezone(UTC)


def day_of(instant: datetime, store: Store) -> date:
    return instant.astimezone(store.zone).date()
