"""What every journey does: log in, and check that a page fits its window."""

from __future__ import annotations

from playwright.sync_api import Page


def log_in(page: Page) -> None:
    page.goto("/")
    page.get_by_label("Name").fill("mona")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_label("Password").press("Enter")


def fits(page: Page) -> bool:
    """Nothing sticks out to the right of the window; asked of a page that is there, not of one on its way."""
    page.wait_for_load_state()
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))
