"""An upload whose connection is cut goes on by itself."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, Page, Route, expect
from pytest_django.live_server_helper import LiveServer

from inference.models import Snapshot, SnapshotBatch
from tests import factories, fakes

pytestmark = pytest.mark.django_db(transaction=True)
FILES = 45  # three parts


@pytest.fixture
def fakes_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inference.pipeline._tools", fakes.tools())


def pictures() -> list[FilePayload]:
    names = [f"20260310_1300{number:02d}.png" for number in range(FILES)]
    return [
        {"name": name, "mimeType": "image/png", "buffer": fakes.picture((40 + k, 60, 48, fakes.WOMAN))}
        for k, name in enumerate(names)
    ]


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A window in which failed requests, which this is about, fail nothing by themselves."""
    context = browser.new_context(base_url=live_server.url)
    page = context.new_page()
    yield page
    context.close()


def test_an_upload_that_is_cut_off_twice_goes_on(fakes_at_work: None, page: Page, worker: None) -> None:
    shop = factories.store()
    factories.camera(shop)
    factories.manager(shop, "mona")
    page.goto(f"/login?next=/stores/{shop.pk}/snapshots/upload")
    page.get_by_label("Name").fill("mona")
    page.get_by_label("Password").fill("correct horse")
    page.get_by_label("Password").press("Enter")
    page.wait_for_url("**/snapshots/upload")  # whole: a click before its script runs sends a plain form, in one part
    posts: list[str] = []

    def meddle(route: Route) -> None:
        if route.request.method == "POST":
            posts.append(route.request.url)
            if len(posts) == 2:
                return route.fulfill(status=503, body="")
            if len(posts) == 3:
                route.fetch()  # it arrives, and its answer is lost
                return route.fulfill(status=503, body="")
        return route.continue_()

    page.route("**/snapshots/upload", meddle)
    page.get_by_label("Drop pictures or a zip here").set_input_files(pictures())
    page.get_by_role("button", name="Upload and analyse").click()
    expect(page.get_by_text("Trying again in")).to_be_visible()
    expect(page.get_by_text("Done", exact=True)).to_be_visible(timeout=40_000)
    batch = SnapshotBatch.objects.get()
    assert (batch.snapshots.count(), batch.duplicates, len(posts)) == (FILES, 0, 5)
    assert not Snapshot.objects.exclude(status="analysed").exists()
