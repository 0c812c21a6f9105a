"""Counts at the door as pages show them: beside the camera's, small ones withheld, and what they mean for rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q

from analytics import withhold
from analytics.join import estimate
from analytics.join.estimate import Interval
from analytics.models import HourFigure
from analytics.periods import day_of, midnight
from inference import audits
from inference.audits import FEWEST_COUNTED, Assumed, Shares
from inference.models import Audit, Store

NOT_SEEN = (
    "The camera counted nobody in this time. Was it on, and its clock right? If its pictures are still to come, "
    "this fills in by itself."
)
TOO_FEW = "Too few people passed to compare; count longer, or at a busier time."


@dataclass(frozen=True)
class DoorCount:
    """One counted time; `seen` and the shares are None where they mean nothing or may not be shown, for a `reason`."""

    row: Audit
    seen: int | None = None
    missed: Interval | None = None
    staff: Interval | None = None
    reason: str = ""

    @property
    def minutes(self) -> float:
        assert self.row.end is not None, "a counted time has an end"
        return (self.row.end - self.row.start).total_seconds() / 60


def shown(store: Store, rows: Sequence[Audit]) -> list[DoorCount]:
    """Counted times with what may be shown of each."""
    others = _visits_beside(store, rows)
    return [_shown(row, others[day_of(row.start, store)]) for row in rows]


def _shown(row: Audit, beside: int) -> DoorCount:
    count = audits.count_of(row)
    if count is None:
        return DoorCount(row, reason=NOT_SEEN)
    if min(count.seen, count.passed) < withhold.FEWEST_VISITS:
        return DoorCount(row, reason=TOO_FEW)
    if 0 < beside < withhold.FEWEST_VISITS:
        # The day's total is on the dashboard: without this count it would tell the few others.
        return DoorCount(row, reason=withhold.BY_SUBTRACTION.capitalize() + ".")
    return DoorCount(row, count.seen, *intervals(audits.shares([count])))


def _visits_beside(store: Store, rows: Sequence[Audit]) -> dict[date, int]:
    """Of each day with a count: the visits outside of that day's counted times."""
    days = {day_of(row.start, store) for row in rows}
    if not days:
        return {}
    spans = {day: (midnight(day, store), midnight(day + timedelta(days=1), store)) for day in days}
    inside = reduce(or_, [Q(hour__gte=start, hour__lt=end) for start, end in spans.values()])
    counted = reduce(or_, [Q(start__gte=start, start__lt=end) for start, end in spans.values()])
    total = dict.fromkeys(days, 0)
    for hour, visits in HourFigure.objects.filter(inside, store=store).values_list("hour", "visits"):
        total[day_of(hour, store)] += visits
    for start, seen in Audit.objects.filter(counted, store=store, seen__isnull=False).values_list("start", "seen"):
        total[day_of(start, store)] -= seen or 0
    return total


def intervals(found: Shares) -> tuple[Interval, Interval]:
    """missed and staff with their 95 % intervals."""
    return _interval(found.missed, found.missed_se), _interval(found.staff, found.staff_se)


def _interval(share: float, error: float) -> Interval:
    return Interval(share, max(0.0, share - estimate.Z * error), min(1.0, share + estimate.Z * error))


def how_known(held: Assumed) -> str:
    """Where the shares come from, for a shopkeeper."""
    if held.source == "counted":
        times = "one time" if held.hours == 1 else f"{held.hours} times"
        return f"Counted at the door {times}, {held.people:,} people in all."
    if held.source == "typed":
        return "Typed in by hand."
    return f"Nobody has counted yet, so usual values are assumed; {FEWEST_COUNTED} people counted replace them."


def level_sentence(held: Assumed) -> str:
    """What the shares' uncertainty does to every rate; nothing where they are known."""
    if not held.level_error:
        return ""
    share = f"{estimate.Z * held.level_error:.0%}"
    return (
        "Because of what the camera may miss and who may be staff, all conversion rates and all revenue per visitor "
        f"may be about {share} of themselves too high or too low together. The ranges include that; comparisons "
        "between groups and over time do not depend on it."
    )


def people_for(margin: float, share: float = 0.08) -> int:
    """How many people to count until a share near `share` is known to ± `margin` at 95 %."""
    return round(share * (1 - share) * (estimate.Z / margin) ** 2)
