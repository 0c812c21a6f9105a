"""How we know, in a store's own numbers; and what can be told when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils.timezone import now
from pytest_django import DjangoAssertNumQueries

from analytics import rollups, simulated
from analytics.join.simulate import Shop
from inference.models import Store
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(client: Client) -> Store:
    first = (now() - timedelta(days=29)).date()
    store, _ = simulated.create_store("Busy", first, Shop(30, 28, first_weekday=first.weekday()), seed=3)
    rollups.refresh(store)
    client.force_login(factories.manager(store))
    return store


def test_the_method_is_shown_in_the_stores_own_numbers(client: Client, shop: Store) -> None:
    page = client.get(f"/stores/{shop.pk}/how-we-know").content.decode()
    assert 'class="measured"' in page and "Bars are measured" in page and "<math" in page
    assert "visitors could have made each purchase" in page


def test_without_numbers_the_picture_says_that_it_is_drawn(client: Client) -> None:
    store = factories.store()
    client.force_login(factories.manager(store))
    page = client.get(f"/stores/{store.pk}/how-we-know").content.decode()
    assert "Drawn, not measured: Corner Shop has too few" in page and 'class="measured"' not in page
    assert "Drawn, not measured." in client.get("/how-we-know").content.decode()


def test_planning_answers_for_this_store_and_for_what_is_typed_in(
    client: Client, shop: Store, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    where = f"/stores/{shop.pk}/accuracy/planning"
    page = client.get(where).content.decode()
    assert "own last four weeks" in page and "Seven age groups" in page and "points to all rates alike" in page
    with django_assert_max_num_queries(45):
        wider = client.get(f"{where}?points=10&days=7&visits=50&conversion=20").content.decode()
    assert "±10 points" in wider and wider != page
    assert "greater than or equal to 1" in client.get(f"{where}?visits=0").content.decode()
