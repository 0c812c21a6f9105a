"""Files as tills and spreadsheets write them, and broken ones, each with what it should become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from analytics.models import PurchaseImport
from analytics.sales import imports
from inference.models import Store
from tests import factories

pytestmark = pytest.mark.django_db
CORPUS = Path(__file__).parent / "corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads((CORPUS / "expected.json").read_text())
GOOD = [name for name, told in EXPECTED.items() if "error" not in told]


def bring(store: Store, name: str) -> PurchaseImport:
    return imports.preview(store, name, (CORPUS / name).read_bytes())


def outcome(row: PurchaseImport, told: dict[str, Any]) -> dict[str, Any]:
    """What is told of an import, of the things that are expected."""
    first = row.first_at.astimezone(row.store.zone).strftime("%Y-%m-%d %H:%M") if row.first_at else None
    found = {
        "purchases": row.purchases_count, "lines": row.lines_count, "total": f"{row.total:.2f}", "first": first,
        "refused": row.mapping["refused_rows"], "refused_row": row.refused[0]["row"] if row.refused else None,
        "duplicates_in_file": row.mapping["row_counts"]["duplicate"], "product": row.mapping["sample"][0]["product"],
        "personal": sorted(row.mapping["personal_columns"]),
    }  # fmt: skip
    found |= {name: row.mapping[name] for name in ("left_out", "voided", "refunds", "format", "encoding", "dates")}
    return {name: found[name] for name in told if name != "warns"}


def test_there_are_many_files_and_each_has_an_outcome() -> None:
    assert len(EXPECTED) >= 40
    assert {path.name for path in CORPUS.iterdir()} == {*EXPECTED, "expected.json"}


@pytest.mark.parametrize("name", GOOD)
def test_a_file_becomes_its_purchases(name: str) -> None:
    told = {"refused": 0, "left_out": 0, "voided": 0, "refunds": 0} | EXPECTED[name]
    told |= {"personal": sorted(told["personal"])} if "personal" in told else {}
    row = bring(factories.store(), name)
    assert row.message == "" and row.status == "previewed"
    assert outcome(row, told) == {key: value for key, value in told.items() if key != "warns"}
    assert told.get("warns", "") in " ".join(row.mapping["warnings"])


@pytest.mark.parametrize("name", GOOD)
def test_every_row_is_counted_once_and_a_second_import_changes_nothing(name: str) -> None:
    store = factories.store()
    row = imports.confirm(bring(store, name).pk)
    counts = dict(row.mapping["row_counts"])
    assert counts.pop("read") == sum(counts.values())
    before = (
        list(store.purchases.order_by("pk").values()),
        list(store.purchases.values("lines__product").order_by("lines")),
    )
    again = imports.confirm(bring(store, name).pk)
    assert (again.purchases_count, again.updated, again.duplicates) == (0, 0, row.purchases_count)
    after = (
        list(store.purchases.order_by("pk").values()),
        list(store.purchases.values("lines__product").order_by("lines")),
    )
    assert after == before


@pytest.mark.parametrize("name", [name for name in EXPECTED if name not in GOOD])
def test_a_file_that_cannot_be_read_says_why(name: str) -> None:
    row = bring(factories.store(), name)
    assert row.status in ("failed", "asking") and EXPECTED[name]["error"] in row.message
