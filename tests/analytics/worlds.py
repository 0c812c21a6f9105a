"""Simulated shops as the join takes them, whole and broken, and what a good estimate is measured by."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.join import checkout, mixture, modes
from analytics.join.exact import Rates
from analytics.join.gaps import Span
from analytics.join.mixture import Told
from analytics.join.rebase import rebased
from analytics.join.simulate import (
    MISS_RATE,
    OPENING_HOUR,
    STAFF_SHARE,
    Sample,
    Shop,
    confusion_of_marks,
    simulate,
)
from training.labels import LABELS, Task

Floats = NDArray[np.float64]
DAY, OPENING = 1440, 60 * OPENING_HOUR
METRICS = ("conversion", "revenue_per_visitor", "average_transaction_value")


def estimate(sample: Sample, days: int, task: Task, missed: float = MISS_RATE, **known: Any) -> modes.Estimate:
    """The join of a simulated shop, through the same door as a real one's."""
    return modes.estimate(*parts(sample, days, task, missed, **known))


def parts(
    sample: Sample, days: int, task: Task, missed: float = MISS_RATE, **known: Any
) -> tuple[modes.Arrivals, modes.Receipts, modes.Store]:
    """A simulated shop as the join takes it; `known` is what else is known of the store."""
    labels = own(getattr(sample, task))
    arrivals = modes.Arrivals((sample.entered // DAY).astype(np.int64), sample.entered % DAY + OPENING, labels)
    day = np.clip((sample.paid + 30) // DAY, 0, days - 1).astype(np.int64)
    told = told_of(sample, task)
    receipts = modes.Receipts(day, sample.paid - DAY * day + OPENING, sample.amount, sample.visit_of, told)
    return arrivals, receipts, modes.Store(np.arange(days) % 7, missed, STAFF_SHARE, **known)


def own(said: Floats) -> Floats:
    return rebased(said, np.full(said.shape[1], 1 / said.shape[1]))


def told_of(sample: Sample, task: Task) -> dict[modes.Method, Told]:
    """What the simulated tills tell of their payers."""
    result: dict[modes.Method, Told] = {}
    if sample.faces is not None and sample.till is not None:
        attached = checkout.attach(sample.faces.at * 60, sample.faces.till, sample.paid * 60, sample.till)
        labels = getattr(sample.faces, task).copy()
        at_tills = attached.receipt >= 0
        labels[at_tills] = own(labels[at_tills])
        if (found := checkout.told(labels, attached, len(sample.paid))) is not None:
            result["till"] = found
    if sample.mark is not None and task == "age":
        result["marks"] = mixture.marked(sample.mark, 1e6 * confusion_of_marks())
    return result


def truth(sample: Sample, task: Task, metric: str) -> Floats:
    return np.array([sample.truth[task][label][metric] for label in LABELS[task]])


@dataclass
class Score:
    """Of many shops' segments, in percentage points, and the share of intervals that hold the truth.

    The contrast slope is 1 where differences between segments come out as large as they are, 0 where they vanish.
    """

    bias: float
    worst_bias: float
    rmse: float
    coverage: float
    half_width: float
    slope: float


def score(found: list[tuple[Floats, Floats, Floats]]) -> Score:
    """From (estimates, standard errors, truths) of each shop, each (segments,)."""
    value, error, true = (np.array(column) for column in zip(*found, strict=True))
    off = value - true
    contrast, known = (x - x.mean(axis=1, keepdims=True) for x in (value, true))
    return Score(
        100 * abs(float(off.mean())), 100 * float(abs(off.mean(axis=0)).max()), 100 * float(np.sqrt((off**2).mean())),
        100 * float((abs(off) <= 1.96 * error).mean()), 196 * float(np.median(error)),
        float((contrast * known).sum() / (known**2).sum()),
    )  # fmt: skip


def shops(
    count: int, task: Task, shop: Shop, first_seed: int = 10_000, **known: Any
) -> tuple[Score, list[modes.Estimate]]:
    """The join of `count` shops and how well it told their conversion rates."""
    rows, estimates = [], []
    for seed in range(first_seed, first_seed + count):
        sample = simulate(shop, seed)
        made = estimate(sample, shop.days, task, **known)
        rows.append((made.rates.rate, made.rates.rate_se, truth(sample, task, "conversion")))
        estimates.append(made)
    return score(rows), estimates


def column(rates: Rates, metric: str) -> tuple[Floats, Floats]:
    names = {"conversion": "rate", "revenue_per_visitor": "money", "average_transaction_value": "basket"}
    return getattr(rates, names[metric]), getattr(rates, f"{names[metric]}_se")


# Broken ----------------------------------------------------------------------------


def another_week(sample: Sample, days: int) -> Sample:
    """The till's file is a week off."""
    return replace(sample, paid=np.sort((sample.paid + 7 * DAY) % (days * DAY)), visit_of=sample.visit_of * 0 - 1)


def clock_ahead(sample: Sample, minutes: float) -> Sample:
    return replace(sample, paid=sample.paid + minutes)


def clock_changed(sample: Sample, minutes: float, from_day: int, to_day: int = 10_000) -> Sample:
    """The till's clock is ahead by so much on some of the days."""
    some = (sample.paid // DAY >= from_day) & (sample.paid // DAY < to_day)
    return replace(sample, paid=sample.paid + minutes * some)


def clock_drifting(sample: Sample, minutes_per_day: float) -> Sample:
    return replace(sample, paid=np.floor(sample.paid + minutes_per_day * (sample.paid // DAY)))


def rounded(sample: Sample, to_minutes: float) -> Sample:
    """The till writes down its times so coarsely."""
    return replace(sample, paid=sample.paid // to_minutes * to_minutes)


def second_door(sample: Sample, share: float, seed: int) -> Sample:
    """So many visitors come in where no camera looks."""
    return _seen(sample, np.random.default_rng(seed).random(len(sample.entered)) >= share)


def dead_camera(sample: Sample, share: float, seed: int) -> Sample:
    """The camera was off for so many of the hours, and nobody said so."""
    return camera_off(sample, share, seed)[0]


def camera_off(sample: Sample, share: float, seed: int) -> tuple[Sample, list[Span]]:
    """The camera was off for so many of the hours: what is left, and when."""
    hour = (sample.entered // 60).astype(np.int64)
    dead = _some_hours(hour, share, seed)
    return _seen(sample, ~np.isin(hour, dead)), _spans(dead)


def till_off(sample: Sample, share: float, seed: int) -> tuple[Sample, list[Span]]:
    """Receipts of so many of the hours are lost: what is left, and when."""
    hour = (sample.paid // 60).astype(np.int64)
    dead = _some_hours(hour, share, seed + 1)
    kept = ~np.isin(hour, dead)
    mark = None if sample.mark is None else sample.mark[kept]
    left = replace(
        sample, paid=sample.paid[kept], amount=sample.amount[kept], visit_of=sample.visit_of[kept], mark=mark
    )
    return left, _spans(dead)


def _some_hours(hour: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int64]:
    hours = np.unique(hour[hour % 24 < 10])
    return np.random.default_rng(seed).choice(hours, int(share * len(hours)), replace=False)


def _spans(hours: NDArray[np.int64]) -> list[Span]:
    return [Span(int(h // 24), float(h % 24 * 60 + OPENING), float(h % 24 * 60 + 60 + OPENING)) for h in hours]


def _seen(sample: Sample, seen: NDArray[np.bool_]) -> Sample:
    nobody = np.full(len(sample.paid), -1)
    return replace(
        sample, entered=sample.entered[seen], age=sample.age[seen], gender=sample.gender[seen],
        mood=sample.mood[seen], visit_of=nobody,
    )  # fmt: skip
