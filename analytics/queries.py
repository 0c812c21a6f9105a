"""Rollups become reports and frames: the only reading of numbers there is, small cells withheld."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import timedelta
from typing import Any

import pandas as pd
from django.db.models import Avg, Count, QuerySet, Sum

from analytics import joining, matching, trust, ways, withhold
from analytics.join import estimate
from analytics.join.assignment import LONGEST_STAY, SHORTEST_STAY
from analytics.join.estimate import Figures, Interval
from analytics.joining import Joined, SegmentRate
from analytics.labels import Groups
from analytics.models import HourFigure, Match, MatchRun
from analytics.periods import Period
from inference import audits, health
from inference.audits import Assumed, Shares
from inference.health import Coverage
from inference.models import Store
from training.labels import LABELS

BREAKDOWNS = ("age", "gender", "mood", "age,gender")
METRICS = ("conversion", "average_transaction_value", "revenue_per_visitor")
LOW_COVERAGE = 0.6
# Of more visits than this, a page has a worker work out who buys: it takes longer than anybody waits for a page.
SLOW_VISITS = 20_000
LONGEST_SHOPPING = 4 * 3600  # seconds


@dataclass(frozen=True)
class Segment:
    """One group's figures; all None when withheld."""

    labels: dict[str, str]
    visits: Interval | None = None
    purchases: Interval | None = None
    conversion: Interval | None = None
    average_transaction_value: Interval | None = None
    revenue_per_visitor: Interval | None = None
    # The rate drawn towards the other groups': for ranking, nearer to the truth on average.
    drawn: Interval | None = None
    # The half-width of conversion, a share of 1, for comparing groups: without what moves all of them together.
    beside_others: float | None = None
    differs: int = 0  # 1 or −1 where conversion is surely above or below that of the other groups together
    # From entry to payment, on the two clocks: minutes where receipts name visits, and whether it surely takes longer
    # (1) or shorter (−1) than the store's.
    minutes_to_pay: Interval | None = None
    takes_longer: int = 0
    withheld: bool = False
    reason: str | None = None


@dataclass(frozen=True)
class Table:
    """A breakdown as pages show it: its own groups, or wider ones where its own cannot be told apart yet."""

    by: str
    segments: list[Segment]
    is_merged: bool = False


@dataclass(frozen=True)
class Quality:
    """How much the figures rest on. Shares are 0 to 1; `warnings` are sentences for a shopkeeper."""

    coverage: float | None
    candidates_per_purchase: float | None
    matched: float | None
    by_reference: float | None
    unexplained: int
    method: str
    how: str  # the method, in a sentence for a shopkeeper
    trust: str
    slope: float | None
    minutes_to_pay: float | None
    clock_minutes: int
    missed_share: float
    staff_share: float
    level_error: float
    simulated: bool
    faces: Coverage  # what the entrance cameras saw, and how much of it could be classified
    warnings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    by: str
    segments: list[Segment]
    totals: Segment
    quality: Quality
    apart: Table  # the groups that can be told apart


@dataclass(frozen=True)
class Totals:
    """Sums over all visits and all receipts of a period; revenue is that of sales, before refunds."""

    visits: float
    classified: int
    till_purchases: int
    till_priced: int
    till_revenue: float
    till_revenue2: float
    till_refunded: float
    till_refunded2: float


# Reports --------------------------------------------------------------------------------


def report(store: Store, period: Period, by: str) -> Report:
    """Figures by age, gender, mood or age,gender. Raises ValueError for another breakdown."""
    if by not in BREAKDOWNS:
        raise ValueError(f"“{by}” is not a breakdown; use one of {' '.join(BREAKDOWNS)}.")
    sums = totals(store, period)
    return Report(
        by,
        segments(store, period, by),
        total_segment(period, sums),
        quality(store, period, sums, by),
        table(store, period, by),
    )


@dataclass(frozen=True)
class Fits:
    """How many of a period's breakdowns have been worked out."""

    done: int
    total: int


def fits(store: Store, period: Period) -> Fits | None:
    """None where all are, or the visits are so few that a page does not wait for them."""
    if totals(store, period).classified < SLOW_VISITS:
        return None
    asked = [by for by in BREAKDOWNS if not switched_off(store, by)]
    kept = sum(joining.is_kept(period, by) for by in asked)
    return Fits(kept, len(asked)) if kept < len(asked) else None


def work_out(store: Store, period: Period) -> None:
    """Have every breakdown's rates ready, wider groups too where they will be shown; what is ready is not redone."""
    for by in BREAKDOWNS:
        table(store, period, by)


def _figures(store: Store, period: Period) -> QuerySet[HourFigure]:
    return HourFigure.objects.filter(store=store, hour__gte=period.start, hour__lt=period.end)


def totals(store: Store, period: Period) -> Totals:
    names = [column.name for column in fields(Totals)]
    row = _figures(store, period).aggregate(**{name: Sum(name) for name in names})
    return Totals(**{name: row[name] or 0 for name in names})


def total_segment(period: Period, sums: Totals) -> Segment:
    """All visits and all receipts; rates are per genuine visitor, as far as is assumed of the camera.

    A transaction's value is that of sales; what was paid back is taken off the revenue per visitor.
    """
    if sums.visits < withhold.FEWEST_VISITS:
        return Segment({}, withheld=True, reason=withhold.TOO_FEW)
    visits, purchases = float(sums.visits), float(sums.till_purchases)
    held = assumed(period)
    n = visits * visitors_per_visit(held)
    sold = Figures(n, float(sums.till_priced), sums.till_revenue, sums.till_revenue2)
    net = replace(sold, revenue=sold.revenue - sums.till_refunded, revenue2=sold.revenue2 + sums.till_refunded2)
    return Segment(
        {},
        visits=Interval(visits, visits, visits),
        purchases=Interval(purchases, purchases, purchases),
        # More receipts than visitors is possible at a shop with an unseen door; then there is no rate to speak of.
        conversion=estimate.with_level(
            estimate.conversion(replace(sold, purchases=purchases)), held.level_error, most=1.0
        ),
        average_transaction_value=estimate.average_transaction_value(sold),
        # Receipts of unknown amounts would make visitors look poorer than they are.
        revenue_per_visitor=estimate.with_level(estimate.revenue_per_visitor(net), held.level_error)
        if sums.till_priced == sums.till_purchases
        else None,
    )


def segments(store: Store, period: Period, by: str) -> list[Segment]:
    """One segment per label, in the labels' order, absent ones included."""
    if reason := switched_off(store, by):
        return [Segment(labels, withheld=True, reason=reason) for labels in _labels(by)]
    found = joining.joined(period, by)
    why = withhold.reasons([segment.visits for segment in found.segments])
    held = assumed(period)
    return [_segment(*parts, held, found) for parts in zip(_labels(by), found.segments, why, strict=True)]


def switched_off(store: Store, by: str) -> str | None:
    """Why a breakdown is not shown: the store does not estimate it, whatever older visits may hold."""
    off = [name for name in by.split(",") if name not in store.tasks]
    return f"{' and '.join(off)} {'is' if len(off) == 1 else 'are'} switched off for this store" if off else None


def table(store: Store, period: Period, by: str) -> Table:
    """The finest groups of a breakdown that can be told apart usefully; its own where nothing can be told at all."""
    tasks = [task for task in LABELS if task == by]
    if not tasks or switched_off(store, by):
        return Table(by, segments(store, period, by))
    name, found = joining.apart(period, tasks[0])
    if name == by or found.trust not in ("green", "amber"):
        return Table(by, segments(store, period, by))
    return Table(by, _bands(period, by, Groups.of(name), found), is_merged=True)


def _bands(period: Period, by: str, groups: Groups, found: Joined) -> list[Segment]:
    fine = [segment.visits for segment in joining.joined(period, by).segments]
    members = [column.nonzero()[0].tolist() for column in groups.matrix.T]
    held = assumed(period)
    rows = zip(groups.names(), found.segments, withhold.band_reasons(fine, members), strict=True)
    return [_band(labels, rate, why, held, found) for labels, rate, why in rows]


def _band(labels: dict[str, str], rate: SegmentRate, why: str | None, held: Assumed, found: Joined) -> Segment:
    """A rate does not tell how many there are; counts are left out where they would tell of a small group."""
    if why == withhold.TOO_FEW:
        return Segment(labels, withheld=True, reason=why)
    shown = _segment(labels, rate, None, held, found)
    return replace(shown, visits=None, purchases=None) if why else shown


def assumed(period: Period) -> Assumed:
    """What holds for the period of visitors whom the camera misses and of staff among the visits."""
    return audits.assumed(period.store, period.start, period.end)


def visitors_per_visit(held: Shares) -> float:
    """Genuine visitors for every counted visit: the camera misses some and takes staff for others."""
    return (1 - held.staff) / (1 - held.missed)


def _labels(by: str) -> list[dict[str, str]]:
    if by == "age,gender":
        return [{"age": age, "gender": gender} for age in LABELS["age"] for gender in LABELS["gender"]]
    names = {"age": LABELS["age"], "gender": LABELS["gender"], "mood": LABELS["mood"]}[by]
    return [{by: name} for name in names]


def _segment(labels: dict[str, str], found: SegmentRate, reason: str | None, held: Assumed, join: Joined) -> Segment:
    if reason:
        return Segment(labels, withheld=True, reason=reason)
    spread = estimate.Z * found.visits_variance**0.5
    visits = Interval(found.visits, max(0.0, found.visits - spread), found.visits + spread)
    if found.rate is None:
        return Segment(labels, visits=visits, reason=trust.NO_RATES.get(join.trust, trust.TOO_FEW))
    conversion = _interval(found.rate, found.rate_se, most=1.0)
    level = estimate.Z * abs(found.rate) * level_error(held, join.method)
    sure_of_buyers = found.rate_se is not None and found.rate > trust.BASKET_ERRORS * found.rate_se
    return Segment(
        labels,
        visits=visits,
        purchases=_scaled(conversion, found.visits * visitors_per_visit(held)),
        conversion=conversion,
        average_transaction_value=_interval(found.basket, found.basket_se) if sure_of_buyers else None,
        revenue_per_visitor=_interval(found.money, found.money_se),
        drawn=_interval(found.drawn, found.drawn_se, most=1.0),
        differs=found.differs,
        # A group's few buyers would tell of single people.
        **(_stay(found) if conversion and found.visits * conversion.value >= withhold.FEWEST_VISITS else {}),
        beside_others=_without(level, conversion),
        reason=trust.days_needed(conversion, join.days, level) if conversion else None,
    )


def _stay(found: SegmentRate) -> dict[str, Any]:
    return {"minutes_to_pay": _interval(found.minutes, found.minutes_se), "takes_longer": found.takes_longer}


def level_error(held: Shares, method: str) -> float:
    """The relative standard error that all rates share; where receipts name visits, missed ones do not matter."""
    return (replace(held, missed_se=0.0) if method == "reference" else held).level_error


def _without(level: float, conversion: Interval | None) -> float | None:
    """The half-width that is a group's own: what is left when all groups move together by `level`."""
    return float(max(0.0, conversion.half_width**2 - level**2) ** 0.5) if conversion else None


def _interval(value: float | None, error: float | None, most: float = float("inf")) -> Interval | None:
    """A 95 % interval, kept to what is possible."""
    if value is None or error is None:
        return None
    low, high = value - estimate.Z * error, value + estimate.Z * error
    possible = [min(most, max(0.0, end)) for end in (value, low, high)]
    return Interval(*possible)


def _scaled(interval: Interval | None, factor: float) -> Interval | None:
    return interval and Interval(interval.value * factor, interval.low * factor, interval.high * factor)


# Quality --------------------------------------------------------------------------------


def quality(store: Store, period: Period, sums: Totals, by: str = "gender") -> Quality:
    """What the period's figures rest on, in numbers and in words."""
    runs = latest_runs(store, period)
    purchases = sum(run.purchases for run in runs)
    by_reference = _by_reference(store, period)
    # Candidates are counted among purchases that no reference linked; the rest needed no guessing.
    guessed = max(0, purchases - by_reference)
    join = joining.joined(period, by)
    held = assumed(period)
    result = Quality(
        coverage=sums.classified / sums.visits if sums.visits else None,
        candidates_per_purchase=sum(run.candidates for run in runs) / guessed if guessed else None,
        matched=sum(run.matched for run in runs) / purchases if purchases else None,
        by_reference=by_reference / purchases if purchases else None,
        unexplained=sum(run.unexplained for run in runs),
        method=join.method,
        how=ways.way(join.method).why,
        trust=join.trust,
        slope=join.slope,
        minutes_to_pay=join.stay_minutes or _named_minutes(store, period),
        clock_minutes=join.clock_minutes,
        missed_share=held.missed,
        staff_share=held.staff,
        level_error=held.level_error,
        simulated=store.is_simulated,
        faces=health.coverage(store, period.start, period.end),
    )
    result.warnings.extend(warnings(result, sums, join))
    return result


def latest_runs(store: Store, period: Period) -> list[MatchRun]:
    """The newest run over each day of the period."""
    runs = MatchRun.objects.filter(store=store, start__gte=period.start, end__lte=period.end)
    return list(runs.order_by("start", "-created_at", "-pk").distinct("start"))


@dataclass(frozen=True)
class Links:
    """One-to-one links of a period, an illustration: candidates per purchase that no receipt's reference explains."""

    purchases: int
    linked: int
    candidates: float
    is_clear: bool


def links(store: Store, period: Period) -> Links | None:
    """None where every purchase names its visit, there are none, or so few that they would tell of single people."""
    runs = latest_runs(store, period)
    unnamed = sum(run.purchases for run in runs) - _by_reference(store, period)
    candidates, explained = sum(run.candidates for run in runs), unnamed - sum(run.unexplained for run in runs)
    linked = sum(run.matched for run in runs) - _by_reference(store, period)
    if min(unnamed, explained) < withhold.FEWEST_VISITS:
        return None
    return Links(unnamed, linked, candidates / explained, matching.is_clear(candidates, explained))


def _by_reference(store: Store, period: Period) -> int:
    return _named(store, period).count()


def _named(store: Store, period: Period) -> QuerySet[Match]:
    """Links of the period's purchases that receipts themselves name."""
    return Match.objects.filter(
        purchase__store=store,
        purchase__paid_at__gte=period.start,
        purchase__paid_at__lt=period.end,
        method=Match.Method.REFERENCE,
    )


def _named_minutes(store: Store, period: Period) -> float | None:
    """From entry to payment where receipts name visits, which may carry a ticket of last week: those are left out."""
    within = _named(store, period).filter(stay_seconds__gt=0, stay_seconds__lt=LONGEST_SHOPPING)
    found = within.aggregate(mean=Avg("stay_seconds"), count=Count("pk"))
    return found["mean"] / 60 if found["count"] >= withhold.FEWEST_VISITS else None


def warnings(found: Quality, sums: Totals, join: Joined) -> list[str]:
    """What a shopkeeper should know before believing the figures."""
    result = []
    if found.simulated:
        result.append("This store is simulated: its visits and purchases are made up to show what Foyer does.")
    if sums.till_purchases:
        result += trust.sentences(join)
    if found.unexplained:
        purchases = "purchase" if found.unexplained == 1 else "purchases"
        result.append(
            f"{found.unexplained:,} {purchases} cannot be explained by any visit: "
            "an entrance without a camera, a camera that was off, or clocks that differ."
        )
    if found.coverage is not None and found.coverage < LOW_COVERAGE:
        result.append(f"Only {found.coverage:.0%} of visits showed a face well enough to tell age, gender and mood.")
    if found.faces.is_low:
        result.append(_low_faces(found.faces))
    if sums.till_purchases > sums.visits > 0:
        result.append("There are more purchases than visits: not everyone comes in through the counted entrance.")
    return result


def _low_faces(faces: Coverage) -> str:
    hours = f" In {faces.poor_hours} of {faces.hours} hours it was less than {health.POOR_SHARE:.0%}."
    return (
        f"Of {faces.seen:,} faces that the cameras saw, only {faces.share:.0%} were good enough to classify."
        f"{hours if faces.poor_hours else ''} Look at the cameras: lens, light, distance."
    )


def plausible_stay_minutes() -> tuple[float, float]:
    return SHORTEST_STAY / 60, LONGEST_STAY / 60


# Comparisons --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A metric's change against the period before: as a difference with its interval, and relative to before."""

    difference: Interval
    relative: float | None

    @property
    def is_clear(self) -> bool:
        return self.difference.low > 0 or self.difference.high < 0


def compare(store: Store, period: Period) -> dict[str, Change]:
    """Changes of the totals against the previous period of the same length, for the metrics both have."""
    now = total_segment(period, totals(store, period))
    before = total_segment(period.previous(), totals(store, period.previous()))
    result: dict[str, Change] = {}
    for name in ("visits", *METRICS):
        new, old = getattr(now, name), getattr(before, name)
        if new is not None and old is not None:
            relative = (new.value - old.value) / old.value if old.value else None
            result[name] = Change(estimate.difference(_counted(name, new), _counted(name, old)), relative)
    return result


def _counted(name: str, value: Interval) -> Interval:
    """Counts vary by chance, too: a Poisson interval around a number of visits."""
    if name != "visits":
        return value
    spread = estimate.Z * value.value**0.5
    return Interval(value.value, max(0.0, value.value - spread), value.value + spread)


# Frames for charts --------------------------------------------------------------------------------


def by_day(store: Store, period: Period) -> pd.DataFrame:
    """One row per store day: day, visits (None under the smallest cell), purchases, revenue. No row is missing.

    Revenue is net of what was paid back on that day, and None where some amounts are unknown.
    """
    till = ("till_purchases", "till_priced", "till_revenue", "till_refunded")
    rows = _figures(store, period).values("hour", "visits", *till)
    frame = _on_clock(rows, store)
    days = [period.first + timedelta(days=k) for k in range(period.days)]
    frame["day"] = frame["local"].map(lambda when: when.date())
    sums = frame.groupby("day")[["visits", *till]].sum().reindex(days, fill_value=0.0)
    sums = sums.rename(columns={"till_purchases": "purchases"})
    sums["revenue"] = (sums["till_revenue"] - sums["till_refunded"]).astype(float)
    sums.loc[sums["till_priced"] < sums["purchases"], "revenue"] = None
    sums = sums[["visits", "purchases", "revenue"]]
    few = (sums["visits"] < withhold.FEWEST_VISITS) & (sums["visits"] > 0)
    sums.loc[few, ["visits", "purchases", "revenue"]] = None
    return sums.rename_axis("day").reset_index()


def by_hour(store: Store, period: Period) -> pd.DataFrame:
    """weekday (0 is Monday), hour (of the store's clock), visits: the mean number per such hour of the period."""
    rows = _figures(store, period).values("hour", "visits")
    frame = _on_clock(rows, store)
    frame["weekday"] = frame["local"].map(lambda when: when.weekday())
    frame["clock"] = frame["local"].map(lambda when: when.hour)
    sums = frame.groupby(["weekday", "clock"])["visits"].sum().reset_index()
    counts = {d: sum((period.first + timedelta(days=k)).weekday() == d for k in range(period.days)) for d in range(7)}
    sums["visits"] = [
        total / counts[day] if total >= withhold.FEWEST_VISITS else None
        for total, day in zip(sums["visits"], sums["weekday"], strict=True)
    ]
    return sums.rename(columns={"clock": "hour"})


def _on_clock(rows: Any, store: Store) -> pd.DataFrame:
    """The rows as a frame with `local`, the hour on the store's clock."""
    frame = pd.DataFrame(list(rows), columns=list(rows.query.values_select))
    frame["local"] = [hour.astimezone(store.zone) for hour in frame["hour"]]
    return frame


def by_segment(store: Store, period: Period, by: str) -> pd.DataFrame:
    """One row per segment: label(s), withheld, reason, and value/low/high of visits and each metric."""
    return _frame(segments(store, period, by), store)


def by_apart(store: Store, period: Period, by: str) -> pd.DataFrame:
    """The same for the groups that can be told apart."""
    return _frame(table(store, period, by).segments, store)


def _frame(shown: list[Segment], store: Store) -> pd.DataFrame:
    rows = []
    for segment in shown:
        row: dict[str, Any] = {**segment.labels, "withheld": segment.withheld, "differs": segment.differs}
        row["reason"] = segment.reason
        for name in ("visits", *METRICS, "drawn"):
            interval: Interval | None = getattr(segment, name)
            row |= {f"{name}_{end}": getattr(interval, end) if interval else None for end in ("value", "low", "high")}
        rows.append(row)
    frame = pd.DataFrame(rows)
    frame.attrs["currency"] = store.currency
    return frame
