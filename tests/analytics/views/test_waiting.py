"""Days of so many visits that a page has a worker reckon with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from analytics import joining, queries, tasks
from analytics.models import JoinFit
from tests import factories
from tests.analytics import shops

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_page_of_many_visits_is_worked_out_by_a_worker_and_shows_how_far(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, _ = shops.simulated_shop(rate=8)
    client.force_login(factories.manager(store))
    monkeypatch.setattr(queries, "SLOW_VISITS", 100)
    asked: list[tuple[int, str, str]] = []
    monkeypatch.setattr(tasks.join_period, "delay", lambda *days: asked.append(days))
    where, days = f"/stores/{store.pk}/", f"first={shops.FIRST}&last={shops.LAST - timedelta(days=1)}"
    page = client.get(f"{where}?{days}").content.decode()
    assert "0 of 4 breakdowns" in page and "Headline figures" not in page
    assert asked == [(store.pk, "2026-03-09", "2026-03-21")] and not JoinFit.objects.exists()
    table = client.get(f"{where}report.csv?by=age&{days}")
    assert table.status_code == 302 and table.headers["Location"] == f"{where}?{days}"
    period = shops.period(store)
    period = type(period).of(store, period.first, period.last - timedelta(days=1))
    joining.joined(period, "gender")
    poll = client.get(f"{where}fits?{days}")
    assert "1 of 4 breakdowns" in poll.content.decode() and "HX-Refresh" not in poll.headers
    tasks.join_period(*asked[0])
    kept = JoinFit.objects.count()
    tasks.join_period(*asked[0])  # twice changes nothing
    assert JoinFit.objects.count() == kept and queries.fits(store, period) is None
    assert client.get(f"{where}fits?{days}").headers["HX-Refresh"] == "true"
    assert "Headline figures" in client.get(f"{where}?{days}").content.decode() and len(asked) == 1
    assert client.get(f"{where}report.csv?by=age&{days}").headers["Content-Type"].startswith("text/csv")


def test_few_visits_are_reckoned_with_at_once(client: Client) -> None:
    store, _ = shops.simulated_shop(rate=8)
    client.force_login(factories.manager(store))
    assert "Headline figures" in client.get(f"/stores/{store.pk}/?first=2026-03-09&last=2026-03-22").content.decode()
