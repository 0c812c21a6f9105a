"""Purchases go in: previewed first, then staged by COPY and stored by one statement, all or nothing."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections import defaultdict
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.timezone import now

from analytics.matching import mark_dirty
from analytics.models import Purchase, PurchaseImport
from analytics.sales import parse, sniff
from analytics.sales.formats import DateOrder, Mapping, MappingError, recognise
from analytics.sales.parse import Parsed, ParsedPurchase, Refused
from inference.models import Store

SAMPLE = 5
# So many refused rows are listed; the count is always whole.
MOST_REFUSED_LISTED = 2_000
STALE_AFTER = timedelta(hours=24)


@dataclass(frozen=True)
class Choice:
    """How a file is to be read and taken. `columns` maps our fields to the file's columns; None lets us guess."""

    columns: dict[str, str] | None = None
    dates: DateOrder = ""
    branch: str = ""
    all_or_none: bool = False


@dataclass
class Sorted:
    """A parsed file beside what the store has: what is new, what is there already, what cannot go in."""

    mapping: Mapping
    text: sniff.Text
    parsed: Parsed
    new: list[ParsedPurchase]
    duplicates: list[ParsedPurchase]
    refused: list[Refused]


# Preview --------------------------------------------------------------------------------


def preview(
    store: Store, file_name: str, data: bytes, *, user: Any = None, choice: Choice | None = None
) -> PurchaseImport:
    """Say what importing a file would do; stores nothing but that, and the file until it is confirmed or discarded."""
    row = PurchaseImport(
        store=store, file_name=file_name[-255:], checksum=hashlib.sha256(data).hexdigest(), created_by=user
    )
    choice = choice or Choice()
    try:
        sorted_file = sort(store, data, choice)
    except (sniff.UnreadableError, MappingError, parse.AmbiguousDatesError) as error:
        row.status, row.message = PurchaseImport.Status.FAILED, str(error)
        row.save()
        return row
    _describe(row, sorted_file, choice)
    with transaction.atomic():
        row.save()
        _keep(row, data)
    return row


def sort(store: Store, data: bytes, choice: Choice) -> Sorted:
    """Parse a file and hold it against the store's receipts. Raises the readers' errors for a file as a whole."""
    text, mapping = find_header(sniff.read(data), choice.columns)
    if choice.dates:
        mapping = replace(mapping, dates=choice.dates)
    parsed = parse.parse(text, mapping, store.zone, branch=choice.branch)
    if parsed.rows == 0:
        raise sniff.UnreadableError(
            "The file has a header but no rows" + (" of this branch." if choice.branch else ".")
        )
    known = _known(store, [purchase.receipt for purchase in parsed.purchases])
    result = Sorted(mapping, text, parsed, [], [], list(parsed.refused))
    for purchase in parsed.purchases:
        _sort_one(purchase, known, result)
    return result


def find_header(text: sniff.Text, wanted: dict[str, str] | None) -> tuple[sniff.Text, Mapping]:
    """The first row whose cells name the columns of purchases, what stands above it left out. Raises MappingError."""
    rows = list(islice(text.rows(), sniff.HEADER_WITHIN))
    for number, row in rows:
        try:
            return replace(text, preamble=number - 1), recognise(row, wanted)
        except MappingError:
            continue
    return text, recognise(rows[0][1], wanted)


def _known(store: Store, receipts: list[str]) -> dict[str, tuple[datetime, Decimal]]:
    rows = Purchase.objects.filter(store=store, receipt__in=receipts).values_list("receipt", "paid_at", "amount")
    return {receipt: (paid_at, amount) for receipt, paid_at, amount in rows}


def _sort_one(purchase: ParsedPurchase, known: dict[str, tuple[datetime, Decimal]], result: Sorted) -> None:
    purchase.amount = purchase.amount.quantize(parse.CENT)
    there = known.get(purchase.receipt)
    if there is None:
        result.new.append(purchase)
    elif there == (purchase.paid_at, purchase.amount):
        result.duplicates.append(purchase)
    else:
        other = f"{there[1]} at {there[0]:%Y-%m-%d %H:%M} UTC"
        reason = f"receipt {purchase.receipt} is already here with another amount or time ({other})"
        column = result.mapping.columns.get("receipt", "")
        result.refused += [Refused(number, column, purchase.receipt, reason) for number in purchase.rows]


def _describe(row: PurchaseImport, found: Sorted, choice: Choice) -> None:
    times = [purchase.paid_at for purchase in found.parsed.purchases]
    row.rows = found.parsed.rows
    row.purchases_count, row.duplicates = len(found.new), len(found.duplicates)
    row.lines_count = sum(len(purchase.lines) for purchase in found.new)
    row.refused = [asdict(item) for item in found.refused[:MOST_REFUSED_LISTED]]
    row.first_at, row.last_at = min(times, default=None), max(times, default=None)
    row.total = sum((purchase.amount for purchase in found.new), Decimal(0))
    row.mapping = {
        "format": found.mapping.format,
        "columns": found.mapping.columns,
        "encoding": found.text.encoding,
        "delimiter": found.text.delimiter,
        "dates": found.mapping.dates,
        "branches": found.parsed.branches,
        "other_branches": found.parsed.other_branches,
        "left_out": found.parsed.left_out,
        "refused_rows": len(found.refused),
        "by_day": _by_day(row.store, found.new),
        "sample": [_sample(purchase, row.store) for purchase in found.new[:SAMPLE]],
        "choice": asdict(choice),
    }


def _by_day(store: Store, purchases: list[ParsedPurchase]) -> dict[str, dict[str, Any]]:
    days: dict[str, list[Decimal]] = defaultdict(list)
    for purchase in purchases:
        days[purchase.paid_at.astimezone(store.zone).date().isoformat()].append(purchase.amount)
    return {day: {"purchases": len(amounts), "total": str(sum(amounts))} for day, amounts in sorted(days.items())}


def _sample(purchase: ParsedPurchase, store: Store) -> dict[str, Any]:
    return {
        "receipt": purchase.receipt,
        "paid_at": purchase.paid_at.astimezone(store.zone).isoformat(),
        "amount": str(purchase.amount),
        "items": purchase.items,
        "till": purchase.till,
        "category": purchase.lines[0].category if purchase.lines else "",
    }


# The file, until it is decided about --------------------------------------------------------------------------------


def _file(import_id: int) -> Path:
    return Path(settings.DATA_DIR) / "sales" / str(import_id)


def _keep(row: PurchaseImport, data: bytes) -> None:
    path = _file(row.pk)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(data)


def discard(import_id: int) -> None:
    """Forget a preview and its file."""
    PurchaseImport.objects.filter(pk=import_id, status=PurchaseImport.Status.PREVIEWED).delete()
    _file(import_id).unlink(missing_ok=True)


def forget_stale() -> int:
    """Discard previews that nobody decided about for a day."""
    stale = PurchaseImport.objects.filter(status=PurchaseImport.Status.PREVIEWED, created_at__lt=now() - STALE_AFTER)
    ids = list(stale.values_list("pk", flat=True))
    for import_id in ids:
        discard(import_id)
    return len(ids)


# Storing --------------------------------------------------------------------------------


def confirm(import_id: int) -> PurchaseImport:
    """Import a previewed file. Killed at any moment it has stored all or nothing, and can simply be run again."""
    try:
        data = _file(import_id).read_bytes()
    except FileNotFoundError:
        return _without_file(import_id)
    with transaction.atomic():
        row = PurchaseImport.objects.select_for_update(of=("self",)).select_related("store").get(pk=import_id)
        if row.status in (PurchaseImport.Status.PREVIEWED, PurchaseImport.Status.RUNNING):
            _import(row, data, Choice(**row.mapping["choice"]))
    _file(import_id).unlink(missing_ok=True)
    return row


def _without_file(import_id: int) -> PurchaseImport:
    """The import is done already, or its file is gone for good."""
    row = PurchaseImport.objects.get(pk=import_id)
    if row.status in (PurchaseImport.Status.PREVIEWED, PurchaseImport.Status.RUNNING):
        row.status, row.message = PurchaseImport.Status.FAILED, "The file is gone; please upload it again."
        row.save(update_fields=["status", "message"])
    return row


def _import(row: PurchaseImport, data: bytes, choice: Choice) -> None:
    found = sort(row.store, data, choice)  # anew: another import may have come in between
    if choice.all_or_none and found.refused:
        row.status = PurchaseImport.Status.FAILED
        row.message = (
            f"{len(found.refused)} rows were refused, and all rows or none were asked for; nothing was imported."
        )
        found.new.clear()
    else:
        row.status = PurchaseImport.Status.DONE
    _describe(row, found, choice)
    row.progress = 100
    row.save()
    store_purchases(row, found.new)
    mark_dirty(row.store, [purchase.paid_at for purchase in found.new])


def store_purchases(row: PurchaseImport, purchases: list[ParsedPurchase]) -> None:
    """COPY to a staging table, then one statement each for receipts and their lines."""
    with connection.cursor() as cursor:
        cursor.execute(STAGING)
        cursor.copy_expert(f"COPY staged ({', '.join(STAGED)}) FROM STDIN WITH (FORMAT csv)", _staged(purchases))
        cursor.execute(STORE_PURCHASES, {"store": row.store_id, "import": row.pk})
        cursor.execute(STORE_LINES, {"store": row.store_id})
        cursor.execute("DROP TABLE staged")


STAGED = ("receipt", "till", "paid_at", "amount", "items", "visit_ref", "lines")
STAGING = """
    CREATE TEMPORARY TABLE staged (
        receipt text, till text, paid_at timestamptz, amount numeric(12, 2), items integer, visit_ref text, lines jsonb
    ) ON COMMIT DROP
"""
STORE_PURCHASES = """
    INSERT INTO analytics_purchase (store_id, receipt, till, paid_at, amount, items, visit_ref, brought_by_id)
    SELECT %(store)s, receipt, coalesce(till, ''), paid_at, amount, items, coalesce(visit_ref, ''), %(import)s
    FROM staged
"""
STORE_LINES = """
    INSERT INTO analytics_purchaseline (purchase_id, product, category, quantity, amount)
    SELECT p.id, line ->> 'product', line ->> 'category', (line ->> 'quantity')::numeric, (line ->> 'amount')::numeric
    FROM staged s
    JOIN analytics_purchase p ON p.store_id = %(store)s AND p.receipt = s.receipt
    CROSS JOIN jsonb_array_elements(s.lines) AS line
"""


def _staged(purchases: list[ParsedPurchase]) -> io.StringIO:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for p in purchases:
        lines = json.dumps([{name: str(value) for name, value in asdict(line).items()} for line in p.lines])
        writer.writerow([p.receipt, p.till, p.paid_at.isoformat(), p.amount, p.items, p.visit_ref, lines])
    buffer.seek(0)
    return buffer
