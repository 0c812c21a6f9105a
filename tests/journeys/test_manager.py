"""A store manager's ten minutes: log in, upload, watch, import, and see the charts change."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from playwright.sync_api import FilePayload, Page, expect

from analytics import demo_scenes
from inference.models import Store
from tests import factories
from tests.analytics import shops
from tests.journeys.pages import fits, log_in

pytestmark = pytest.mark.django_db(transaction=True)
OPENING = datetime(2026, 3, 10, 9, tzinfo=UTC)
GUESTS = 12
ANALYSIS = 150_000  # milliseconds that a slow machine may take for the real models
DAY = "first=2026-03-10&last=2026-03-10"


@pytest.fixture
def shop(worker: None) -> Store:
    shop = factories.store()
    factories.camera(shop)
    factories.manager(shop, "mona")
    return shop


def scenes() -> list[demo_scenes.Scene]:
    return list(islice(demo_scenes.script(OPENING, GUESTS), 3 * GUESTS))


def pictures() -> list[FilePayload]:
    """Scenes on the shop's clock, an hour ahead, and one file that is none."""
    found: list[FilePayload] = []
    for scene in scenes():
        name = f"door_{scene.taken_at + timedelta(hours=1):%Y%m%d_%H%M%S}.jpg"
        found.append({"name": name, "mimeType": "image/jpeg", "buffer": demo_scenes.draw(scene)})
    return [*found, {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"Dear camera"}]


def till() -> FilePayload:
    """Every third guest pays eleven minutes after entering; one row cannot be read."""
    file = io.StringIO()
    rows = csv.writer(file)
    rows.writerow(["receipt", "paid_at", "amount"])
    for number, scene in enumerate([scene for scene in scenes() if scene.step == 0][::3]):
        rows.writerow([f"R{number}", (scene.taken_at + timedelta(minutes=11)).isoformat(), "12.50"])
    rows.writerow(["R99", "soon", "1"])
    return {"name": "till.csv", "mimeType": "text/csv", "buffer": file.getvalue().encode()}


def words(page: Page, title: str) -> str:
    """What a chart says, once it is drawn."""
    chart = page.locator("figure", has_text=title)
    chart.scroll_into_view_if_needed()
    expect(chart.locator(".plot svg.main-svg").first).to_be_visible()
    chart.get_by_text("In words").click()
    return chart.locator(".words").inner_text()


def test_a_manager_brings_pictures_and_sales_and_sees_the_charts_change(page: Page, shop: Store) -> None:
    log_in(page)
    expect(page.get_by_role("heading", name="Corner Shop")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="Upload snapshots").click()
    files = pictures()
    page.get_by_label("Drop pictures or a zip here").set_input_files(files)
    expect(page.get_by_text(re.compile(rf"^{len(files)} files"))).to_be_visible()
    page.get_by_role("button", name="Upload and analyse").click()
    expect(page.get_by_text(f"of {len(files)} pictures analysed")).to_be_visible()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=ANALYSIS)
    expect(page.get_by_text("refused: not a picture")).to_be_visible()
    assert fits(page)
    page.get_by_role("link", name="Open the dashboard of 10 Mar 2026").click()
    before = words(page, "Visits and purchases by day")
    visits = int(before.split()[0])
    assert GUESTS - 2 <= visits <= GUESTS + 2 and "and 0 purchases" in before
    page.get_by_role("link", name="Sales", exact=True).click()
    page.get_by_role("link", name="Import a sales file").click()
    page.get_by_label("Sales file (CSV or Excel)").set_input_files([till()])
    page.get_by_role("button", name="Look at it first").click()
    expect(page.get_by_text("Nothing is stored yet.")).to_be_visible()
    expect(page.get_by_text("not a date and time that can be read")).to_be_visible()
    assert fits(page)
    page.get_by_role("button", name=re.compile(r"Import \d receipts?")).click()
    expect(page.get_by_text("Imported.")).to_be_visible()
    page.get_by_role("link", name="Open the dashboard").click()
    after = words(page, "Visits and purchases by day")
    bought = len([scene for scene in scenes() if scene.step == 0][::3])
    assert after.startswith(f"{visits} visits and {bought} purchases")
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_every_chart_is_drawn_and_groups_change_without_a_reload(page: Page) -> None:
    store, _ = shops.simulated_shop(rate=30)
    factories.manager(store, "mona")
    log_in(page)
    page.goto(f"/stores/{store.pk}/?first={shops.FIRST}&last={shops.LAST}")
    charts = page.locator("figure.chart")
    expect(charts).to_have_count(14)
    for number in range(14):
        charts.nth(number).scroll_into_view_if_needed()
        expect(charts.nth(number)).to_have_attribute("data-drawn", "yes")
    assert fits(page)
    page.get_by_role("link", name="Mood", exact=True).click()
    expect(page.get_by_role("rowheader", name="positive")).to_be_visible()
    assert "by=mood" not in page.url
    assert page.locator("#segments [aria-current]").inner_text() == "Mood"


def test_the_pages_can_be_used_with_the_keyboard_alone(page: Page, shop: Store) -> None:
    log_in(page)
    expect(page.get_by_role("heading", name="Corner Shop")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert focused
