"""`make chaos`: kill a worker, Redis and Postgres in turn while snapshots come in; every one is analysed exactly once.

1. An importer brings files in pieces and a client pushes one at a time; both send again what was not accepted.
2. Each victim gets SIGKILL; the servers stay away for a while, a worker is started again at once, as supervisord does.
3. When everything accepted is done, rows, faces in visits and the spool are counted.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.database import BIN, empty_foyer, start_worker

if TYPE_CHECKING:
    from inference.models import Camera

PIECE = 25  # files the importer brings at once
PUSHES_PER_SECOND = 20.0
DIFFERENT = 60
LONGEST_WAIT = 1800.0
PAUSE = 1.0  # before something refused is sent again
QUIET_SECONDS = 15.0  # between two kills


@dataclass
class Accepted:
    """Names of files that were taken in for certain."""

    names: set[str] = field(default_factory=set)
    sent_again: int = 0


@dataclass(frozen=True)
class Outcome:
    accepted: int
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
    """Starts a worker and the scheduler, and the worker again whenever it dies."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.stopping = threading.Event()
        self.starts = 0
        data = Path(os.environ["FOYER_DATA"])
        scheduler = [str(BIN / "celery"), "-A", "analytics", "beat", "-s", str(data / "beat"), "--pidfile="]
        with (data / "beat.log").open("ab") as log:
            self.beat = subprocess.Popen(scheduler, stdout=log, stderr=log)
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
        for process in (self.worker, self.beat):
            process.kill()
            process.wait()


def run(snapshots: int, outage: float) -> Outcome:
    from tests.benchmarks.snapshots import new_camera, picture

    began = time.monotonic()
    pictures = [picture(number) for number in range(DIFFERENT)]
    keeper, accepted, done = Keeper(), Accepted(), threading.Event()
    keeper.start()
    clients = [
        threading.Thread(target=import_all, args=(new_camera("Imports"), pictures, snapshots, accepted)),
        threading.Thread(target=push_until, args=(new_camera("Pushes"), pictures, done, accepted)),
    ]
    for client in clients:
        client.start()
    try:
        kill_in_turn(keeper, outage)
        done.set()
        for client in clients:
            client.join()
        wait_until_done()
    finally:
        done.set()
        keeper.stop()
    return counted(accepted, keeper.starts, time.monotonic() - began)


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


def import_all(camera: Camera, pictures: Sequence[bytes], count: int, accepted: Accepted) -> None:
    for first in range(0, count, PIECE):
        send(camera, pictures, range(first, min(count, first + PIECE)), accepted)


def push_until(camera: Camera, pictures: Sequence[bytes], done: threading.Event, accepted: Accepted) -> None:
    number = 1_000_000
    while not done.wait(1 / PUSHES_PER_SECOND):
        send(camera, pictures, range(number, number + 1), accepted)
        number += 1


def push(camera: Camera, name: str, data: bytes) -> None:
    """As the push API does it."""
    from inference.push import Pushed, take

    (fate,) = take(camera, [Pushed(name, data)])
    assert fate.state != "refused", fate.reason


def bring(camera: Camera, files: Sequence[tuple[str, bytes]]) -> None:
    from inference import intake

    intake.receive(camera, [(title, io.BytesIO(data)) for title, data in files])


def send(camera: Camera, pictures: Sequence[bytes], numbers: range, accepted: Accepted) -> None:
    """Until it is accepted: the same files again, as a client does that got no answer."""
    from django.db import connection

    from tests.benchmarks.snapshots import name

    files = [(name(k), pictures[k % DIFFERENT] + k.to_bytes(4, "big")) for k in numbers]
    while True:
        try:
            if len(files) == 1:
                push(camera, *files[0])
            else:
                bring(camera, files)
            break
        except Exception:  # noqa: BLE001  # whatever a dying server makes of it, a client sends again
            accepted.sent_again += 1
            with suppress(Exception):
                connection.close()
            time.sleep(PAUSE)
    accepted.names.update(f"{camera.pk}/{title}" for title, _ in files)


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


def counted(accepted: Accepted, worker_starts: int, seconds: float) -> Outcome:
    from django.db.models import Count, Sum

    from inference import retention, spool
    from inference.models import Snapshot, Visit

    spool.LEFTOVER_AFTER_SECONDS = 0  # as the sweep ten minutes from now will see it
    retention.sweep_spool()
    rows = Snapshot.objects.exclude(status=Snapshot.Status.REFUSED)
    names = {f"{camera}/{file}" for camera, file in rows.values_list("camera", "file_name")}
    twice = rows.values("camera", "file_name").annotate(n=Count("pk")).filter(n__gt=1).count()
    total: dict[str, Any] = rows.aggregate(seen=Sum("faces_seen"))
    visits: dict[str, Any] = Visit.objects.aggregate(faces=Sum("faces"))
    return Outcome(
        accepted=len(accepted.names),
        snapshots=rows.count(),
        analysed=rows.filter(status=Snapshot.Status.ANALYSED).count(),
        lost=len(accepted.names - names),
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
