"""Advisory locks: who works on a store's figures waits for whoever does the same, and for nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection

from inference.models import Store


class Work(IntEnum):
    """One number per kind of work, so that ours meet nobody else's."""

    MATCHING = 4711
    JOINING = 4712
    SALES = 4714
    SALES_FILE = 4715


def hold(store: Store, work: Work) -> None:
    """Wait for the store's lock of this kind; it is given back with the transaction that must be open."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [work.value, store.pk])


@contextmanager
def alone(work: Work, number: int) -> Iterator[bool]:
    """Whether nobody else is at this piece of work; then it is ours until the end, or until this process is killed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [work.value, number])
        (mine,) = cursor.fetchone()
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [work.value, number])
