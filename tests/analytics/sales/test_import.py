"""Previewed, imported once, taken back: nothing lost, nothing half done."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from analytics import rollups
from analytics.models import DirtyHour, HourFigure, Purchase, PurchaseImport, PurchaseLine
from analytics.sales import stage, undo
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
    return stage.preview(store, "till.csv", data, choice=stage.Choice(all_or_none=all_or_none))


def kept_files(settings: Settings) -> list[str]:
    return [path.name for path in (Path(settings.DATA_DIR) / "sales").glob("*")]


def test_a_preview_says_what_would_happen_and_stores_no_purchase() -> None:
    row = preview(factories.store())
    assert (row.status, row.rows, row.purchases_count, row.lines_count) == ("previewed", 3, 2, 3)
    assert row.total == Decimal("32.00") and row.mapping["format"] == "plain"
    assert row.mapping["by_day"] == {"2026-03-10": {"purchases": 2, "total": "32.00"}}
    assert not Purchase.objects.exists() and not DirtyHour.objects.exists()


def test_confirming_stores_receipts_with_their_lines_and_deletes_the_file(settings: Settings) -> None:
    row = stage.confirm(preview(factories.store()).pk)
    assert row.status == "done" and kept_files(settings) == []
    amounts = dict(Purchase.objects.values_list("receipt", "amount"))
    assert amounts == {"R1": Decimal("10.00"), "R2": Decimal("22.00")}
    assert set(PurchaseLine.objects.values_list("purchase__receipt", "product")) == {
        ("R1", "Tea"), ("R2", "Pot"), ("R2", "Lid"),
    }  # fmt: skip
    assert DirtyHour.objects.count() == 2


def test_importing_again_changes_nothing() -> None:
    store = factories.store()
    stage.confirm(preview(store).pk)
    before = list(Purchase.objects.values())
    again = stage.confirm(preview(store).pk)
    assert (again.purchases_count, again.duplicates, again.refused) == (0, 2, [])
    assert list(Purchase.objects.values()) == before
    stage.confirm(again.pk)  # a task that runs twice
    assert list(Purchase.objects.values()) == before


def test_a_receipt_that_changed_is_refused_row_by_row() -> None:
    store = factories.store()
    stage.confirm(preview(store).pk)
    row = preview(store, FILE.replace(b"20.50", b"99.00"))
    assert (row.purchases_count, row.duplicates) == (0, 1)
    assert [item["row"] for item in row.refused] == [3, 4]
    assert "already here with another amount or time (22.00 at 2026-03-10 13:10 UTC)" in row.refused[0]["reason"]


def test_good_rows_go_in_and_bad_ones_are_named() -> None:
    row = stage.confirm(preview(factories.store(), HALF_BROKEN).pk)
    assert sorted(Purchase.objects.values_list("receipt", flat=True)) == ["R1", "R4"]
    assert [(item["row"], item["column"], item["value"]) for item in row.refused] == [
        (3, "amount", "much"),
        (4, "paid_at", "then"),
    ]


def test_all_or_none_imports_nothing_of_a_file_with_a_bad_row() -> None:
    row = stage.confirm(preview(factories.store(), HALF_BROKEN, all_or_none=True).pk)
    assert row.status == "failed" and "2 rows were refused" in row.message
    assert not Purchase.objects.exists()


def test_a_crash_while_storing_leaves_nothing_and_can_be_run_again(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    row = preview(factories.store())
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(stage, "mark_dirty", _crash)
        stage.confirm(row.pk)
    assert not Purchase.objects.exists() and kept_files(settings) == [str(row.pk)]
    assert stage.confirm(row.pk).status == "done"
    assert Purchase.objects.count() == 2 and kept_files(settings) == []


def _crash(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_file_that_is_gone_fails_the_import_and_says_what_to_do(settings: Settings) -> None:
    row = preview(factories.store())
    (Path(settings.DATA_DIR) / "sales" / str(row.pk)).unlink()
    found = stage.confirm(row.pk)
    assert found.status == "failed" and "upload it again" in found.message


def test_undo_removes_exactly_what_the_import_brought_and_the_figures_follow() -> None:
    store = factories.store()
    for minutes in range(12):
        factories.visit(store, factories.NOON.replace(minute=minutes * 5))
    stage.confirm(preview(store, FILE.replace(b"R1", b"R0").replace(b"R2", b"R9")).pk)
    rollups.refresh(store)
    before = list(HourFigure.objects.order_by("hour").values_list("hour", "till_purchases", "till_revenue"))
    second = stage.confirm(preview(store, FILE.replace(b"13:05", b"13:40")).pk)
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
    first = stage.confirm(preview(store).pk)
    undo.undo(first.pk)
    assert stage.confirm(preview(store).pk).purchases_count == 2


def test_a_preview_nobody_decides_about_is_forgotten_with_its_file(settings: Settings) -> None:
    row = preview(factories.store())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE analytics_purchaseimport SET created_at = created_at - interval '25 hours'")
    assert stage.forget_stale() == 1
    assert not PurchaseImport.objects.filter(pk=row.pk).exists() and kept_files(settings) == []


def test_a_discarded_preview_leaves_nothing_and_a_done_import_cannot_be_discarded(settings: Settings) -> None:
    store = factories.store()
    stage.discard(preview(store).pk)
    assert not PurchaseImport.objects.exists() and kept_files(settings) == []
    done = stage.confirm(preview(store).pk)
    stage.discard(done.pk)
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
