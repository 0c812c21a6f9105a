"""From a frame to a chart, once, through every step and by commands alone."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from analytics.charts import CHARTS
from analytics.periods import Period
from inference import pipeline
from inference.models import Face, Snapshot, Store
from tests import factories, fakes

DAY = date(2026, 3, 10)
VISITORS = 40
Output = pytest.CaptureFixture[str]


def run(output: Output, *arguments: str) -> dict[str, Any]:
    call_command(*arguments, "--json")
    found: dict[str, Any] = json.loads(output.readouterr().out)
    return found


def frames(folder: Path) -> Path:
    """Every ten minutes from ten o'clock somebody walks in, women and men by turns, each in two frames."""
    folder.mkdir()
    for number in range(VISITORS):
        for step in range(2):
            at = factories.NOON - timedelta(hours=2) + timedelta(minutes=10 * number, seconds=step)
            face = (40 + 5 * step, 60, 48, fakes.MAN if number % 2 else fakes.WOMAN)
            # A corner pixel of its own makes every file another one.
            unique = (300, 230, 1 + number % 8, (number, step, 9))
            (folder / f"{at:%Y%m%d_%H%M%S}.png").write_bytes(fakes.picture(face, unique))
    return folder


def till(file: Path, visits: Path) -> Path:
    """Every woman pays 20.00 after twelve minutes, no man buys; receipts name the visits that were exported."""
    refs = [row["visit_ref"] for row in csv.DictReader(visits.open())]
    rows = ["receipt,paid_at,amount,visit_ref"]
    for number in range(0, VISITORS, 2):
        paid_at = factories.NOON - timedelta(hours=2) + timedelta(minutes=10 * number + 12)
        rows.append(f"R{number},{paid_at:%Y-%m-%d %H:%M:%S}+00:00,20.00,{refs[number]}")
    file.write_text("\n".join(rows) + "\n")
    return file


@pytest.mark.django_db(transaction=True)
def test_from_a_frame_to_a_chart(tmp_path: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_tools", fakes.tools())
    run(capsys, "create_store", "Corner", "--timezone", "Europe/Oslo", "--camera", "Door")
    where = ["--store", "Corner", "--camera", "Door", "--sync"]
    brought = run(capsys, "import_snapshots", str(frames(tmp_path / "frames")), *where)
    assert (brought["snapshots"], brought["visits"], brought["refused"]) == (2 * VISITORS, VISITORS, [])
    days = ["--from", str(DAY), "--to", str(DAY)]
    exported = run(capsys, "export_visits", "--store", "Corner", *days, "--out", str(tmp_path / "visits.csv"))
    assert exported == {"exported": VISITORS}
    receipts = till(tmp_path / "till.csv", tmp_path / "visits.csv")
    sold = run(capsys, "import_sales", str(receipts), "--store", "Corner")
    assert (sold["purchases"], sold["total"]) == (20, 400.0)
    linked = run(capsys, "match_purchases", "--store", "Corner")
    assert (linked["purchases"], linked["matched_weight"], linked["unexplained"]) == (20, 20.0, 0)
    report = run(capsys, "report", "--store", "Corner", *days, "--by", "gender")
    women, men = report["segments"]
    assert women["visits"]["value"] == pytest.approx(20, abs=0.1)
    assert women["conversion"]["value"] > 0.9 > 0.1 > men["conversion"]["value"]
    assert report["totals"]["average_transaction_value"]["value"] == 20.0
    store = Store.objects.get()
    frame = CHARTS["conversion_by_gender"].query(store, Period.of(store, DAY, DAY))
    assert "female: 100.0%" in CHARTS["conversion_by_gender"].describe(frame)
    assert not Face.objects.exists() and set(Snapshot.objects.values_list("status", flat=True)) == {"analysed"}
