"""The browser that journeys use, and the sizes of its windows."""

from __future__ import annotations

import shutil

DESK, PHONE = (1440, 900), (390, 844)
NAMES = ("chromium", "chromium-browser", "google-chrome")
# What a browser would look up elsewhere at its start has no place in a test.
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--no-first-run"]  # fmt: skip


def executable() -> str | None:
    """The path of this machine's Chromium."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)
