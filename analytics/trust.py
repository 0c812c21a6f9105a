"""What a shopkeeper is told about the join, and what to do about it."""

from __future__ import annotations

from math import ceil

from analytics.join.estimate import Interval
from analytics.joining import USEFUL_HALF_WIDTH

# Money per purchase is a ratio; it is told where the share of buyers is this many of its errors away from 0.
BASKET_ERRORS = 4.0
HARDLY, NEARLY_ALL = 0.35, 0.9
TOO_FEW = "too few visits to tell who buys"
NO_RATES = {
    "none": "too few visits or purchases to tell who buys",
    "red": "withheld: purchases do not follow these visits (see “How far to trust this”)",
}


def days_needed(rate: Interval, days: int) -> str | None:
    """How much longer until the rate is useful; None when it is. Errors shrink with the root of the days."""
    if rate.half_width <= USEFUL_HALF_WIDTH:
        return None
    more = ceil(days * ((rate.half_width / USEFUL_HALF_WIDTH) ** 2 - 1))
    return f"uncertain: about {more:,} more days until it is known to ±10 points"


def sentences(trust: str, method: str, slope: float | None, clock_minutes: int) -> list[str]:
    """The state of the join in words; `clock_minutes` is how far the till's clock seems to be ahead."""
    if trust == "none":
        return ["There are too few visits or purchases in this period to tell which groups buy."]
    if trust == "red":
        return [_what_is_wrong(slope, clock_minutes)]
    found = []
    if method == "soft":
        found.append(
            "Receipts do not name visits, so who buys is worked out from when purchases follow which visits. That is "
            "unbiased and needs time: the ranges say how much. A visit reference on receipts would narrow them at once."
        )
    if trust == "amber":
        found.append("There are too few days yet to check whether purchases follow the visits; take groups as a hint.")
    return found


def _what_is_wrong(slope: float | None, clock_minutes: int) -> str:
    if clock_minutes:
        where = "ahead of" if clock_minutes > 0 else "behind"
        return (
            f"The till’s clock seems to be {abs(clock_minutes)} minutes {where} the camera’s, so groups are withheld. "
            "Correct the clock, take the sales file back, and import it with right times."
        )
    if slope is None or slope < 0:
        return (
            "Purchases and visits contradict each other, so groups are withheld: probably the camera was off for "
            "hours while the shop was open. Totals of those hours are too low as well."
        )
    if slope < HARDLY:
        return (
            "Purchases do not follow these visits, so groups are withheld: the sales file may belong to another store "
            "or to other days, or a clock is off by an hour or more. Compare a receipt with the clock on the wall."
        )
    if slope < NEARLY_ALL:
        return (
            f"Only about {slope:.0%} of the purchases follow the counted visits, so groups are withheld: others may "
            "come through a door without a camera, or a clock is off for part of the time."
        )
    return (
        "How long people stay cannot be learned from these days, so groups are withheld: the sales may lack exact "
        "times, a clock may have been changed in between, or the camera misses far more visitors than assumed. Try a "
        "shorter period, or count an hour at the door."
    )
