"""`python -m tests.journeys.screenshots`: the README's pictures, taken anew from a running `make run`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.journeys import windows
from tests.journeys.windows import DESK, PHONE

FOLDER = Path(__file__).parent / "screenshots"
SITE = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"


def main() -> int:
    path = windows.executable()
    if path is None:
        sys.exit("No Chromium is installed here; apt-get install chromium.")
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=windows.ARGUMENTS)
        for name, (width, height) in (("desk", DESK), ("phone", PHONE)):
            page = browser.new_page(base_url=SITE, viewport={"width": width, "height": height})
            as_manager(page, name)
        browser.close()
    return 0


def as_manager(page: Page, name: str) -> None:
    log_in(page)
    page.get_by_role("link", name="Demo: Lantern Books").click()
    charts = page.locator("figure.chart")
    charts.first.wait_for()
    for number in range(charts.count()):
        charts.nth(number).scroll_into_view_if_needed()
    expect(page.locator("[data-drawn]")).to_have_count(charts.count())
    page.evaluate("window.scrollTo(0, 0)")
    take(page, f"dashboard-{name}")
    page.goto("/")
    page.get_by_role("link", name="Demo: Studio").click()
    page.get_by_role("link", name="Snapshots", exact=True).click()
    page.locator("tbody a").first.click()
    take(page, f"batch-{name}")


def log_in(page: Page) -> None:
    page.goto("/login")
    page.get_by_label("Name").fill("manager")
    page.get_by_label("Password").fill("manager-demo")
    page.get_by_role("button", name="Log in").click()


def take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=FOLDER / f"{name}.png")


if __name__ == "__main__":
    sys.exit(main())
