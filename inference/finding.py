"""Stores and cameras as people write them on a command line: by number or by name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from inference.models import Camera, Store


class NotFoundError(LookupError):
    """Nothing is called that; the message lists what there is."""


def find_store(word: str) -> Store:
    stores = Store.objects.all()
    found = stores.filter(name=word).first() or (stores.filter(pk=int(word)).first() if word.isdigit() else None)
    if found is None:
        raise NotFoundError(f"There is no store “{word}”. {_known('Stores', stores)}")
    return found


def find_camera(word: str, store: Store | None = None) -> Camera:
    """By number, by name within the store, or as “Store: camera” anywhere."""
    cameras = Camera.objects.select_related("store").filter(**({"store": store} if store else {}))
    by_number = cameras.filter(pk=int(word)).first() if word.isdigit() else None
    by_name = cameras.filter(name=word)
    if ": " in word:
        store_name, name = word.split(": ", 1)
        by_name = by_name | cameras.filter(store__name=store_name, name=name)
    if len(by_name) > 1:
        raise NotFoundError(f"Several cameras are called “{word}”; write “Store: camera” or the number.")
    found = by_name.first() or by_number
    if found is None:
        raise NotFoundError(f"There is no camera “{word}”. {_known('Cameras', cameras)}")
    return found


def _known(what: str, rows: Iterable[Store] | Iterable[Camera]) -> str:
    names = [f"{row.pk} ({row})" for row in islice(rows, 20)]
    return f"{what}: {', '.join(names)}." if names else f"There are no {what.lower()} yet; see create_store."
