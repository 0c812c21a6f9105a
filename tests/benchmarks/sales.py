"""Sales rows per second: import of a till's file, beside raw COPY of its parsed rows, pandas and Django.

`python -m tests.benchmarks.sales 1000000` is the full run: so many receipts, two and a half times as many lines.
"""

from __future__ import annotations

import csv
import io
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from analytics.models import Purchase, PurchaseImport, PurchaseLine
from analytics.sales import imports
from inference.models import Store
from tests.benchmarks.database import empty_foyer
from tests.benchmarks.table import Row, seconds

RECEIPTS = 40_000
ROUNDS = 3
FIRST = datetime(2023, 1, 2, 8, tzinfo=UTC)
LINES = (1, 2, 2, 3, 4, 3)  # of one receipt after the other: 2.5 on average
PRODUCTS = [(f"Product {k}", f"Category {k % 20}", 0.5 + k % 397 / 10) for k in range(2_000)]
PURCHASE_COLUMNS = "id, store_id, receipt, till, paid_at, amount, items, visit_ref, brought_by_id"
LINE_COLUMNS = "purchase_id, product, category, quantity, amount"
FIRST_ID = 1_000_000_000  # of rows that the yardsticks bring


def rows(receipts: int = RECEIPTS) -> Iterator[Row]:
    store = Store.objects.create(name=f"Bench sales {receipts}", timezone="UTC")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "till.csv"
        lines = write_file(path, receipts)
        ours = best(lambda: import_once(store, path))
        theirs, tenth = parsed(path, receipts), parsed(path, receipts // 10)
        copy = best(lambda: copy_once(store, *theirs))
        yield Row("sales rows, checked and stored", lines / ours, "rows/s", "raw COPY of the parsed rows", lines / copy)
        for name, store_them in (("pandas to_sql", pandas_once), ("Django bulk_create", django_once)):
            taken = best(lambda store_them=store_them: store_them(store, *tenth), rounds=1)  # type: ignore[misc]
            yield Row("  the same", lines / ours, "rows/s", f"{name}, a tenth", len(tenth[1]) / taken)
        peak = peak_memory(path)
        yield Row("  peak memory of the command", peak, "MB", "what it may be", 600)


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


def parsed(path: Path, receipts: int) -> tuple[list[list[Any]], list[list[Any]], int]:
    """(receipts, lines, number of an import) as they are stored, without any work left to do."""
    purchases: dict[str, list[Any]] = {}
    lines: list[list[Any]] = []
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            if row["receipt"] not in purchases and len(purchases) == receipts:
                break
            at = datetime.strptime(row["paid_at"], "%d.%m.%Y %H:%M:%S").replace(tzinfo=UTC)
            purchase = purchases.setdefault(
                row["receipt"], [len(purchases) + FIRST_ID, row["receipt"], row["till"], at, 0.0, 0]
            )
            purchase[4] = round(purchase[4] + float(row["amount"]), 2)
            purchase[5] += int(row["quantity"])
            lines.append([purchase[0], row["product"], row["category"], row["quantity"], row["amount"]])
    return list(purchases.values()), lines, 0


def _csv(rows: list[list[Any]]) -> io.StringIO:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    text.seek(0)
    return text


def copy_once(store: Store, purchases: list[list[Any]], lines: list[list[Any]], _: int) -> float:
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


def pandas_once(store: Store, purchases: list[list[Any]], lines: list[list[Any]], _: int) -> float:
    """Seconds of `DataFrame.to_sql`, as its manual shows it."""
    import pandas as pd
    from sqlalchemy import create_engine

    engine = create_engine(
        "postgresql+psycopg2://", creator=lambda: connection.get_new_connection(connection.get_connection_params())
    )
    brought_by = _import(store).pk
    one = pd.DataFrame(purchases, columns=["id", "receipt", "till", "paid_at", "amount", "items"])
    one = one.assign(store_id=store.pk, visit_ref="", brought_by_id=brought_by)
    two = pd.DataFrame(lines, columns=LINE_COLUMNS.split(", ")).astype({"quantity": float, "amount": float})

    def write() -> None:
        one.to_sql("analytics_purchase", engine, if_exists="append", index=False)
        two.to_sql("analytics_purchaseline", engine, if_exists="append", index=False)

    return seconds(write)


def django_once(store: Store, purchases: list[list[Any]], lines: list[list[Any]], _: int) -> float:
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


def best(work: Callable[[], float | None], rounds: int = ROUNDS) -> float:
    """The fewest seconds of some rounds, each into empty tables; what a round returns is its time, if it does."""
    found = []
    for _ in range(rounds):
        told: list[float | None] = []
        taken = seconds(lambda told=told: told.append(work()))  # type: ignore[misc]
        found.append(told[0] if told[0] is not None else taken)
        with connection.cursor() as cursor:
            # Not through undo: taking back is not what is measured here.
            cursor.execute("TRUNCATE analytics_purchaseline, analytics_purchase CASCADE")
    return min(found)


def peak_memory(path: Path) -> float:
    """MB that the command takes at most, in a process of its own; it only looks at the file."""
    store = Store.objects.create(name="Bench memory", timezone="UTC")
    command = [sys.executable, "manage.py", "import_sales", str(path), "--store", str(store.pk), "--dry-run"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss / 1000


def main() -> None:
    receipts = int(sys.argv[1]) if len(sys.argv) > 1 else RECEIPTS
    with empty_foyer():
        for row in rows(receipts):
            print(row, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
