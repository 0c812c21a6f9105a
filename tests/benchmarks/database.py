"""A database and a spool of the benchmark's own, gone afterwards."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def empty_database() -> Iterator[None]:
    """Django set up as in production (no debug pages), on a fresh test database."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "analytics.settings"
    with tempfile.TemporaryDirectory(prefix="foyer-bench-") as folder:
        # Pictures of the bench never meet those of a Foyer that runs at the same time.
        os.environ["FOYER_SPOOL"] = str(Path(folder) / "spool")
        yield from _set_up()


def _set_up() -> Iterator[None]:
    import django
    from django.conf import settings
    from django.test.utils import get_runner, setup_test_environment, teardown_test_environment

    from analytics import servers

    servers.ensure_running()
    django.setup()
    setup_test_environment(debug=False)
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        yield
    finally:
        runner.teardown_databases(databases)
        teardown_test_environment()
