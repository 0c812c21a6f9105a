"""`manage.py simulate`: stores whose truth is known, written to the database and to a file."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.timezone import now

from analytics import simulated
from analytics.join.simulate import Shop, TillCamera
from inference.models import Store


class Command(BaseCommand):
    help = "Create simulated stores; --truth gets the figures that `report` should come close to."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stores", type=int, default=1)
        parser.add_argument("--days", type=int, default=56)
        parser.add_argument("--rate", type=float, default=60, help="visits per open hour")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--linked", type=float, default=0, help="share of receipts that name their visit, 0 to 1")
        parser.add_argument("--till-cameras", type=float, default=0, help="share of payers seen at the till, 0 to 1")
        parser.add_argument("--marks", action="store_true", help="cashiers press an age key, right 80 times of 100")
        parser.add_argument("--start", type=date.fromisoformat, help="first day; by default the history ends yesterday")
        parser.add_argument("--truth", type=Path, help="file for the truth")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        days = options["days"]
        shares_are_shares = 0 <= options["linked"] <= 1 and 0 <= options["till_cameras"] <= 1
        if options["stores"] < 1 or days < 1 or options["rate"] <= 0 or not shares_are_shares:
            raise CommandError(
                "--stores, --days and --rate must be positive, --linked and --till-cameras between 0 and 1.",
                returncode=2,
            )
        first = options["start"] or now().date() - timedelta(days=days)
        made = []
        for number in range(options["stores"]):
            seed = options["seed"] + number
            shop = Shop(
                options["rate"], days, linked=options["linked"], first_weekday=first.weekday(),
                till_camera=TillCamera(options["till_cameras"]) if options["till_cameras"] else None,
                marks=options["marks"],
            )  # fmt: skip
            store, truth = simulated.create_store(_free_name(seed), first, shop, seed)
            made.append({"store": store.pk, "name": store.name, "seed": seed, "truth": truth})
            self.stderr.write(f"{store}: {truth['visitors']} visitors")
        last = first + timedelta(days=days - 1)
        result = {"from": first.isoformat(), "to": last.isoformat(), "stores": made}
        if options["truth"]:
            options["truth"].write_text(json.dumps(result, indent=1))
        self.stdout.write(json.dumps(result) if options["json"] else f"{len(made)} stores, {first} to {last}")


def _free_name(seed: int) -> str:
    name, number = f"Simulated {seed}", 1
    while Store.objects.filter(name=name).exists():
        number += 1
        name = f"Simulated {seed} ({number})"
    return name
