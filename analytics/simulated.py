"""Simulated stores in the database, marked as such, with their truth returned."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from django.db import connection, transaction

from analytics import matching
from analytics.join.simulate import MISS_RATE, OPENING_HOUR, STAFF_SHARE, Faces, Sample, Shop, simulate
from analytics.models import Purchase
from inference.models import Audit, Camera, CheckoutFace, Store, Visit
from inference.visits import mark_changed
from training.labels import LABELS

TIMEZONE = "Europe/Oslo"


@transaction.atomic
def create_store(
    name: str, first: date, shop: Shop, seed: int, *, currency: str = "EUR"
) -> tuple[Store, dict[str, Any]]:
    """A store whose history begins on `first`; returns it with the truth of its segments.

    Raises IntegrityError when a store of this name exists.
    """
    store = Store.objects.create(name=name, timezone=TIMEZONE, currency=currency, is_simulated=True)
    camera = Camera.objects.create(store=store, name="Entrance")
    sample = simulate(shop, seed)
    refs = [f"{store.pk}-{k}" for k in range(len(sample.entered))]
    entered, paid = _instants(sample.entered, first, store), _instants(sample.paid, first, store)
    _copy(Visit, _visits(store, camera, sample, refs, entered))
    _copy(Purchase, _purchases(store, sample, refs, paid))
    if sample.faces is not None:
        _copy(CheckoutFace, _faces(store, sample.faces, _instants(sample.faces.at, first, store)))
    _know_the_camera(store, first)
    mark_changed(store, entered)
    matching.mark_dirty(store, paid)
    return store, sample.truth


def _know_the_camera(store: Store, first: date) -> None:
    """What the simulated camera misses needs no counting; the usual error would widen every interval."""
    Audit.objects.create(
        store=store, start=datetime.combine(first, datetime.min.time(), store.zone), missed_share=MISS_RATE,
        missed_se=0, staff_share=STAFF_SHARE, staff_se=0, note="simulated",
    )  # fmt: skip


def _instants(minutes: Sequence[float] | Any, first: date, store: Store) -> list[datetime]:
    """Simulated minutes as instants: the shop opens at the same hour of the store's clock every day."""
    openings: dict[int, datetime] = {}
    result = []
    for value in minutes:
        day = int(value // 1440)
        if day not in openings:
            local = datetime.combine(first + timedelta(days=day), datetime.min.time(), store.zone)
            openings[day] = local.replace(hour=OPENING_HOUR).astimezone(UTC)
        result.append(openings[day] + timedelta(minutes=float(value) - 1440 * day))
    return result


def _visits(
    store: Store, camera: Camera, sample: Sample, refs: list[str], entered: list[datetime]
) -> Iterable[dict[str, Any]]:
    for k, ref in enumerate(refs):
        yield {
            "store_id": store.pk,
            "camera_id": camera.pk,
            "ref": ref,
            "entered_at": entered[k].isoformat(),
            "party": "",
            "party_size": 1,
            "age": _array(sample.age[k]),
            "gender": _array(sample.gender[k]),
            "mood": _array(sample.mood[k]),
            "model_version": "simulated",
            "faces": 1,
            "source": Visit.Source.SIMULATED.value,
        }


def _array(values: Any) -> str:
    """Postgres' text form of an array is JSON's with braces."""
    return "{" + json.dumps(values.tolist())[1:-1] + "}"


def _purchases(store: Store, sample: Sample, refs: list[str], paid: list[datetime]) -> Iterable[dict[str, Any]]:
    for k, when in enumerate(paid):
        yield {
            "store_id": store.pk,
            "receipt": f"S{k + 1:06d}",
            "till": "1" if sample.till is None else str(sample.till[k] + 1),
            "paid_at": when.isoformat(),
            "amount": Decimal(f"{sample.amount[k]:.2f}"),
            "visit_ref": refs[sample.visit_of[k]] if sample.visit_of[k] >= 0 else "",
            "age_mark": "" if sample.mark is None else LABELS["age"][sample.mark[k]],
        }


def _faces(store: Store, faces: Faces, seen: list[datetime]) -> Iterable[dict[str, Any]]:
    cameras = {
        till: Camera.objects.create(
            store=store, name=f"Till {till + 1}", place=Camera.Place.CHECKOUT, till=str(till + 1)
        ).pk
        for till in np.unique(faces.till)
    }
    for k, when in enumerate(seen):
        yield {
            "store_id": store.pk,
            "camera_id": cameras[faces.till[k]],
            "till": str(faces.till[k] + 1),
            **dict.fromkeys(("seen_at", "first_at", "last_at"), when.isoformat()),
            "age": _array(faces.age[k]),
            "gender": _array(faces.gender[k]),
            "mood": _array(faces.mood[k]),
            "model_version": "simulated",
            "faces": 1,
            "quality": 80,
        }


def _copy(model: type[Visit | Purchase | CheckoutFace], rows: Iterable[dict[str, Any]]) -> None:
    """COPY rows into a table: twenty times as fast as inserting them."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    columns: list[str] = []
    for row in rows:
        columns = columns or list(row)
        writer.writerow(row.values())
    if not columns:
        return
    buffer.seek(0)
    # An empty field is NULL in CSV; in these columns it is an empty text.
    texts = [name for name in columns if name in ("party", "visit_ref", "age_mark")]
    options = "FORMAT csv" + (f", FORCE_NOT_NULL ({', '.join(texts)})" if texts else "")
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {model._meta.db_table} ({', '.join(columns)}) FROM STDIN WITH ({options})", buffer)
