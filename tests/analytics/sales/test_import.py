"""Previewed, imported once, taken back: nothing lost, nothing half done."""

from __future__ import annotations

import json
import os
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils.timezone import now
from pytest_django import Settings

from analytics import locks, rollups, tasks
from analytics.models import DirtyHour, HourFigure, MatchRun, Purchase, PurchaseImport, PurchaseLine, StoreManager
from analytics.sales import files, imports, stage, undo
from analytics.sales import store as storing
from inference.models import Store
from tests import factories

pytestmark = pytest.mark.django_db
FILE = b"""receipt,paid_at,amount,product
R1,2026-03-10T13:05,10.00,Tea
R2,2026-03-10T14:10,20.50,Pot
R2,2026-03-10T14:10,1.50,Lid
"""
HALF_BROKEN = b"""receipt,paid_at,amount
R1,2026-03-10T13:05,10
R2,2026-03-10T14:10,much
R3,then,5
R4,2026-03-10T15:00,7
"""


def preview(store: Store, data: bytes = FILE, *, all_or_none: bool = False) -> PurchaseImport:
    return imports.preview(store, "till.csv", data, choice=imports.Choice(all_or_none=all_or_none))


def kept_files(settings: Settings) -> list[str]:
    return [path.name for path in (Path(settings.DATA_DIR) / "sales").glob("*")]


def test_a_preview_says_what_would_happen_and_stores_no_purchase() -> None:
    row = preview(factories.store())
    assert (row.status, row.rows, row.purchases_count, row.lines_count) == ("previewed", 3, 2, 3)
    assert row.total == Decimal("32.00") and row.mapping["format"] == "plain"
    assert row.mapping["by_day"] == {"2026-03-10": {"purchases": 2, "total": "32.00"}}
    assert not Purchase.objects.exists() and not DirtyHour.objects.exists()


def test_confirming_stores_receipts_with_their_lines_and_deletes_the_file(settings: Settings) -> None:
    row = imports.confirm(preview(factories.store()).pk)
    assert row.status == "done" and kept_files(settings) == []
    amounts = dict(Purchase.objects.values_list("receipt", "amount"))
    assert amounts == {"R1": Decimal("10.00"), "R2": Decimal("22.00")}
    assert set(PurchaseLine.objects.values_list("purchase__receipt", "product")) == {
        ("R1", "Tea"), ("R2", "Pot"), ("R2", "Lid"),
    }  # fmt: skip
    assert DirtyHour.objects.count() == 2


def test_importing_again_changes_nothing() -> None:
    store = factories.store()
    imports.confirm(preview(store).pk)
    before = list(Purchase.objects.values())
    again = imports.confirm(preview(store).pk)
    assert (again.purchases_count, again.duplicates, again.refused) == (0, 2, [])
    assert list(Purchase.objects.values()) == before
    imports.confirm(again.pk)  # a task that runs twice
    assert list(Purchase.objects.values()) == before


def test_what_the_till_corrected_is_corrected() -> None:
    store = factories.store()
    imports.confirm(preview(store).pk)
    DirtyHour.objects.all().delete()
    row = imports.confirm(preview(store, FILE.replace(b"20.50", b"99.00")).pk)
    assert (row.purchases_count, row.updated, row.duplicates, row.refused) == (0, 1, 1, [])
    assert Purchase.objects.get(receipt="R2").amount == Decimal("100.50")
    lines = PurchaseLine.objects.filter(purchase__receipt="R2").order_by("pk").values_list("product", "amount")
    assert list(lines) == [("Pot", Decimal("99.00")), ("Lid", Decimal("1.50"))]
    assert DirtyHour.objects.count() == 1


def test_undoing_a_correction_puts_back_what_stood_there() -> None:
    store = factories.store()
    first = imports.confirm(preview(store).pk)
    by_receipt = PurchaseLine.objects.order_by("purchase__receipt", "pk").values("product", "amount")
    before = list(Purchase.objects.order_by("receipt").values()), list(by_receipt)
    second = imports.confirm(preview(store, FILE.replace(b"20.50", b"99.00").replace(b"R1", b"R3")).pk)
    with pytest.raises(undo.CannotUndoError, match=rf"Import {second.pk} \(till.csv\) later corrected 1 of the same"):
        undo.undo(first.pk)
    assert undo.undo(second.pk) == 1
    assert (list(Purchase.objects.order_by("receipt").values()), list(by_receipt.all())) == before
    assert undo.undo(first.pk) == 2 and not Purchase.objects.exists()


def test_a_receipt_that_was_voided_later_stays_and_counts_no_more() -> None:
    store = factories.store()
    plain = b"receipt,paid_at,amount,status\nR1,2026-03-10T13:05,10.00,paid\n"
    imports.confirm(preview(store, plain).pk)
    row = imports.confirm(preview(store, plain.replace(b"paid\n", b"voided\n")).pk)
    assert (row.updated, row.purchases_count) == (1, 0)
    assert Purchase.objects.values_list("status", "amount").get() == ("void", Decimal(0))


def test_numbers_that_begin_anew_every_day_are_other_receipts() -> None:
    store = factories.store()
    day = b"receipt,paid_at,amount\n1,2026-03-10T13:05,10.00\n2,2026-03-10T14:05,11.00\n"
    imports.confirm(preview(store, day).pk)
    row = imports.confirm(
        preview(store, day.replace(b"03-10", b"03-11").replace(b"10.00", b"7.00").replace(b"11.00", b"8.00")).pk
    )
    assert (row.purchases_count, row.refused) == (2, [])
    assert set(Purchase.objects.values_list("receipt", flat=True)) == {"1", "2", "1 2026-03-11", "2 2026-03-11"}


def test_a_file_read_in_another_way_than_before_is_refused() -> None:
    store = factories.store()
    data = b"receipt,paid_at,amount\nR1,03/04/2026 13:05,10.00\nR2,03/05/2026 14:05,11.00\n"
    for dates in ("day-first", "month-first"):
        row = imports.preview(store, "till.csv", data, choice=imports.Choice(dates=dates))
        row = imports.confirm(row.pk)
    assert row.purchases_count == 0 and row.mapping["refused_rows"] == 2
    assert "another order of dates" in row.refused[0]["reason"] and Purchase.objects.count() == 2


def test_a_receipt_with_a_refused_row_is_refused_whole_and_goes_in_once_mended(settings: Settings) -> None:
    store = factories.store()
    broken = FILE.replace(b"20.50", b"much") + b"R3,2026-03-10T15:00,4.00,Cup\n"
    row = imports.confirm(preview(store, broken).pk)
    assert [(item["row"], item["reason"]) for item in row.refused] == [
        (3, "not a number"),
        (4, "row 3 of the same receipt is refused"),
    ]
    assert set(Purchase.objects.values_list("receipt", flat=True)) == {"R1", "R3"}
    text = "".join(files.read_refused(files.refused(row.pk), None)).removeprefix("\ufeff")
    assert text.splitlines()[0] == "receipt,paid_at,amount,product,reason"
    mended = imports.confirm(preview(store, text.replace("much", "20.50").encode()).pk)
    assert (mended.purchases_count, mended.refused) == (1, [])
    assert Purchase.objects.get(receipt="R2").amount == Decimal("22.00")


def test_good_rows_go_in_and_bad_ones_are_named() -> None:
    row = imports.confirm(preview(factories.store(), HALF_BROKEN).pk)
    assert sorted(Purchase.objects.values_list("receipt", flat=True)) == ["R1", "R4"]
    assert [(item["row"], item["column"], item["value"]) for item in row.refused] == [
        (3, "amount", "much"),
        (4, "paid_at", "then"),
    ]


def test_all_or_none_imports_nothing_of_a_file_with_a_bad_row() -> None:
    row = imports.confirm(preview(factories.store(), HALF_BROKEN, all_or_none=True).pk)
    assert row.status == "failed" and "2 rows were refused" in row.message
    assert not Purchase.objects.exists()


def test_a_crash_while_storing_leaves_nothing_and_can_be_run_again(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    row = preview(factories.store())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(storing, "mark_dirty", _crash)
        imports.confirm(row.pk)
    assert not Purchase.objects.exists() and kept_files(settings) == [str(row.pk)]
    assert imports.confirm(row.pk).status == "done"
    assert Purchase.objects.count() == 2 and kept_files(settings) == []


def _crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_file_that_is_gone_fails_the_import_and_says_what_to_do(settings: Settings) -> None:
    row = preview(factories.store())
    (Path(settings.DATA_DIR) / "sales" / str(row.pk)).unlink()
    found = imports.confirm(row.pk)
    assert found.status == "failed" and "upload it again" in found.message


def test_undo_removes_exactly_what_the_import_brought_and_the_figures_follow() -> None:
    store = factories.store()
    for minutes in range(12):
        factories.visit(store, factories.NOON.replace(minute=minutes * 5))
    imports.confirm(preview(store, FILE.replace(b"R1", b"R0").replace(b"R2", b"R9")).pk)
    rollups.refresh(store)
    before = list(HourFigure.objects.order_by("hour").values_list("hour", "till_purchases", "till_revenue"))
    second = imports.confirm(preview(store, FILE.replace(b"13:05", b"13:40")).pk)
    rollups.refresh(store)
    assert undo.undo(second.pk) == 2
    assert sorted(Purchase.objects.values_list("receipt", flat=True)) == ["R0", "R9"]
    rollups.refresh(store)
    after = list(HourFigure.objects.order_by("hour").values_list("hour", "till_purchases", "till_revenue"))
    assert after == before
    assert undo.undo(second.pk) == 0
    second.refresh_from_db()
    assert second.status == "undone"


def test_what_was_undone_can_be_imported_again() -> None:
    store = factories.store()
    first = imports.confirm(preview(store).pk)
    undo.undo(first.pk)
    assert imports.confirm(preview(store).pk).purchases_count == 2


def test_a_preview_nobody_decides_about_is_forgotten_with_its_file(settings: Settings) -> None:
    row = preview(factories.store())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE analytics_purchaseimport SET created_at = created_at - interval '25 hours'")
    assert imports.forget_stale() == 1
    assert not PurchaseImport.objects.filter(pk=row.pk).exists() and kept_files(settings) == []


def test_refused_rows_that_nobody_mends_are_forgotten() -> None:
    row = imports.confirm(preview(factories.store(), HALF_BROKEN).pk)
    imports.forget_stale()
    assert files.refused(row.pk).exists()
    long_ago = row.created_at.timestamp() - files.REFUSED_KEPT.total_seconds() - 60
    os.utime(files.refused(row.pk), (long_ago, long_ago))
    imports.forget_stale()
    assert not files.refused(row.pk).exists()


@pytest.mark.parametrize(
    ("opens", "closes", "outside"), [("09:00", "18:00", 0), ("13:40", "18:00", 1), ("20:00", "02:00", 2)]
)
def test_receipts_of_when_the_store_is_closed_are_told(opens: str, closes: str, outside: int) -> None:
    store = factories.store(opens_at=time.fromisoformat(opens), closes_at=time.fromisoformat(closes))
    warned = " ".join(preview(store).mapping["warnings"])
    assert ("in which the store is closed" in warned) == bool(outside) and (not outside or f"{outside} rec" in warned)


def test_a_discarded_preview_leaves_nothing_and_a_done_import_cannot_be_discarded(settings: Settings) -> None:
    store = factories.store()
    imports.discard(preview(store).pk)
    assert not PurchaseImport.objects.exists() and kept_files(settings) == []
    done = imports.confirm(preview(store).pk)
    imports.discard(done.pk)
    assert PurchaseImport.objects.get() == done


def test_the_command_dry_runs_imports_and_takes_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = factories.store()
    (tmp_path / "till.csv").write_bytes(HALF_BROKEN)
    arguments = ["import_sales", str(tmp_path / "till.csv"), "--store", store.name, "--json"]
    for more, stored in ((["--dry-run"], 0), ([], 2)):
        with pytest.raises(SystemExit, match="1"):
            call_command(*arguments, *more)
        result = json.loads(capsys.readouterr().out)
        assert (result["rows"], result["purchases"], len(result["refused"])) == (4, 2, 2)
        assert result["from"].startswith("2026-03-10T") and result["total"] == 17.0
        assert Purchase.objects.count() == stored
    call_command("undo_import", str(result["import"]), "--json")
    assert json.loads(capsys.readouterr().out) == {"import": result["import"], "removed": 2}
    with pytest.raises(CommandError, match="There is no import 999"):
        call_command("undo_import", "999")


def test_the_command_takes_a_mapping_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store = factories.store()
    (tmp_path / "odd.csv").write_text("Nr|Wann|Wieviel\nR1|2026-03-10 13:05|10,00\n")
    (tmp_path / "odd.json").write_text('{"receipt": "Nr", "paid_at": "Wann", "amount": "Wieviel"}')
    mapping = ["--mapping", str(tmp_path / "odd.json")]
    call_command("import_sales", str(tmp_path / "odd.csv"), "--store", str(store.pk), *mapping, "--json")
    result = json.loads(capsys.readouterr().out)
    assert result["purchases"] == 1 and result["mapping"]["format"] == "own"
    assert Purchase.objects.get().amount == Decimal("10.00")


BRANCHES = b"""receipt,paid_at,amount,branch
R1,2026-03-10T13:05,10,Mine
R2,2026-03-10T14:10,20,Theirs
"""


def test_a_manager_brings_nothing_to_stores_of_others_whoever_reads_the_file() -> None:
    mine, theirs = factories.store(name="Mine"), factories.store(name="Theirs")
    row = imports.receive(mine, "till.csv", [BRANCHES], user=factories.manager(mine))
    imports.confirm(imports.look(row.pk).pk)  # as workers do, who know of no user
    assert Purchase.objects.get().store == mine and not theirs.purchases.exists()
    row.refresh_from_db()
    assert row.mapping["refused_rows"] == 1


def test_undoing_needs_every_store_that_the_import_went_to(client: Client) -> None:
    mine, theirs = factories.store(name="Mine"), factories.store(name="Theirs")
    row = imports.confirm(imports.preview(mine, "till.csv", BRANCHES).pk)
    assert Purchase.objects.count() == 2
    mona = factories.manager(mine)
    client.force_login(mona)
    assert client.post(f"/imports/{row.pk}/undo").status_code == 404
    StoreManager.objects.create(user=mona, store=theirs)
    assert client.post(f"/imports/{row.pk}/undo").status_code == 302


def downloaded(client: Client, row: PurchaseImport, user: User) -> list[str]:
    client.force_login(user)
    return client.get(f"/imports/{row.pk}/refused.csv").getvalue().decode("utf-8-sig").splitlines()


def test_refused_rows_are_shown_to_whoever_brought_them_and_to_others_of_their_own_stores(client: Client) -> None:
    mine, theirs, elsewhere = (factories.store(name=name) for name in ("Mine", "Theirs", "Elsewhere"))
    bad = b"receipt,paid_at,amount,Branch\nR1,2026-03-10T13:05,much,Mine\nR2,2026-03-10T14:10,20,Theirs\n"
    bad += b"R3,2026-03-10T14:10,more,Theirs\nR4,2026-03-10T14:10,4,Elsewhere\n"
    sender, mona = factories.manager(mine, "sender"), factories.manager(mine, "mona")
    StoreManager.objects.create(user=sender, store=theirs)
    row = imports.confirm(imports.look(imports.receive(mine, "till.csv", [bad], user=sender).pk).pk)
    assert [line[:2] for line in downloaded(client, row, sender)[1:]] == ["R1", "R3", "R4"]
    assert downloaded(client, row, mona) == [
        "receipt,paid_at,amount,Branch,reason", "R1,2026-03-10T13:05,much,Mine,not a number",
    ]  # fmt: skip
    page = client.get(f"/imports/{row.pk}/").content.decode()
    assert "sales of other stores" in page and "R2" not in page and "20.00" not in page and "more" not in page
    assert "20.00" not in client.get(f"/stores/{mine.pk}/sales/").content.decode()
    assert client.get(f"/imports/{row.pk}/columns").status_code == 404
    assert not elsewhere.purchases.exists()


DAYS_ONLY = b"""receipt,paid_at,amount
R1,2026-03-10,10.00
R2,2026-03-10,22.00
R3,2026-03-11,5.00
"""


def test_a_file_of_days_counts_for_the_day_and_is_joined_with_no_visit() -> None:
    store = factories.store()
    row = imports.confirm(preview(store, DAYS_ONLY).pk)
    assert "no times of day" in row.mapping["warnings"][0]
    assert Purchase.objects.filter(has_time=False).count() == 3 and not Purchase.objects.timed().exists()
    rollups.refresh(store)
    assert sum(HourFigure.objects.values_list("till_purchases", flat=True)) == 3
    assert MatchRun.objects.latest("pk").purchases == 0


@pytest.mark.parametrize("files", [(FILE, DAYS_ONLY), (DAYS_ONLY, FILE)])
def test_the_same_receipts_with_and_without_times_are_one_and_the_time_stays(files: tuple[bytes, bytes]) -> None:
    store = factories.store()
    first, second = (imports.confirm(preview(store, data).pk) for data in files)
    assert Purchase.objects.count() == 3 and first.purchases_count + second.purchases_count == 3
    assert [str(p.paid_at)[:16] for p in Purchase.objects.timed()] == ["2026-03-10 12:05", "2026-03-10 13:10"]
    undo.undo(second.pk)
    assert set(Purchase.objects.values_list("has_time", flat=True)) == {files[0] is FILE}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("step", ["survey", "stage.gather", "stage.count", "storing.write", "_keep_refused"])
def test_cancelled_at_any_step_an_import_leaves_nothing(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice that comes before the last step stops it; whoever cancels does so on a connection of their own."""
    row = preview(factories.store(), HALF_BROKEN)
    monkeypatch.setattr(imports, "NOTIFY_EVERY", 0)
    place, _, name = f"imports.{step}".rpartition(".")
    module = {"imports": imports, "imports.stage": stage, "imports.storing": storing}[place]
    before = getattr(module, name)

    def cancel_first(*args: Any, **options: Any) -> Any:
        aside = connection.copy()
        with aside.cursor() as cursor:
            cursor.execute(
                "UPDATE analytics_purchaseimport SET status = 'cancelled' WHERE id = %s AND status = 'previewed'",
                [row.pk],
            )
        aside.close()
        return before(*args, **options)

    if step != "_keep_refused":  # by then it is done, and cannot be cancelled any more
        monkeypatch.setattr(module, name, cancel_first)
    done = imports.confirm(row.pk)
    if step == "_keep_refused":
        assert done.status == "done" and imports.confirm(row.pk).status == "done"
        imports.cancel(row.pk)
        assert PurchaseImport.objects.get().status == "done" and Purchase.objects.count() == 2
    else:
        assert done.status == "cancelled" and "nothing was imported" in done.message
        assert (
            not Purchase.objects.exists() and not files.upload(row.pk).exists() and not files.refused(row.pk).exists()
        )


@pytest.mark.django_db(transaction=True)
def test_while_a_worker_is_at_an_import_no_other_touches_it() -> None:
    row = preview(factories.store())
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [locks.Work.SALES_FILE.value, row.pk])
    assert imports.confirm(row.pk).status == "previewed" and not Purchase.objects.exists()
    with other.cursor() as cursor:  # as the server does when it is killed
        cursor.execute("SELECT pg_advisory_unlock_all()")
    other.close()
    assert imports.confirm(row.pk).status == "done"


def test_what_a_killed_worker_left_is_taken_up_three_times_and_then_said_to_have_failed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = preview(factories.store())
    imports_of = PurchaseImport.objects.filter(pk=row.pk)
    long_ago = row.created_at - imports.ABANDONED_AFTER * 2
    imports_of.update(status="running", touched_at=now(), tries=0)
    monkeypatch.setattr(imports, "_confirm", lambda pk: None)  # dies at once
    assert imports.take_up_abandoned() == []  # it moved on a moment ago
    imports_of.update(touched_at=long_ago)
    assert imports.take_up_abandoned() == [(row.pk, "running")]  # still waiting for a worker
    for _ in range(imports.MOST_TRIES):
        imports.confirm(row.pk)
        imports_of.update(touched_at=long_ago)
        assert imports.take_up_abandoned() == [(row.pk, "running")]
    imports.confirm(row.pk)
    imports_of.update(touched_at=long_ago)
    assert imports.take_up_abandoned() == [] and imports_of.get().status == "failed"


def test_an_import_that_was_being_undone_is_undone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.undo_import, "delay", tasks.undo_import)
    row = imports.confirm(preview(factories.store()).pk)
    PurchaseImport.objects.filter(pk=row.pk).update(status="undoing", touched_at=row.created_at - timedelta(hours=1))
    tasks.resume_imports()
    row.refresh_from_db()
    assert row.status == "undone" and not Purchase.objects.exists()


def test_a_row_that_names_a_day_alone_counts_for_the_day_alone() -> None:
    row = imports.confirm(preview(factories.store(), FILE + b"R3,2026-03-11,4.00,Cup\n").pk)
    assert "1 receipt is without a time of day" in " ".join(row.mapping["warnings"])
    assert list(Purchase.objects.filter(has_time=False).values_list("receipt", flat=True)) == ["R3"]
