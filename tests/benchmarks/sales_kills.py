"""A sales import is killed with -9 in each of its phases, cancelled too, and run again: nothing lost, nothing twice.

`make chaos-sales RECEIPTS=1000000`. What the database was doing when the import died is named with each kill.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from django.db import connection

from analytics.models import Purchase, PurchaseChange, PurchaseImport, PurchaseLine
from analytics.sales import files, imports
from inference.models import Store
from tests.benchmarks.table import seconds

KILLS = 10
FIRST_KILL, LAST_KILL = 0.15, 0.97  # shares of the time that the import takes
CANCELS = (0.2, 0.5, 0.8)
DOING = """
    SELECT coalesce(string_agg(regexp_replace(left(query, 60), '\\s+', ' ', 'g'), '; '), '') FROM pg_stat_activity
    WHERE state <> 'idle' AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


def all_of_it(path: Path, receipts: int, lines: int, kills: int = KILLS) -> Iterator[str]:
    whole = seconds(lambda: command(path, "Unkilled").wait())
    told = figures("Unkilled")
    assert told[:2] == (receipts, lines), told
    yield f"unkilled: {whole:.1f} s, {told[0]} receipts, {told[1]} lines, {told[2]} in total"
    for kill in range(kills):
        share = FIRST_KILL + (LAST_KILL - FIRST_KILL) * kill / max(1, kills - 1)
        yield f"killed after {share * whole:.1f} s, while: {killed_after(path, share * whole, told)}"
    command(path, "Killed").wait()
    assert figures("Killed") == told, figures("Killed")
    command(path, "Killed").wait()
    assert figures("Killed") == told, figures("Killed")
    yield "run again, twice: the same receipts, lines and total, once"
    for share in CANCELS:
        yield cancelled_after(path, share * whole, told)
    yield steps_of(path)


def command(path: Path, store: str) -> subprocess.Popen[bytes]:
    found, _ = Store.objects.get_or_create(name=store, defaults={"timezone": "UTC"})
    words = [sys.executable, "manage.py", "import_sales", str(path), "--store", str(found.pk)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL)


def killed_after(path: Path, wait: float, whole: tuple[int, int, float]) -> str:
    """What the database did when the import was killed; nothing of it is left, or else all of it was there already."""
    process = command(path, "Killed")
    time.sleep(wait)
    with connection.cursor() as cursor:
        cursor.execute(DOING)
        (doing,) = cursor.fetchone()
    process.kill()
    process.wait()
    until_no_session_is_left()
    left = figures("Killed")
    if left == whole:
        undo_all("Killed")
        return "nothing any more, it was stored whole"
    assert left == (0, 0, 0), left
    assert not PurchaseImport.objects.filter(store__name="Killed").exists()
    return doing or "Python alone was at work"


def until_no_session_is_left() -> None:
    """Postgres notices a client's death at the end of the statement it is at."""
    for _ in range(600):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
            if cursor.fetchone()[0] <= 1:
                return
        time.sleep(0.1)
    raise AssertionError("a session is left")


def undo_all(store: str) -> None:
    PurchaseLine.objects.filter(purchase__store__name=store).delete()
    Purchase.objects.filter(store__name=store).delete()
    PurchaseImport.objects.filter(store__name=store).delete()


def figures(store: str) -> tuple[int, int, float]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), coalesce(sum(amount), 0) FROM analytics_purchase p "
            "JOIN inference_store s ON s.id = p.store_id WHERE s.name = %s",
            [store],
        )
        receipts, total = cursor.fetchone()
    lines = PurchaseLine.objects.filter(purchase__store__name=store).count()
    return receipts, lines, float(total)


def uploaded(path: Path, store: str) -> PurchaseImport:
    found, _ = Store.objects.get_or_create(name=store, defaults={"timezone": "UTC"})
    with path.open("rb") as file:
        row = imports.receive(found, "till.csv", iter(lambda: file.read(1 << 20), b""))
    PurchaseImport.objects.filter(pk=row.pk).update(status="running")
    return row


def cancelled_after(path: Path, wait: float, whole: tuple[int, int, float]) -> str:
    row = uploaded(path, "Cancelled")
    began = time.monotonic()
    told: list[float] = []

    def cancel() -> None:
        imports.cancel(row.pk)
        told.append(time.monotonic())
        connection.close()

    timer = threading.Timer(wait, cancel)
    timer.start()
    done = imports.confirm(row.pk)
    timer.join()
    if figures("Cancelled") == whole:
        assert done.status == "done"
        undo_all("Cancelled")
        return f"cancelled after {told[0] - began:.1f} s: it was stored whole"
    assert done.status == "cancelled" and figures("Cancelled") == (0, 0, 0), (done.status, figures("Cancelled"))
    assert not files.upload(row.pk).exists() and not PurchaseChange.objects.exists()
    return f"cancelled after {told[0] - began:.1f} s: stopped {time.monotonic() - told[0]:.1f} s later, nothing left"


def steps_of(path: Path) -> str:
    """The longest time without a step that somebody else could see."""
    row = uploaded(path, "Watched")
    seen: list[tuple[float, int]] = [(time.monotonic(), 0)]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            percent = PurchaseImport.objects.values_list("progress", flat=True).get(pk=row.pk)
            if percent != seen[-1][1]:
                seen.append((time.monotonic(), percent))
        connection.close()

    watcher = threading.Thread(target=watch)
    watcher.start()
    done = imports.confirm(row.pk)
    ended = time.monotonic()
    over.set()
    watcher.join()
    assert done.status == "done"
    pauses = [(b[0] - a[0], a[1]) for a, b in zip(seen, [*seen[1:], (ended, 100)], strict=True)]
    pause, percent = max(pauses)
    return f"watched: {len(seen)} steps in {ended - seen[0][0]:.1f} s, the longest pause {pause:.1f} s at {percent} %"
