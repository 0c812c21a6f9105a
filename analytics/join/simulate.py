"""Shops whose truth is known: visits as a camera would see them, purchases as a till would print them.

Footfall has an hour profile, weekdays and a day's own luck; every shop has its own preferences by age group, gender and
mood. Cameras miss some, staff slip in, labels are soft and calibrated, clocks differ by minutes, dwell is a Gamma.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

OPEN_MINUTES: Final = 600.0
OPENING_HOUR: Final = 10  # on the store's clock
HOURS: Final = np.array([0.5, 0.7, 1, 1.3, 1.1, 0.9, 0.9, 1.1, 1.4, 1.1])
WEEKDAYS: Final = np.array([0.8, 0.8, 0.85, 0.9, 1.1, 1.4, 1.15])
AGE_SHARES: Final = np.array([0.05, 0.10, 0.20, 0.25, 0.20, 0.13, 0.07])
MISS_RATE: Final = 0.08
STAFF_SHARE: Final = 0.03
MARK_RIGHT: Final = 0.80  # how often a cashier presses the right age group


@dataclass(frozen=True)
class Shop:
    """What to simulate. `rate` is visits per open hour; closed days have no opening; `linked` is the share of receipts
    that name their visit; `trend` the relative growth of footfall over the whole time."""

    rate: float
    days: int
    linked: float = 0.0
    closed: frozenset[int] = frozenset()
    quiet: frozenset[int] = frozenset()
    trend: float = 0.0
    first_weekday: int = 0  # 0 is Monday
    # What confounds: logits by which buying varies over the day and at weekends, and how much stays differ by age.
    hour_effect: float = 0.0
    weekend_effect: float = 0.0
    dwell_spread: float = 0.12
    dwell: Literal["gamma", "lognormal", "bimodal"] = "gamma"
    # What tills may have: a camera, a key for the cashier's guess of the payer's age.
    till_camera: TillCamera | None = None
    marks: bool = False


@dataclass(frozen=True)
class TillCamera:
    """Faces at the checkout: shares of payers to be seen, and of receipts with a companion, who is seen as often; how
    exactly (standard deviation, minutes) people stand there when the receipt is printed; tills, each with clocks of its
    own; people passing by per till and minute."""

    usable: float = 0.7
    companions: float = 0.10
    jitter: float = 0.35
    tills: int = 2
    passing: float = 0.02


@dataclass
class Faces:
    """Seen at the tills: minutes on the camera's clock, as in Sample; the till; probabilities."""

    at: Floats
    till: NDArray[np.int64]
    age: Floats
    gender: Floats
    mood: Floats


@dataclass
class Sample:
    """What cameras and till recorded. Times are minutes since the first day's opening on a clock without gaps, i.e.
    day · 1440 + minute of the open day. Probabilities in the order of training.labels."""

    entered: Floats
    age: Floats  # (n, 7)
    gender: Floats  # (n, 2)
    mood: Floats  # (n, 3)
    paid: Floats
    amount: Floats
    visit_of: NDArray[np.int64]  # per purchase the row of the visit it names, or −1
    truth: dict[str, Any] = field(default_factory=dict)
    till: NDArray[np.int64] | None = None  # per purchase, where tills have cameras
    faces: Faces | None = None
    mark: NDArray[np.int64] | None = None  # per purchase the age group that the cashier pressed


@dataclass
class _People:
    day: NDArray[np.int64]
    entered: Floats
    age: NDArray[np.int64]
    gender: NDArray[np.int64]
    mood: NDArray[np.int64]


def simulate(shop: Shop, seed: int) -> Sample:
    """One shop's history; the same seed gives the same history."""
    random = np.random.default_rng(seed)
    people = _people(shop, random)
    chance = _chance(people, shop, random)
    buys = random.random(len(chance)) < chance
    paid, amount, basket, skew = _receipts(people, buys, shop, random)
    seen = random.random(len(chance)) >= MISS_RATE
    staff = _staff(people, int(seen.sum()), random)
    entered = np.concatenate([people.entered[seen], staff.entered])
    order = np.argsort(entered, kind="stable")
    looks: dict[str, Any] = {
        name: _posterior(np.concatenate([getattr(people, name)[seen], getattr(staff, name)]), table, random)[order]
        for name, table in _classifier().items()
    }
    visit_of = _named(buys, seen, order, shop.linked, random)
    truth = _truth(people, chance, basket) | {"skew_minutes": skew}
    by_time = np.argsort(paid, kind="stable")
    sample = Sample(
        entered=entered[order],
        **looks,
        paid=np.floor(paid)[by_time],
        amount=amount[by_time],
        visit_of=visit_of[by_time],
        truth=truth,
    )
    who = np.flatnonzero(buys)[by_time]
    if shop.till_camera is not None:
        _watch_tills(sample, people, who, paid[by_time], shop.till_camera, random)
    if shop.marks:
        sample.mark = _drawn(_ages(MARK_RIGHT)[people.age[who]], random)
    return sample


def _people(shop: Shop, random: np.random.Generator) -> _People:
    """Everyone who really comes in, seen by the camera or not."""
    per_hour = HOURS / HOURS.mean()
    weekdays = WEEKDAYS / WEEKDAYS.mean()
    days: list[NDArray[np.int64]] = []
    hours: list[NDArray[np.int64]] = []
    for date in range(shop.days):
        factor = weekdays[(shop.first_weekday + date) % 7] * np.exp(random.normal(0, 0.1) - 0.005)
        factor *= (1 + shop.trend * date / max(1, shop.days - 1)) * (0.45 if date in shop.quiet else 1)
        expected = shop.rate * factor * per_hour * (date not in shop.closed)
        counts = np.asarray(random.poisson(expected), np.int64)
        hours.append(np.repeat(np.arange(len(per_hour)), counts))
        days.append(np.full(int(counts.sum()), date))
    day, hour = np.concatenate(days), np.concatenate(hours)
    minute = (hour + random.random(len(hour))) * 60
    return _with_looks(day, minute, random)


def _with_looks(day: NDArray[np.int64], minute: Floats, random: np.random.Generator) -> _People:
    """Ages get older in the morning, moods better in the evening, women and men come in waves."""
    hour = minute / 60
    z = -(hour - 4.5) / 4.5
    ages = np.log(AGE_SHARES) + 0.6 * z[:, None] * (np.arange(7) - 3) / 3
    female = 0.52 + 0.08 * np.sin(2 * np.pi * hour / 10)
    moods = np.stack([-0.3 * z, np.full_like(z, 0.5), np.full_like(z, -0.4)], axis=1)
    gender = (random.random(len(minute)) >= female).astype(np.int64)
    return _People(day, day * 1440 + minute, _draw(ages, random), gender, _draw(moods, random))


def _draw(logits: Floats, random: np.random.Generator) -> NDArray[np.int64]:
    return np.asarray(np.argmax(logits + random.gumbel(size=logits.shape), axis=1), np.int64)


def _chance(people: _People, shop: Shop, random: np.random.Generator) -> Floats:
    """Everybody's probability of buying."""
    age = random.normal(0, 0.45, 7)
    gender = np.array([0.15, -0.15]) + random.normal(0, 0.1, 2)
    mood = np.array([0.25, 0.0, -0.35]) + random.normal(0, 0.1, 3)
    logit = np.log(0.3 / 0.7) + age[people.age] + gender[people.gender] + mood[people.mood]
    hour, weekend = people.entered % 1440 / 60, (shop.first_weekday + people.day) % 7 >= 5
    logit += shop.hour_effect * np.sin(2 * np.pi * hour / 10) + shop.weekend_effect * weekend
    return np.asarray(1 / (1 + np.exp(-logit)), np.float64)


def _receipts(
    people: _People, buys: NDArray[np.bool_], shop: Shop, random: np.random.Generator
) -> tuple[Floats, Floats, Floats, float]:
    """When the buyers pay, on the till's clock in minutes, how much, what each would spend on average, and by how much
    the till's clock is ahead."""
    longer = np.exp(random.normal(0, shop.dwell_spread, 7))
    basket_median = 18 * np.exp(random.normal(0, 0.25, 7))
    age = people.age[buys]
    skew = random.uniform(-3, 3)
    dwell = 1 + longer[age] * _dwell(len(age), shop.dwell, random)
    paid = people.entered[buys] + dwell + skew
    amount = np.round(basket_median[age] * np.exp(random.normal(0, 0.7, len(age))), 2)
    return paid, np.maximum(amount, 0.01), basket_median[people.age] * np.exp(0.7**2 / 2), float(skew)


def _dwell(n: int, shape: str, random: np.random.Generator) -> Floats:
    """Minutes from just inside to paying, 11 on average."""
    if shape == "lognormal":
        return np.asarray(11 * np.exp(random.normal(-(0.6**2) / 2, 0.6, n)), np.float64)
    if shape == "bimodal":
        return np.where(random.random(n) < 0.5, random.gamma(3, 4 / 3, n), random.gamma(6, 3.0, n))
    return np.asarray(random.gamma(2.5, 11 / 2.5, n), np.float64)


def _watch_tills(
    sample: Sample, people: _People, who: NDArray[np.int64], moment: Floats, camera: TillCamera,
    random: np.random.Generator,
) -> None:  # fmt: skip
    """Faces of payers, of their companions (as old as they or nearly, mostly of the other gender) and of passers-by."""
    sample.till = random.integers(0, camera.tills, len(who))
    ahead = random.uniform(-3, 3, camera.tills)
    beside = np.flatnonzero(random.random(len(who)) < camera.companions)
    near = np.clip(people.age[who[beside]] + random.integers(-1, 2, len(beside)), 0, 6)
    anyone = people.age[random.integers(0, len(people.age), len(beside))]
    with_them = np.where(random.random(len(beside)) < 0.6, near, anyone)
    other = np.where(random.random(len(beside)) < 0.6, 1 - people.gender[who[beside]], people.gender[who[beside]])
    count = random.poisson(camera.passing * OPEN_MINUTES * camera.tills * (people.day.max(initial=-1) + 1))
    passer = random.integers(0, max(1, len(people.age)), count if len(people.age) else 0)
    at = np.concatenate([moment, moment[beside], people.day[passer] * 1440 + random.random(len(passer)) * OPEN_MINUTES])
    till = np.concatenate([sample.till, sample.till[beside], random.integers(0, camera.tills, len(passer))])
    at = at + ahead[till] + random.normal(0, camera.jitter, len(at))
    true = {
        "age": np.concatenate([people.age[who], with_them, people.age[passer]]),
        "gender": np.concatenate([people.gender[who], other, people.gender[passer]]),
        "mood": np.concatenate([people.mood[who], people.mood[who[beside]], people.mood[passer]]),
    }
    is_seen = random.random(len(at)) < np.where(np.arange(len(at)) < len(who) + len(beside), camera.usable, 1.0)
    order = np.flatnonzero(is_seen)[np.argsort(at[is_seen], kind="stable")]
    looks = {name: _posterior(true[name], table, random)[order] for name, table in _classifier().items()}
    sample.faces = Faces(at[order], till[order], **looks)


def _staff(people: _People, seen: int, random: np.random.Generator) -> _People:
    """Employees the camera takes for visitors; they never buy."""
    count = random.binomial(seen, STAFF_SHARE / (1 - STAFF_SHARE)) if seen else 0
    like = random.integers(0, max(1, len(people.day)), count)
    minute = random.random(count) * OPEN_MINUTES
    day = people.day[like]
    return _People(day, day * 1440 + minute, people.age[like], people.gender[like], people.mood[like])


def _classifier() -> dict[str, tuple[Floats, Floats]]:
    """Per attribute the confusion of a good and of a poor picture, rows the truth."""
    return {
        "age": (_ages(0.80), _ages(0.60)),
        "gender": (_two(0.97), _two(0.89)),
        "mood": (_moods(0.84), _moods(0.66)),
    }


def _ages(right: float) -> Floats:
    steps = np.abs(np.subtract.outer(np.arange(7), np.arange(7)))
    near = np.where(steps > 0, np.exp(-1.2 * (steps - 1.0)), 0.0)
    return np.asarray(right * np.eye(7) + (1 - right) * near / near.sum(axis=1, keepdims=True), np.float64)


def _two(right: float) -> Floats:
    return np.array([[right, 1 - right], [1 - right, right]])


def _moods(right: float) -> Floats:
    wrong = 1 - right
    return np.array(
        [[right, 0.8 * wrong, 0.2 * wrong], [0.5 * wrong, right, 0.5 * wrong], [0.2 * wrong, 0.8 * wrong, right]]
    )


def _posterior(truth: NDArray[np.int64], tables: tuple[Floats, Floats], random: np.random.Generator) -> Floats:
    """What a classifier that takes all labels for equally frequent says of pictures of two qualities."""
    poor = random.integers(0, 2, len(truth))
    stacked = np.stack(tables)
    said = _drawn(stacked[poor, truth], random)
    posterior = stacked[poor, :, said]
    return np.asarray(np.round(posterior / posterior.sum(axis=1, keepdims=True), 4), np.float64)


def _drawn(chances: Floats, random: np.random.Generator) -> NDArray[np.int64]:
    """One column per row, by the row's chances."""
    below = chances.cumsum(axis=1) < random.random((len(chances), 1))
    return np.asarray(below.sum(axis=1).clip(0, chances.shape[1] - 1), np.int64)


def confusion_of_marks() -> Floats:
    """What a cashier presses by what people are, rows the truth."""
    return _ages(MARK_RIGHT)


def _named(
    buys: NDArray[np.bool_],
    seen: NDArray[np.bool_],
    order: NDArray[np.int64],
    share: float,
    random: np.random.Generator,
) -> NDArray[np.int64]:
    """For each purchase the row of its visit in the sample, where the receipt names it; −1 elsewhere."""
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    row = np.full(len(seen), -1, np.int64)
    row[seen] = place[: int(seen.sum())]
    return np.where(random.random(int(buys.sum())) < share, row[buys], -1)


def _truth(people: _People, chance: Floats, basket: Floats) -> dict[str, Any]:
    """Per attribute and segment: everyone who came, their mean chance to buy, what buyers spend, and the product."""
    from training.labels import LABELS

    result: dict[str, Any] = {"visitors": len(chance), "conversion": float(chance.mean()) if len(chance) else None}
    for task, labels in LABELS.items():
        value = getattr(people, task)
        result[task] = {label: _segment(value == k, chance, basket) for k, label in enumerate(labels)}
    return result


def _segment(member: NDArray[np.bool_], chance: Floats, basket: Floats) -> dict[str, float]:
    if not member.any():
        return {"visitors": 0}
    bought = float(chance[member].sum())
    spent = float((chance * basket)[member].sum())
    visitors = int(member.sum())
    return {
        "visitors": visitors,
        "conversion": bought / visitors,
        "average_transaction_value": spent / bought,
        "revenue_per_visitor": spent / visitors,
    }
