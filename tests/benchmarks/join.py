"""`make bench-join`: how true the join is, on many simulated shops, against bars fixed beforehand."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from resource import RUSAGE_SELF, getrusage

import numpy as np

from analytics.join import modes
from analytics.join.assignment import link
from analytics.join.simulate import Sample, Shop, simulate
from tests.analytics import worlds
from tests.analytics.worlds import Floats, Score
from training.labels import Task

MONTH = Shop(120, 30)
NOT_BUILT = (
    ("4", "estimates drawn together for rankings (shrunken)"),
    ("7", "till marks: the cashier's age key"),
    ("16", "agreement with event-level EM"),
)


@dataclass(frozen=True)
class Bar:
    """One figure beside the bar it should reach: at most `most`, at least `least`."""

    number: str
    what: str
    value: float
    least: float = -np.inf
    most: float = np.inf

    def __str__(self) -> str:
        bounds = " ".join(f"{sign} {bar:g}" for sign, bar in (("≥", self.least), ("≤", self.most)) if np.isfinite(bar))
        verdict = "met" if self.least <= self.value <= self.most else "MISSED"
        return f"{self.number:>3}  {self.what:58} {self.value:9.2f}  {bounds:16} {verdict}"


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print(f"{count} shops where nothing else is said; percentage points of conversion.")  # noqa: T201
    missed = 0
    for part in (densities, references, confounders, baskets, gates, pool, speed):
        for bar in part(count):
            missed += not bar.least <= bar.value <= bar.most
            print(bar, flush=True)  # noqa: T201
    for number, what in NOT_BUILT:
        print(f"{number:>3}  {what:58} not built, not run")  # noqa: T201
    return 1 if missed else 0


def densities(count: int) -> Iterator[Bar]:
    limits: dict[Task, tuple[str, float, float, float, float]] = {
        "age": ("1", 1.0, 9.5, 18.0, 98.5), "gender": ("2", 0.5, 2.5, 5.0, 99.0), "mood": ("3", 0.75, 5.0, 9.5, 99.5),
    }  # fmt: skip
    for task, (number, bias, rmse, width, coverage) in limits.items():
        found, _ = worlds.shops(count, task, MONTH)
        yield from scored(number, f"120/h 30 d {task}", found, bias, rmse, (93, coverage))
        yield Bar(number, f"120/h 30 d {task}: half-width", found.half_width, most=width)
        if task == "age":
            yield Bar(number, "120/h 30 d age: worst segment's bias", found.worst_bias, most=3)
            yield Bar(number, "120/h 30 d age: contrast slope", found.slope, 0.85, 1.15)
    one_by_one = matched(count, "age")
    yield Bar("5", "120/h 30 d age, linked one by one: contrast slope", one_by_one.slope, most=0.10)
    cells = (
        (Shop(5, 30), np.inf, (93, 99)), (Shop(400, 30), 10.0, (93, 98.5)), (Shop(120, 90), 6.0, (92, 98.5)),
        (Shop(120, 7), np.inf, (94, 99.5)),
    )  # fmt: skip
    for shop, rmse, coverage_bars in cells:
        found, _ = worlds.shops(count, "age", shop)
        yield from scored("9", f"{shop.rate:g}/h {shop.days} d age", found, np.inf, rmse, coverage_bars)


def scored(
    number: str, name: str, found: Score, bias: float, rmse: float, coverage: tuple[float, float]
) -> Iterator[Bar]:
    if np.isfinite(bias):
        yield Bar(number, f"{name}: bias", found.bias, most=bias)
    if np.isfinite(rmse):
        yield Bar(number, f"{name}: RMSE", found.rmse, most=rmse)
    yield Bar(number, f"{name}: coverage, %", found.coverage, *coverage)


def matched(count: int, task: Task) -> Score:
    """Every purchase given to one visit by the best assignment, as other systems do."""
    rows: list[tuple[Floats, Floats, Floats]] = []
    for seed in range(10_000, 10_000 + count):
        sample = simulate(MONTH, seed)
        labels: Floats = getattr(sample, task)
        links = link(np.asarray(sample.entered * 60), np.asarray(sample.paid * 60))
        bought = np.zeros(len(labels))
        bought[links.visits] = 1
        rate = labels.T @ bought / labels.sum(axis=0)
        rows.append((rate, np.sqrt(rate * (1 - rate) / labels.sum(axis=0)), worlds.truth(sample, task, "conversion")))
    return worlds.score(rows)


def references(count: int) -> Iterator[Bar]:
    none, _ = worlds.shops(count, "age", MONTH)
    some, _ = worlds.shops(count, "age", Shop(120, 30, linked=0.3))
    every, _ = worlds.shops(count, "age", Shop(120, 30, linked=1.0))
    yield Bar("6", "all receipts name visits, age: RMSE", every.rmse, most=1.5)
    yield Bar("6", "all receipts name visits, age: coverage, %", every.coverage, 92, 98)
    yield Bar("8", "30 % of receipts name visits, age: RMSE beside none", some.rmse / none.rmse, most=0.85)
    yield Bar("8", "30 % of receipts name visits, age: coverage, %", some.coverage, 92, 99.5)


def confounders(count: int) -> Iterator[Bar]:
    hour, _ = worlds.shops(count, "age", replace(MONTH, hour_effect=0.4))
    weekend, _ = worlds.shops(count, "age", replace(MONTH, weekend_effect=0.4))
    yield Bar("10", "buying varies by hour, age: worst segment's bias", hour.worst_bias, most=5)
    yield Bar("10", "buying varies by hour, age: coverage, %", hour.coverage, 91)
    yield Bar("10", "buying differs at weekends, age: worst segment's bias", weekend.worst_bias, most=5)
    yield Bar("10", "buying differs at weekends, age: coverage, %", weekend.coverage, 92)
    dwell, _ = worlds.shops(max(4, count // 2), "age", Shop(120, 90, dwell_spread=0.35))
    yield Bar("11", "stays differ by age, 90 d: RMSE", dwell.rmse, most=6)
    yield Bar("11", "stays differ by age, 90 d: coverage, %", dwell.coverage, 90)


def baskets(count: int) -> Iterator[Bar]:
    inside: list[bool] = []
    for seed in range(10_000, 10_000 + count):
        sample = simulate(MONTH, seed)
        for task in ("gender", "mood"):
            made = worlds.estimate(sample, 30, task)
            value, error = worlds.column(made.rates, "average_transaction_value")
            shown = made.rates.rate > 4 * made.rates.rate_se
            off = abs(value - worlds.truth(sample, task, "average_transaction_value"))
            inside += list((off <= 1.96 * error)[shown])
    yield Bar("15", "baskets of gender and mood, where shown: coverage, %", 100 * float(np.mean(inside)), 92, 99.5)


def gates(count: int) -> Iterator[Bar]:
    broken: dict[str, Callable[[Sample, int], Sample]] = {
        "the till's file is a week off": lambda sample, _: worlds.another_week(sample, 30),
        "the till's clock is an hour ahead": lambda sample, _: worlds.clock_ahead(sample, 60),
        "half come through another door": lambda sample, seed: worlds.second_door(sample, 0.5, seed),
        "the camera was off for 5 % of hours": lambda sample, seed: worlds.dead_camera(sample, 0.05, seed),
    }
    yield Bar("12", "nothing is wrong: green, %", share(count, lambda sample, _: sample, "green"), least=85)
    for what, spoil in broken.items():
        yield Bar("12", f"{what}: red, %", share(count, spoil, "red"), least=90)


def share(count: int, spoil: Callable[[Sample, int], Sample], trust: modes.Trust) -> float:
    said = []
    for seed in range(10_000, 10_000 + count):
        said.append(worlds.estimate(spoil(simulate(MONTH, seed), seed), 30, "gender").trust)
    return 100 * said.count(trust) / count


def pool(count: int) -> Iterator[Bar]:
    """Twenty shops' differences from the truth, averaged."""
    rows = [(simulate(MONTH, seed), seed) for seed in range(10_000, 10_020)]
    off = []
    for sample, _ in rows:
        made = worlds.estimate(sample, 30, "age")
        off.append(made.rates.rate - worlds.truth(sample, "age", "conversion"))
    yield Bar("13", "20 shops pooled, age: RMSE", 100 * float(np.sqrt((np.mean(off, axis=0) ** 2).mean())), most=2.5)


def speed(count: int) -> Iterator[Bar]:
    sample = simulate(Shop(282, 365), 1)
    began = time.process_time()
    for task in ("age", "gender", "mood"):
        worlds.estimate(sample, 365, task)
    name = f"{len(sample.entered):,} visits, {len(sample.paid):,} purchases, three attributes"
    yield Bar("14", f"{name}: CPU s", time.process_time() - began, most=60)
    yield Bar("14", "the same: GB at most", getrusage(RUSAGE_SELF).ru_maxrss / 1e6, most=1.5)


if __name__ == "__main__":
    sys.exit(main())
