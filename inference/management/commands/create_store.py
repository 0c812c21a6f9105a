"""`manage.py create_store`: a store and its cameras."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from inference.models import Camera, Store


class Command(BaseCommand):
    help = "Create a store; one that exists keeps its settings and gains the cameras it lacks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--timezone", default="UTC", help="like Europe/Oslo")
        parser.add_argument("--currency", default="EUR", help="three letters")
        parser.add_argument("--camera", action="append", default=[], help="a camera's name; may be given several times")
        parser.add_argument(
            "--till-camera", action="append", default=[], metavar="NAME=TILL",
            help="a camera at a till, and the till's name as sales files write it; may be given several times",
        )  # fmt: skip
        parser.add_argument("--json", action="store_true")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        store = Store.objects.filter(name=options["name"]).first() or self._new(options)
        cameras = {name: Camera.objects.get_or_create(store=store, name=name)[0].pk for name in options["camera"]}
        cameras |= dict(_till_camera(store, text) for text in options["till_camera"])
        result = {"store": store.pk, "cameras": cameras}
        self.stdout.write(json.dumps(result) if options["json"] else f"Store {store.pk}: {store}; cameras {cameras}")

    def _new(self, options: dict[str, Any]) -> Store:
        store = Store(name=options["name"], timezone=options["timezone"], currency=options["currency"].upper())
        try:
            store.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages), returncode=2) from error
        store.save()
        return store


def _till_camera(store: Store, text: str) -> tuple[str, int]:
    name, _, till = text.partition("=")
    defaults = {"place": Camera.Place.CHECKOUT, "till": till}
    return name, Camera.objects.get_or_create(store=store, name=name, defaults=defaults)[0].pk
