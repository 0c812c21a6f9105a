"""The overview, the explanation, and the health check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from analytics import access, echo, queries
from analytics.charts import hill
from analytics.periods import USUAL_DAYS, Period
from analytics.queries import Segment
from analytics.withhold import FEWEST_VISITS
from inference.models import Store


@dataclass(frozen=True)
class Card:
    store: Store
    totals: Segment
    period: Period


def home(request: HttpRequest) -> HttpResponse:
    """All stores of the user; with a single one, its dashboard straight away."""
    stores = list(access.stores_for(request.user))
    if len(stores) == 1:
        return redirect("dashboard", stores[0].pk)
    cards = []
    for store in stores:
        period = Period.latest(store, USUAL_DAYS)
        sums = queries.totals(store, period)
        cards.append(Card(store, queries.total_segment(period, sums), period))
    return render(request, "home.html", {"cards": cards, "days": USUAL_DAYS})


def how_we_know(request: HttpRequest, store_id: int | None = None) -> HttpResponse:
    """The method in words and pictures; with a store, in its own numbers where there are enough."""
    shortest, longest = queries.plausible_stay_minutes()
    context: dict[str, Any] = {"shortest": shortest, "longest": longest, "fewest": int(FEWEST_VISITS)}
    context |= _of_store(request, store_id) if store_id is not None else {"hill": hill.drawn()}
    return render(request, "how_we_know.html", context)


def _of_store(request: HttpRequest, store_id: int) -> dict[str, Any]:
    store = access.store_for(request.user, store_id, what="how we know")
    period = Period.latest(store, USUAL_DAYS)
    found = echo.of(period)
    return {
        "store": store,
        "period": period,
        "echo": found,
        "hill": hill.measured(found) if found else hill.drawn(),
        "links": queries.links(store, period),
    }


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """200 once database and Redis answer; 503 names what does not."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        cache.get("healthz")
    except DatabaseError:
        return HttpResponse("the database does not answer\n", status=503, content_type="text/plain")
    except OSError:
        return HttpResponse("Redis does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
