"""Numbers, times and columns as people write them; whatever is generated, every row is counted once."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics.models import Purchase
from analytics.sales import columns, imports, numbers, personal
from analytics.sales.formats import MappingError, recognise
from analytics.sales.times import AmbiguousDatesError, Clock, OrderEvidence
from inference.models import Store

OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("1 234,56", "1234.56"), ("1’234.50", "1234.50"),
        ("€ 12,5", "12.5"), ("12.50 EUR", "12.50"), ("kr 99", "99"), ("-5,00", "-5.00"), ("−5.00", "-5.00"),
        ("5.00-", "-5.00"), ("(5.00)", "-5.00"), ("1,234", "1234"), ("1.234", "1.234"), ("1.234.567", "1234567"),
        (",99", "0.99"), ("0", "0"), ("12,-", "12"), ("R$ 5,10", "5.10"), ("($1,012.50)", "-1012.50"),
        ("₹1,23,456.00", "123456.00"), ("548.9715", "548.9715"), ("26.141499999999997", "26.1415"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(written: str, value: str) -> None:
    assert numbers.number(written) == Decimal(value)


@pytest.mark.parametrize("written", ["", "ten", "1.2.3", "1,23,45", "12:30", "--", "1e5", "NaN", "12.34,5.6"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        numbers.number(written)


@pytest.mark.parametrize(
    ("column", "mark"),
    [
        (["1.234", "950"], ","), (["1.234", "0.500"], "."), (["12.500", "1.250"], "."), (["1,5"], ","),
        (["1.234,56"], ","), (["5", "7"], ""), (["1.234.567"], ","), (["1,234", "12"], "."),
        (["$1,012.50"], "."), (["1,5", "1.5"], ""),
    ],
)  # fmt: skip
def test_the_whole_column_tells_its_decimal_mark(column: list[str], mark: str) -> None:
    assert numbers.decimal_mark(numbers.shapes(column)) == mark


cents = st.decimals(Decimal("0.01"), Decimal("9999999.99"), places=2)


@given(cents, st.sampled_from([("", "."), (",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_an_amount_comes_back_whatever_its_separators(value: Decimal, marks: tuple[str, str]) -> None:
    thousands, point = marks
    written = f"{value:,.2f}".replace(",", "t").replace(".", point).replace("t", thousands)
    assert numbers.number(written) == value


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-28T13:05", "2026-03-28 13:05:00 +0100", "2026-03-28 12:05:00 UTC", "28.03.2026 13:05",
        "28/03/26 1:05 PM",
        "28. März 2026 13:05 Uhr", "28 mars 2026 à 13:05", "28-Mar-2026 13.05", "Sat 28/03/2026 13h05",
        "20260328130500",
        "1774699500", "1774699500000", "28/03/2026, 13:05:00", "Mar 28, 2026, 1:05 p.m.", "2026/03/28 13:05",
        "28/03/2026 13:05 CET",
        "28.03.2026 - 13:05", "Saturday, March 28, 2026 13:05", "2026-03-28T12:05:00Z",
    ],
)  # fmt: skip
def test_times_are_read_as_tills_write_them(written: str) -> None:
    assert Clock(OSLO, "day-first").moment(written) == datetime(2026, 3, 28, 12, 5, tzinfo=UTC)


def order(*texts: str) -> str:
    evidence = OrderEvidence()
    evidence.add(texts)
    return evidence.order(date(2026, 11, 24))[0]


def test_the_whole_column_tells_which_number_is_the_day() -> None:
    assert order("13/04/2026", "03/04/2026") == "day-first" and order("04/13/2026", "03/04/2026") == "month-first"
    assert order("2026-04-03") == "" and order("03.04.2026") == "day-first" and order("05/05/2026") == ""
    assert order("11/12/2026") == "month-first"  # 11 December would be in the future
    for texts in (("03/04/2026",), ("13/04/2026", "04/13/2026")):
        with pytest.raises(AmbiguousDatesError, match="Please say which it is"):
            order(*texts)


def test_columns_that_make_no_purchase_are_named() -> None:
    with pytest.raises(MappingError, match=r"No column for amount, paid_at \(or date\) was found among: receipt"):
        recognise(columns.columns_of(["receipt", "colour"], []))
    plain = columns.columns_of(["receipt", "paid_at", "amount", "Customer Name"], [])
    with pytest.raises(MappingError, match="The file has no column “Sum”"):
        recognise(plain, {"amount": "Sum"})
    with pytest.raises(MappingError, match="“price” is not one of our fields"):
        recognise(plain, {"price": "amount"})
    with pytest.raises(MappingError, match="is about people and is never read"):
        recognise(plain, {"product": "Customer Name"})


def test_what_is_somebodys_is_left_out_of_texts() -> None:
    assert personal.masked("for ola@example.org, +47 912 34 567") == "for …, …"
    assert (
        personal.masked("card 4111 1111 1111 1111") == "card …"
        and personal.masked("EAN 7038010055720") == "EAN 7038010055720"
    )


row = st.tuples(
    st.sampled_from(["R1", "R2", "R3", "", "R4"]),
    st.sampled_from(["2026-03-10T10:00", "2026-03-10T10:00", "2026-03-10T17:30", "2026-03-11T09:00", "soon", ""]),
    st.sampled_from(["5.00", "-5.00", "0", "much", "", "1234.5"]),
    st.sampled_from(["1", "2", ""]),
    st.sampled_from(["Tea", "Bun", ""]),
    st.sampled_from(["sale", "refund", "void", "payout", ""]),
)
COLUMNS = ("receipt", "paid_at", "amount", "till", "product", "kind")


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(row, min_size=1, max_size=25), st.sets(st.sampled_from(["receipt", "till", "product", "kind"])))
def test_every_row_is_counted_once_and_importing_twice_is_importing_once(
    rows: list[tuple[str, ...]], without: set[str]
) -> None:
    kept = [k for k, name in enumerate(COLUMNS) if name not in without]
    lines = [",".join(cells[k] for k in kept) for cells in (COLUMNS, *rows)]
    data = "\n".join(lines).encode() + b"\n"
    store = Store.objects.create(name=uuid.uuid4().hex, timezone="Europe/Oslo")
    first = imports.confirm(imports.preview(store, "till.csv", data).pk)
    if first.status != "done":
        return  # nothing in it can be read as a column of amounts or times
    counts = dict(first.mapping["row_counts"])
    assert counts.pop("read") == sum(counts.values()) == len([line for line in lines[1:] if line.strip(",")])
    before = state(store)
    assert (
        len(before) == first.purchases_count
        and sum(amount or 0 for amount in Purchase.objects.filter(store=store).values_list("amount", flat=True))
        == first.total
    )
    second = imports.confirm(imports.preview(store, "till.csv", data).pk)
    assert (second.purchases_count, second.updated, second.duplicates) == (0, 0, first.purchases_count)
    assert second.mapping["refused_rows"] == first.mapping["refused_rows"] and state(store) == before


def state(store: Store) -> list[tuple[object, ...]]:
    fields = ("receipt", "paid_at", "amount", "status", "lines__product")
    lines = Purchase.objects.filter(store=store).order_by("receipt", "lines__pk").values_list(*fields)
    return list({(name, at, amount, status, ""): None for name, at, amount, status, _ in lines})


def test_a_row_below_rows_of_data_is_no_header(tmp_path: Path) -> None:
    rows = ["R1,2026-03-10T10:00,5.00", "R2,soon,5.00", "R3,soon,,", "R4,2026-03-10T11:00,7.00", "R5,soon,"]
    path = tmp_path / "till.csv"
    path.write_text("\n".join(["receipt,paid_at,amount", *rows, *rows]))
    with pytest.raises(MappingError, match="No column for paid_at"):
        imports.open_file(path, imports.Choice())
