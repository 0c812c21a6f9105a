"""A Foyer of the benchmark's own: servers, database and spool in a folder that is gone afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent


@contextmanager
def empty_foyer() -> Iterator[Path]:
    """Django set up as in production (no debug pages) on servers of its own, which one may kill."""
    for name in ("DATABASE_URL", "REDIS_URL", "FOYER_SPOOL", "FOYER_MODELS"):
        os.environ.pop(name, None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "analytics.settings"
    with tempfile.TemporaryDirectory(prefix="foyer-bench-") as folder:
        os.environ["FOYER_DATA"] = folder
        from analytics import servers

        servers.ensure_running()
        try:
            _prepare()
            yield Path(folder)
        finally:
            servers.remove()


def _prepare() -> None:
    import django
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    django.setup()
    setup_test_environment(debug=False)
    call_command("migrate", verbosity=0)


@contextmanager
def worker(queue: str = "vision") -> Iterator[subprocess.Popen[bytes]]:
    """A worker as `make run` starts it, on this Foyer's queue."""
    process = start_worker(queue)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def start_worker(queue: str = "vision") -> subprocess.Popen[bytes]:
    alone = ["--pool", "solo", "--without-mingle", "--without-gossip", "-l", "warning"]
    command = [str(BIN / "celery"), "-A", "analytics", "worker", "-Q", queue, "-n", f"{queue}@bench", *alone]
    with (Path(os.environ["FOYER_DATA"]) / f"{queue}.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=log)
