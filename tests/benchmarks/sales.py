"""Sales rows per second: import of a till's file, beside raw COPY of its parsed rows, pandas and Django.

All of them take turns, round after round, so that a machine busy for a while is so for all; of each, its best counts.

`make bench-sales RECEIPTS=1000000` is the full run: so many receipts, two and a half times as many lines.
"""

from __future__ import annotations

import csv
import io
import math
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from django.db import connection, transaction

from analytics import servers
from analytics.models import Purchase, PurchaseImport, PurchaseLine
from analytics.sales import imports
from inference.models import Store
from tests.benchmarks.table import Row, seconds

if TYPE_CHECKING:
    from sqlalchemy import Engine

RECEIPTS = 40_000
ROUNDS = 3  # of which the first loads and compiles
FIRST = datetime(2023, 1, 2, 8, tzinfo=UTC)
LINES = (1, 2, 2, 3, 4, 3)  # of one receipt after the other: 2.5 on average
PRODUCTS = [(f"Product {k}", f"Category {k % 20}", 0.5 + k % 397 / 10) for k in range(2_000)]
PURCHASE_COLUMNS = "id, store_id, receipt, till, paid_at, amount, items, visit_ref, brought_by_id"
LINE_COLUMNS = "purchase_id, product, category, quantity, amount"
FIRST_ID = 1_000_000_000  # of rows that the yardsticks bring
LOOK_EVERY = 0.2  # seconds between looks at the memory of a session

OURS = "sales rows, checked and stored"
TO_SQL = "pandas to_sql, its default method, a tenth"
COPIED = "  raw COPY of a tenth, which checks nothing"

Parsed = tuple[list[list[Any]], list[list[Any]]]


def rows(receipts: int = RECEIPTS) -> Iterator[Row]:
    """Ours takes a file to stored receipts; every yardstick but one only writes rows that are parsed already."""
    store = Store.objects.create(name=f"Bench sales {receipts}", timezone="UTC")
    with tempfile.TemporaryDirectory() as folder:
        path, part = Path(folder) / "till.csv", Path(folder) / "tenth.csv"
        lines = write_file(path, receipts)
        few = write_file(part, receipts // 10)
        tenth = parsed(part)
        speeds = in_turns({
            OURS: (lines, lambda: seconds(lambda: import_once(store, path))),
            # Parsed anew each time: kept, millions of rows would slow everybody's collection of garbage.
            "raw COPY of the parsed rows": (lines, lambda: copy_once(store, *parsed(path))),
            TO_SQL: (few, lambda: pandas_once(store, *tenth)),
            'pandas to_sql, method="multi", a tenth': (few, lambda: pandas_multi_once(store, *tenth)),
            "pandas from the file on: read_csv to to_sql, a tenth": (
                few, lambda: seconds(lambda: pandas_from_file_once(store, part))
            ),
            "Django bulk_create, a tenth": (few, lambda: django_once(store, *tenth)),
            COPIED: (few, lambda: copy_once(store, *tenth)),
        })  # fmt: skip
        ours, copied = speeds.pop(OURS), speeds.pop(COPIED)
        for number, (name, speed) in enumerate(speeds.items()):
            yield Row("  the same" if number else OURS, ours, "rows/s", name, speed)
        yield Row(COPIED, copied, "rows/s", TO_SQL, speeds[TO_SQL])
        command, server = peak_memory(path)
        yield Row("  peak memory of the command", command, "MB", "what it may be", 600)
        yield Row("  and of its database session", server, "MB", "what the command may be", 600)


def write_file(path: Path, receipts: int) -> int:
    chance, at, lines = random.Random(5), FIRST, 0
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["receipt", "paid_at", "till", "product", "category", "quantity", "amount"])
        for k in range(receipts):
            at += timedelta(seconds=chance.randint(20, 80))
            for _ in range(LINES[k % len(LINES)]):
                product, category, price = chance.choice(PRODUCTS)
                quantity = chance.choice((1, 1, 1, 2, 3))
                told = [f"{at:%d.%m.%Y %H:%M:%S}", k % 4 + 1, product, category, quantity, f"{price * quantity:.2f}"]
                writer.writerow([f"R{k:07d}", *told])
                lines += 1
    return lines


def import_once(store: Store, path: Path) -> None:
    row = imports.run(PurchaseImport(store=store, file_name="bench.csv"), path, imports.Choice())
    assert row.status == PurchaseImport.Status.DONE and not row.refused


def parsed(path: Path) -> Parsed:
    """(receipts, lines) as they are stored, without any work left to do."""
    purchases: dict[str, list[Any]] = {}
    lines: list[list[Any]] = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            at = datetime.strptime(row["paid_at"], "%d.%m.%Y %H:%M:%S").replace(tzinfo=UTC)
            purchase = purchases.setdefault(
                row["receipt"], [len(purchases) + FIRST_ID, row["receipt"], row["till"], at, 0.0, 0]
            )
            purchase[4] = round(purchase[4] + float(row["amount"]), 2)
            purchase[5] += int(row["quantity"])
            lines.append([purchase[0], row["product"], row["category"], row["quantity"], row["amount"]])
    return list(purchases.values()), lines


def _csv(rows: list[list[Any]]) -> io.StringIO:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    return text


def copy_once(store: Store, purchases: list[list[Any]], lines: list[list[Any]]) -> float:
    """Seconds that COPY alone takes, into the same tables with the same indexes and constraints."""
    brought_by = _import(store).pk
    first = _csv([[p[0], store.pk, *p[1:], "", brought_by] for p in purchases])
    second = _csv(lines)

    def copy() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            options = "WITH (FORMAT csv, FORCE_NOT_NULL (visit_ref))"
            cursor.copy_expert(
                f"COPY analytics_purchase ({PURCHASE_COLUMNS}) FROM STDIN {options}", first, size=1 << 20
            )
            cursor.copy_expert(
                f"COPY analytics_purchaseline ({LINE_COLUMNS}) FROM STDIN WITH (FORMAT csv)", second, size=1 << 20
            )

    return seconds(copy)


def _engine() -> Engine:
    from sqlalchemy import create_engine

    return create_engine(
        "postgresql+psycopg2://", creator=lambda: connection.get_new_connection(connection.get_connection_params())
    )


def pandas_once(store: Store, purchases: list[list[Any]], lines: list[list[Any]], **how: Any) -> float:
    """Seconds of `DataFrame.to_sql`, as its manual shows it: both frames ready, receipts' ids in them."""
    import pandas as pd

    engine, brought_by = _engine(), _import(store).pk
    one = pd.DataFrame(purchases, columns=["id", "receipt", "till", "paid_at", "amount", "items"])
    one = one.assign(store_id=store.pk, visit_ref="", brought_by_id=brought_by)
    two = pd.DataFrame(lines, columns=LINE_COLUMNS.split(", ")).astype({"quantity": float, "amount": float})

    def write() -> None:
        one.to_sql("analytics_purchase", engine, if_exists="append", index=False, **how)
        two.to_sql("analytics_purchaseline", engine, if_exists="append", index=False, **how)

    return seconds(write)


def pandas_multi_once(store: Store, purchases: list[list[Any]], lines: list[list[Any]]) -> float:
    return pandas_once(store, purchases, lines, method="multi", chunksize=1_000)


def pandas_from_file_once(store: Store, path: Path) -> None:
    """What ours does to this one file, by hand: read, sum up by receipt, store, have the ids, store the lines.

    It knows the columns and the order of dates beforehand, and looks for no faults and no duplicates.
    """
    import pandas as pd

    engine, brought_by = _engine(), _import(store).pk
    read = pd.read_csv(path, dtype={"receipt": str, "till": str})
    read["paid_at"] = pd.to_datetime(read["paid_at"], format="%d.%m.%Y %H:%M:%S", utc=True)
    by_receipt = read.groupby("receipt", sort=False, as_index=False)
    one = by_receipt.agg(
        till=("till", "first"), paid_at=("paid_at", "first"), amount=("amount", "sum"), items=("quantity", "sum")
    )
    one = one.assign(amount=one["amount"].round(2), store_id=store.pk, visit_ref="", brought_by_id=brought_by)
    one.to_sql("analytics_purchase", engine, if_exists="append", index=False)
    stored = f"SELECT id AS purchase_id, receipt FROM analytics_purchase WHERE brought_by_id = {brought_by}"
    two = read.merge(pd.read_sql(stored, engine), on="receipt")[LINE_COLUMNS.split(", ")]
    two.to_sql("analytics_purchaseline", engine, if_exists="append", index=False)


def django_once(store: Store, purchases: list[list[Any]], lines: list[list[Any]]) -> float:
    brought_by = _import(store).pk

    def write() -> None:
        with transaction.atomic():
            names = ("pk", "receipt", "till", "paid_at", "amount", "items")
            made = [
                Purchase(store=store, brought_by_id=brought_by, **dict(zip(names, p, strict=True))) for p in purchases
            ]
            Purchase.objects.bulk_create(made, batch_size=5_000)
            found = [PurchaseLine(**dict(zip(LINE_COLUMNS.split(", "), line, strict=True))) for line in lines]
            PurchaseLine.objects.bulk_create(found, batch_size=5_000)

    return seconds(write)


def _import(store: Store) -> PurchaseImport:
    return PurchaseImport.objects.create(store=store, file_name="bench.csv")


def in_turns(ways: dict[str, tuple[int, Callable[[], float]]]) -> dict[str, float]:
    """Rows per second of each way, (rows, how many seconds it takes once), at its best; each into empty tables."""
    fewest = dict.fromkeys(ways, math.inf)
    for _ in range(ROUNDS):
        for name, (_, once) in ways.items():
            fewest[name] = min(fewest[name], once())
            with connection.cursor() as cursor:
                # Not through undo: taking back is not what is measured here.
                cursor.execute("TRUNCATE analytics_purchaseline, analytics_purchase CASCADE")
    return {name: rows / fewest[name] for name, (rows, _) in ways.items()}


def peak_memory(path: Path) -> tuple[float, float]:
    """MB that the command takes at most, and its session of the database beyond what all sessions share."""
    store = Store.objects.create(name="Bench memory", timezone="UTC")
    command = [sys.executable, "manage.py", "import_sales", str(path), "--store", str(store.pk)]
    others = {process.pid for process in _sessions()}
    ours, sessions = 0.0, 0.0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            ours = max(ours, _most_yet(process.pid))
            sessions = max(sessions, _own_memory(others))
            time.sleep(LOOK_EVERY)
    assert process.returncode == 0
    return ours, sessions


def _most_yet(pid: int) -> float:
    """MB that a process has taken at most so far; `wait4` would count what its parent had when it forked, too."""
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6
    return 0.0


def _own_memory(others: set[int]) -> float:
    found = 0.0
    for process in _sessions():
        if process.pid not in others:
            with suppress(psutil.NoSuchProcess):
                memory = process.memory_info()
                found = max(found, (memory.rss - memory.shared) / 1e6)
    return found


def _sessions() -> list[psutil.Process]:
    """The processes of the bench's own Postgres."""
    cluster = servers.place().cluster
    postmaster = int((cluster / "postmaster.pid").read_text().split()[0])
    return psutil.Process(postmaster).children()
