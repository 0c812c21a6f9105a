"""The picture of the soft join shows a hill where purchases follow visits, and none where they do not."""

from __future__ import annotations

import numpy as np
import pytest

from analytics import echo
from analytics.charts import hill
from analytics.echo import LAST_LAG, MINUTES, Floats
from analytics.join.kernel import FIRST_LAG, Stay, kernel
from analytics.periods import Period
from tests import factories

DAYS = 28
WEEKDAYS = np.arange(DAYS) % 7


def shop(seed: int, conversion: float = 0.4) -> tuple[Floats, Floats]:
    """Visits and purchases per minute; people stay as the usual kernel says."""
    rng = np.random.default_rng(seed)
    profile = np.zeros(MINUTES)
    profile[600:1200] = 1 + 0.5 * np.sin(np.arange(600) / 60)
    visits = rng.poisson(profile, (DAYS, MINUTES)).astype(float)
    spread = np.array([np.convolve(day, kernel(Stay()))[-FIRST_LAG : MINUTES - FIRST_LAG] for day in visits])
    return visits, rng.poisson(np.maximum(0, conversion * spread)).astype(float)


def test_a_hill_stands_where_people_pay_and_its_area_is_the_share_who_buy() -> None:
    found = echo.echo(*shop(1), WEEKDAYS)
    measured, smooth, error = np.array(found.measured), np.array(found.smooth), np.array(found.error)
    assert found.follows and found.typical_minutes == pytest.approx(13, abs=1.5)
    assert measured.sum() == pytest.approx(found.conversion, abs=0.12)
    assert list(found.lags) == list(range(FIRST_LAG, LAST_LAG + 1)) and len(measured) == len(smooth) == len(found.lags)
    assert (np.abs(measured - smooth) <= 1.96 * error).mean() >= 0.85


def test_no_hill_stands_where_purchases_do_not_follow_visits() -> None:
    visits, _ = shop(2)
    _, purchases = shop(3)
    found = echo.echo(visits, purchases, WEEKDAYS)
    assert not found.follows
    assert (np.abs(found.measured) <= 4 * np.array(found.error)).mean() > 0.9


def test_the_picture_stays_within_its_frame() -> None:
    for picture in (hill.measured(echo.echo(*shop(4), WEEKDAYS)), hill.drawn()):
        for bar in picture.bars:
            assert 0 <= bar.x <= bar.x + bar.width <= picture.width
            assert 0 <= bar.y <= bar.y + bar.height <= picture.height
        assert 0 < picture.zero < picture.height and picture.curve.startswith("M")


@pytest.mark.django_db
def test_a_store_with_little_has_no_echo() -> None:
    store = factories.store()
    factories.visit(store)
    factories.purchase(store)
    assert echo.of(Period(store, factories.NOON.date(), factories.NOON.date())) is None
