"""The demo of a first start: accounts, and stores whose history is simulated and says so."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils.timezone import now

from analytics import rollups, servers, simulated
from analytics.join.simulate import Shop
from analytics.models import StoreManager
from inference.models import Store

MANAGER = ("manager", "manager-demo")
ADMIN = ("admin", "admin-demo")
WEEKS = 8
HOLIDAY, QUIET = frozenset({20}), frozenset({19, 21, 41})


def accounts() -> list[tuple[str, str, str]]:
    """(role, name, password) of the demo accounts; none where a real database is used."""
    if not servers.is_embedded() or not get_user_model().objects.filter(username=MANAGER[0]).exists():
        return []
    return [("store manager", *MANAGER), ("admin", *ADMIN)]


def create_if_empty() -> bool:
    """Create the demo in an empty, embedded database; whether it did."""
    if not servers.is_embedded() or Store.objects.exists() or get_user_model().objects.exists():
        return False
    create()
    return True


def create() -> None:
    """Accounts and two simulated stores: one whose receipts name their visits, one whose receipts do not."""
    first = now().date() - timedelta(weeks=WEEKS)
    linked = Shop(14, 7 * WEEKS, 1.0, HOLIDAY, QUIET, trend=0.25, first_weekday=first.weekday())
    busy = Shop(60, 7 * WEEKS, 0.0, HOLIDAY, QUIET, trend=-0.1, first_weekday=first.weekday())
    with transaction.atomic():
        stores = [
            simulated.create_store("Demo: Lantern Books", first, linked, seed=7)[0],
            simulated.create_store("Demo: Harbour Market", first, busy, seed=8)[0],
        ]
        _accounts(stores)
    for store in stores:
        rollups.refresh(store)


def _accounts(stores: list[Store]) -> None:
    users = get_user_model().objects
    manager = users.create_user(*_with_mail(MANAGER))
    users.create_superuser(*_with_mail(ADMIN))
    StoreManager.objects.bulk_create([StoreManager(user=manager, store=store) for store in stores])


def _with_mail(account: tuple[str, str]) -> tuple[str, str, str]:
    return account[0], f"{account[0]}@example.com", account[1]
