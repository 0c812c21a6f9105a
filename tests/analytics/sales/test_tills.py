"""Exports as tills write them, each with what it should become."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from analytics.sales import parse, sniff, stage

OSLO = ZoneInfo("Europe/Oslo")


@dataclass(frozen=True)
class Export:
    """A small file; `purchases` is what should go in: receipt -> (time on the store's clock, amount)."""

    name: str
    content: str
    purchases: dict[str, tuple[str, str]]
    refused: int = 0
    left_out: int = 0
    lines: list[tuple[str, str]] = field(default_factory=list)  # (product or category, amount)


EXPORTS = [
    Export(
        "square transactions",
        "Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Tip,Total Collected,Source,Transaction ID,Payment ID,"
        "Device Name,Event Type,Location,Customer Name\n"
        '03/28/2026,13:05:11,Oslo,"$1,012.50",$0.00,"$1,012.50",$0.00,$0.00,"$1,012.50",Register,TX1,P1,Till,Payment,A,Kari\n'
        "03/28/2026,14:00:00,Oslo,-$5.00,$0.00,-$5.00,$0.00,$0.00,-$5.00,Register,TX2,P2,Till,Refund,A,\n",
        {"TX1": ("2026-03-28 13:05", "1012.50"), "TX2": ("2026-03-28 14:00", "-5.00")},
    ),
    Export(
        "square items",
        "Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,"
        "Tax,Transaction ID,Payment ID,Device Name,Notes,Details,Event Type,Location\n"
        "2026-03-28,13:05:11,Oslo,Drinks,Tea,2,Regular,,,$8.00,$0.00,$8.00,$0.00,TX1,P1,Till,,,Payment,A\n"
        "2026-03-28,13:05:11,Oslo,Cakes,Bun,1,Regular,,,$4.50,-$0.50,$4.00,$0.00,TX1,P1,Till,,,Payment,A\n",
        {"TX1": ("2026-03-28 13:05", "12.00")},
        lines=[("Tea", "8.00"), ("Bun", "4.00")],
    ),
    Export(
        "shopify orders",
        "Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,"
        "Lineitem quantity,Lineitem name,Lineitem price,Billing Name,Payment Method\n"
        "#1001,a@b.c,paid,2026-03-10 13:05:00 +0100,fulfilled,EUR,20.00,0.00,0.00,20.00,2,Mug,7.50,Ola N,Cash\n"
        "#1001,a@b.c,,,,,,,,,1,Card,5.00,,\n"
        "#1002,d@e.f,voided,2026-03-10 13:15:00 +0100,,EUR,9.00,0.00,0.00,9.00,1,Pen,9.00,Kari,Cash\n",
        {"#1001": ("2026-03-10 13:05", "20.00")},
        left_out=1,
        lines=[("Mug", "15.00"), ("Card", "5.00")],
    ),
    Export(
        "loyverse receipts",
        "Date,Receipt number,Receipt type,Gross sales,Discounts,Net sales,Taxes,Total collected,Cost of goods,"
        "Gross profit,Payment type,POS,Store,Cashier name,Customer name,Status\n"
        "3/28/26 1:05 PM,1-1001,Sale,10.00,0.00,10.00,2.50,12.50,4.00,6.00,Cash,POS 1,Main,Kari,,Closed\n"
        "3/28/26 1:20 PM,1-1002,Refund,10.00,0.00,10.00,2.50,12.50,4.00,6.00,Cash,POS 1,Main,Kari,,Closed\n"
        "3/28/26 1:30 PM,1-1003,Sale,10.00,0.00,10.00,2.50,12.50,4.00,6.00,Cash,POS 1,Main,Kari,,Cancelled\n",
        {"1-1001": ("2026-03-28 13:05", "12.50"), "1-1002": ("2026-03-28 13:20", "-12.50")},
        left_out=1,
    ),
    Export(
        "loyverse items",
        "Date,Receipt number,Receipt type,Category,SKU,Item,Variant,Quantity,Gross sales,Discounts,Net sales,Taxes,POS,"
        "Store,Cashier name,Status\n"
        "28/03/2026 13:05,1-1001,Sale,Drinks,1,Tea,,2.000,8.00,0.00,8.00,0,POS 1,Main,Kari,Closed\n"
        "28/03/2026 13:05,1-1001,Sale,Cakes,2,Bun,,1.000,4.00,0.00,4.00,0,POS 1,Main,Kari,Closed\n",
        {"1-1001": ("2026-03-28 13:05", "12.00")},
        lines=[("Tea", "8.00"), ("Bun", "4.00")],
    ),
    Export(
        "lightspeed",
        "Date,Receipt number,Line type,Customer name,Quantity,Subtotal,Sales tax,Discount,Total,Paid,Details,Register,"
        "User,Status,Sku\n"
        "2026-03-28 13:05:00,77,Sale,,3,10.00,2.00,0.00,12.00,12.00,,Main,Kari,Closed,\n"
        "2026-03-28 13:05:00,77,Sale Line,,3,10.00,2.00,0.00,12.00,,Tea,Main,Kari,,T1\n"
        "2026-03-28 13:05:00,77,Payment,,,,,,,12.00,Cash,Main,Kari,,\n"
        "2026-03-28 13:30:00,78,Sale,,1,1.00,0.00,0.00,1.00,0.00,,Main,Kari,Voided,\n",
        {"77": ("2026-03-28 13:05", "12.00")},
        left_out=3,
    ),
    Export(
        "sumup",
        "Date,Transaction ID,Transaction type,Status,Card type,Last 4 digits,Payment method,Description,"
        "Total,Tip amount\n"
        '"2026-03-28 13:05:11",TAAA1,Sale,Successful,VISA,1234,Card,Tea,12.50,0.00\n'
        '"2026-03-28 13:06:11",TAAA2,Sale,Failed,VISA,1234,Card,Tea,12.50,0.00\n',
        {"TAAA1": ("2026-03-28 13:05", "12.50")},
        left_out=1,
    ),
    Export(
        "zettle",
        "Sales report\nMain Street,2026-03-01 – 2026-03-31\n\n"
        "Date;Time;Receipt number;Total VAT;Net;Total;Fee;Payment method;Staff\n"
        "28/03/2026;13:05;1001;2,50;10,00;1.012,50;-0,20;Card;Kari\n",
        {"1001": ("2026-03-28 13:05", "1012.50")},
    ),
    Export(
        "a till with German columns and thousands",
        "Belegnummer;Datum;Uhrzeit;Betrag;Kasse\nB1;28.03.2026;13:05;1.234;1\nB2;28.03.2026;13:10;12,50;1\n",
        {"B1": ("2026-03-28 13:05", "1234"), "B2": ("2026-03-28 13:10", "12.50")},
    ),
    Export(
        "receipts without numbers",
        "Date,Time,Total,Register\n2026-03-28,13:05,10.00,1\n2026-03-28,13:05,10.00,1\n2026-03-28,13:06,4.00,1\n",
        {
            "20260328T130500+0100 1 #1": ("2026-03-28 13:05", "10.00"),
            "20260328T130500+0100 1 #2": ("2026-03-28 13:05", "10.00"),
            "20260328T130600+0100 1 #1": ("2026-03-28 13:06", "4.00"),
        },
    ),
    Export(
        "articles without receipt numbers",
        "Date,Time,Item,Qty,Amount,Till\n2026-03-28,13:05,Tea,1,4.00,1\n2026-03-28,13:05,Bun,1,3.00,1\n",
        {"20260328T130500+0100 1": ("2026-03-28 13:05", "7.00")},
        lines=[("Tea", "4.00"), ("Bun", "3.00")],
    ),
    Export(
        "a refund later the same day",
        "receipt,paid_at,amount,kind\nR1,2026-03-28 13:05,20.00,sale\nR1,2026-03-28 15:00,20.00,refund\n",
        {"R1": ("2026-03-28 13:05", "20.00"), "R1 refund": ("2026-03-28 15:00", "-20.00")},
    ),
    Export(
        "the hour that does not exist",
        "receipt,paid_at,amount\nR1,2026-03-29 02:30,5.00\n",
        {"R1": ("2026-03-29 03:30", "5.00")},
    ),
    Export(
        "a sum below the rows",
        "receipt,paid_at,amount\nR1,2026-03-28 13:05,5.00\n,,5.00\n",
        {"R1": ("2026-03-28 13:05", "5.00")},
        refused=1,
    ),
    Export(
        "tabs and twelve-hour clocks",
        "Order ID\tDate\tTime\tTotal\nA\t28-03-2026\t1:05 pm\t€ 5,00\nB\t28-03-2026\t12:05 am\t€ 6,00\n",
        {"A": ("2026-03-28 13:05", "5.00"), "B": ("2026-03-28 00:05", "6.00")},
    ),
    Export(
        "short rows and a broken one",
        "receipt,paid_at,amount,category\nR1,2026-03-28 13:05,5.00\nR2,2026-03-28\n"
        "R3,2026-03-28 14:00,2.00,Tea,more,cells\n",
        {"R1": ("2026-03-28 13:05", "5.00"), "R3": ("2026-03-28 14:00", "2.00")},
        refused=1,
    ),
]  # fmt: skip


def parsed(content: str) -> parse.Parsed:
    text, mapping = stage.find_header(sniff.read(content.encode()), None)
    return parse.parse(text, mapping, OSLO)


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_an_export_becomes_its_purchases(export: Export) -> None:
    found = parsed(export.content)
    told = {p.receipt: (p.paid_at.astimezone(OSLO).strftime("%Y-%m-%d %H:%M"), p.amount) for p in found.purchases}
    assert told == {name: (at, Decimal(amount)) for name, (at, amount) in export.purchases.items()}
    assert (len(found.refused), found.left_out) == (export.refused, export.left_out)
    if export.lines:
        lines = [(line.product or line.category, line.amount) for p in found.purchases for line in p.lines]
        assert lines == [(name, Decimal(amount)) for name, amount in export.lines]


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_every_row_is_stored_refused_or_left_out(export: Export) -> None:
    found = parsed(export.content)
    assert sum(len(p.rows) for p in found.purchases) + len(found.refused) + found.left_out == found.rows


@pytest.mark.parametrize("export", EXPORTS[:8], ids=lambda export: export.name)
def test_the_till_is_recognised_and_nobodys_name_is_read(export: Export) -> None:
    _, mapping = stage.find_header(sniff.read(export.content.encode()), None)
    assert mapping.format == export.name
    personal = {"customer name", "email", "billing name", "cashier name", "last 4 digits", "user", "staff"}
    assert not personal & {column.lower() for column in mapping.columns.values()}
