"""`make bench-join`: how true the join is, on many simulated shops, against bars fixed beforehand.

    python -m tests.benchmarks.join [SHOPS] [PART]...

SHOPS (20) is how many stand behind the main rows; rows that need fewer take fewer, and each says how many. PARTs choose
among the functions below. What a part found is kept in KEPT until the code changes: a run that was ended goes on where
it was, and the whole table can be had part by part.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import django
import numpy as np

from analytics.join import exact, modes, shrink
from analytics.join.simulate import Sample, Shop, TillCamera, simulate
from tests.analytics import rivals, worlds
from tests.analytics.worlds import Floats, Score
from training.labels import Task

MONTH = Shop(120, 30)
TASKS: tuple[Task, ...] = ("age", "gender", "mood")
FIRST_SEED = 10_000
BASKET_ERRORS = 4.0  # as in analytics.trust
# The linked-one-by-one rivals are slow; so many shops are enough to see how far they are from the truth.
MOST_RIVALS = 60
ROOT = Path(__file__).parents[2]
KEPT = Path(os.environ.get("FOYER_DATA", ROOT / "var")) / "bench-join.jsonl"
# What the figures come from; a change of any of it makes kept ones void.
CODE = ("analytics/join/*.py", "tests/analytics/worlds.py", "tests/analytics/rivals.py", "tests/analytics/strangers.py")
Row = tuple[Floats, Floats, Floats]


@dataclass(frozen=True)
class Bar:
    """One figure beside its bar, at most `most`, at least `least`; without either it is there for comparison."""

    number: str
    what: str
    value: float
    least: float = -np.inf
    most: float = np.inf

    @property
    def is_met(self) -> bool:
        return self.least <= self.value <= self.most

    def __str__(self) -> str:
        bounds = " ".join(f"{sign} {bar:g}" for sign, bar in (("≥", self.least), ("≤", self.most)) if np.isfinite(bar))
        verdict = ("met" if self.is_met else "MISSED") if bounds else ""
        return f"{self.number:>3}  {self.what:66} {self.value:9.2f}  {bounds:16} {verdict}"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")
    django.setup()
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    chosen = sys.argv[2:] or [part.__name__ for part in PARTS]
    print(f"{count} shops where nothing else is said; percentage points of conversion.", flush=True)  # noqa: T201
    missed = 0
    for part in PARTS:
        if part.__name__ in chosen:
            for bar in _bars(part, count):
                missed += not bar.is_met
                print(bar, flush=True)  # noqa: T201
    return 1 if missed else 0


def _bars(part: Callable[[int], Iterator[Bar]], count: int) -> Iterator[Bar]:
    """A part's figures, kept from an earlier run where there are any."""
    key = [part.__name__, count, _fingerprint()]
    rows = [json.loads(line) for line in KEPT.read_text().splitlines()] if KEPT.exists() else []
    for row in rows:
        if row["key"] == key:
            yield from (Bar(**bar) for bar in row["bars"])
            return
    found = []
    for bar in part(count):
        found.append(bar)
        yield bar
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    with KEPT.open("a") as file:
        file.write(json.dumps({"key": key, "bars": [asdict(bar) for bar in found]}) + "\n")


def _fingerprint() -> str:
    files = sorted(path for pattern in CODE for path in ROOT.glob(pattern))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


# Shops ----------------------------------------------------------------------------


@cache
def month(count: int, task: Task) -> tuple[Score, list[modes.Estimate]]:
    """The main cell, whose shops several bars look at."""
    return worlds.shops(count, task, MONTH)


@cache
def sample_of(seed: int) -> Sample:
    return simulate(MONTH, seed)


def rival(count: int, task: Task, way: Callable[[Sample, Task], tuple[Floats, Floats]]) -> Score:
    rows: list[Row] = []
    for seed in range(FIRST_SEED, FIRST_SEED + min(count, MOST_RIVALS)):
        sample = sample_of(seed)
        rows.append((*way(sample, task), worlds.truth(sample, task, "conversion")))
    return worlds.score(rows)


def drawn(count: int, task: Task) -> Score:
    """The same shops' estimates drawn together."""
    rows: list[Row] = []
    for seed, made in zip(range(FIRST_SEED, FIRST_SEED + count), month(count, task)[1], strict=True):
        assert made.rates.covariance is not None, "a soft join knows its covariance"
        value, error = shrink.shrunken(made.rates.rate, made.rates.covariance)
        rows.append((value, error, worlds.truth(sample_of(seed), task, "conversion")))
    return worlds.score(rows)


# Bars ----------------------------------------------------------------------------


def main_cell(count: int) -> Iterator[Bar]:
    """1, 2, 3: a month at 120 an hour."""
    limits: dict[Task, tuple[str, float, float, float, float]] = {
        "age": ("1", 1.0, 9.5, 18.0, 98.5), "gender": ("2", 0.5, 2.5, 5.0, 99.0), "mood": ("3", 0.75, 5.0, 9.5, 99.5),
    }  # fmt: skip
    for task, (number, bias, rmse, width, coverage) in limits.items():
        found, _ = month(count, task)
        yield from scored(number, f"120/h 30 d {task}", found, bias, rmse, (93, coverage))
        yield Bar(number, f"120/h 30 d {task}: half-width", found.half_width, most=width)
        if task == "age":
            yield Bar(number, "120/h 30 d age: worst segment's bias", found.worst_bias, most=3)
            yield Bar(number, "120/h 30 d age: contrast slope", found.slope, 0.85, 1.15)


def scored(
    number: str, name: str, found: Score, bias: float, rmse: float, coverage: tuple[float, float]
) -> Iterator[Bar]:
    if np.isfinite(bias):
        yield Bar(number, f"{name}: bias", found.bias, most=bias)
    if np.isfinite(rmse):
        yield Bar(number, f"{name}: RMSE", found.rmse, most=rmse)
    yield Bar(number, f"{name}: coverage, %", found.coverage, *coverage)


def beside_others(count: int) -> Iterator[Bar]:
    """4, 5: drawn together, beside greedy and optimal one-to-one links and hourly regression on the same seeds."""
    few = min(count, MOST_RIVALS)
    for task in TASKS:
        near = rival(count, task, rivals.greedy)
        together = drawn(few, task) if few < count else drawn(count, task)
        yield Bar("4", f"drawn together, {task}: RMSE beside greedy's ({few})", together.rmse / near.rmse, most=0.80)
        yield Bar("4", f"drawn together, {task}: coverage, % ({few})", together.coverage, 91, 99)
        for name, way in (("greedy", rivals.greedy), ("optimal", rivals.optimal), ("hourly", rivals.hourly)):
            other = near if name == "greedy" else rival(count, task, way)
            slope, held = f"{name}, {task}: contrast slope ({few})", f"{name}, {task}: coverage, % ({few})"
            is_guard = name == "greedy" and task == "age"
            yield Bar("5", slope, other.slope, most=0.10 if is_guard else np.inf)
            yield Bar("5", held, other.coverage, most=30 if is_guard else np.inf)
            yield Bar("5", f"{name}, {task}: RMSE ({few})", other.rmse)


def receipts_that_tell(count: int) -> Iterator[Bar]:
    """6, 7, 8: references on all or some receipts, tickets by lot, the cashier's key."""
    every, _ = worlds.shops(count, "age", Shop(120, 30, linked=1.0))
    yield Bar("6", "all receipts name visits, age: RMSE", every.rmse, most=1.5)
    yield Bar("6", "all receipts name visits, age: coverage, %", every.coverage, 92, 98)
    few = min(count, 60)
    marks, _ = worlds.shops(few, "age", replace(MONTH, marks=True))
    yield Bar("7", f"cashier's age key, 80 % right: RMSE ({few})", marks.rmse, most=1.6)
    yield Bar("7", f"cashier's age key, 80 % right: coverage, % ({few})", marks.coverage, 91, 99)
    none, (some, _) = worlds.score(rows_of(few, "age")), worlds.shops(few, "age", Shop(120, 30, linked=0.3))
    yield Bar("8", f"30 % of receipts name visits, age: RMSE beside none ({few})", some.rmse / none.rmse, most=0.85)
    yield Bar("8", f"30 % of receipts name visits, age: coverage, % ({few})", some.coverage, 92, 99.5)
    for share in (0.1, 0.3):
        lots, _ = worlds.shops(few, "age", Shop(120, 30, linked=share), random_tickets=True)
        yield Bar("8", f"{share:.0%} tickets by lot, age: RMSE ({few})", lots.rmse)
        yield Bar("8", f"{share:.0%} tickets by lot, age: coverage, % ({few})", lots.coverage, 91, 99.5)


def rows_of(count: int, task: Task) -> list[Row]:
    made = month(count, task)[1]
    truths = [worlds.truth(sample_of(FIRST_SEED + k), task, "conversion") for k in range(count)]
    return [(one.rates.rate, one.rates.rate_se, true) for one, true in zip(made, truths, strict=True)]


def other_shops(count: int) -> Iterator[Bar]:
    """9: quieter, busier, longer, shorter."""
    cells = (
        (Shop(5, 30), np.inf, (93, 99), 200), (Shop(400, 30), 10.0, (93, 98.5), 100),
        (Shop(120, 90), 6.0, (92, 98.5), 100), (Shop(120, 7), np.inf, (94, 99.5), 200),
    )  # fmt: skip
    for shop, rmse, coverage, most in cells:
        few = min(count, most)
        found, _ = worlds.shops(few, "age", shop)
        yield from scored("9", f"{shop.rate:g}/h {shop.days} d age ({few})", found, np.inf, rmse, coverage)


def confounders(count: int) -> Iterator[Bar]:
    """10, 11: buying that varies with the hour or the weekday as people do; stays that differ by age."""
    sixty, weekends, sixteen = min(count, 60), min(count, 24), min(count, 16)
    hour, _ = worlds.shops(sixty, "age", replace(MONTH, hour_effect=0.4))
    weekend, _ = worlds.shops(weekends, "age", replace(MONTH, weekend_effect=0.4))
    yield Bar("10", f"buying varies by hour, age: worst segment's bias ({sixty})", hour.worst_bias, most=5)
    yield Bar("10", f"buying varies by hour, age: coverage, % ({sixty})", hour.coverage, 91)
    yield Bar("10", f"buying differs at weekends, age: worst segment's bias ({weekends})", weekend.worst_bias, most=5)
    yield Bar("10", f"buying differs at weekends, age: coverage, % ({weekends})", weekend.coverage, 92)
    dwell, _ = worlds.shops(sixteen, "age", Shop(120, 90, dwell_spread=0.35))
    yield Bar("11", f"stays differ by age, 90 d: RMSE ({sixteen})", dwell.rmse, most=6)
    yield Bar("11", f"stays differ by age, 90 d: coverage, % ({sixteen})", dwell.coverage, 90)


def gates(count: int) -> Iterator[Bar]:
    """12: what is right is green, what is broken is red, with the sentence that says what is broken."""
    green = 100 * np.mean([made.trust == "green" for task in TASKS for made in month(count, task)[1]])
    yield Bar("12", "nothing is wrong, all three attributes: green, %", float(green), least=85)
    broken: dict[str, tuple[Callable[[Sample, int], Sample], tuple[str, ...]]] = {
        "the till's file is a week off": (
            lambda sample, _: worlds.another_week(sample, 30), ("Purchases do not follow", "contradict")
        ),
        "the till's clock is an hour ahead": (
            lambda sample, _: worlds.clock_ahead(sample, 60), ("seems to be 60 minutes ahead",)
        ),
        "an hour ahead in half of the time": (
            lambda sample, _: worlds.clock_changed(sample, 60, 15), ("clock moved by about an hour",)
        ),
        "half come through another door": (
            lambda sample, seed: worlds.second_door(sample, 0.5, seed), ("come through a door without a camera",)
        ),
        "the camera was off for 5 % of hours": (
            lambda sample, seed: worlds.dead_camera(sample, 0.05, seed), ("seems to have been off for 15 hours",)
        ),
    }  # fmt: skip
    few = min(count, 40)
    for what, (spoil, sentences) in broken.items():
        said = [_gate(spoil(sample_of(seed), seed)) for seed in range(FIRST_SEED, FIRST_SEED + few)]
        red = 100 * np.mean([state == "red" for state, _ in said])
        told = 100 * np.mean([any(part in text for part in sentences) for _, text in said])
        yield Bar("12", f"{what}: red, % ({few})", float(red), least=90)
        yield Bar("12", f"{what}: the right sentence, % ({few})", float(told))


def _gate(sample: Sample) -> tuple[str, str]:
    """The light, and what a shopkeeper reads beside it."""
    # These read models, which Django must have loaded.
    from analytics import joining, trust

    made = worlds.estimate(sample, 30, "gender")
    return made.trust, " ".join(trust.sentences(joining.described(made, date(2026, 3, 9))))


def pool(count: int) -> Iterator[Bar]:
    """13: twenty shops' mean rates, as often as there are twenty."""
    rows = rows_of(max(20, count), "age")
    pooled: list[Row] = []
    for start in range(0, len(rows) - 19, 20):
        value, error, true = (np.array(column) for column in zip(*rows[start : start + 20], strict=True))
        pooled.append((value.mean(axis=0), np.sqrt((error**2).sum(axis=0)) / 20, true.mean(axis=0)))
    found = worlds.score(pooled)
    yield Bar("13", f"20 shops pooled, age: RMSE ({len(pooled)} pools)", found.rmse, most=2.5)
    yield Bar("13", f"20 shops pooled, age: coverage, % ({len(pooled)} pools)", found.coverage, 90, 98)


def speed(count: int) -> Iterator[Bar]:
    """14: a year of a large shop, and how time grows."""
    small, large = _year(28), _year(282)
    name = f"{large.visits:,} visits, {large.purchases:,} purchases, three attributes"
    yield Bar("14", f"{name}: CPU s", large.seconds, most=60)
    yield Bar("14", "the same: GB at most", large.gigabytes, most=1.5)
    yield Bar("14", "ten times as many visits take so many times as long", large.seconds / small.seconds, most=10)


@dataclass(frozen=True)
class Year:
    visits: int
    purchases: int
    seconds: float  # of the processor
    gigabytes: float  # at most


def _year(rate: float) -> Year:
    """A year at `rate` visitors an hour in a process of its own, whose memory is nobody else's."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as alone:
        return alone.submit(_estimated_year, rate).result()


def _estimated_year(rate: float) -> Year:
    django.setup()
    sample = simulate(Shop(rate, 365), 1)
    began = time.process_time()
    for task in TASKS:
        worlds.estimate(sample, 365, task)
    taken, most = time.process_time() - began, getrusage(RUSAGE_SELF).ru_maxrss / 1e6
    return Year(len(sample.entered), len(sample.paid), taken, most)


def baskets(count: int) -> Iterator[Bar]:
    """15: money per purchase where it is shown."""
    for task in TASKS:
        inside: list[bool] = []
        for seed, made in zip(range(FIRST_SEED, FIRST_SEED + count), month(count, task)[1], strict=True):
            value, error = worlds.column(made.rates, "average_transaction_value")
            shown = made.rates.rate > BASKET_ERRORS * made.rates.rate_se
            off = abs(value - worlds.truth(sample_of(seed), task, "average_transaction_value"))
            inside += list((off <= 1.96 * error)[shown])
        share = len(inside) / sum(len(made.rates.rate) for made in month(count, task)[1])
        yield Bar(
            "15", f"baskets by {task}, {share:.0%} of them shown: coverage, %", 100 * float(np.mean(inside)), 92, 99
        )


def unit_checks(count: int) -> Iterator[Bar]:
    """16: the event-level model, the plain proportion, twice the unseen visitors."""
    few = min(count, 10)
    ours, events, trues = [], [], []
    for seed in range(FIRST_SEED, FIRST_SEED + few):
        sample = simulate(Shop(30, 30), seed)
        soft_join, em = rivals.event_em(sample, 30, "age")
        if (soft_join > 0).all():
            ours.append(soft_join)
            events.append(em)
            trues.append(worlds.truth(sample, "age", "conversion"))
    errors = [float(np.sqrt(((np.array(found) - np.array(trues)) ** 2).mean())) for found in (ours, events)]
    yield Bar("16", f"event-level EM: RMSE beside ours ({len(ours)})", errors[1] / errors[0], 0.95, 1.05)
    certain = np.eye(2)[np.repeat([0, 1], [4000, 6000])]
    amount = (np.arange(10_000) % 4 == 0) * 10.0
    plain = exact.regress(certain, (amount > 0).astype(float), amount, np.arange(10_000)).rate
    yield Bar(
        "16",
        "certain labels, all named: away from the plain proportion",
        100 * float(np.abs(plain - 0.25).max()),
        most=0.05,
    )
    moved = []
    for seed in range(FIRST_SEED, FIRST_SEED + few):
        once, twice = (worlds.estimate(sample_of(seed), 30, "gender", missed).rates for missed in (0.08, 0.148))
        assert once.covariance is not None, "a soft join knows its covariance"
        error = float(np.sqrt(np.array([1, -1]) @ once.covariance @ np.array([1, -1])))
        level = float(once.rate.mean() / twice.rate.mean())
        moved.append(abs(float(once.rate[0] - once.rate[1]) - level * float(twice.rate[0] - twice.rate[1])) / error)
    yield Bar("16", f"twice as many missed: contrast moved, in SE ({few})", max(moved), most=0.5)


def till_camera(count: int) -> Iterator[Bar]:
    """Section 13: a camera at the till, by the share of payers whose face can be used; a companion beside 10 %."""
    few = min(count, 60)
    for task in TASKS:
        for usable in (0.4, 0.6, 0.75, 0.9):
            found, made = worlds.shops(few, task, replace(MONTH, till_camera=TillCamera(usable)))
            used = sum(one.method == "till" for one in made)
            name = f"till camera, {usable:.0%} usable, {task}"
            yield Bar("T", f"{name}: RMSE ({few}, {used} by it)", found.rmse)
            yield Bar("T", f"{name}: coverage, %", found.coverage, 90, 99.5)
            yield Bar("T", f"{name}: half-width", found.half_width)
    for what, camera in (
        ("people stand there ±1 minute", TillCamera(0.7, jitter=1.0)),
        ("a companion beside 30 %", TillCamera(0.7, companions=0.3)),
        ("one till, three times as many passing by", TillCamera(0.7, tills=1, passing=0.06)),
    ):
        found, _ = worlds.shops(few, "age", replace(MONTH, till_camera=camera))
        yield Bar("T", f"70 % usable, {what}, age: RMSE ({few})", found.rmse)
        yield Bar("T", f"70 % usable, {what}, age: coverage, %", found.coverage)
        yield Bar("T", f"70 % usable, {what}, age: half-width", found.half_width)


def another_simulator(count: int) -> Iterator[Bar]:
    """Shops of a simulator that the join was not made with; see tests/analytics/strangers.py."""
    from tests.analytics import strangers  # reads models, which Django must have loaded

    few = min(count, 40)
    seen = [strangers.simulate(seed) for seed in range(FIRST_SEED, FIRST_SEED + few)]
    lights = []
    for task in TASKS:
        made = [strangers.estimate(one, task) for one in seen]
        lights += [one.trust for one in made]
        rows = [
            (one.rates.rate, one.rates.rate_se, shop.truth[task])
            for one, shop in zip(made, seen, strict=True)
            if one.trust == "green"
        ]
        found = worlds.score(rows)
        yield Bar("S", f"another simulator, {task}: coverage, % ({len(rows)} green of {few})", found.coverage, 90, 99.5)
        yield Bar("S", f"another simulator, {task}: RMSE", found.rmse)
        yield Bar("S", f"another simulator, {task}: half-width", found.half_width)
    yield Bar("S", f"another simulator, all attributes: green, % ({few})", 100 * _share(lights, "green"), least=85)
    for what, spoil in strangers.BROKEN.items():
        broken = [strangers.estimate(spoil(one), "gender").trust for one in seen]
        yield Bar("S", f"another simulator, {what}: red, % ({len(broken)})", 100 * _share(broken, "red"), least=90)


def _share(lights: Sequence[str], colour: str) -> float:
    return float(np.mean([light == colour for light in lights]))


PARTS: Sequence[Callable[[int], Iterator[Bar]]] = (
    main_cell, beside_others, receipts_that_tell, other_shops, confounders, gates, pool, baskets, unit_checks,
    till_camera, another_simulator, speed,
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
