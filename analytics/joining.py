"""A period's visits and purchases become rates per segment; computed once and kept until the figures change."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Count, Max
from numpy.typing import NDArray

from analytics import locks
from analytics.join import modes
from analytics.join.modes import Arrivals, Receipts
from analytics.join.rebase import rebased
from analytics.models import JoinFit, MatchRun, Purchase
from analytics.periods import Period, midnight
from inference import audits
from inference.models import Audit, Store, Visit
from training.labels import LABELS, Task
from training.models import ModelVersion

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# Fewer visits or purchases than this make no regression.
FEWEST_VISITS, FEWEST_PURCHASES = 30, 10
# A segment of fewer visits than this has no rate worth telling, by what is known of who bought.
FEWEST_OF_SEGMENT: dict[str, float] = {"reference": 10, "mixed": 100, "soft": 100}


@dataclass(frozen=True)
class SegmentRate:
    """One segment: expected visits and Σp(1−p) of its labels; the other figures with their standard errors, or None."""

    visits: float
    visits_variance: float
    rate: float | None = None
    rate_se: float | None = None
    money: float | None = None
    money_se: float | None = None
    basket: float | None = None
    basket_se: float | None = None


@dataclass(frozen=True)
class Joined:
    """Segments in the order of their labels, and what the join says of itself; trust is "none" without enough data."""

    segments: list[SegmentRate]
    method: str
    trust: str
    slope: float | None = None
    slope_se: float | None = None
    stay_minutes: float | None = None
    clock_minutes: int = 0
    days: int = 0


def joined(period: Period, by: str) -> Joined:
    """The period's rates by age, gender, mood or age,gender; from the last computation where nothing has changed."""
    stamp = _stamp(period.store)
    if (found := _kept(period, by, stamp)) is not None:
        return found
    with transaction.atomic():
        # The charts of a page ask at once; one computes, the others wait and take what it kept.
        locks.hold(period.store, locks.Work.JOINING)
        if (found := _kept(period, by, stamp)) is None:
            found = compute(period, by)
            _keep(period, by, stamp, found)
    return found


def _kept(period: Period, by: str, stamp: str) -> Joined | None:
    rows = JoinFit.objects.filter(store=period.store, first=period.first, last=period.last, by=by, stamp=stamp)
    row = rows.first()
    return _from_json(row.result) if row is not None else None


def _keep(period: Period, by: str, stamp: str, found: Joined) -> None:
    """Keep a fit, and forget those that the store's newer figures have outdated."""
    JoinFit.objects.filter(store=period.store).exclude(stamp=stamp).delete()
    JoinFit.objects.create(
        store=period.store, first=period.first, last=period.last, by=by, stamp=stamp, result=asdict(found)
    )


def _stamp(store: Store) -> str:
    """Changes whenever the store's figures or what is assumed of it do: every refresh of a day is a run of matching."""
    run = MatchRun.objects.filter(store=store).aggregate(last=Max("pk"))["last"]
    audit = Audit.objects.filter(store=store).aggregate(last=Max("pk"), withdrawn=Count("withdrawn_at"))
    return f"{run}/{store.missed_share}/{store.staff_share}/{audit['last']}-{audit['withdrawn']}"


def _from_json(result: dict[str, Any]) -> Joined:
    return Joined(**{**result, "segments": [SegmentRate(**segment) for segment in result["segments"]]})


def compute(period: Period, by: str) -> Joined:
    """Read, rebase the labels to the store's own mix, join."""
    refs, entered, labels = _visits(period, by)
    spread = (labels * (1 - labels)).sum(axis=0)
    counts = [SegmentRate(float(n), float(v)) for n, v in zip(labels.sum(axis=0), spread, strict=True)]
    purchases = list(
        Purchase.objects.filter(store=period.store, amount__gt=0)
        .between(period.start, period.end)
        .values_list("paid_at", "amount", "visit_ref")
    )
    if len(refs) < FEWEST_VISITS or len(purchases) < FEWEST_PURCHASES:
        return Joined(counts, "none", "none", days=period.days)
    days = _Days(period)
    place = {ref: row for row, ref in enumerate(refs)}
    day, minute = days.of([paid_at for paid_at, _, _ in purchases])
    visit = _first_of_each(np.array([place.get(ref, -1) if ref else -1 for _, _, ref in purchases], np.int64))
    receipts = Receipts(day, minute, np.array([float(amount) for _, amount, _ in purchases]), visit)
    held = audits.assumed(period.store, period.start, period.end)
    store = modes.Store(days.weekdays, _unseen(period, len(refs), held.missed), held.staff)
    found = modes.estimate(Arrivals(*days.of(entered), labels), receipts, store)
    return replace(_told(counts, found), days=period.days)


def _unseen(period: Period, classified: int, missed: float) -> float:
    """The share of visitors without labels: missed by the camera, or seen without a face that could be classified."""
    counted = Visit.objects.filter(store=period.store).between(period.start, period.end).count()
    return 1 - (1 - missed) * classified / counted


def _first_of_each(visit: Whole) -> Whole:
    """A visit that several receipts name belongs to the first of them; the others name nobody."""
    _, first = np.unique(visit, return_index=True)
    result = np.full(len(visit), -1, np.int64)
    result[first] = visit[first]
    return result


def _told(counts: list[SegmentRate], found: modes.Estimate) -> Joined:
    rates = found.rates
    columns = (rates.rate, rates.rate_se, rates.money, rates.money_se, rates.basket, rates.basket_se)
    rows = zip(counts, *(column.tolist() for column in columns), strict=True)
    fewest = FEWEST_OF_SEGMENT[found.method] if found.trust != "red" else float("inf")
    segments = [
        SegmentRate(count.visits, count.visits_variance, *(_finite(value) for value in values))
        if count.visits >= fewest else count
        for count, *values in rows
    ]  # fmt: skip
    stay = found.stay.typical_minutes if found.stay else None
    return Joined(segments, found.method, found.trust, found.slope, found.slope_se, stay, found.clock_minutes)


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


# Reading ----------------------------------------------------------------------------


def _visits(period: Period, by: str) -> tuple[list[str], list[datetime], Floats]:
    """References, times and labels (n, segments) of the period's classified visits."""
    tasks: list[Task] = [task for task in LABELS if task in by.split(",")]
    rows = Visit.objects.filter(store=period.store, gender__isnull=False).between(period.start, period.end)
    found = list(rows.order_by("entered_at", "pk").values_list("ref", "entered_at", "model_version", *tasks))
    if not found:
        width = int(np.prod([len(LABELS[task]) for task in tasks]))
        return [], [], np.zeros((0, width))
    versions = np.array([row[2] for row in found])
    parts = [_rebased(task, np.array([row[3 + k] for row in found]), versions) for k, task in enumerate(tasks)]
    labels = parts[0]
    for part in parts[1:]:
        labels = (labels[:, :, None] * part[:, None, :]).reshape(len(labels), -1)
    return [row[0] for row in found], [row[1] for row in found], labels


def _rebased(task: Task, said: Floats, versions: NDArray[np.str_]) -> Floats:
    """Each model version's visits by the mix that its own training pictures had."""
    result = np.empty_like(said)
    for version in np.unique(versions):
        rows = versions == version
        result[rows] = rebased(said[rows], _prior(task, str(version)))
    return result


def _prior(task: Task, versions: str) -> Floats:
    """The shares of labels that a version was tested on, which are those of its training; equal ones where unknown."""
    row = ModelVersion.objects.filter(task=task, version__in=versions.split(", ")).first()
    if row is None or "confusion" not in row.metrics:
        return np.full(len(LABELS[task]), 1 / len(LABELS[task]))
    counts = np.array(row.metrics["confusion"], np.float64).sum(axis=1) + 1
    return np.asarray(counts / counts.sum(), np.float64)


class _Days:
    """The period's days, and where instants lie in them."""

    def __init__(self, period: Period) -> None:
        days = [period.first + timedelta(days=k) for k in range(period.days)]
        self.starts = np.array([midnight(day, period.store).timestamp() for day in days])
        self.weekdays = np.array([day.weekday() for day in days], np.int64)

    def of(self, instants: list[datetime]) -> tuple[Whole, Floats]:
        """Day (n,) counted from the first, and minutes (n,) since its midnight."""
        seconds = np.array([instant.timestamp() for instant in instants])
        day = np.searchsorted(self.starts, seconds, side="right") - 1
        return np.asarray(day, np.int64), np.asarray((seconds - self.starts[day]) / 60, np.float64)
