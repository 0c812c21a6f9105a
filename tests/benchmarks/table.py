"""A row of the performance table, and how it is measured and written."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

ROUNDS = 5


@dataclass(frozen=True)
class Row:
    """One figure beside its yardstick, both measured in this run. A `ratio` above 1 means that we are faster."""

    name: str
    value: float
    unit: str
    yardstick: str
    yardstick_value: float

    @property
    def ratio(self) -> float:
        faster = self.value / self.yardstick_value
        return faster if self.unit.endswith("/s") else 1 / faster

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"ratio": round(self.ratio, 3)}

    def __str__(self) -> str:
        return (
            f"{self.name:34} {self.value:10.1f} {self.unit:11} {self.ratio:6.2f} × "
            f"{self.yardstick} ({self.yardstick_value:.1f})"
        )


def side_by_side(ours: Callable[[], object], theirs: Callable[[], object], rounds: int = ROUNDS) -> tuple[float, float]:
    """Median seconds of each, measured in turns, so that a busy moment of the machine meets both."""
    ours(), theirs()  # first calls load and compile
    pairs = [(seconds(ours), seconds(theirs)) for _ in range(rounds)]
    return median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
