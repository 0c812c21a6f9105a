"""Cashiers' keys and how often they are right: what was checked, what is still missing, small numbers withheld."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum

from analytics import withhold
from analytics.join import estimate
from analytics.join.estimate import Interval
from analytics.models import MarkCheck, Purchase
from analytics.periods import Period
from analytics.till_evidence import FEWEST_CHECKED
from inference.models import Store
from training.labels import LABELS, Task

ATTRIBUTES: tuple[Task, ...] = ("age", "gender")
# Beyond this, knowing the keys better narrows the ranges hardly any more.
ENOUGH_CHECKED = 200


@dataclass(frozen=True)
class Key:
    """One key of the till: how many buyers it was checked on, and of how many it was right; None where too few."""

    name: str
    buyers: int | None
    right: Interval | None


@dataclass(frozen=True)
class Checked:
    """An attribute's keys. `lacking` are the labels that nobody checked has, without which keys cannot be used."""

    keys: list[Key]
    total: int
    lacking: list[str]
    share_of_receipts: float

    @property
    def missing(self) -> int:
        return max(0, FEWEST_CHECKED - self.total)

    @property
    def is_enough(self) -> bool:
        return self.total >= ENOUGH_CHECKED


def marks(store: Store, period: Period, attribute: Task) -> list[str]:
    """The keys that receipts of the period carry; the labels themselves where none does yet."""
    column = f"{attribute}_mark"
    rows = Purchase.objects.filter(store=store).between(period.start, period.end).exclude(**{column: ""})
    found = set(rows.order_by().values_list(column, flat=True).distinct())
    order = {label: place for place, label in enumerate(LABELS[attribute])}
    return sorted(found or order, key=lambda name: (order.get(name, len(order)), name))


def checked(store: Store, period: Period, attribute: Task) -> Checked:
    """How far an attribute's keys were checked, and on how many of the period's receipts they are."""
    rows = MarkCheck.objects.filter(store=store, attribute=attribute).order_by()
    cells = {(mark, label): n for mark, label, n in rows.values_list("mark", "label").annotate(n=Sum("buyers"))}
    names = marks(store, period, attribute)
    bought = Purchase.objects.filter(store=store).between(period.start, period.end)
    receipts = bought.count()
    marked = bought.exclude(**{f"{attribute}_mark": ""}).count()
    return Checked(
        keys=[_key(name, cells, LABELS[attribute]) for name in names],
        total=sum(cells.values()),
        lacking=[label for label in LABELS[attribute] if not any(cell[1] == label for cell in cells)],
        share_of_receipts=marked / receipts if receipts else 0.0,
    )


def _key(name: str, cells: dict[tuple[str, str], int], labels: Sequence[str]) -> Key:
    buyers = sum(n for (mark, _), n in cells.items() if mark == name)
    if buyers < withhold.FEWEST_VISITS:
        return Key(name, None, None)
    right = cells.get((name, name), 0) if name in labels else None
    return Key(name, buyers, estimate.wilson(right / buyers, buyers) if right is not None else None)
