"""A till's file, however it is written, becomes the same purchases."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.sales import parse, sniff
from analytics.sales.formats import MappingError, recognise

OSLO = ZoneInfo("Europe/Oslo")
PLAIN = "receipt,paid_at,amount,category\nB1,2026-03-10T13:00:00,10.50,Café\nB2,2026-03-10T14:00:00,1200.00,Tørkle\n"
GERMAN = "Bon;Datum;Uhrzeit;Betrag;Warengruppe\nB1;10.03.2026;13:00;10,50;Café\nB2;10.03.2026;14:00;1.200,00;Tørkle\n"


def parsed(data: bytes | str, **how: str) -> parse.Parsed:
    text = sniff.read(data.encode() if isinstance(data, str) else data)
    return parse.parse(text, recognise(next(text.rows())[1]), OSLO, branch=how.get("branch", ""))


@pytest.mark.parametrize("content", [PLAIN, GERMAN.replace("10.03.", "13.03.")], ids=["plain", "German"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encoding_marks_and_line_ends_change_nothing(content: str, encoding: str, newline: str) -> None:
    found = parsed(content.replace("\n", newline).encode(encoding))
    assert found.refused == [] and found.rows == 2
    assert [(p.receipt, p.amount, p.lines[0].category) for p in found.purchases] == [
        ("B1", Decimal("10.50"), "Café"),
        ("B2", Decimal("1200.00"), "Tørkle"),
    ]
    assert found.purchases[0].paid_at.astimezone(UTC).time() == datetime(2026, 1, 1, 12, 0).time()


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1.234,56", "1234.56"), ("1,234.56", "1234.56"), ("1 234,56", "1234.56"), ("1’234.50", "1234.50"),
        ("€ 12,5", "12.5"), ("12.50 EUR", "12.50"), ("kr 99", "99"), ("-5,00", "-5.00"), ("−5.00", "-5.00"),
        ("5.00-", "-5.00"), ("(5.00)", "-5.00"), ("1,234", "1234"), ("1.234", "1.234"), ("1.234.567", "1234567"),
        (",99", "0.99"), ("0", "0"),
    ],
)  # fmt: skip
def test_numbers_are_read_as_people_write_them(written: str, value: str) -> None:
    assert parse.number(written) == Decimal(value)


@pytest.mark.parametrize("written", ["", "ten", "1.2.3", "1,23,45", "12:30", "--", "1e5", "NaN"])
def test_what_is_no_number_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        parse.number(written)


cents = st.decimals(Decimal("0.01"), Decimal("9999999.99"), places=2)


@given(cents, st.sampled_from([("", "."), (",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_an_amount_comes_back_whatever_its_separators(value: Decimal, marks: tuple[str, str]) -> None:
    thousands, point = marks
    written = f"{value:,.2f}".replace(",", "t").replace(".", point).replace("t", thousands)
    assert parse.number(written) == value


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        (["13/04/2026", "03/04/2026"], "2026-04-03"),
        (["04/13/2026", "03/04/2026"], "2026-03-04"),
        (["2026-04-03", "2026-04-03"], "2026-04-03"),
        (["31.12.26", "3.4.26"], "2026-04-03"),
    ],
)
def test_the_whole_column_tells_which_number_is_the_day(dates: list[str], expected: str) -> None:
    rows = "".join(f"R{k},{day} 12:00,5\n" for k, day in enumerate(dates))
    found = parsed("receipt,paid_at,amount\n" + rows)
    assert found.purchases[1].paid_at.date().isoformat() == expected


def test_dates_that_could_be_either_are_asked_about() -> None:
    with pytest.raises(parse.AmbiguousDatesError, match="Please say which it is"):
        parsed("receipt,paid_at,amount\nR1,03/04/2026 12:00,5\n")


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        (",2026-03-10T10:00,5", "receipt", "the receipt number is missing"),
        ("R1,2026-03-10T10:00,", "amount", "the number is missing"),
        ("R1,2026-03-10T10:00,five", "amount", "not a number"),
        ("R1,2026-03-10T10:00,99999999999", "amount", "the number is too large"),
        ("R1,2026-02-30T10:00,5", "paid_at", "not a date and time"),
        ("R1,1026-03-10T10:00,5", "paid_at", "the year 1026 cannot be right"),
        ("R1,,5", "paid_at", "the date is missing"),
        ("R0,2026-03-11T10:00,5", "receipt", "receipt R0 stands in row 2 with another time"),
        ("R1", "paid_at", "is missing"),
    ],
)
def test_a_row_is_refused_with_its_column_and_reason(row: str, column: str, reason: str) -> None:
    found = parsed(f"receipt,paid_at,amount\nR0,2026-03-10T09:00,5\n{row}\nR9,2026-03-10T19:00,5\n")
    assert [p.receipt for p in found.purchases] == ["R0", "R9"]
    assert len(found.refused) == 1 and found.refused[0].row == 3
    assert reason in found.refused[0].reason
    assert found.refused[0].column == column or row == "R1"


def test_rows_of_one_receipt_are_the_lines_of_one_purchase() -> None:
    rows = "R1,2026-03-10T10:00,5.00,Tea,2\nR1,2026-03-10T10:00,7.50,Cake,1\n"
    purchase = parsed("receipt,paid_at,amount,product,quantity\n" + rows).purchases[0]
    assert (purchase.amount, purchase.items) == (Decimal("12.50"), 3)
    assert [line.product for line in purchase.lines] == ["Tea", "Cake"] and purchase.rows == [2, 3]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\x89PNG\r\n\x1a\n....", "a picture, not a CSV"),
        (b"PK\x03\x04....", "save it as CSV"),
        (b"a,b\0c\n", "not a text file"),
    ],
)
def test_a_file_that_is_no_table_is_refused_as_a_whole(data: bytes, message: str) -> None:
    with pytest.raises(sniff.UnreadableError, match=message):
        sniff.read(data)


def test_columns_that_make_no_purchase_are_named() -> None:
    with pytest.raises(MappingError, match=r"No column for amount, paid_at \(or date\) was found among: receipt"):
        recognise(["receipt", "colour"])
    with pytest.raises(MappingError, match="The file has no column “Sum”"):
        recognise(["receipt", "paid_at", "amount"], {"amount": "Sum"})
    with pytest.raises(MappingError, match="“price” is not one of our fields"):
        recognise(["receipt", "paid_at", "amount"], {"price": "amount"})


def test_the_supermarket_file_is_known_by_its_header() -> None:
    header = "Invoice ID,Branch,City,Customer type,Gender,Product line,Unit price,Quantity,Tax 5%,Total,Date,Time,cogs"
    rows = (
        "750-67-8428,A,Yangon,Member,Female,Health and beauty,74.69,7,26.14,548.97,1/5/2019,13:08,522.83\n"
        "226-31-3081,C,Naypyitaw,Normal,Female,Electronics,15.28,5,3.82,80.22,3/8/2019,10:29,76.4\n"
    )
    found = parsed(f"{header}\n{rows}")
    assert found.branches == ["A", "C"] and found.refused == []
    assert found.purchases[0].paid_at.strftime("%Y-%m-%d %H:%M") == "2019-01-05 13:08"
    only = parsed(f"{header}\n{rows}", branch="C")
    assert (only.rows, only.other_branches, only.purchases[0].amount) == (1, 1, Decimal("80.22"))


@given(st.lists(st.sampled_from(["good", "bad amount", "bad date", "line of the first", "blank"]), max_size=40))
def test_every_row_is_a_line_of_a_purchase_or_refused(kinds: list[str]) -> None:
    rows = {
        "good": "R{k},2026-03-10T10:00,5.00", "bad amount": "R{k},2026-03-10T10:00,much",
        "bad date": "R{k},soon,5.00", "line of the first": "R-first,2026-03-10T09:00,1.00", "blank": "",
    }  # fmt: skip
    content = "receipt,paid_at,amount\n" + "".join(rows[kind].format(k=k) + "\n" for k, kind in enumerate(kinds))
    found = parsed(content)
    assert found.rows == len([kind for kind in kinds if kind != "blank"])
    assert sum(len(p.rows) for p in found.purchases) + len(found.refused) == found.rows
    lines = content.split("\n")
    assert all("much" in lines[item.row - 1] or "soon" in lines[item.row - 1] for item in found.refused)


def test_a_row_number_is_the_files_line_also_after_a_cell_of_several_lines() -> None:
    found = parsed('receipt,paid_at,amount,product\nR1,2026-03-10T10:00,5,"two\nlines"\nR2,2026-03-10T10:00,x,y\n')
    assert found.refused[0].row == 4


SHARED = Path(__file__).resolve().parents[4] / "shared" / "data" / "sales" / "supermarket_sales.csv"


def test_a_real_supermarkets_thousand_receipts_all_go_in() -> None:
    if not SHARED.exists():
        pytest.skip("the supermarket's file is not beside this checkout")
    found = parsed(SHARED.read_bytes())
    assert (found.rows, len(found.purchases), found.refused) == (1000, 1000, [])
    assert json.dumps(str(sum(p.amount for p in found.purchases)))[1:-1].startswith("322966.7")
