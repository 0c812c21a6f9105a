"""Visits as CSV, out and in again."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from inference import visit_csv
from inference.models import ChangedHour, Store, Visit
from tests import factories

pytestmark = pytest.mark.django_db
HEADER = ",".join(visit_csv.COLUMNS)
LOOK = "0,0,0,0,1,0,0,0.9,0.1,0,1,0"


def read(store: Store, *rows: str) -> visit_csv.VisitImport:
    return visit_csv.read(io.StringIO("\n".join([HEADER, *rows])), store)


def test_what_is_written_can_be_read_into_another_store(tmp_path: Path) -> None:
    store, other = factories.store(), factories.store("Elsewhere")
    camera = factories.camera(store)
    factories.camera(other)
    factories.visit(store, camera=camera, party="abc")
    factories.visit(store, factories.NOON + timedelta(hours=3), **factories.CERTAIN_MAN)
    factories.visit(store, factories.NOON + timedelta(hours=4), age=None, gender=None, mood=None, age_years=None)
    file = io.StringIO()
    assert visit_csv.write(file, Visit.objects.filter(store=store), store) == 3
    assert "2026-03-10T13:00:00+01:00" in file.getvalue()
    file.seek(0)
    found = visit_csv.read(file, other)
    assert (found.imported, found.duplicates, found.refused) == (3, 0, [])
    columns = ("ref", "entered_at", "camera__name", "party", "age", "gender", "mood")
    ours, theirs = (list(Visit.objects.filter(store=s).values_list(*columns)) for s in (store, other))
    assert ours == theirs


def test_importing_again_changes_nothing() -> None:
    store = factories.store()
    row = f"v1,2026-03-10T13:00:00,,,{LOOK}"
    assert read(store, row).imported == 1
    ChangedHour.objects.all().delete()
    again = read(store, row, row)
    assert (again.imported, again.duplicates) == (0, 2)
    assert Visit.objects.count() == 1 and not ChangedHour.objects.exists()


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (f",2026-03-10T13:00,,,{LOOK}", "visit_ref", "a visit needs a reference"),
        (f"v1,yesterday,,,{LOOK}", "entered_at", "not a time like"),
        (f"v1,2026-03-10T13:00,Roof,,{LOOK}", "camera", "has no camera of this name"),
        ("v1,2026-03-10T13:00,,,0,0,0,0,1,0,0,0.9,0.5,0,1,0", "gender:…", "must sum to 1"),
        ("v1,2026-03-10T13:00,,,0,0,0,0,1,0,0,2,-1,0,1,0", "gender:female", "not a number between 0 and 1"),
        ("v1,2026-03-10T13:00,,,0,0,0,0,old,0,0,1,0,0,1,0", "age:28-45", "not a number between 0 and 1"),
        ("v1,2026-03-10T13:00,,,nan,0,0,0,1,0,0,1,0,0,1,0", "age:1-2", "not a number between 0 and 1"),
    ],
)
def test_a_bad_row_is_named_and_its_neighbours_go_in(row: str, column: str, reason: str) -> None:
    store = factories.store()
    found = read(store, row, f"good,2026-03-10T13:00,,,{LOOK}")
    assert found.imported == 1 and Visit.objects.get().ref == "good"
    assert [(item.row, item.column) for item in found.refused] == [(2, column)]
    assert reason in found.refused[0].reason


def test_a_file_without_the_columns_is_refused_as_a_whole() -> None:
    with pytest.raises(ValueError, match="The columns visit_ref, entered_at are missing; found who, when"):
        visit_csv.read(io.StringIO("who,when\n1,2\n"), factories.store())


def test_the_commands_write_and_read_and_say_what_they_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = factories.store()
    factories.visit(store)
    factories.visit(store, factories.NOON + timedelta(days=1))
    days = ["--from", "2026-03-10", "--to", "2026-03-10"]
    call_command("export_visits", "--store", store.name, *days, "--out", str(tmp_path / "out.csv"), "--json")
    assert json.loads(capsys.readouterr().out) == {"exported": 1}
    call_command("export_visits", "--store", str(store.pk), *days)
    assert capsys.readouterr().out.replace("\r", "") == (tmp_path / "out.csv").read_text()
    with (tmp_path / "out.csv").open("a") as file:
        file.write("bad,never\n")
    factories.store("Elsewhere")
    with pytest.raises(SystemExit, match="1"):
        call_command("import_visits", str(tmp_path / "out.csv"), "--store", "Elsewhere", "--json")
    result = json.loads(capsys.readouterr().out)
    assert (result["imported"], result["duplicates"]) == (1, 0)
    assert result["refused"][0]["row"] == 3 and result["refused"][0]["value"] == "never"


def test_a_file_in_another_encoding_and_an_unknown_store_are_errors(tmp_path: Path) -> None:
    (tmp_path / "latin.csv").write_bytes("visit_ref,entered_at\nblåbær,2026-03-10".encode("latin-1"))
    with pytest.raises(CommandError, match="There are no stores yet; see create_store"):
        call_command("import_visits", str(tmp_path / "latin.csv"), "--store", "Nowhere")
    factories.store("Shop")
    with pytest.raises(CommandError, match="is not UTF-8 text") as problem:
        call_command("import_visits", str(tmp_path / "latin.csv"), "--store", "Shop")
    assert problem.value.returncode == 2
