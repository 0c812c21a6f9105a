"""Advisory locks: who works on a store's figures waits for whoever does the same, and for nobody else."""

from __future__ import annotations

from enum import IntEnum

from django.db import connection

from inference.models import Store


class Work(IntEnum):
    """One number per kind of work, so that ours meet nobody else's."""

    MATCHING = 4711
    JOINING = 4712
    SALES = 4714


def hold(store: Store, work: Work) -> None:
    """Wait for the store's lock of this kind; it is given back with the transaction that must be open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [work.value, store.pk])
