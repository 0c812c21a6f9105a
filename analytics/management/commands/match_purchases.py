"""`manage.py match_purchases`: link purchases with visits and sum the hours."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Max, Min

from analytics import joining, queries, rollups
from analytics.models import Purchase
from analytics.periods import Period, PeriodError, day_of
from inference.finding import NotFoundError, find_store
from inference.models import Store, Visit


class Command(BaseCommand):
    help = (
        "Match and sum all days of a period anew, or of everything there is. clock_offset_seconds is by how much the "
        "till’s clock is ahead of the camera’s: 0 where they agree as far as purchases can tell, null for several "
        "stores, and where the days are too few or purchases do not follow visits for another reason."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--store", help="name or number; all stores if left out")
        parser.add_argument("--from", dest="first", type=date.fromisoformat)
        parser.add_argument("--to", dest="last", type=date.fromisoformat, help="included")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        began = time.monotonic()
        try:
            stores = [find_store(options["store"])] if options["store"] else list(Store.objects.all())
            periods = [_period(store, options["first"], options["last"]) for store in stores]
        except (NotFoundError, PeriodError) as error:
            raise CommandError(str(error), returncode=2) from error
        for period in filter(None, periods):
            self._refresh(period)
        found = [period for period in periods if period]
        offset = _clock_offset(found[0]) if len(found) == 1 else None
        result = _summary(found) | {"clock_offset_seconds": offset, "seconds": round(time.monotonic() - began, 2)}
        self.stdout.write(json.dumps(result, indent=None if options["json"] else 1))

    def _refresh(self, period: Period) -> None:
        for number in range(period.days):
            rollups.refresh_day(period.store, period.first + timedelta(days=number))
            if number % 20 == 19:
                self.stderr.write(f"{period.store}: {number + 1} of {period.days} days")


def _period(store: Store, first: date | None, last: date | None) -> Period | None:
    """The wanted days; without dates, all days with a visit or a purchase. None for an empty store."""
    seen = Visit.objects.filter(store=store).aggregate(low=Min("entered_at"), high=Max("entered_at"))
    paid = Purchase.objects.filter(store=store).aggregate(low=Min("paid_at"), high=Max("paid_at"))
    times = [value for row in (seen, paid) for value in row.values() if value]
    if not times:
        return None
    return Period.of(store, first or day_of(min(times), store), last or day_of(max(times), store))


def _clock_offset(period: Period) -> int | None:
    """In seconds; minutes of less than a usual stay's play are not told apart from it, and are 0."""
    found = joining.joined(period, "gender")
    if found.clock_minutes:
        return 60 * found.clock_minutes
    # Where receipts name their visits, or hardly anything is known, nobody has looked at the clocks.
    return 0 if found.trust in ("green", "amber") and found.slope is not None and not found.moves else None


def _summary(periods: list[Period]) -> dict[str, Any]:
    runs = [run for period in periods for run in queries.latest_runs(period.store, period)]
    purchases, unexplained = (sum(getattr(run, name) for run in runs) for name in ("purchases", "unexplained"))
    return {
        "purchases": purchases,
        "candidates": sum(run.candidates for run in runs),
        # Purchases that visits explain, whoever made them: nobody is linked to anybody in a busy shop.
        "matched_weight": float(purchases - unexplained),
        "unexplained": unexplained,
    }
