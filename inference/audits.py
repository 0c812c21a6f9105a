"""Somebody counted at the door: what the camera misses and who is staff, each with its standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import hypot, sqrt
from typing import Literal

from django.contrib.auth.models import User
from django.db import transaction

from inference.models import Audit, Camera, Store, Visit

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
    rows = Audit.objects.standing().filter(store=store, start__gte=start - HOLDS, start__lt=end + HOLDS)
    counts: list[Count] = []
    for row in rows:
        if (count := count_of(row)) is not None:
            counts.append(count)
        elif not row.is_counted:
            return _counted(counts) or _typed(row)
    return _counted(counts) or Assumed(
        store.missed_share, UNCHECKED_MISSED_SE, store.staff_share, UNCHECKED_STAFF_SE, source="unchecked"
    )


def count_of(row: Audit) -> Count | None:
    """A counted time that the camera has counted, too; None where it saw nobody: it was off, or its pictures are
    still to come."""
    if row.entered is None or row.staff is None or not row.seen or not row.entered + row.staff:
        return None
    return Count(row.entered, row.staff, row.seen)


def _counted(counts: Sequence[Count]) -> Assumed | None:
    people = sum(count.passed for count in counts)
    if people < FEWEST_COUNTED:
        return None
    found = shares(counts)
    return Assumed(
        found.missed, found.missed_se, found.staff, found.staff_se, source="counted", hours=len(counts), people=people
    )


def _typed(row: Audit) -> Assumed:
    missed, missed_se, staff, staff_se = row.missed_share, row.missed_se, row.staff_share, row.staff_se
    assert missed is not None and missed_se is not None and staff is not None and staff_se is not None, row
    return Assumed(missed, missed_se, staff, staff_se, source="typed")


# Writing ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Watch:
    """Who counted, when, at which camera's door (None: at the only one), and how many people."""

    camera: Camera | None
    start: datetime
    end: datetime
    entered: int
    staff: int
    key: str
    note: str = ""


class OverlapError(ValueError):
    """Somebody has counted part of this time before."""


@transaction.atomic
def record(store: Store, watch: Watch, counted_by: User | None = None) -> Audit:
    """Keep a counted time beside what the camera counted in exactly that time; sent twice, it is stored once.

    Raises OverlapError where another count covers part of the time: people would be counted twice.
    """
    Store.objects.select_for_update().get(pk=store.pk)  # a phone that sends twice waits for its first message
    if (known := Audit.objects.filter(store=store, key=watch.key).first()) is not None:
        return known
    same_door = Audit.objects.standing().filter(store=store, camera=watch.camera)
    if (other := same_door.overlapping(watch.start, watch.end).first()) is not None:
        raise OverlapError(f"{other.start.astimezone(store.zone):%d %B %Y, %H:%M}")
    return Audit.objects.create(
        store=store, camera=watch.camera, start=watch.start, end=watch.end, entered=watch.entered, staff=watch.staff,
        seen=_seen(store, watch.camera, watch.start, watch.end), counted_by=counted_by, note=watch.note, key=watch.key,
    )  # fmt: skip


def recount(store: Store, start: datetime, end: datetime) -> None:
    """Look again what the camera counted: pictures of the time may have come later."""
    for row in Audit.objects.filter(store=store, entered__isnull=False).overlapping(start, end):
        assert row.end is not None, "a counted time has an end"
        seen = _seen(store, row.camera, row.start, row.end)
        if seen != row.seen:
            Audit.objects.filter(pk=row.pk).update(seen=seen)


def _seen(store: Store, camera: Camera | None, start: datetime, end: datetime) -> int:
    visits = Visit.objects.filter(store=store).between(start, end)
    return (visits.filter(camera=camera) if camera else visits).count()
