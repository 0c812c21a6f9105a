"""What a shopkeeper is told about the join, and what to do about it."""

from __future__ import annotations

from datetime import date
from math import ceil

from analytics.join.estimate import Interval
from analytics.join.modes import WRONG_CLOCK
from analytics.joining import USEFUL_HALF_WIDTH, Joined

# Money per purchase is a ratio; it is told where the share of buyers is this many of its errors away from 0.
BASKET_ERRORS = 4.0
HARDLY, NEARLY_ALL = 0.35, 0.9
NOT_CHECKED = "There are too few days yet to check whether purchases follow the visits; take groups as a hint."
TOO_FEW = "too few visits to tell who buys"
NO_RATES = {
    "none": "too few visits or purchases to tell who buys",
    "red": "withheld: purchases do not follow these visits (see “How far to trust this”)",
}


def days_needed(rate: Interval, days: int, level: float = 0.0) -> str | None:
    """How much longer until the rate is useful; None when it is.

    Errors shrink with the root of the days, except for `level`, the half-width that days do not change.
    """
    if rate.half_width <= USEFUL_HALF_WIDTH:
        return None
    if level >= USEFUL_HALF_WIDTH:
        return "uncertain: count at the door; more days alone do not tell it to ±10 points"
    more = ceil(days * ((rate.half_width**2 - level**2) / (USEFUL_HALF_WIDTH**2 - level**2) - 1))
    return f"uncertain: about {more:,} more days until it is known to ±10 points"


def sentences(join: Joined) -> list[str]:
    """The state of the join in words, and what to do about it."""
    if join.trust == "none":
        return ["There are too few visits or purchases in this period to tell which groups buy."]
    told = [*_moved(join), *_blind(join)]
    if join.trust == "red":
        return [*told, *_dead(join), "Groups are withheld until that is mended."] if told else [_what_is_wrong(join)]
    if join.clock_minutes:
        told.append(
            f"The till’s clock is about {abs(join.clock_minutes)} minutes {_side(join.clock_minutes)} the camera’s. "
            "That is allowed for; setting it right is better."
        )
    return [*told, *_dead(join), *([NOT_CHECKED] if join.trust == "amber" else [])]


def _moved(join: Joined) -> list[str]:
    return [
        f"The till’s clock moved by about {_minutes(minutes)} on {_day(day)}"
        + ("." if abs(minutes) >= WRONG_CLOCK else "; that is allowed for.")
        for day, minutes in join.moves
    ]


def _minutes(minutes: float) -> str:
    whole = round(abs(minutes))
    return "an hour" if whole == 60 else f"{whole} minutes"


def _day(iso: str) -> str:
    return f"{date.fromisoformat(iso):%-d %B}"


def _blind(join: Joined) -> list[str]:
    if not join.blind_hours:
        return []
    day, hour = join.blind_hours[0]
    when = f"on {_day(day)} from {hour}:00"
    if len(join.blind_hours) == 1:
        return [f"The camera seems to have been off for an hour, {when}: the till rang and nobody was seen."]
    return [
        f"The camera seems to have been off for {len(join.blind_hours)} hours, first {when}: the till rang and nobody "
        "was seen. Totals of those hours are too low as well."
    ]


def _dead(join: Joined) -> list[str]:
    if not join.dead_hours:
        return []
    day, hour = join.dead_hours[0]
    count = "an hour" if len(join.dead_hours) == 1 else f"{len(join.dead_hours)} hours"
    return [
        f"There are no receipts of {count} in which people came, first on {_day(day)} from {hour}:00: a till was off, "
        "or its file is missing. Those hours are left out of what is said of groups."
    ]


def _side(minutes: float) -> str:
    return "ahead of" if minutes > 0 else "behind"


def _what_is_wrong(join: Joined) -> str:
    if join.coarse_minutes >= 24 * 60:
        return "The sales file has no times of day, so groups are withheld. Export receipts with their times."
    if join.coarse_minutes:
        return (
            f"The till’s times are rounded to {join.coarse_minutes} minutes, so groups are withheld: nobody can tell "
            "who was in the shop then. Export receipts with their minutes."
        )
    if join.clock_minutes:
        return (
            f"The till’s clock seems to be {abs(join.clock_minutes)} minutes {_side(join.clock_minutes)} the camera’s, "
            "so groups are withheld. Correct the clock, take the sales file back, and import it with right times."
        )
    if join.slope is None or (join.slope < 0 and join.slope_se is not None and join.slope < -2 * join.slope_se):
        return (
            "Purchases and visits contradict each other, so groups are withheld: probably the camera was off for "
            "hours while the shop was open. Totals of those hours are too low as well."
        )
    if join.slope < HARDLY:
        return (
            "Purchases do not follow these visits, so groups are withheld: the sales file may belong to another store "
            "or to other days, or a clock is off by an hour or more. Compare a receipt with the clock on the wall."
        )
    if join.slope < NEARLY_ALL:
        return (
            f"Only about {join.slope:.0%} of the purchases follow the counted visits, so groups are withheld: others "
            "may come through a door without a camera, or a clock is off for part of the time."
        )
    return (
        "How long people stay cannot be learned from these days, so groups are withheld: the sales may lack exact "
        "times, a clock may have been changed in between, or the camera misses far more visitors than assumed. Try a "
        "shorter period, or count an hour at the door."
    )
