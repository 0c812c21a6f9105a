"""`make chaos`: kill a worker, Redis and Postgres in turn while snapshots come in; every one is analysed exactly once.

1. An importer brings files in pieces, and a camera pushes pictures over HTTP with its token, through the web server
   that `make run` starts. Both send again what was not accepted.
2. Each victim gets SIGKILL; the servers stay away for a while, a worker is started again at once, as supervisord does.
3. When everything accepted is done, rows, faces in visits and the spool are counted.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.database import BIN, empty_foyer, start_worker

if TYPE_CHECKING:
    from inference.models import Camera

PIECE = 25  # files the importer brings at once
PUSHES_PER_SECOND = 20.0
SENDERS = 8  # of the pushing client, so that one slow answer does not slow the rest
WEB_READY_SECONDS, ANSWER_SECONDS = 60.0, 20.0
DIFFERENT = 60
LONGEST_WAIT = 1800.0
PAUSE = 1.0  # before something refused is sent again
QUIET_SECONDS = 15.0  # between two kills


@dataclass
class Accepted:
    """Pictures that were taken in for certain, as camera and checksum."""

    pictures: set[tuple[int, str]] = field(default_factory=set)
    pushed: int = 0
    sent_again: int = 0
    answers: Counter[str] = field(default_factory=Counter)  # of the API, by status


@dataclass(frozen=True)
class Outcome:
    accepted: int
    pushed: int
    pushed_per_second: float
    answers: dict[str, int]
    snapshots: int
    analysed: int
    lost: int
    doubled: int
    faces_seen: int
    faces_in_visits: int
    left_in_spool: int
    sent_again: int
    worker_starts: int
    seconds: float

    @property
    def is_right(self) -> bool:
        exact = self.analysed == self.snapshots >= self.accepted and self.faces_seen == self.faces_in_visits
        return exact and self.lost == self.doubled == self.left_in_spool == 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--snapshots", type=int, default=2000)
    parser.add_argument("--outage", type=float, default=20.0, help="seconds that a server stays away")
    options = parser.parse_args()
    with empty_foyer():
        outcome = run(options.snapshots, options.outage)
    print(json.dumps(asdict(outcome) | {"right": outcome.is_right}))  # noqa: T201
    return 0 if outcome.is_right else 1


class Keeper(threading.Thread):
    """Starts the web, a worker and the scheduler, and the worker again whenever it dies."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.starts = 0
        data = Path(os.environ["FOYER_DATA"])
        scheduler = [str(BIN / "celery"), "-A", "analytics", "beat", "-s", str(data / "beat"), "--pidfile="]
        with (data / "beat.log").open("ab") as log:
            self.beat = subprocess.Popen(scheduler, stdout=log, stderr=log)
        self.web, self.address = start_web(data)
        self.worker = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.starts += 1
        return start_worker()

    def run(self) -> None:
        while not self.stopping.wait(0.5):
            if self.worker.poll() is not None:
                self.worker = self._start()

    def stop(self) -> None:
        self.stopping.set()
        self.join()
        for process in (self.worker, self.beat, self.web):
            process.kill()
            process.wait()


def run(snapshots: int, outage: float) -> Outcome:
    from tests.benchmarks.snapshots import new_camera, picture

    began = time.monotonic()
    pictures = [picture(number) for number in range(DIFFERENT)]
    keeper, accepted, done = Keeper(), Accepted(), threading.Event()
    keeper.start()
    pushes = Pushes(keeper.address, new_camera("Pushes"), pictures, accepted)
    clients = [
        threading.Thread(target=import_all, args=(new_camera("Imports"), pictures, snapshots, accepted)),
        threading.Thread(target=pushes.run_until, args=(done,)),
    ]
    started = time.monotonic()
    for client in clients:
        client.start()
    try:
        kill_in_turn(keeper, outage)
        done.set()
        pushing = time.monotonic() - started
        for client in clients:
            client.join()
        wait_until_done()
    finally:
        done.set()
        keeper.stop()
    return counted(accepted, accepted.pushed / pushing, keeper.starts, time.monotonic() - began)


def kill_in_turn(keeper: Keeper, outage: float) -> None:
    pause = min(QUIET_SECONDS, outage)
    time.sleep(pause)
    say("kill -9 the worker")
    keeper.worker.kill()
    for kill in (kill_redis, kill_postgres):
        time.sleep(pause)
        away(kill, outage)
    time.sleep(pause)


# Clients ----------------------------------------------------------------------------------------------------------


def start_web(data: Path) -> tuple[subprocess.Popen[bytes], str]:
    """The web server as `make run` has it, on a port of its own; returns once it answers."""
    from analytics.supervisor import WEB_THREADS

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(BIN / "gunicorn"), "analytics.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--threads", str(WEB_THREADS)]
    with (data / "web.log").open("ab") as log:
        web = subprocess.Popen(command, stdout=log, stderr=log)
    deadline = time.monotonic() + WEB_READY_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"):
            return web, f"http://127.0.0.1:{port}"
        time.sleep(0.2)
    raise TimeoutError("the web server does not answer")


def numbered(pictures: Sequence[bytes], number: int) -> bytes:
    """A picture file that no other number has: bytes behind the end change its checksum only."""
    return pictures[number % DIFFERENT] + number.to_bytes(4, "big")


def import_all(camera: Camera, pictures: Sequence[bytes], count: int, accepted: Accepted) -> None:
    for first in range(0, count, PIECE):
        bring(camera, pictures, range(first, min(count, first + PIECE)), accepted)


def bring(camera: Camera, pictures: Sequence[bytes], numbers: range, accepted: Accepted) -> None:
    """Until all are accepted: the same files again, as somebody does whose command failed."""
    from django.db import connection

    from inference import intake
    from tests.benchmarks.snapshots import name

    files = [(name(k), numbered(pictures, k)) for k in numbers]
    while True:
        try:
            intake.receive(camera, [(title, io.BytesIO(data)) for title, data in files])
            break
        except Exception:  # noqa: BLE001  # whatever a dying server makes of it, it is brought again
            accepted.sent_again += 1
            with suppress(Exception):
                connection.close()
            time.sleep(PAUSE)
    accepted.pictures.update((camera.pk, hashlib.sha256(data).hexdigest()) for _, data in files)


class Pushes:
    """A camera that takes PUSHES_PER_SECOND pictures a second, come what may, and sends each until it is accepted."""

    def __init__(self, address: str, camera: Camera, pictures: Sequence[bytes], accepted: Accepted) -> None:
        from inference import tokens

        self.camera, self.pictures, self.accepted = camera, pictures, accepted
        self.address = f"{address}/api/v1/cameras/{camera.pk}/snapshots"
        _, self.token = tokens.create(camera, "chaos")
        self._lock = threading.Lock()

    def run_until(self, done: threading.Event) -> None:
        began = time.monotonic()
        with ThreadPoolExecutor(SENDERS) as senders:
            for number in count():
                if done.wait(max(0.0, began + number / PUSHES_PER_SECOND - time.monotonic())):
                    return  # when what is under way has arrived
                senders.submit(self.send, number)
                self.accepted.pushed += 1

    def send(self, number: int) -> None:
        data = numbered(self.pictures, 1_000_000 + number)
        while (answer := self.post(data)) != "202":
            with self._lock:
                self.accepted.sent_again += 1
                self.accepted.answers[answer] += 1
            time.sleep(PAUSE)
        with self._lock:
            self.accepted.answers["202"] += 1
            self.accepted.pictures.add((self.camera.pk, hashlib.sha256(data).hexdigest()))

    def post(self, data: bytes) -> str:
        """The status of the answer, or what went wrong before there was one."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "image/jpeg"}
        request = urllib.request.Request(self.address, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
                return str(answer.status)
        except urllib.error.HTTPError as error:
            return str(error.code)
        except (OSError, HTTPException) as error:
            return type(error).__name__


# Kills ------------------------------------------------------------------------------------------------------------


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {what}", file=sys.stderr)  # noqa: T201


def away(kill: Callable[[], None], seconds: float) -> None:
    from analytics import servers

    kill()
    time.sleep(seconds)
    servers.ensure_running()
    say("it is back")


def kill_redis() -> None:
    say("kill -9 Redis")
    from analytics import servers

    os.kill(int((servers.place().data / "redis" / "pid").read_text()), signal.SIGKILL)


def kill_postgres() -> None:
    """The postmaster and its children, as when the machine kills for memory."""
    import psutil

    from analytics import servers

    say("kill -9 Postgres")
    postmaster = psutil.Process(int((servers.place().cluster / "postmaster.pid").read_text().split()[0]))
    for process in [postmaster, *postmaster.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            process.kill()


# Counting ---------------------------------------------------------------------------------------------------------


def wait_until_done() -> None:
    from django.db import connection

    from inference.models import Face, Snapshot, SnapshotBatch

    connection.close()  # to the Postgres that was killed
    deadline = time.monotonic() + LONGEST_WAIT
    uploads = SnapshotBatch.objects.filter(is_live=False, finished_at=None)
    while Snapshot.objects.pending().exists() or uploads.exists() or Face.objects.exists():
        if time.monotonic() > deadline:
            say("not everything was done in time")
            return
        time.sleep(1)


def counted(accepted: Accepted, pushed_per_second: float, worker_starts: int, seconds: float) -> Outcome:
    from django.db.models import Count, Sum

    from inference import retention, spool
    from inference.models import Snapshot, Visit

    spool.LEFTOVER_AFTER_SECONDS = 0  # as the sweep ten minutes from now will see it
    retention.sweep_spool()
    rows = Snapshot.objects.exclude(status=Snapshot.Status.REFUSED)
    pictures = set(rows.values_list("camera", "checksum"))
    twice = rows.values("camera", "checksum").annotate(n=Count("pk")).filter(n__gt=1).count()
    total: dict[str, Any] = rows.aggregate(seen=Sum("faces_seen"))
    visits: dict[str, Any] = Visit.objects.aggregate(faces=Sum("faces"))
    return Outcome(
        accepted=len(accepted.pictures),
        pushed=accepted.pushed,
        pushed_per_second=round(pushed_per_second, 1),
        answers=dict(accepted.answers),
        snapshots=rows.count(),
        analysed=rows.filter(status=Snapshot.Status.ANALYSED).count(),
        lost=len(accepted.pictures - pictures),
        doubled=twice,
        faces_seen=total["seen"] or 0,
        faces_in_visits=visits["faces"] or 0,
        left_in_spool=len(list(spool.folder().iterdir())),
        sent_again=accepted.sent_again,
        worker_starts=worker_starts,
        seconds=round(seconds, 1),
    )


if __name__ == "__main__":
    sys.exit(main())
