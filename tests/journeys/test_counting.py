"""Somebody counts at the door on a phone, and the network goes away meanwhile."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils.timezone import now
from playwright.sync_api import Page, expect

from inference.models import Audit, Store
from tests import factories
from tests.journeys.pages import fits, log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop() -> Store:
    shop = factories.store()
    factories.camera(shop)
    factories.manager(shop, "mona")
    return shop


def test_an_hour_is_counted_without_a_network_and_sent_once_it_is_back(page: Page, shop: Store) -> None:
    page.clock.install(time=now())
    log_in(page)
    page.get_by_role("link", name="Accuracy").click()
    page.get_by_role("link", name="Count at the door").click()
    page.get_by_role("button", name="Start").click()
    entered, staff = page.locator("[data-tap=entered]"), page.locator("[data-tap=staff]")
    assert fits(page)
    page.context.set_offline(True)
    for _ in range(13):
        entered.click()
    staff.click()
    page.keyboard.press("s")
    page.get_by_role("button", name="Undo (staff)").click()
    page.clock.fast_forward("20:00")
    expect(page.get_by_role("timer")).to_have_text("20:00")
    expect(page.get_by_text("No network; just go on counting.")).to_be_visible()
    page.get_by_role("button", name="Finish").click()
    expect(page.get_by_text("13 visitors and 1 staff in 20 minutes.")).to_be_visible()
    for minute in range(12):  # the camera's clock is the server's, which did not jump ahead
        factories.visit(shop, now() - timedelta(minutes=minute, seconds=30))
    page.get_by_role("button", name="Compare with the camera").click()
    expect(page.get_by_text("sent as soon as the network is back")).to_be_visible()
    page.context.set_offline(False)
    page.clock.fast_forward("00:06")
    expect(page.get_by_text("in exactly these 20 minutes")).to_be_visible()
    assert fits(page)
    row = Audit.objects.get()
    assert (row.entered, row.staff, row.seen) == (13, 1, 12)


def test_a_count_outlives_a_reload_and_can_be_thrown_away(page: Page, shop: Store) -> None:
    log_in(page)
    page.goto(f"/stores/{shop.pk}/accuracy/count")
    page.get_by_role("button", name="Start").click()
    page.keyboard.press("e")
    page.keyboard.press("e")
    page.keyboard.press("Backspace")
    page.reload()
    expect(page.locator("[data-count=entered]")).to_have_text("1")
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("button", name="Go on counting").click()
    page.locator("[data-tap=entered]").click()
    expect(page.locator("[data-count=entered]")).to_have_text("2")
    page.get_by_role("button", name="Finish").click()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Throw away").click()
    expect(page.get_by_role("button", name="Start")).to_be_visible()
    assert not Audit.objects.exists()
