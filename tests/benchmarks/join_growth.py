"""What a further day costs, and how time grows: `make bench-join-growth`.

    python -m tests.benchmarks.join_growth [--rate 30] [--days 365] [--stores 10]

In memory: one store of a tenth of the visits and of all of them, one store and many. Through the database, in an empty
Foyer of its own: a store's year from scratch, then one more day, and that longer year from scratch again.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

from tests.benchmarks.join_database import in_its_own_foyer

USUAL = {"--rate": "30", "--days": "365", "--stores": "10"}
BREAKDOWNS = ("age", "gender", "mood", "age,gender")


def main() -> int:
    return in_its_own_foyer(_run)


def _run() -> int:
    django.setup()
    given = USUAL | dict(zip(sys.argv[1::2], sys.argv[2::2], strict=False))
    _many_stores(int(given["--stores"]))
    _a_further_day(float(given["--rate"]), int(given["--days"]))
    return 0


def _many_stores(count: int) -> None:
    from analytics.join.simulate import Shop, simulate
    from tests.analytics import worlds

    def month(seed: int) -> object:
        return worlds.estimate(simulate(Shop(60, 30), seed), 30, "age")

    one = _seconds(lambda: month(1))
    many = _seconds(lambda: [month(seed) for seed in range(count)])
    _say(f"a month of 1 store {one:.2f} CPU s, of {count} stores {many:.2f} CPU s: {many / one:.1f} times as long")


def _a_further_day(rate: float, days: int) -> None:
    from analytics import joining, rollups, simulated
    from analytics.join.simulate import Shop
    from analytics.models import JoinFit, Purchase
    from analytics.periods import Period
    from inference.models import Visit
    from tests.analytics.shops import FIRST

    store, _ = simulated.create_store("Year", FIRST, Shop(rate, days + 1), seed=1)
    year = Period.of(store, FIRST, FIRST + timedelta(days=days - 1))
    longer = Period.of(store, FIRST, FIRST + timedelta(days=days))
    _say(f"{Visit.objects.count():,} visits, {Purchase.objects.count():,} purchases in {days + 1} days")

    def join(period: Period) -> Callable[[], Any]:
        return lambda: [joining.joined(period, by) for by in BREAKDOWNS]

    def last_day() -> None:
        rollups.refresh_day(store, longer.last)

    _say(f"summing all hours: {_seconds(lambda: rollups.refresh(store)):.1f} CPU s")
    first = _seconds(join(year))
    _say(f"joining the year from scratch, four breakdowns: {first:.1f} CPU s")
    _say(f"one more day, its hours: {_seconds(last_day):.2f} CPU s")
    further = _seconds(join(longer))
    _say(f"one more day, the year joined again: {further:.1f} CPU s")
    warm = {by: joining.joined(longer, by) for by in BREAKDOWNS}
    JoinFit.objects.all().delete()
    anew = _seconds(join(longer))
    cold = {by: joining.joined(longer, by) for by in BREAKDOWNS}
    away = max(
        abs((a.rate or 0) - (b.rate or 0)) / (b.rate_se or 1)
        for by in BREAKDOWNS
        for a, b in zip(warm[by].segments, cold[by].segments, strict=True)
        if a.rate is not None
    )
    _say(f"that longer year from scratch: {anew:.1f} CPU s; {further / anew:.2f} of it, {away:.3f} errors away at most")


def _seconds(work: Callable[[], Any]) -> float:
    """This process's own; the database's come on top."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
