"""What tells who pays beside times: cameras at tills, cashiers' keys, references; how much of it a store has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from analytics import withhold
from analytics.models import Purchase
from analytics.periods import Period
from inference.models import Camera


@dataclass(frozen=True)
class TillCamera:
    """A camera at a till; `faces` is None where few were seen. `problem` says what keeps it from helping."""

    name: str
    till: str
    faces: int | None
    newest: datetime | None
    problem: str


@dataclass(frozen=True)
class Aids:
    """Shares of the period's receipts, 0 to 1, that name a visit or carry a cashier's key; and the tills' cameras."""

    referenced: float
    age_keys: float
    gender_keys: float
    cameras: list[TillCamera]


def of(period: Period) -> Aids:
    bought = Purchase.objects.filter(store=period.store).between(period.start, period.end)
    sums = bought.aggregate(
        all=Count("pk"),
        referenced=Count("pk", filter=~Q(visit_ref="")),
        age=Count("pk", filter=~Q(age_mark="")),
        gender=Count("pk", filter=~Q(gender_mark="")),
    )
    receipts = max(1, sums["all"])
    return Aids(sums["referenced"] / receipts, sums["age"] / receipts, sums["gender"] / receipts, _cameras(period))


def _cameras(period: Period) -> list[TillCamera]:
    bought = Purchase.objects.filter(store=period.store).between(period.start, period.end)
    tills = set(bought.order_by().values_list("till", flat=True).distinct())
    within = Q(checkout_faces__seen_at__gte=period.start, checkout_faces__seen_at__lt=period.end)
    rows = Camera.objects.filter(store=period.store, place=Camera.Place.CHECKOUT).annotate(
        seen=Count("checkout_faces", filter=within), newest=Max("checkout_faces__seen_at", filter=within)
    )
    return [
        TillCamera(
            row.name,
            row.till,
            row.seen if row.seen >= withhold.FEWEST_VISITS else None,
            row.newest,
            _problem(row.till, row.seen, tills),
        )
        for row in rows
    ]


def _problem(till: str, seen: int, tills: set[str]) -> str:
    if not seen:
        return "It has seen nobody in these weeks. Is it on, and are its pictures coming in?"
    if till and tills and till not in tills:
        return f"No receipt of these weeks names a till “{till}”. Write its name as the sales file does."
    if not till and len(tills) > 1:
        return "It is not said which till it looks at; an admin can set it."
    return ""
