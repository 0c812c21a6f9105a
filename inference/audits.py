"""Somebody counted at the door: what the camera misses and who is staff, each with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import hypot, sqrt
from typing import Literal

from inference.models import Audit, Store

# Fewer people counted by eye than this tell less than the usual shares do.
FEWEST_COUNTED = 30
# Cameras get moved and staff change; a count tells about so much time before and after it.
HOLDS = timedelta(days=183)
# How far the usual shares may be off where nobody has counted (the settings of a store, 8 % and 3 % by default).
UNCHECKED_MISSED_SE, UNCHECKED_STAFF_SE = 0.05, 0.02
# From so many counted hours on, how much they differ is a better measure of the error than chance alone.
HOURS_FOR_SPREAD = 3


@dataclass(frozen=True)
class Count:
    """People who passed the door, counted by eye, and what the camera made of the same minutes."""

    entered: int
    staff: int
    seen: int

    @property
    def passed(self) -> int:
        return self.entered + self.staff

    @property
    def missed(self) -> int:
        return max(0, self.passed - self.seen)

    @property
    def nobody(self) -> int:
        """Counted visits that are not visitors: staff, and what was counted twice or was no person."""
        return self.staff + max(0, self.seen - self.passed)


@dataclass(frozen=True)
class Shares:
    """missed: of visitors, those without a visit; staff: of counted visits, those who are no visitors."""

    missed: float
    missed_se: float
    staff: float
    staff_se: float

    @property
    def level_error(self) -> float:
        """The relative standard error that both put on every rate of the store alike."""
        return hypot(self.missed_se / (1 - self.missed), self.staff_se / (1 - self.staff))


@dataclass(frozen=True)
class Assumed(Shares):
    """The shares that hold for a period, and how they are known."""

    source: Literal["counted", "typed", "unchecked"]
    hours: int = 0
    people: int = 0


def shares(counts: Sequence[Count]) -> Shares:
    """Shares over all counts together. Raises ValueError where nobody passed the door."""
    if not sum(count.passed for count in counts):
        raise ValueError("Nobody was counted at the door, so nothing can be told from it.")
    missed, missed_se = _share([(count.missed, count.passed) for count in counts])
    staff, staff_se = _share([(count.nobody, max(count.passed, count.seen)) for count in counts])
    return Shares(missed, missed_se, staff, staff_se)


def _share(parts: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """A share k/n over several (k, n) and its standard error: the larger of chance (Agresti and Coull 1998: two
    more of each kind, so it is not 0 where nothing was seen) and of how much the parts differ (Cochran 1977, ratios).
    """
    k, n = sum(part[0] for part in parts), sum(part[1] for part in parts)
    share = k / n
    smooth = (k + 2) / (n + 4)
    error = sqrt(smooth * (1 - smooth) / (n + 4))
    if len(parts) >= HOURS_FOR_SPREAD:
        squares = sum((part[0] - share * part[1]) ** 2 for part in parts)
        error = max(error, sqrt(squares * len(parts) / (len(parts) - 1)) / n)
    return share, error


def assumed(store: Store, start: datetime, end: datetime) -> Assumed:
    """What holds for [start, end): counted hours together, or shares typed in after them, or the store's settings."""
    rows = Audit.objects.filter(store=store, withdrawn_at=None, start__gte=start - HOLDS, start__lt=end + HOLDS)
    counts: list[Count] = []
    for row in rows.order_by("-start", "-pk"):
        if row.entered is None or row.staff is None or row.seen is None:
            return _counted(counts) or Assumed(
                row.missed_share, row.missed_se, row.staff_share, row.staff_se, source="typed"
            )
        counts.append(Count(row.entered, row.staff, row.seen))
    return _counted(counts) or Assumed(
        store.missed_share, UNCHECKED_MISSED_SE, store.staff_share, UNCHECKED_STAFF_SE, source="unchecked"
    )


def _counted(counts: Sequence[Count]) -> Assumed | None:
    people = sum(count.passed for count in counts)
    if people < FEWEST_COUNTED:
        return None
    found = shares(counts)
    return Assumed(
        found.missed, found.missed_se, found.staff, found.staff_se, source="counted", hours=len(counts), people=people
    )
