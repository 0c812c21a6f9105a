"""A manager brings sales of every kind, is asked, sees what is refused, and takes it back; at a desk and on a phone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from analytics.models import PurchaseImport
from inference.models import Store
from tests import factories
from tests.journeys.pages import fits, log_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("worker")]
CORPUS = Path(__file__).parents[1] / "analytics/sales/corpus"
GOOD = b"""receipt,paid_at,amount,product
R1,2026-03-10T13:05,10.00,Tea
R2,2026-03-10T14:10,1020.50,A rather long name of an article that no column is wide enough for
R3,2026-03-11T14:10,much,Pot
R4,2026-03-11,1.50,Lid
R5,2026-03-12T14:10,-3.50,Lid
"""
SHOTS = os.environ.get("SALES_SHOTS")  # a folder for pictures to look at


def shoot(page: Page, name: str) -> None:
    assert fits(page)
    if SHOTS:
        width = (page.viewport_size or {"width": 0})["width"]
        page.screenshot(path=Path(SHOTS) / f"{name}-{width}.png", full_page=True)


def bring(page: Page, name: str, data: bytes) -> None:
    page.goto(f"/stores/{Store.objects.get().pk}/sales/upload")
    page.get_by_label("Sales file").set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})
    page.get_by_role("button", name="Look at it first").click()


def confirm(page: Page) -> None:
    page.get_by_role("button", name="Import ").click()
    expect(page.get_by_text("Imported.")).to_be_visible()


@pytest.fixture(autouse=True)
def shop() -> Store:
    shop = factories.store(name="Corner Shop")
    factories.manager(shop)
    return shop


def test_sales_come_in_and_go_again(page: Page, shop: Store) -> None:
    log_in(page)
    page.goto(f"/stores/{shop.pk}/sales/")
    expect(page.get_by_text("No sales yet")).to_be_visible()
    shoot(page, "01-empty")
    page.get_by_role("link", name="Import a sales file").click()
    shoot(page, "02-upload")
    bring(page, "till.csv", GOOD)
    expect(page.get_by_text("Nothing is stored yet.")).to_be_visible()
    expect(page.get_by_text("not a number")).to_be_visible()
    shoot(page, "03-dry-run")
    confirm(page)
    shoot(page, "04-result")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download them to mend").click()
    mended = Path(download.value.path()).read_text("utf-8-sig").replace("much", "7.00").encode()
    bring(page, "mended.csv", mended)
    confirm(page)
    bring(page, "corrected.csv", GOOD.replace(b"10.00", b"12.00").replace(b"much", b"7.00"))
    expect(page.get_by_text("What the till corrected")).to_be_visible()
    shoot(page, "05-corrections")
    confirm(page)
    page.goto(f"/stores/{shop.pk}/sales/")
    shoot(page, "06-list")
    page.get_by_role("link", name="till.csv").click()
    page.get_by_text("Undo …").click()
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("undo that one first")).to_be_visible()
    shoot(page, "07-undo-refused")
    page.goto(f"/stores/{shop.pk}/sales/")
    page.get_by_role("link", name="corrected.csv").click()
    page.get_by_text("Undo …").click()
    page.get_by_role("button", name="Undo this import").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    shoot(page, "08-undone")


def test_an_import_that_runs_shows_how_far_it_is_and_can_be_cancelled(page: Page, shop: Store) -> None:
    row = PurchaseImport.objects.create(
        store=shop, file_name="three-years.csv", status="running", progress=42, rows=2_500_000
    )
    log_in(page)
    page.goto(f"/imports/{row.pk}/")
    expect(page.get_by_text("42 %")).to_be_visible()
    shoot(page, "31-running")
    PurchaseImport.objects.filter(pk=row.pk).update(progress=77)
    expect(page.get_by_text("77 %")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text("Cancelled; nothing was imported.")).to_be_visible()
    shoot(page, "32-cancelled")


def test_what_a_file_does_not_tell_is_asked(page: Page, shop: Store) -> None:
    log_in(page)
    bring(page, "ambiguous.csv", b"receipt,date,time,amount\nR1,03/04/2025,13:05,10.00\nR2,05/06/2025,13:05,20.00\n")
    expect(page.get_by_text("day first or month first")).to_be_visible()
    shoot(page, "11-dates-asked")
    page.get_by_role("link", name="Say how it is to be read").click()
    page.get_by_label("Dates like").select_option("month-first")
    expect(page.get_by_text("2025-03-04 13:05")).to_be_visible()
    shoot(page, "12-columns")
    page.get_by_role("button", name="Look at the whole file").click()
    expect(page.get_by_text("Nothing is stored yet.")).to_be_visible()
    bring(page, "headerless.csv", (CORPUS / "headerless.csv").read_bytes())
    expect(page.get_by_text("they are numbered")).to_be_visible()
    page.get_by_role("link", name="Say how it is to be read").click()
    for place, field in enumerate(["receipt", "paid_at", "product", "quantity", "amount"], start=1):
        page.get_by_label(f"Column {place}").select_option(field)
    expect(page.get_by_text("12.50")).to_be_visible()
    shoot(page, "13-no-header")
    page.get_by_role("button", name="Look at the whole file").click()
    expect(page.get_by_text("Import 2 receipts")).to_be_visible()
    for number, name in enumerate(
        ("workbook-title.xlsx", "sums-of-days.csv", "picture.csv", "bakery-without-amounts.csv")
    ):
        bring(page, name, (CORPUS / name).read_bytes())
        shoot(page, f"2{number}-{name}")
