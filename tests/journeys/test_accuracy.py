"""What a manager looks at to know how far numbers can be trusted, at a desk and on a phone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from analytics import rollups, simulated, tasks
from analytics.join.simulate import Shop
from analytics.models import MarkCheck
from inference.models import Store
from tests import factories
from tests.journeys.pages import fits, log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Store:
    first = (now() - timedelta(days=29)).date()
    store, _ = simulated.create_store("Busy", first, Shop(6, 28, linked=0, first_weekday=first.weekday()), seed=3)
    rollups.refresh(store)
    tasks.join_usual()  # as it is every ten minutes, before anybody looks
    factories.manager(store, "mona")
    return store


def test_from_the_light_to_the_plan_and_the_cashiers_keys(page: Page, shop: Store) -> None:
    log_in(page)
    expect(page.get_by_text("Who buys is known by time.")).to_be_visible()
    expect(page.locator("p.light")).to_be_visible()
    page.get_by_role("link", name="What would tell more, and when").click()
    expect(page.get_by_role("rowheader", name="Seven age groups")).to_be_visible()
    page.get_by_label("How closely").select_option("±10 points")
    page.get_by_role("button", name="Reckon").click()
    expect(page.get_by_text("known to ±10 points")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="Check how often it is right").click()
    page.get_by_text("28-45", exact=True).first.click()
    page.get_by_text("46-65", exact=True).nth(1).click()
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_text("Last: 28-45 pressed, 46-65 in truth.")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Taken back")).to_be_visible()
    assert not MarkCheck.objects.exists()


def test_how_we_know_shows_the_stores_own_hill(page: Page, shop: Store) -> None:
    log_in(page)
    page.get_by_role("banner").get_by_role("link", name="How we know").click()
    expect(page.get_by_role("img", name="Purchases more than usual, by minutes after an entry")).to_be_visible()
    expect(page.get_by_text("Bars are measured")).to_be_visible()
    page.get_by_text("The formulas").click()
    expect(page.locator("math").first).to_be_visible()
    assert fits(page)
