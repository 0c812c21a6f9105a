"""The life of an import: previewed, confirmed or discarded, cancelled or killed; all or nothing whenever it ends."""

from __future__ import annotations

import gc
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import F
from django.utils.timezone import now

from analytics import access, locks
from analytics.models import PurchaseImport, SalesMapping
from analytics.sales import columns, files, oddities, personal, sniff, stage
from analytics.sales import store as storing
from analytics.sales.formats import Mapping, MappingError, recognise
from analytics.sales.headers import NUMBERED, are_numbered, numbered, unique
from analytics.sales.numbers import Mark
from analytics.sales.parse import Branches, Chunk, Parser
from analytics.sales.sniff import Source, UnreadableError
from analytics.sales.stage import Shape
from analytics.sales.survey import Survey, chunks, survey
from analytics.sales.times import AmbiguousDatesError, DateOrder, OrderEvidence
from inference.models import Store

MOVED_ON: Final = """
    UPDATE analytics_purchaseimport SET progress = %s, touched_at = %s WHERE id = %s RETURNING status
"""
NOTIFY_EVERY: Final = 0.5  # seconds
ABANDONED_AFTER: Final = timedelta(seconds=90)  # without a step; none takes longer than some seconds
MOST_TRIES: Final = 3
SAMPLE: Final = 8
CHANGED: Final = "action = 'changed'"
STALE_AFTER: Final = timedelta(hours=24)
AT_ONCE_BYTES: Final = 3_000_000  # larger uploads are read by a worker, with progress
ROUNDING: Final = "each receipt to the cent, halves away from zero"
UNPACKED, SURVEYED, PARSED, GATHERED, DESCRIBED, STORED = 8, 10, 50, 65, 70, 99  # percent

VALUE: Final = re.compile(r"[\W\d_]*\d[\W\d_]*")
MOSTLY: Final = 0.6  # share of a column's cells that make it one of numbers or dates
NO_HEADER: Final = "The file does not say what its columns are called. Please say which is what; they are numbered."

Notify = Callable[[int], None]


class CancelledError(Exception):
    """Somebody cancelled the import while it ran."""


@dataclass(frozen=True)
class Choice:
    """How a file is to be read and taken. `columns` maps our fields to the file's columns; None lets us guess.

    `branches` says which store a branch's rows go to; what it does not name goes by the stores' names.
    """

    columns: dict[str, str] | None = None
    dates: DateOrder = ""
    mark: Mark = ""
    branch: str = ""
    branches: dict[str, int] = field(default_factory=dict)
    all_or_none: bool = False
    saved: str = ""  # the name of the store's own mapping that is used


@dataclass
class Opened:
    """A file whose header was found."""

    source: Source
    columns: list[columns.Column]
    mapping: Mapping
    personal: frozenset[str]


@dataclass
class Read:
    """A file in the staging tables, held against what the stores have."""

    opened: Opened
    survey: Survey
    shape: Shape
    parser: Parser
    counts: stage.Counts
    repeated: int
    notes: list[str]


# Finding the header --------------------------------------------------------------------------------


def open_file(path: Path, choice: Choice, *, anything: bool = False) -> Opened:
    """The first row whose cells name the columns of purchases; what stands above it is left out.

    Raises UnreadableError, and MappingError unless `anything` will do.
    """
    source = sniff.open_file(path)
    rows = _first_rows(source)
    if not rows:
        raise UnreadableError("The file is empty.")
    if _has_no_header(rows):
        return _opened_numbered(source, rows, choice, anything=anything)
    nameless: Opened | None = None
    for place in range(min(len(rows), sniff.HEADER_WITHIN)):
        if _is_data(rows[place][1]):
            continue
        try:
            opened = _opened(source, rows, place, choice)
        except MappingError:
            continue
        if not any(NUMBERED.fullmatch(name) for name in opened.mapping.columns.values()):
            return opened
        # A title stands above the header, it may be; a row of data above it, and it is none.
        if not any(_is_data(cells) for _, cells in rows[:place]):
            nameless = nameless or opened
    return nameless or _opened(source, rows, _likeliest_header(rows), choice, anything=anything)


def _first_rows(source: Source) -> list[sniff.Row]:
    rows = source.rows()
    return [row for row, _ in zip(rows, range(columns.SAMPLE + sniff.HEADER_WITHIN), strict=False)]


def _is_data(cells: list[str]) -> bool:
    """Whether some cell is a number or a date, which no column is called."""
    return any(VALUE.fullmatch(cell.strip()) for cell in cells)


def _has_no_header(rows: list[sniff.Row]) -> bool:
    """Whether the first row is like those below it: a number or a date where they have some, in two columns or more."""
    first, below = rows[0][1], [cells for _, cells in rows[1:]]
    told = [k for k in range(len(first)) if below and _tells_values([row[k] for row in below if k < len(row)])]
    return len(told) > 1 and all(VALUE.fullmatch(first[k].strip()) for k in told)


def _tells_values(cells: list[str]) -> bool:
    return sum(bool(VALUE.fullmatch(cell.strip())) for cell in cells) > MOSTLY * len(cells)


def _opened_numbered(source: Source, rows: list[sniff.Row], choice: Choice, *, anything: bool) -> Opened:
    """Which column is what is not guessed here: nothing but numbers would tell an amount from a receipt's number."""
    if choice.columns is None and not anything:
        raise MappingError(NO_HEADER)
    header = numbered(max(len(cells) for _, cells in rows))
    first = [(rows[0][0], header), *rows]
    return _opened(replace(source, is_headless=True), first, 0, choice, anything=anything)


def _likeliest_header(rows: list[sniff.Row]) -> int:
    """The first row as wide as the widest."""
    widths = [sum(bool(cell.strip()) for cell in cells) for _, cells in rows[: sniff.HEADER_WITHIN]]
    return next(k for k, width in enumerate(widths) if width >= max(widths) * 0.8)


def _opened(source: Source, rows: list[sniff.Row], place: int, choice: Choice, *, anything: bool = False) -> Opened:
    number, cells = rows[place]
    header = unique(cells)
    if are_numbered(header) and choice.columns is None and not anything:
        raise MappingError(NO_HEADER)
    below = [cells for _, cells in rows[place + 1 :]]
    found = columns.columns_of(header, below)
    mapping = recognise(found, choice.columns, anything=anything)
    if choice.dates:
        mapping = replace(mapping, dates=choice.dates)
    if choice.mark:
        mapping = replace(mapping, mark=choice.mark)
    found_source = replace(source, skip=number - 1, header=header)
    return Opened(found_source, found, mapping, personal.columns(header, below))


def with_saved(store: Store, path: Path, choice: Choice) -> Choice:
    """The store's own mapping for files like this one, unless something was said."""
    if choice.columns is not None:
        return choice
    source = sniff.open_file(path)
    rows = _first_rows(source)
    headers = [set(unique(cells)) for _, cells in rows[: sniff.HEADER_WITHIN]]
    if rows and _has_no_header(rows):
        headers.append(set(numbered(max(len(cells) for _, cells in rows))))
    for saved in SalesMapping.objects.filter(store=store):
        if any(set(saved.header) <= names for names in headers):
            return from_saved(saved, choice)
    return choice


def from_saved(saved: SalesMapping, choice: Choice) -> Choice:
    said = saved.choice
    return replace(
        choice,
        columns=said["columns"],
        dates=choice.dates or said.get("dates", ""),
        mark=choice.mark or said.get("mark", ""),
        branches=said.get("branches", {}) | choice.branches,
        saved=saved.name,
    )


def save_mapping(store: Store, name: str, mapping: Mapping, choice: Choice) -> SalesMapping:
    """Keep a mapping as the store's own; the next file with these columns is read by it."""
    said = {"columns": mapping.columns, "dates": choice.dates, "mark": choice.mark, "branches": choice.branches}
    header = sorted(set(mapping.columns.values()))
    saved, _ = SalesMapping.objects.update_or_create(
        store=store, name=name, defaults={"header": header, "choice": said}
    )
    return saved


# Reading --------------------------------------------------------------------------------


@contextmanager
def read(
    store: Store, path: Path, choice: Choice, *, stores: Iterable[Store] | None = None, notify: Notify | None = None
) -> Iterator[Read]:
    """The file in the staging tables, inside a transaction that may go on to store it.

    `stores` are those that rows may go to; all by default. Raises UnreadableError, MappingError, AmbiguousDatesError.
    """
    tell = notify or (lambda _: None)
    opened = open_file(path, choice)
    with sniff.unpacked(opened.source, files.folder(), lambda share: tell(round(UNPACKED * share))) as source:
        opened.source = source
        with _read(store, opened, choice, stores, tell) as found:
            yield found


@contextmanager
def _read(store: Store, opened: Opened, choice: Choice, stores: Iterable[Store] | None, tell: Notify) -> Iterator[Read]:
    mapping = opened.mapping
    seen, notes = _survey(opened, store, tell)
    if seen.rows == 0:
        raise UnreadableError("The file has a header but no rows.")
    branches, more = _branches(store, seen, choice, stores)
    parser = Parser(opened.source, mapping, seen, store.zone, branches)
    stage.create()
    try:
        left_out = _stage(parser, opened.source, seen, tell)
        shape = Shape(parser.has_whole, seen.discount_is_rate, mapping)
        with transaction.atomic():
            locks.hold(store, locks.Work.SALES)
            repeated = stage.gather(shape, parser, lambda share: tell(PARSED + round((GATHERED - PARSED) * share)))
            counts = stage.count()
            counts.rows_left_out = left_out
            yield Read(opened, seen, shape, parser, counts, repeated, [*notes, *more])
    finally:
        if not connection.needs_rollback:
            stage.drop()


def _survey(opened: Opened, store: Store, tell: Notify) -> tuple[Survey, list[str]]:
    """What the whole file tells; where its dates do not tell their order, its other dates or an earlier import may."""
    source, mapping = opened.source, opened.mapping
    today = now().astimezone(store.zone).date()
    try:
        with _without_garbage_collection():
            seen = survey(source, mapping, today, lambda share: tell(round(SURVEYED * share)))
        notes: list[str] = []
    except AmbiguousDatesError:
        order, because = _order_elsewhere(opened, store)
        if not order:
            raise
        seen = survey(source, replace(mapping, dates=order), today)
        notes = [f"The dates are read {seen.dates}, as {because}."]
    tell(SURVEYED)
    return seen, notes


def _order_elsewhere(opened: Opened, store: Store) -> tuple[DateOrder, str]:
    """(order, why) of other columns with dates, or of an earlier file like this one."""
    used = set(opened.mapping.columns.values())
    places = [k for k, column in enumerate(opened.columns) if column.name not in used and column.is_date()]
    found = OrderEvidence()
    for _, cells in opened.source.data() if places else ():
        found.add(cells[k].strip() for k in places if k < len(cells))
    if bool(found.day_first) != bool(found.month_first):
        order: DateOrder = "day-first" if found.day_first else "month-first"
        return order, f"another column's {found.day_first or found.month_first} can be read no other way"
    before = _earlier(store, opened.mapping)
    return (before.mapping["dates"], f"in import {before.pk} of a file with these columns") if before else ("", "")


def _earlier(store: Store, mapping: Mapping) -> PurchaseImport | None:
    done = PurchaseImport.objects.filter(store=store, status=PurchaseImport.Status.DONE).exclude(mapping__dates="")
    return done.filter(mapping__columns=mapping.columns).first()


def _branches(store: Store, seen: Survey, choice: Choice, stores: Iterable[Store] | None) -> tuple[Branches, list[str]]:
    """Branches go where was said, or to the store of their name; all of them to this one where none is a store."""
    if choice.branch:
        return Branches(store.pk, only=choice.branch), []
    allowed = {other.pk for other in stores} if stores is not None else None
    by_name = {other.name.lower(): other.pk for other in Store.objects.all()}
    found: dict[str, int | None] = {}
    for branch in seen.branches:
        goes_to = choice.branches.get(branch, by_name.get(branch.lower()))
        if goes_to is not None:
            found[branch.lower()] = goes_to if allowed is None or goes_to in allowed else None
    unknown = [branch for branch in seen.branches if branch.lower() not in found]
    if not found:
        several = len(seen.branches) > 1
        notes = [
            f"The file holds {len(seen.branches)} branches ({', '.join(seen.branches[:10])}); all go to {store.name}."
        ]
        return Branches(store.pk), notes if several else []
    notes = []
    if unknown:
        notes.append(f"These branches are no store here, their rows are refused: {', '.join(unknown[:10])}.")
    return Branches(None if unknown else store.pk, found), notes


def _stage(parser: Parser, source: Source, seen: Survey, tell: Notify) -> int:
    """All chunks into the staging tables; while one is copied, the next is parsed. How many rows were left out."""
    done = left_out = 0
    with _without_garbage_collection(), ThreadPoolExecutor(1) as ahead:
        rows = chunks(source)
        coming = ahead.submit(_next, parser, rows)
        while (found := coming.result()) is not None:
            coming = ahead.submit(_next, parser, rows)
            size, chunk = found
            stage.add(chunk)
            done, left_out = done + size, left_out + chunk.left_out
            tell(SURVEYED + (PARSED - SURVEYED) * done // max(seen.rows, 1))
    return left_out


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Millions of short-lived rows make no cycles, and looking for some takes half of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _next(parser: Parser, rows: Iterator[list[sniff.Row]]) -> tuple[int, Chunk] | None:
    found = next(rows, None)
    return (len(found), parser.chunk(found)) if found else None


# What is said of it --------------------------------------------------------------------------------


def describe(row: PurchaseImport, found: Read, choice: Choice) -> None:
    """What the import does, on its row."""
    counts, store = found.counts, row.store
    row.rows = found.survey.rows
    row.purchases_count, row.updated, row.duplicates = counts.new, counts.changed, counts.same
    row.lines_count, row.total = counts.lines, counts.total
    row.first_at, row.last_at = counts.first_at, counts.last_at
    row.refused = stage.refused()
    mapping, seen = found.opened.mapping, found.survey
    row.mapping = {
        "format": "saved" if choice.saved else mapping.format,
        "columns": mapping.columns,
        "encoding": found.opened.source.encoding,
        "delimiter": found.opened.source.delimiter,
        "sheet": found.opened.source.sheet,
        "dates": seen.dates,
        "dates_because": seen.why,
        "decimal_marks": seen.marks,
        "times_of_day": seen.has_times,
        "added_to_amount": list(mapping.plus),
        "taken_off_amount": list(mapping.minus),
        "personal_columns": sorted(found.opened.personal),
        "branches": seen.branches,
        "reaches": found.parser.branches.reaches,
        "stores": {str(pk): number for pk, number in stage.by_store().items()},
        "left_out": counts.rows_left_out,
        "voided": counts.voided,
        "refunds": counts.refunds,
        "refused_rows": counts.rows_refused,
        "rounding": {"rule": ROUNDING, "unrounded_total": str(counts.unrounded.normalize())},
        "row_counts": _row_counts(found),
        "by_day": stage.by_day(store.timezone),
        "sample": [shown(item, store) for item in stage.sample(SAMPLE)],
        "corrected": [shown(item, store) for item in stage.sample(SAMPLE, CHANGED)] if counts.changed else [],
        "warnings": [*found.notes, *oddities.warnings(store, found.parser, found.survey, mapping)],
        "choice": asdict(choice),
    }


def _row_counts(found: Read) -> dict[str, int]:
    """Each row of the file is counted once: they sum to `read`."""
    counts = found.counts
    return {
        "read": found.survey.rows,
        "stored": counts.rows_new,
        "corrected": counts.rows_changed,
        "duplicate": counts.rows_same + found.repeated,
        "refused": counts.rows_refused,
        "left_out": counts.rows_left_out,
    }


def shown(item: dict[str, Any], store: Store) -> dict[str, Any]:
    amount = item["amount"]
    return item | {
        "paid_at": item["paid_at"].astimezone(store.zone).isoformat(),
        "amount": None if amount is None else str(amount),
    }


# Previewing --------------------------------------------------------------------------------

Status = PurchaseImport.Status


def receive(
    store: Store, file_name: str, parts: Iterable[bytes], *, user: Any = None, choice: Choice | None = None
) -> PurchaseImport:
    """Keep an upload until it is decided about; nothing of it is read yet."""
    row = PurchaseImport(store=store, file_name=file_name[-255:], status=Status.READING, created_by=user)
    row.mapping = {"choice": asdict(choice or Choice())}
    with transaction.atomic():
        row.save()
        path = files.keep(row.pk, parts)
        row.checksum = checksum(path)
        row.save(update_fields=["checksum"])
    return row


def preview(
    store: Store, file_name: str, data: bytes, *, user: Any = None, choice: Choice | None = None
) -> PurchaseImport:
    """Keep a file and say what importing it would do; stores nothing but that."""
    return look(receive(store, file_name, [data], user=user, choice=choice).pk)


def _allowed(row: PurchaseImport) -> Iterable[Store] | None:
    """The stores that an import's rows may go to: those of whoever brought the file, whoever goes on with it."""
    return None if row.created_by is None else access.stores_for(row.created_by)


@contextmanager
def _alone(import_id: int) -> Iterator[bool]:
    """Whether this import is ours to work at; that it was begun is counted, waiting for a worker is not."""
    with locks.alone(locks.Work.SALES_FILE, import_id) as mine:
        if mine:
            PurchaseImport.objects.filter(pk=import_id).update(touched_at=now(), tries=F("tries") + 1)
        yield mine


def look(import_id: int) -> PurchaseImport:
    """Say what importing a kept file would do. Running twice says the same; while another does it, nothing is done."""
    with _alone(import_id) as mine:
        return _look(import_id) if mine else PurchaseImport.objects.get(pk=import_id)


def _look(import_id: int) -> PurchaseImport:
    row = PurchaseImport.objects.select_related("store", "created_by").get(pk=import_id)
    if row.status not in (Status.READING, Status.ASKING, Status.PREVIEWED):
        return row
    choice = Choice(**row.mapping["choice"])
    path = files.upload(import_id)
    try:
        choice = with_saved(row.store, path, choice)
        with (
            _progress(row) as notify,
            read(row.store, path, choice, stores=_allowed(row), notify=notify) as found,
        ):
            describe(row, found, choice)
            _keep_refused(row, found)
        row.status, row.message = Status.PREVIEWED, ""
    except FileNotFoundError:
        row.status, row.message = Status.FAILED, "The file is gone; please upload it again."
    except UnreadableError as error:
        row.status, row.message = Status.FAILED, str(error)
        files.forget(import_id)
    except (MappingError, AmbiguousDatesError) as error:
        row.status, row.message = Status.ASKING, str(error)
        row.mapping = {"choice": asdict(choice)}
    except CancelledError:
        return discard_cancelled(row)
    row.progress = 0
    if not PurchaseImport.objects.filter(pk=import_id).exclude(status=Status.CANCELLED).update(status=row.status):
        return discard_cancelled(row)
    row.save()
    return row


def _keep_refused(row: PurchaseImport, found: Read) -> None:
    if found.counts.rows_refused:
        files.write_refused(files.refused(row.pk), found.opened.source, stage.refused_rows(), found.opened.personal)


@contextmanager
def _progress(row: PurchaseImport) -> Iterator[Notify]:
    """Writes progress on the row, and notices there that it was cancelled; through a connection of its own, as nobody
    sees what is written in an open transaction."""
    aside = connection.copy()
    last = monotonic()

    def notify(percent: int) -> None:
        nonlocal last
        if monotonic() - last < NOTIFY_EVERY:
            return
        last = monotonic()
        with aside.cursor() as cursor:
            cursor.execute(MOVED_ON, [percent, now(), row.pk])
            found = cursor.fetchone()
        if found is not None and found[0] == Status.CANCELLED:
            raise CancelledError

    try:
        yield notify
    finally:
        aside.close()


def discard_cancelled(row: PurchaseImport) -> PurchaseImport:
    """Forget a file whose import was cancelled; one that somebody else has done meanwhile stays as it is."""
    cancelled = PurchaseImport.objects.filter(pk=row.pk, status=Status.CANCELLED)
    if cancelled.update(message="Cancelled; nothing was imported.", refused=[], progress=0):
        files.forget(row.pk)
    row.refresh_from_db()
    return row


def discard(import_id: int) -> None:
    """Forget a preview and its file."""
    waiting = (Status.READING, Status.ASKING, Status.PREVIEWED, Status.FAILED)
    if PurchaseImport.objects.filter(pk=import_id, status__in=waiting).delete()[0]:
        files.forget(import_id)


def cancel(import_id: int) -> None:
    """Have a running import stop at its next step, leaving nothing."""
    running = (Status.READING, Status.RUNNING)
    mine = PurchaseImport.objects.filter(pk=import_id, status__in=running)
    mine.update(status=Status.CANCELLED, message="Cancelled; nothing was imported.")


def forget_stale() -> int:
    """Discard previews that nobody decided about for a day."""
    waiting = (Status.READING, Status.ASKING, Status.PREVIEWED, Status.FAILED)
    stale = PurchaseImport.objects.filter(status__in=waiting, created_at__lt=now() - STALE_AFTER)
    ids = list(stale.values_list("pk", flat=True))
    for import_id in ids:
        discard(import_id)
    for import_id in PurchaseImport.objects.filter(status=Status.CANCELLED).values_list("pk", flat=True):
        files.forget(import_id)  # of a worker that died before it could
    files.forget_old()
    return len(ids)


def take_up_abandoned() -> list[tuple[int, str]]:
    """(id, status) of imports whose worker died, or whose message was lost, to be gone on with."""
    working = (Status.READING, Status.RUNNING, Status.UNDOING)
    late = PurchaseImport.objects.filter(status__in=working, touched_at__lt=now() - ABANDONED_AFTER)
    late.filter(tries__gt=MOST_TRIES).exclude(status=Status.UNDOING).update(
        status=Status.FAILED, message=f"Begun {MOST_TRIES + 1} times and never finished; nothing was imported."
    )
    found = list(late.values_list("pk", "status"))
    return [(pk, status) for pk, status in found if late.filter(pk=pk).update(touched_at=now())]


# Storing --------------------------------------------------------------------------------


def confirm(import_id: int) -> PurchaseImport:
    """Import a previewed file. Killed at any moment it has stored all or nothing, and can simply be run again; while
    another does it, nothing is done."""
    with _alone(import_id) as mine:
        return _confirm(import_id) if mine else PurchaseImport.objects.get(pk=import_id)


def _confirm(import_id: int) -> PurchaseImport:
    row = PurchaseImport.objects.select_related("store", "created_by").get(pk=import_id)
    if row.status not in (Status.PREVIEWED, Status.RUNNING):
        return row
    if not files.upload(import_id).exists():
        row.status, row.message = Status.FAILED, "The file is gone; please upload it again."
        row.save(update_fields=["status", "message"])
        return row
    try:
        with _progress(row) as notify:
            run(row, files.upload(import_id), Choice(**row.mapping["choice"]), notify=notify)
    except CancelledError:
        return discard_cancelled(row)
    files.upload(import_id).unlink(missing_ok=True)
    return row


def run(
    row: PurchaseImport,
    path: Path,
    choice: Choice,
    *,
    notify: Notify | None = None,
    dry: bool = False,
) -> PurchaseImport:
    """Read a file and store it in one transaction, the import's row among it; `dry` only says what would happen.

    The row is touched last, so that others see how far it is and may cancel it until then.
    """
    tell = notify or (lambda _: None)
    with read(row.store, path, choice, stores=_allowed(row), notify=notify) as found:
        if row.pk is None and not dry:
            row.save()
        describe(row, found, choice)
        tell(DESCRIBED)
        row.progress = 100
        if choice.all_or_none and found.counts.rows_refused:
            _nothing(row, found)
        elif not dry:
            storing.write(row.pk, found.shape, lambda share: tell(DESCRIBED + round((STORED - DESCRIBED) * share)))
            row.status = Status.DONE
        if not dry:
            _finish(row)
            _keep_refused(row, found)
    return row


def _finish(row: PurchaseImport) -> None:
    """Raises CancelledError when somebody cancelled it, or has finished it before."""
    unfinished = (Status.PREVIEWED, Status.RUNNING)
    if not PurchaseImport.objects.filter(pk=row.pk, status__in=unfinished).update(status=row.status):
        raise CancelledError
    row.save()


def _nothing(row: PurchaseImport, found: Read) -> None:
    row.status = Status.FAILED
    row.message = (
        f"{found.counts.rows_refused} rows were refused, and all rows or none were asked for; nothing was imported."
    )
    row.purchases_count = row.updated = row.lines_count = 0
    row.total *= 0


def checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
