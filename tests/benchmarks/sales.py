"""CSV rows per second, beside a raw COPY of the same rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from django.db import connection

from analytics.models import PurchaseImport
from analytics.sales import imports
from inference.models import Store
from tests.benchmarks.table import Row, side_by_side

ROWS = 20_000
FIRST = datetime(2026, 1, 5, 9, tzinfo=UTC)


def rows() -> Iterator[Row]:
    store = Store.objects.create(name="Bench sales", timezone="Europe/Oslo")
    data, numbers = file(), count(1)
    ours, theirs = side_by_side(lambda: import_once(store, data), lambda: copy_once(data, next(numbers)), rounds=3)
    yield Row("sales rows, checked and stored", ROWS / ours, "rows/s", "raw COPY of the same rows", ROWS / theirs)


def file() -> bytes:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["receipt", "paid_at", "amount", "till", "category"])
    for k in range(ROWS):
        paid_at = FIRST + timedelta(minutes=3 * k)
        writer.writerow([f"R{k:06d}", paid_at.isoformat(), f"{5 + k % 900 / 10:.2f}", "1", "Paper goods"])
    return text.getvalue().encode()


def import_once(store: Store, data: bytes) -> None:
    """Preview and import, as the page does; what it brought goes again."""
    row = imports.confirm(imports.preview(store, "bench.csv", data).pk)
    assert row.purchases_count == ROWS and row.status == PurchaseImport.Status.DONE
    with connection.cursor() as cursor:
        # Not through undo: taking back is not what is measured here.
        cursor.execute("TRUNCATE analytics_purchaseline, analytics_purchase CASCADE")


def copy_once(data: bytes, number: int) -> None:
    """The file into a table with the same index, without a look at it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE bench_{number} (receipt text PRIMARY KEY, paid_at timestamptz, amount numeric(12, 2), "
            "till text, category text)"
        )
        cursor.copy_expert(f"COPY bench_{number} FROM STDIN WITH (FORMAT csv, HEADER)", io.BytesIO(data))
        cursor.execute(f"DROP TABLE bench_{number}")
