"""Rows that tests start from, with fixed times."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from analytics.models import Purchase, StoreManager
from inference.models import Camera, Store, Visit

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
CERTAIN_WOMAN = {"age": [0, 0, 0, 0, 1.0, 0, 0], "gender": [1.0, 0], "mood": [0, 1.0, 0], "age_years": 36.0}
CERTAIN_MAN = {"age": [0, 0, 0, 0, 0, 1.0, 0], "gender": [0, 1.0], "mood": [1.0, 0, 0], "age_years": 55.0}


def store(name: str = "Corner Shop", **values: Any) -> Store:
    return Store.objects.create(**{"name": name, "timezone": "Europe/Oslo"} | values)


def camera(of: Store | None = None, name: str = "Entrance", **values: Any) -> Camera:
    return Camera.objects.create(store=of or store(), name=name, **values)


def visit(of: Store, at: datetime = NOON, **values: Any) -> Visit:
    return Visit.objects.create(**{"store": of, "entered_at": at, **CERTAIN_WOMAN} | values)


def purchase(of: Store, at: datetime = NOON, receipt: str = "1", amount: str = "10.00", **values: Any) -> Purchase:
    return Purchase.objects.create(store=of, paid_at=at, receipt=receipt, amount=Decimal(amount), **values)


def manager(of: Store | None = None, name: str = "mona") -> User:
    """Somebody who may see one store, or none."""
    user = User.objects.create_user(name, password="correct horse")
    if of is not None:
        StoreManager.objects.create(user=user, store=of)
    return user
