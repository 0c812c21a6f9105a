"""Cashiers' keys are checked on buyers, and what was noted can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now

from analytics.models import MarkCheck
from inference.models import Store
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Store:
    return factories.store()


@pytest.fixture
def mona(client: Client, shop: Store) -> Client:
    client.force_login(factories.manager(shop))
    return client


def add(client: Client, shop: Store, mark: str, label: str, buyers: int = 1, of: str = "gender") -> str:
    form = {"mark": mark, "label": label, "buyers": buyers}
    return client.post(f"/stores/{shop.pk}/accuracy/marks?of={of}", form, follow=True).content.decode()


def test_a_checked_sample_tells_how_often_a_key_is_right(mona: Client, shop: Store) -> None:
    page = add(mona, shop, "female", "female", 18)
    assert "18 buyers checked" in page and "12 more before the key is used" in page
    page = add(mona, shop, "female", "male", 2)
    assert "90.0%" in page and "69.9% to 97.2%" in page
    page = add(mona, shop, "male", "male", 9)
    assert "29 buyers checked" in page and page.count("fewer than 10") == 1  # nine are not told


def test_the_latest_is_taken_back(mona: Client, shop: Store) -> None:
    add(mona, shop, "female", "female", 3)
    add(mona, shop, "female", "male", 2)
    where = f"/stores/{shop.pk}/accuracy/marks/undo?of=gender"
    assert "Taken back: female for male: 2" in mona.post(where, follow=True).content.decode()
    assert MarkCheck.objects.get().buyers == 3
    mona.post(where)
    assert mona.post(where, follow=True).status_code == 200 and not MarkCheck.objects.exists()


def test_the_tills_own_keys_are_offered(mona: Client, shop: Store) -> None:
    recently = now() - timedelta(days=3)
    factories.purchase(shop, recently, "1", age_mark="young")
    factories.purchase(shop, recently, "2", age_mark="old")
    factories.purchase(shop, recently, "3")
    page = mona.get(f"/stores/{shop.pk}/accuracy/marks").content.decode()
    assert 'value="young"' in page and "66.7% of the receipts" in page
    assert "a key of another name" in add(mona, shop, "young", "10-20", 12, of="age")


@pytest.mark.parametrize(
    ("mark", "label", "buyers"), [("other", "female", 1), ("female", "woman", 1), ("female", "female", 0)]
)
def test_what_is_no_key_no_group_or_no_buyer_is_refused(
    mona: Client, shop: Store, mark: str, label: str, buyers: int
) -> None:
    assert "errorlist" in add(mona, shop, mark, label, buyers) and not MarkCheck.objects.exists()


def test_there_is_no_key_for_a_mood(mona: Client, shop: Store) -> None:
    assert mona.get(f"/stores/{shop.pk}/accuracy/marks?of=mood").status_code == 404
