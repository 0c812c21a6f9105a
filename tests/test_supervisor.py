"""`make run` as a process: killed at the worst moment, started again, and ended without a trace."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest

from analytics import servers, supervisor

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 200.0  # seconds; a busy machine with two cores analyses the demo's 60 pictures in about 40


class Run:
    """One `make run` in a data folder of its own."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "analytics.supervisor"]
        environment = os.environ | {"FOYER_DATA": str(self.data), "PORT": str(self.port)}
        with (self.data.parent / "run.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)

    def output(self) -> str:
        return (self.data.parent / "run.log").read_text()

    def count(self, sql: str) -> int:
        """What a query answers; 0 as long as the database is not there."""
        try:
            connection = psycopg2.connect(dbname="foyer", user="foyer", host=str(servers.place().sockets))
        except psycopg2.OperationalError:
            return 0
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                row = cursor.fetchone()
                return int(row[0] or 0) if row else 0
        except psycopg2.errors.UndefinedTable:
            return 0
        finally:
            connection.close()

    def is_healthy(self) -> bool:
        try:
            return bool(urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz").status == 200)
        except urllib.error.URLError:
            return False

    def processes(self) -> list[psutil.Process]:
        """Everything that carries this run's mark, servers included."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(supervisor.MARK) == str(self.data)
        except psutil.Error:
            return False

    def kill(self) -> None:
        """kill -9 to all of it at once, as a power cut would."""
        assert self.process is not None
        ours = [psutil.Process(self.process.pid), *self.processes()]
        for process in ours:
            process.kill()
        psutil.wait_procs(ours, timeout=20)
        self.process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(holds: Callable[[], bool], what: Callable[[], str]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, what()
        time.sleep(0.2)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    data = tmp_path / "data"
    monkeypatch.setenv("FOYER_DATA", str(data))
    # A server that the environment names would be used instead of the run's own.
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.delenv("REDIS_URL", raising=False)
    running = Run(data)
    yield running
    supervisor.remove()


ANALYSED = "SELECT count(*) FROM inference_snapshot WHERE status = 'analysed'"
UNFINISHED = "SELECT count(*) FROM inference_snapshotbatch WHERE finished_at IS NULL"


@pytest.mark.timeout(600)
def test_a_run_killed_in_the_middle_of_a_batch_finishes_it_exactly_once_and_ends_without_a_trace(run: Run) -> None:
    run.start()
    wait_until(lambda: run.count(ANALYSED) > 0, run.output)
    run.kill()
    run.start()
    total = "SELECT count(*) FROM inference_snapshot"
    wait_until(lambda: run.count(ANALYSED) == run.count(total) > 0 == run.count(UNFINISHED), run.output)
    wait_until(run.is_healthy, run.output)  # the batch may be done before the web is up again
    # Every face that was seen went into exactly one visit or passage: none lost, none counted twice.
    visits, passages = (
        run.count(f"SELECT sum(faces) FROM inference_{table} WHERE batch_id IS NOT NULL")
        for table in ("visit", "passage")
    )
    assert run.count("SELECT sum(faces_seen) FROM inference_snapshot") == visits + passages
    assert run.count("SELECT count(*) FROM inference_face") == 0
    ends_when_told(run)


def ends_when_told(run: Run) -> None:
    assert run.process is not None and run.processes()
    run.process.send_signal(signal.SIGINT)
    assert run.process.wait(60) == 0
    assert run.processes() == []


def test_a_taken_port_is_said_and_another_one_named(run: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", run.port))
        taken.listen()
        run.data.mkdir()
        run.start()
        assert run.process is not None and run.process.wait(60) == 2
    assert f"Port {run.port} is taken" in run.output()
    assert f"PORT={run.port + 1}" in run.output()
