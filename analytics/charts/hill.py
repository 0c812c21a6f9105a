"""The echo of visits in purchases, as coordinates for an SVG: measured bars, and the smooth hill over them."""

from __future__ import annotations

from dataclasses import dataclass

from analytics.echo import Echo
from analytics.join.kernel import FIRST_LAG, Stay, kernel

WIDTH, HEIGHT = 720, 260
LEFT, RIGHT, TOP, BOTTOM = 8, 8, 12, 30
TICK_MINUTES = 10
DRAWN_CONVERSION = 0.3


@dataclass(frozen=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tick:
    x: float
    minutes: int


@dataclass(frozen=True)
class Hill:
    """Pixels of a WIDTH × HEIGHT picture; `curve` is an SVG path, `zero` the height of “as usual”."""

    bars: list[Bar]
    curve: str
    zero: float
    ticks: list[Tick]
    width: int = WIDTH
    height: int = HEIGHT


def measured(echo: Echo) -> Hill:
    return _hill(echo.measured, echo.smooth)


def drawn() -> Hill:
    """How it should look, for whoever has no numbers yet."""
    smooth = (DRAWN_CONVERSION * kernel(Stay()))[: len(Echo([], [], [], 0, 0, False).lags)]
    return _hill([], smooth.tolist())


def _hill(bars: list[float], curve: list[float]) -> Hill:
    highest, lowest = max([*bars, *curve]), min([0.0, *bars, *curve])
    step = (WIDTH - LEFT - RIGHT) / len(curve)

    def y(value: float) -> float:
        return round(TOP + (highest - value) / (highest - lowest) * (HEIGHT - TOP - BOTTOM), 1)

    def x(lag: float) -> float:
        return round(LEFT + (lag - FIRST_LAG + 0.5) * step, 1)

    places = [(x(FIRST_LAG + k), value) for k, value in enumerate(bars)]
    return Hill(
        [Bar(round(at - step * 0.35, 1), y(max(0, v)), round(step * 0.7, 1), round(abs(y(v) - y(0)), 1))
         for at, v in places],
        "M" + " L".join(f"{x(FIRST_LAG + k)} {y(value)}" for k, value in enumerate(curve)),
        y(0),
        [Tick(x(lag), lag) for lag in range(0, FIRST_LAG + len(curve), TICK_MINUTES)],
    )  # fmt: skip
