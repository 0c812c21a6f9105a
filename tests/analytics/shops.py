"""A small shop with a simulated history, summed up: what tests of reports, charts and pages look at."""

from __future__ import annotations

from datetime import date
from typing import Any

from analytics import rollups, simulated
from analytics.join.simulate import Shop
from analytics.periods import Period
from inference.models import Store

FIRST, DAYS = date(2026, 3, 9), 14  # a Monday
LAST = date(2026, 3, 22)


def simulated_shop(name: str = "Lantern", *, rate: float = 12, linked: float = 1.0) -> tuple[Store, dict[str, Any]]:
    """The store with its figures, and the truth behind them."""
    store, truth = simulated.create_store(name, FIRST, Shop(rate, DAYS, linked=linked), seed=5)
    rollups.refresh(store)
    return store, truth


def period(store: Store) -> Period:
    return Period.of(store, FIRST, LAST)
