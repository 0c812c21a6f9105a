"""Counting at the door, what it is compared with, and what of it is shown."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from analytics import rollups
from inference.models import Audit, Camera, CheckoutFace, Store
from inference.visits import mark_changed
from tests import factories

pytestmark = pytest.mark.django_db
# A count tells about half a year, and pages show the latest weeks, so this time moves with the clock.
BEGAN = (now() - timedelta(days=7)).replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def shop() -> Store:
    store = factories.store()
    factories.camera(store)
    return store


@pytest.fixture
def mona(client: Client, shop: Store) -> Client:
    client.force_login(factories.manager(shop))
    return client


def visits(store: Store, count: int, at: datetime = BEGAN) -> None:
    times = [at + timedelta(minutes=k % 60) for k in range(count)]
    for time in times:
        factories.visit(store, time)
    mark_changed(store, times)
    rollups.refresh(store)


def paper(shop: Store, client: Client, **changed: object) -> str:
    local = BEGAN.astimezone(shop.zone)
    form = {"start": f"{local:%Y-%m-%dT%H:%M}", "minutes": 60, "entered": 46, "staff": 4} | changed
    answer = client.post(f"/stores/{shop.pk}/accuracy/count", form, follow=True)
    return answer.content.decode()


def tapped(shop: Store, client: Client, *, wrong_by: float = 0.0, **changed: object) -> dict[str, str]:
    clock = now().timestamp() + wrong_by
    form = {
        "started": 1000 * (clock - 3660), "ended": 1000 * (clock - 60), "clock": 1000 * clock,
        "entered": 40, "staff": 2, "mark": "k1",
    } | changed  # fmt: skip
    answer = client.post(f"/stores/{shop.pk}/accuracy/count", form)
    told: dict[str, str] = answer.json()
    return {"status": str(answer.status_code)} | told


def test_a_count_on_paper_is_compared_with_the_camera(mona: Client, shop: Store) -> None:
    visits(shop, 40)
    page = paper(shop, mona)
    assert "in exactly these 60 minutes" in page and ">40<" in page
    assert "20.0%" in page and "8.0%" in page and "Counted at the door one time, 50 people" in page
    row = Audit.objects.get()
    assert (row.start, row.seen, row.camera) == (BEGAN, 40, None)


def test_a_phone_whose_clock_is_wrong_counts_the_right_hour(mona: Client, shop: Store) -> None:
    answer = tapped(shop, mona, wrong_by=-7200)
    row = Audit.objects.get()
    assert answer == {"status": "200", "address": f"/counts/{row.pk}/"}
    assert row.end is not None and abs((now() - row.end).total_seconds() - 60) < 5
    assert row.end - row.start == timedelta(hours=1)


def test_a_phone_that_sends_twice_counts_once(mona: Client, shop: Store) -> None:
    assert tapped(shop, mona) == tapped(shop, mona)
    assert Audit.objects.count() == 1
    assert "was counted already" in tapped(shop, mona, mark="k2")["problem"]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"entered": 0, "staff": 0}, "Nobody was counted"),
        ({"entered": -1}, "greater than or equal to 0"),
        ({"minutes": 5000}, "less than or equal to 960"),
        ({"start": "2126-03-10T13:00"}, "not over yet"),
        ({"start": "noon"}, "Enter a valid date/time"),
    ],
)
def test_a_count_that_cannot_be_is_explained(
    mona: Client, shop: Store, changed: dict[str, object], message: str
) -> None:
    assert message in paper(shop, mona, **changed) and not Audit.objects.exists()


def test_with_two_doors_it_is_asked_which(mona: Client, shop: Store) -> None:
    factories.camera(shop, "Back door")
    till = factories.camera(shop, "Till", place=Camera.Place.CHECKOUT)
    assert "at which door" in paper(shop, mona)
    assert "Select a valid choice" in paper(shop, mona, camera=till.pk)
    door = shop.cameras.get(name="Back door")
    paper(shop, mona, camera=door.pk)
    assert Audit.objects.get().camera == door


def test_a_camera_that_saw_nobody_is_said_and_fills_in(mona: Client, shop: Store) -> None:
    assert "counted nobody in this time" in paper(shop, mona)
    visits(shop, 40)
    assert "20.0%" in mona.get(f"/counts/{Audit.objects.get().pk}/").content.decode()


def test_small_counts_are_withheld_by_subtraction_too(mona: Client, shop: Store) -> None:
    visits(shop, 9)
    assert "Too few people passed" in paper(shop, mona)
    visits(shop, 31)
    visits(shop, 5, BEGAN + timedelta(hours=3))
    page = mona.get(f"/counts/{Audit.objects.get().pk}/").content.decode()
    assert "cannot be worked out" in page and ">40<" not in page  # the day's 45 less 40 would tell the 5
    visits(shop, 20, BEGAN + timedelta(hours=3))
    assert ">40<" in mona.get(f"/counts/{Audit.objects.get().pk}/").content.decode()


def test_a_count_can_be_withdrawn_and_used_again(mona: Client, shop: Store) -> None:
    visits(shop, 40)
    paper(shop, mona)
    row = Audit.objects.get()
    where = f"/counts/{row.pk}/withdraw"
    assert "Nobody has counted yet" in mona.post(where, follow=True).content.decode()
    paper(shop, mona, minutes=30)
    assert "covers part of this time" in mona.post(where, follow=True).content.decode()
    Audit.objects.exclude(pk=row.pk).delete()
    assert "Counted at the door one time" in mona.post(where, follow=True).content.decode()


def test_shares_can_be_typed_in_with_their_margins(mona: Client, shop: Store) -> None:
    where = f"/stores/{shop.pk}/accuracy/shares"
    form = {"missed": "12", "missed_margin": "4", "staff": "5", "staff_margin": "2", "note": "The installer’s test"}
    page = mona.post(where, form, follow=True).content.decode()
    assert "12.0%" in page and "8.0% to 16.0%" in page and "Typed in by hand" in page
    wrong = mona.post(where, form | {"missed": "99"})
    assert wrong.status_code == 422 and "less than or equal to 60" in wrong.content.decode()


def test_the_list_takes_no_more_queries_for_more_counts(
    mona: Client, shop: Store, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for day in range(1, 9):
        Audit.objects.create(
            store=shop, start=BEGAN + timedelta(days=day), end=BEGAN + timedelta(days=day, hours=1),
            entered=40, staff=2, seen=40,
        )  # fmt: skip
        with django_assert_max_num_queries(16):
            page = mona.get(f"/stores/{shop.pk}/accuracy/").content.decode()
    assert page.count("Withdraw<") == 8


def test_what_tells_who_pays_is_listed_with_what_is_wrong(mona: Client, shop: Store) -> None:
    camera = factories.camera(shop, "Till camera", place=Camera.Place.CHECKOUT, till="2")
    page = mona.get(f"/stores/{shop.pk}/accuracy/").content.decode()
    assert "0.0% of the receipts" in page and "It has seen nobody in these weeks" in page
    factories.purchase(shop, BEGAN, "1", till="Kasse 2", age_mark="28-45", visit_ref="v1")
    factories.purchase(shop, BEGAN, "2", till="Kasse 2")
    for minute in range(12):
        at = BEGAN + timedelta(minutes=minute)
        CheckoutFace.objects.create(
            store=shop, camera=camera, till="2", seen_at=at, first_at=at, last_at=at, quality=60,
            age=[1, 0, 0, 0, 0, 0, 0], gender=[1, 0], mood=[1, 0, 0],
        )  # fmt: skip
    page = mona.get(f"/stores/{shop.pk}/accuracy/").content.decode()
    assert "50.0% of the receipts" in page and "50.0% carry the cashier" in page and "12 faces" in page
    assert "No receipt of these weeks names a till “2”" in page
    camera.till = "Kasse 2"
    camera.save()
    assert "warning" not in mona.get(f"/stores/{shop.pk}/accuracy/").content.decode()
