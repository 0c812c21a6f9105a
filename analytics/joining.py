"""A period's visits and purchases become rates per segment; computed once and kept until the figures change."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Count, Max
from numpy.typing import NDArray

from analytics import locks, till_evidence
from analytics.join import bands, clock, contrasts, modes, shrink, soft
from analytics.join.estimate import Z
from analytics.join.exact import Rates
from analytics.join.gaps import Gaps, Span
from analytics.join.modes import Arrivals, Receipts
from analytics.join.rebase import completed
from analytics.labels import Groups, rebased_labels
from analytics.models import JoinFit, MarkCheck, MatchRun, Purchase
from analytics.periods import Period, midnight
from inference import audits
from inference.models import Camera, CameraHour, CheckoutFace, Store, Visit
from training.labels import LABELS, Task

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# Fewer visits or purchases than this make no regression.
FEWEST_VISITS, FEWEST_PURCHASES = 30, 10
# A segment of fewer visits than this has no rate worth telling, by what is known of who bought.
FEWEST_OF_SEGMENT: dict[str, float] = {"reference": 10}
FEWEST_UNNAMED = 100.0
# A change of how rates are computed makes kept ones outdated; so many are kept per store.
VERSION = 5
# A camera that brings pictures at an hour on so large a part of the days was off on the others.
USUALLY_WATCHED = 0.6
MOST_KEPT, STAMP_LENGTH = 200, 60
# A rate is worth acting on once it is known this closely.
USEFUL_HALF_WIDTH = 0.10


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
    # The rate drawn towards the other groups', for ranking and charts: nearer to the truth on average, not unbiased.
    drawn: float | None = None
    drawn_se: float | None = None
    differs: int = field(default=0, kw_only=True)  # 1 or −1 where the rate is surely above or below that of the others
    # From entry to payment: 1 or −1 where it surely takes longer or shorter than the store's, and minutes if known.
    takes_longer: int = field(default=0, kw_only=True)
    minutes: float | None = field(default=None, kw_only=True)
    minutes_se: float | None = field(default=None, kw_only=True)


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
    coarse_minutes: int = 0
    # (ISO day, minutes) at which the till's clock moved, (ISO day, hour) at which the camera seems to have been off.
    moves: list[tuple[str, float]] = field(default_factory=list)
    blind_hours: list[tuple[str, int]] = field(default_factory=list)
    dead_hours: list[tuple[str, int]] = field(default_factory=list)  # likewise of the till; left out
    state: dict[str, list[float]] | None = None  # where the fit ended; a later one of nearly the same days starts there

    @property
    def is_useful(self) -> bool:
        """Whether every group's rate is known closely enough to act on; groups hardly anybody belongs to aside."""
        known = [segment.rate_se for segment in self.segments if segment.visits >= FEWEST_UNNAMED]
        return bool(known) and all(error is not None and Z * error <= USEFUL_HALF_WIDTH for error in known)


def joined(period: Period, by: str) -> Joined:
    """The period's rates by age, gender, mood, age,gender, or by wider groups (age:1); from the last computation where
    nothing has changed."""
    stamp = _stamp(period)
    if (found := _kept(period, by, stamp)) is not None:
        return found
    with transaction.atomic():
        # The charts of a page ask at once; one computes, the others wait and take what it kept.
        locks.hold(period.store, locks.Work.JOINING)
        if (found := _kept(period, by, stamp)) is None:
            found = compute(period, by)
            _keep(period, by, stamp, found)
    return found


def is_kept(period: Period, by: str) -> bool:
    """Whether the rates of a breakdown, and of the wider groups that would be shown for it, need no computing."""
    stamp = _stamp(period)
    tasks = [task for task in LABELS if task == by]
    for merging in range(bands.mergings(tasks[0]) + 1 if tasks else 1):
        found = _kept(period, f"{by}:{merging}" if merging else by, stamp)
        if found is None:
            return False
        if _is_fine_enough(found):
            break
    return True


def last_known_stay(store: Store) -> float | None:
    """How many minutes visitors typically take, by the store's last join that was to be trusted; computes nothing."""
    rows = JoinFit.objects.filter(store=store, result__trust__in=["green", "amber"]).exclude(result__stay_minutes=None)
    return rows.order_by("-pk").values_list("result__stay_minutes", flat=True).first()


def _kept(period: Period, by: str, stamp: str) -> Joined | None:
    rows = JoinFit.objects.filter(store=period.store, first=period.first, last=period.last, by=by, stamp=stamp)
    row = rows.first()
    return _from_json(row.result) if row is not None else None


def _keep(period: Period, by: str, stamp: str, found: Joined) -> None:
    """Keep a fit in place of the outdated one of the same days; old ones go when there are too many."""
    same = {"store": period.store, "first": period.first, "last": period.last, "by": by}
    JoinFit.objects.filter(**same).delete()
    JoinFit.objects.create(**same, stamp=stamp, result=asdict(found))
    newest = JoinFit.objects.filter(store=period.store).order_by("-pk").values_list("pk", flat=True)[:MOST_KEPT]
    JoinFit.objects.filter(store=period.store).exclude(pk__in=list(newest)).delete()


def _stamp(period: Period) -> str:
    """Changes with the period's figures and with what is assumed of it: every refresh of a day is a run of matching."""
    store = period.store
    runs = MatchRun.objects.filter(store=store, start__lt=period.end, end__gt=period.start)
    faces = CheckoutFace.objects.filter(store=store, seen_at__gte=period.start, seen_at__lt=period.end)
    parts = (
        VERSION, runs.aggregate(last=Max("pk")), faces.aggregate(last=Max("pk"), count=Count("pk")),
        MarkCheck.objects.filter(store=store).aggregate(last=Max("pk"), count=Count("pk")),
        audits.assumed(store, period.start, period.end), store.random_tickets,
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:STAMP_LENGTH]


def _from_json(result: dict[str, Any]) -> Joined:
    told = {name: [tuple(row) for row in result[name]] for name in ("moves", "blind_hours", "dead_hours")}
    return Joined(**{**result, **told, "segments": [SegmentRate(**segment) for segment in result["segments"]]})


def compute(period: Period, by: str) -> Joined:
    """Read, rebase the labels to the store's own mix, join."""
    groups = Groups.of(by)
    refs, entered, known, labels = _visits(period, groups)
    spread = (labels * (1 - labels)).sum(axis=0)
    counts = [SegmentRate(float(n), float(v)) for n, v in zip(labels.sum(axis=0), spread, strict=True)]
    columns = ("paid_at", "amount", "visit_ref", "till", "age_mark", "gender_mark")
    rows = Purchase.objects.filter(store=period.store).sales().timed().between(period.start, period.end)
    purchases = list(rows.order_by("paid_at", "pk").values_list(*columns))
    if len(labels) < FEWEST_VISITS or len(purchases) < FEWEST_PURCHASES:
        return Joined(counts, "none", "none", days=period.days)
    at, amount, named, *marks = zip(*purchases, strict=True)
    days = Days(period)
    place = {ref: row for row, ref in enumerate(refs)}
    visit = _first_of_each(np.array([place.get(ref, -1) if ref else -1 for ref in named], np.int64))
    told = till_evidence.told(period, groups, till_evidence.Paid(at, *marks))
    receipts = Receipts(*days.of(at), np.array([float(value or 0) for value in amount]), visit, told)
    store = replace(_store(period, days), start=_earlier(period, by))
    found = modes.estimate(Arrivals(*days.of(entered), completed(labels, known)), receipts, store)
    return replace(
        described(found, period.first), segments=_segments(counts, found, priced=None not in amount), days=period.days
    )


def _earlier(period: Period, by: str) -> soft.State | None:
    """Where the store's last fit by the same groups ended, if it shares days with this one and was to be trusted: a new
    day moves a year's rates by little, and a few steps from there do."""
    rows = JoinFit.objects.filter(store=period.store, by=by, first__lte=period.last, last__gte=period.first)
    row = rows.exclude(result__state=None).order_by("-pk").first()
    return soft.State.from_json(row.result["state"]) if row is not None and row.result.get("state") else None


def _store(period: Period, days: Days) -> modes.Store:
    held = audits.assumed(period.store, period.start, period.end)
    return modes.Store(
        days.weekdays, held.missed, held.staff, held.missed_se, held.staff_se, period.store.random_tickets,
        Gaps(camera=_camera_off(period, days)),
    )  # fmt: skip


def _camera_off(period: Period, days: Days) -> list[Span]:
    """Hours without a picture from a camera at the entrance that on most days brings some at that hour."""
    rows = CameraHour.objects.filter(
        camera__store=period.store, camera__place=Camera.Place.ENTRANCE, frames__gt=0, hour__gte=period.start,
        hour__lt=period.end,
    ).values_list("camera", "hour")  # fmt: skip
    seen: dict[int, list[datetime]] = {}
    for camera, hour in rows:
        seen.setdefault(camera, []).append(hour)
    found: list[Span] = []
    for hours in seen.values():
        watched = clock.by_hour(*days.of(hours), period.days) > 0
        usual = watched.mean(axis=0) > USUALLY_WATCHED
        found += [Span(int(day), 60.0 * hour, 60.0 * hour + 60) for day, hour in np.argwhere(usual & ~watched)]
    return found


def _first_of_each(visit: Whole) -> Whole:
    """A visit that several receipts name belongs to the first of them; the others name nobody."""
    _, first = np.unique(visit, return_index=True)
    result = np.full(len(visit), -1, np.int64)
    result[first] = visit[first]
    return result


def described(found: modes.Estimate, first: date) -> Joined:
    """What the join says of itself, its days counted from `first`; without segments."""
    return Joined(
        [], found.method, found.trust, found.slope, found.slope_se,
        stay_minutes=found.stay.typical_minutes if found.stay else None,
        clock_minutes=found.clock_minutes,
        coarse_minutes=found.coarse_minutes,
        state=found.state.as_json() if found.state is not None and found.trust == "green" else None,
        moves=[((first + timedelta(days=move.day)).isoformat(), move.minutes) for move in found.moves],
        blind_hours=[((first + timedelta(days=day)).isoformat(), hour % 24) for day, hour in found.blind_hours],
        dead_hours=[((first + timedelta(days=day)).isoformat(), hour % 24) for day, hour in found.dead_hours],
    )  # fmt: skip


def _segments(counts: list[SegmentRate], found: modes.Estimate, *, priced: bool) -> list[SegmentRate]:
    """What is known of each segment; nothing of money unless all receipts tell their amounts."""
    rates = found.rates if priced else _without_money(found.rates)
    drawn, drawn_se = _drawn_together(rates)
    columns = (rates.rate, rates.rate_se, rates.money, rates.money_se, rates.basket, rates.basket_se, drawn, drawn_se)
    rows = zip(counts, *(column.tolist() for column in columns), strict=True)
    more = zip(_differing(rates), *_stays(found), strict=True)
    fewest = FEWEST_OF_SEGMENT.get(found.method, FEWEST_UNNAMED) if found.trust != "red" else float("inf")
    return [
        SegmentRate(
            count.visits, count.visits_variance, *(_finite(value) for value in values), differs=differs,
            takes_longer=longer, minutes=_finite(minutes), minutes_se=_finite(error),
        )
        if count.visits >= fewest else count
        for (count, *values), (differs, longer, minutes, error) in zip(rows, more, strict=True)
    ]  # fmt: skip


def _without_money(rates: Rates) -> Rates:
    unknown = np.full(len(rates.rate), np.nan)
    return replace(rates, money=unknown, money_se=unknown, basket=unknown, basket_se=unknown)


def _stays(found: modes.Estimate) -> tuple[list[int], list[float], list[float]]:
    if found.stays is None:
        k = len(found.rates.rate)
        return [0] * k, [np.nan] * k, [np.nan] * k
    return found.stays.longer.tolist(), found.stays.minutes.tolist(), found.stays.error.tolist()


def _drawn_together(rates: Rates) -> tuple[Floats, Floats]:
    """The rates as charts rank them; as they are where not all are known."""
    if rates.covariance is None or not np.isfinite(rates.covariance).all() or not np.isfinite(rates.rate).all():
        return rates.rate, rates.rate_se
    return shrink.shrunken(rates.rate, rates.covariance)


def _differing(rates: Rates) -> list[int]:
    if rates.covariance is None or not np.isfinite(rates.covariance).all() or not np.isfinite(rates.rate).all():
        return [0] * len(rates.rate)
    return [int(sign) for sign in contrasts.differing(rates.rate, rates.covariance)]


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def apart(period: Period, task: Task) -> tuple[str, Joined]:
    """The finest groups of an attribute that can be told apart usefully, as a breakdown's name and its figures.

    Seven age groups, else three bands, else two: the first whose rates are all known to ±USEFUL_HALF_WIDTH; the widest
    where none is.
    """
    for merging in range(bands.mergings(task) + 1):
        by = f"{task}:{merging}" if merging else task
        found = joined(period, by)
        if _is_fine_enough(found):
            break
    return by, found


def _is_fine_enough(found: Joined) -> bool:
    # What is wrong between door and till is wrong for wider groups, too.
    return found.is_useful or found.trust in ("red", "none")


# Reading ----------------------------------------------------------------------------


def _visits(period: Period, groups: Groups) -> tuple[list[str], list[datetime], NDArray[np.bool_], Floats]:
    """References and times of the period's n visits, which of them were classified, and those's labels (m, groups)."""
    rows = Visit.objects.filter(store=period.store).between(period.start, period.end).order_by("entered_at", "pk")
    found = list(rows.values_list("ref", "entered_at", "model_version", *groups.tasks))
    # A store may estimate some attributes and not others.
    known = np.array([None not in row[3:] for row in found], np.bool_)
    classified = [row for row, is_known in zip(found, known, strict=True) if is_known]
    labels = rebased_labels(classified, groups, first=3, version=2) if classified else np.zeros((0, groups.count))
    return [row[0] for row in found], [row[1] for row in found], known, labels


class Days:
    """The period's days, and where instants lie in them."""

    def __init__(self, period: Period) -> None:
        days = [period.first + timedelta(days=k) for k in range(period.days)]
        self.starts = np.array([midnight(day, period.store).timestamp() for day in days])
        self.weekdays = np.array([day.weekday() for day in days], np.int64)

    def of(self, instants: Sequence[datetime]) -> tuple[Whole, Floats]:
        """Day (n,) counted from the first, and minutes (n,) since its midnight."""
        seconds = np.array([instant.timestamp() for instant in instants])
        day = np.searchsorted(self.starts, seconds, side="right") - 1
        return np.asarray(day, np.int64), np.asarray((seconds - self.starts[day]) / 60, np.float64)
