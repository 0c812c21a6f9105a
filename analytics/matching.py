"""Purchases are linked to visits: by reference where a receipt names one; by time, as an illustration, where it is so
quiet that hardly anybody else could have paid. No figure of a group comes from the latter."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from analytics import locks
from analytics.join.assignment import LONGEST_STAY, Links, link, plausible
from analytics.models import DirtyHour, Match, MatchRun, Purchase
from inference.models import Store, Visit

ROWS_AT_ONCE = 5_000
# Where, beside the right visit, so many others could have made a purchase on average, linking one would be a guess.
MOST_OTHERS = 0.3


@dataclass(frozen=True)
class Row:
    """A visit or a purchase as the matching sees it."""

    pk: int
    at: datetime
    ref: str = ""


@dataclass
class Pairs:
    """(purchase, visit, method) for each link, and what was left over."""

    links: list[tuple[Row, Row, Match.Method]] = field(default_factory=list)
    candidates: int = 0
    unexplained: int = 0


def match(store: Store, start: datetime, end: datetime) -> MatchRun:
    """Link the purchases paid in [start, end) anew, replacing their former links.

    1. Take the store's lock: two runs over one store wait for each other.
    2. Read the purchases, and the visits that could have made them and belong to no other purchase.
    3. Pair them.
    4. Replace the rows and note what was found; all in one transaction.
    """
    began = time.monotonic()
    with transaction.atomic():
        locks.hold(store, locks.Work.MATCHING)
        purchases = _purchases(store, start, end)
        pairs = pair(_visits(store, start, end, purchases), purchases)
        _replace(store, start, end, pairs)
        return MatchRun.objects.create(
            store=store,
            start=start,
            end=end,
            purchases=len(purchases),
            candidates=pairs.candidates,
            matched=len(pairs.links),
            unexplained=pairs.unexplained,
            seconds=time.monotonic() - began,
        )


def _purchases(store: Store, start: datetime, end: datetime) -> list[Row]:
    rows = Purchase.objects.filter(store=store).sales().timed().between(start, end).order_by("paid_at", "pk")
    return [Row(*row) for row in rows.values_list("pk", "paid_at", "visit_ref")]


def _visits(store: Store, start: datetime, end: datetime, purchases: Sequence[Row]) -> list[Row]:
    """Visits in reach of the period, and the ones its receipts name, that no purchase outside it is linked to."""
    taken = Match.objects.filter(purchase__store=store).exclude(purchase__paid_at__gte=start, purchase__paid_at__lt=end)
    free = Visit.objects.filter(store=store).exclude(pk__in=taken.values("visit_id"))
    near = free.between(start - timedelta(seconds=LONGEST_STAY), end)
    named = free.filter(ref__in=[row.ref for row in purchases if row.ref])
    rows = {row[0]: Row(*row) for visits in (near, named) for row in visits.values_list("pk", "entered_at", "ref")}
    return sorted(rows.values(), key=lambda row: (row.at, row.pk))


def pair(visits: Sequence[Row], purchases: Sequence[Row]) -> Pairs:
    """Decide who belongs together; each purchase and each visit at most once. Both ordered by time."""
    result = Pairs()
    by_ref = {visit.ref: visit for visit in visits}
    named: set[int] = set()
    left: list[Row] = []
    for purchase in purchases:
        visit = by_ref.pop(purchase.ref, None) if purchase.ref else None
        if visit is None:
            left.append(purchase)
        else:
            named.add(visit.pk)
            result.links.append((purchase, visit, Match.Method.REFERENCE))
    free = [visit for visit in visits if visit.pk not in named]
    entered, paid = _seconds(free), _seconds(left)
    result.candidates, result.unexplained = plausible(entered, paid)
    if is_clear(result.candidates, len(left) - result.unexplained):
        links = link(entered, paid)
        result.links += [(left[p], free[v], Match.Method.ASSIGNMENT) for p, v in _indices(links)]
    return result


def is_clear(candidates: int, explained: int) -> bool:
    """Whether purchases that some visit could have made leave hardly any choice which."""
    return 0 < candidates <= (1 + MOST_OTHERS) * explained


def _indices(links: Links) -> Iterable[tuple[int, int]]:
    return zip(links.purchases.tolist(), links.visits.tolist(), strict=True)


def _seconds(rows: Sequence[Row]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.array([row.at.timestamp() for row in rows], np.float64)


def _replace(store: Store, start: datetime, end: datetime, pairs: Pairs) -> None:
    old = Match.objects.filter(purchase__store=store, purchase__paid_at__gte=start, purchase__paid_at__lt=end)
    before = set(old.values_list("purchase_id", "visit_id"))
    after = {(purchase.pk, visit.pk) for purchase, visit, _ in pairs.links}
    Match.objects.filter(purchase_id__in=[purchase for purchase, _ in before - after]).delete()
    rows = [_row(*found) for found in pairs.links if (found[0].pk, found[1].pk) not in before]
    Match.objects.bulk_create(rows, batch_size=ROWS_AT_ONCE)


def _row(purchase: Row, visit: Row, method: Match.Method) -> Match:
    stay = (purchase.at - visit.at).total_seconds()
    return Match(purchase_id=purchase.pk, visit_id=visit.pk, method=method, stay_seconds=stay)


def mark_dirty(store: Store, instants: Iterable[datetime]) -> None:
    """Name the hours whose figures must be summed again."""
    hours = {store.hour_of(instant) for instant in instants}
    rows = [DirtyHour(store=store, hour=hour) for hour in sorted(hours)]
    DirtyHour.objects.bulk_create(rows, ignore_conflicts=True)
