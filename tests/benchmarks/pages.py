"""How long the dashboard takes to answer, beside a page of the same site that shows no numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import partial

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client
from django.utils.timezone import now

from analytics import rollups, simulated
from analytics.charts import CHARTS
from analytics.join.simulate import Shop
from tests.benchmarks.table import Row, side_by_side

DAYS = 56
RATE = 60.0  # visits per open hour: a busy shop


def rows() -> Iterator[Row]:
    call_command("collectstatic", interactive=False, verbosity=0)  # pages name their files by checksum
    store, _ = simulated.create_store("Bench pages", now().date() - timedelta(days=DAYS), Shop(RATE, DAYS), seed=1)
    rollups.refresh(store)
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("bench"))
    page = f"/stores/{store.pk}/"
    charts = [f"{page}charts/{name}.json" for name in CHARTS]
    for name, addresses in (("dashboard page", [page]), (f"its {len(charts)} charts, one by one", charts)):
        ours, theirs = side_by_side(partial(ask, client, addresses), partial(ask, client, ["/how-we-know"]))
        yield Row(name, 1000 * ours, "ms", "a page without numbers", 1000 * theirs)


def ask(client: Client, addresses: Sequence[str]) -> None:
    for address in addresses:
        status = client.get(address).status_code
        assert status == 200, f"{address} answered {status}"
