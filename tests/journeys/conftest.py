"""A real browser in front of the pages, and a worker that does queued work beside them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery.app.task import Task
from django.db import connections
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from analytics import tasks
from inference import tasks as vision
from tests.journeys import windows

FAILURES = Path(__file__).parent / "failures"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = windows.executable()
    if path is None:
        pytest.skip("no Chromium on this machine, so no page was tried in a browser (apt-get install chromium)")
    # Playwright keeps an event loop in this thread, which Django would take for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=windows.ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(params=[windows.DESK, windows.PHONE], ids=["desk", "phone"])
def page(request: pytest.FixtureRequest, browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """A window whose mistakes (failed scripts, blocked files) fail the test; a failure leaves a screenshot."""
    width, height = request.param
    context = browser.new_context(base_url=live_server.url, viewport={"width": width, "height": height})
    page = context.new_page()
    page.set_default_timeout(15_000)
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: _note(message, problems))
    failed = request.session.testsfailed
    yield page
    if request.session.testsfailed > failed or problems:
        FAILURES.mkdir(exist_ok=True)
        page.screenshot(path=FAILURES / f"{request.node.name}.png", full_page=True)
    context.close()
    assert not problems, problems


def _note(message: ConsoleMessage, problems: list[str]) -> None:
    if message.type == "error" and "ERR_INTERNET_DISCONNECTED" not in message.text:  # a journey cut the network itself
        problems.append(message.text)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, transactional_db: None) -> Iterator[None]:
    """Queued work is done by the real steps in threads of their own, so that pages can watch it."""
    running: list[threading.Thread] = []

    def beside(task: Task[..., Any]) -> Callable[..., None]:
        def delay(*arguments: Any) -> None:
            running.append(threading.Thread(target=_work, args=(task, arguments)))
            running[-1].start()

        return delay

    for task in (vision.analyse_batch, tasks.read_import, tasks.confirm_import, tasks.undo_import):
        monkeypatch.setattr(task, "delay", beside(task))
    yield
    for thread in running:
        thread.join()


def _work(task: Task[..., Any], arguments: tuple[Any, ...]) -> None:
    try:
        task(*arguments)
        tasks.refresh()
    finally:
        connections.close_all()
