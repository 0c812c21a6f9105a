"""A second simulator of shops, made to share nothing with the first but the subject: what the join was not made on.

Another classifier (Gaussian looks, unequal training shares, sometimes too sure of itself), other stays (Weibull,
lognormal, a mixture), buses and groups who pay once, buying that drifts from day to day and hour to hour, receipts
without visitors, closed Sundays, clocks that drift, a change to summer time, visits without some attributes, an audit
that is off as audits are. Times are instants, as cameras and tills tell them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from analytics.join import modes
from analytics.join.rebase import completed, rebased
from analytics.joining import Days
from analytics.periods import Period
from inference.models import Store
from training.labels import LABELS, Task

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

# Summer time begins on 29 March 2026, which is a Sunday, and shops are closed then; so is 6 April, a holiday.
FIRST, ZONE, HOLIDAY = date(2026, 3, 12), "Europe/Berlin", date(2026, 4, 6)
AGES, TRAINED_AGES = np.array([1, 6, 18, 26, 30, 14, 5.0]) / 100, np.array([8, 8, 14, 22, 26, 14, 8.0]) / 100
TRAINED = {"age": TRAINED_AGES, "gender": np.array([0.42, 0.58]), "mood": np.array([0.45, 0.35, 0.20])}
# Where the looks of each label lie, in standard deviations.
PLACES: dict[str, Floats] = {
    "age": np.array([[0, 1.3, 3.0, 4.4, 5.6, 7.3, 9.0]]).T,
    "gender": np.array([[0.0], [3.0]]),
    "mood": np.array([[1.6, 1.2], [0, 0], [-1.2, 1.5]]),
}


@dataclass(frozen=True)
class World:
    """What a shop is like; all are drawn by `draw`."""

    rate: float
    days: int
    stay: str
    missed: float
    drift: float  # standard deviation of the level's daily step, in logits
    hourly: float  # standard deviation of buying from hour to hour beside it, in logits
    buses: float  # share of visitors who come in crowds
    unseen_receipts: float  # share of receipts without a visitor, telephone orders say
    unlabelled: float
    too_sure: float  # the classifier's logits are multiplied by it
    clock: float  # minutes by which the till is ahead, and how much more each day
    clock_drift: float


@dataclass
class Seen:
    """What camera and till recorded, and per attribute and label the true rate."""

    world: World
    entered: Floats  # seconds since the epoch
    looks: dict[str, Floats]  # (n, labels); nan where nothing was recognised
    paid: Floats
    amount: Floats
    told_missed: float
    truth: dict[str, Floats] = field(default_factory=dict)


def draw(seed: int, days: int = 35) -> World:
    random = np.random.default_rng(seed)
    return World(
        rate=float(np.exp(random.uniform(np.log(25), np.log(200)))),
        days=days,
        stay=("weibull", "lognormal", "mixture")[seed % 3],
        missed=random.uniform(0.03, 0.14),
        drift=0.05,
        hourly=0.12,
        buses=random.uniform(0, 0.15),
        unseen_receipts=random.uniform(0, 0.02),
        unlabelled=random.uniform(0.02, 0.2),
        too_sure=1.1 if seed % 4 == 3 else 1.0,
        clock=random.uniform(-3, 3),
        clock_drift=random.uniform(-0.04, 0.04),
    )


def simulate(seed: int, world: World | None = None) -> Seen:
    """One shop's history; the same seed gives the same history."""
    world = world or draw(seed)
    random = np.random.default_rng([seed, 1])
    entered, day, local_hour = _arrivals(world, random)
    people = _people(local_hour, random)
    leads = _groups(entered, people, random)
    chance = _chance(world, people, day, local_hour, random) * leads
    buys = random.random(len(chance)) < chance
    paid = entered[buys] + 60 * _stay(world.stay, people["age"][buys], random)
    extra = random.choice(entered, random.binomial(int(buys.sum()), world.unseen_receipts)) + random.uniform(0, 3600)
    paid = np.sort(np.concatenate([paid, extra]))
    paid = paid + 60 * (world.clock + world.clock_drift * (paid - paid[0]) / 86400)
    seen = random.random(len(entered)) >= _missed(world, entered)
    looks = {task: _look(value[seen], task, world, random) for task, value in people.items()}
    nothing = random.random(int(seen.sum())) < world.unlabelled
    for values in looks.values():
        values[nothing] = np.nan
    truth = {
        task: np.array([chance[value == k].mean() for k in range(len(LABELS[task]))])  # type: ignore[index]  # a Task
        for task, value in people.items()
    }
    told = float(np.clip(1 - seen.mean() + random.normal(0, 0.015), 0, 0.5))
    amount = np.round(random.pareto(2.6, len(paid)) * 12 + 3, 2)
    return Seen(world, entered[seen], looks, np.floor(paid / 60) * 60, amount, told, truth)


def _arrivals(world: World, random: np.random.Generator) -> tuple[Floats, Whole, Floats]:
    """Instants, day and hour of the clock of everybody: two rushes a day, buses, and who comes because others do."""
    zone, instants, days, hours = ZoneInfo(ZONE), [], [], []
    for number in range(world.days):
        when = FIRST + timedelta(days=number)
        if when.weekday() == 6 or when == HOLIDAY:
            continue
        opens, closes = (9.0, 20.0) if when.weekday() < 5 else (8.0, 16.0)
        mean = world.rate * (closes - opens) * np.exp(random.normal(0, 0.2)) * (1.3 if when.weekday() == 5 else 1.0)
        own = random.poisson(mean * (1 - world.buses) * 0.9)
        wave = np.concatenate([random.normal(12.3, 1.8, own // 2), random.normal(17.2, 1.6, own - own // 2)])
        buses = random.uniform(opens, closes, random.poisson(mean * world.buses / 12))
        crowds = np.repeat(buses, random.poisson(12, len(buses)))
        followed = random.choice(wave, random.binomial(len(wave), 0.1)) if len(wave) else wave
        hour = np.concatenate([wave, crowds + random.exponential(0.02, len(crowds)), followed + 0.05])
        hour = np.sort(hour[(hour >= opens) & (hour < closes)])
        midnight = datetime.combine(when, datetime.min.time(), zone)
        instants.append(np.array([(midnight + timedelta(hours=float(h))).timestamp() for h in hour]))
        days.append(np.full(len(hour), number))
        hours.append(hour)
    return np.concatenate(instants), np.concatenate(days), np.concatenate(hours)


def _people(hour: Floats, random: np.random.Generator) -> dict[str, Whole]:
    """The old come in the morning, pupils after school; moods fall towards the evening."""
    ages = np.log(AGES) + np.outer(np.clip(13 - hour, -6, 4) / 5, np.linspace(-1, 1, 7))
    ages[:, 2] += 0.8 * ((hour > 13.5) & (hour < 16))
    tired = (hour - 14) / 12
    moods = np.stack([0.1 - tired, 0.4 + 0 * hour, -0.7 + tired], axis=1)
    female = random.random(len(hour)) < 0.58 - 0.1 * (hour > 17)
    return {"age": _one_of(ages, random), "gender": (~female).astype(np.int64), "mood": _one_of(moods, random)}


def _one_of(logits: Floats, random: np.random.Generator) -> Whole:
    return np.asarray(np.argmax(logits + random.gumbel(size=logits.shape), axis=1), np.int64)


def _groups(entered: Floats, people: dict[str, Whole], random: np.random.Generator) -> NDArray[np.bool_]:
    """Who may pay: a sixth follow somebody in within seconds and leave paying to them, and small children always do."""
    follows = random.random(len(entered)) < 0.16
    entered[1:] = np.where(follows[1:], entered[:-1] + 2, entered[1:])
    entered.sort()
    return np.asarray(~follows & (people["age"] > 0))


def _chance(
    world: World, people: dict[str, Whole], day: Whole, hour: Floats, random: np.random.Generator
) -> Floats:  # fmt: skip
    age, gender, mood = random.normal(0, 0.5, 7), random.normal(0, 0.2, 2), random.normal([0.2, 0, -0.3], 0.15)
    both = random.normal(0, 0.15, (7, 2))
    level = np.cumsum(random.normal(0, world.drift, world.days + 1))
    by_hour = random.normal(0, world.hourly, (world.days, 24))
    logit = -0.7 + age[people["age"]] + gender[people["gender"]] + mood[people["mood"]]
    logit += both[people["age"], people["gender"]] + level[day] + by_hour[day, hour.astype(np.int64)]
    logit += random.normal(0, 0.2) * (hour > 16) + random.normal(0, 0.2) * np.cos(hour / 4)
    return np.asarray(1 / (1 + np.exp(-logit)), np.float64)


def _stay(shape: str, age: Whole, random: np.random.Generator) -> Floats:
    """Minutes; the old take a fifth longer than the young."""
    if shape == "weibull":
        minutes = 0.8 + 13 * random.weibull(1.5, len(age))
    elif shape == "lognormal":
        minutes = 9 * np.exp(random.normal(0, 0.65, len(age)))
    else:
        quick = random.random(len(age)) < 0.4
        minutes = np.where(quick, 1 + random.exponential(3, len(age)), 4 + random.gamma(4, 4, len(age)))
    return np.asarray(minutes * np.linspace(0.9, 1.1, 7)[age], np.float64)


def _missed(world: World, entered: Floats) -> Floats:
    """In a crowd the camera misses more."""
    around = np.searchsorted(entered, entered + 10) - np.searchsorted(entered, entered - 10)
    relative = 1 + 0.08 * np.minimum(around - 1, 8)
    return np.asarray(world.missed * relative / relative.mean(), np.float64)


def _look(truth: Whole, task: str, world: World, random: np.random.Generator) -> Floats:
    """What a classifier trained on TRAINED says of Gaussian looks; a third of the pictures are half as clear."""
    places = PLACES[task]
    noise = np.where(random.random(len(truth)) < 0.33, 1.5, 0.9)[:, None]
    seen = places[truth] + noise * random.normal(size=(len(truth), places.shape[1]))
    distance = ((seen[:, None] - places[None]) ** 2).sum(axis=2) / noise**2
    logits = world.too_sure * -distance / 2 + np.log(TRAINED[task])
    said = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(said / said.sum(axis=1, keepdims=True), np.float64)


def estimate(seen: Seen, task: Task) -> modes.Estimate:
    """The join, with days and labels as `analytics.joining` makes them of a real store's rows."""
    period = Period.of(Store(timezone=ZONE), FIRST, FIRST + timedelta(days=seen.world.days - 1))
    days, zone = Days(period), ZoneInfo(ZONE)
    known = np.isfinite(seen.looks[task][:, 0])
    labels = completed(rebased(seen.looks[task][known], TRAINED[task]), known)
    entered, paid = (
        [datetime.fromtimestamp(float(value), zone) for value in values] for values in (seen.entered, seen.paid)
    )
    receipts = modes.Receipts(*days.of(paid), seen.amount, np.full(len(paid), -1))
    store = modes.Store(days.weekdays, seen.told_missed, 0.0, missed_se=0.015)
    return modes.estimate(modes.Arrivals(*days.of(entered), labels), receipts, store)


# Broken ----------------------------------------------------------------------------


def another_week(seen: Seen) -> Seen:
    """The first week's receipts stand at the end."""
    week = 7 * 86400.0
    end = seen.paid[-1]
    moved = np.where(seen.paid - week < seen.entered[0], seen.paid - week + (end - seen.entered[0]), seen.paid - week)
    return replace(seen, paid=np.sort(moved))


def hour_ahead(seen: Seen) -> Seen:
    return replace(seen, paid=seen.paid + 3600)


def other_door(seen: Seen) -> Seen:
    """Half come in elsewhere; who come together use the same door."""
    together = (seen.entered // 180).astype(np.int64)
    return _only(seen, np.random.default_rng(7).random(together.max() + 1)[together] < 0.5)


def camera_off(seen: Seen) -> Seen:
    """For a twentieth of the hours with visitors."""
    hour = (seen.entered // 3600).astype(np.int64)
    hours = np.unique(hour)
    dead = np.random.default_rng(7).choice(hours, len(hours) // 20, replace=False)
    return _only(seen, ~np.isin(hour, dead))


def _only(seen: Seen, kept: NDArray[np.bool_]) -> Seen:
    return replace(
        seen, entered=seen.entered[kept], looks={task: values[kept] for task, values in seen.looks.items()}
    )  # fmt: skip


BROKEN: dict[str, Callable[[Seen], Seen]] = {
    "another week": another_week,
    "an hour ahead": hour_ahead,
    "another door": other_door,
    "camera off": camera_off,
}
