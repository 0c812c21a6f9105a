"""A store's numbers over a period."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from analytics import access, door_counts, queries, report_text, rollups, tasks, ways
from analytics.charts import CHARTS
from analytics.periods import USUAL_DAYS, Period, PeriodError
from inference.models import Store

PRESETS = ((7, "Last 7 days"), (USUAL_DAYS, f"Last {USUAL_DAYS} days"), (56, "Last 8 weeks"))
SECTIONS = (
    ("Traffic", ("visits_by_day", "visits_by_hour")),
    ("People", ("visits_by_age", "age_pyramid", "visits_by_gender", "visits_by_mood")),
    ("Buying", ("conversion_by_age", "spend_by_age", "conversion_by_gender", "spend_by_gender", "conversion_by_mood",
                "spend_by_mood", "ranking_by_age", "ranking_by_mood")),
)  # fmt: skip
WIDE = {"visits_by_day", "visits_by_hour"}
BREAKDOWNS = (("age", "Age group"), ("gender", "Gender"), ("mood", "Mood"), ("age,gender", "Age and gender"))


def show(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="dashboard")
    period, problem = _period(request, store)
    if (fits := queries.fits(store, period)) is not None:
        return _waiting(request, store, period, fits)
    sums = queries.totals(store, period)
    table = _segments(request, store, period)
    held = queries.assumed(period)
    quality = queries.quality(store, period, sums, table["by"])
    context = {
        "store": store,
        "period": period,
        "problem": problem,
        "totals": queries.total_segment(period, sums),
        "changes": queries.compare(store, period),
        "quality": quality,
        "progress": rollups.progress(store),
        "way": ways.way(quality.method),
        "light": ways.light(quality.trust),
        "wants_planning": ways.wants_planning(quality.method, quality.trust),
        "held": door_counts.how_known(held),
        "level": door_counts.level_sentence(held),
        "is_empty": not sums.visits and not sums.till_purchases,
        "presets": _presets(store, period),
        "sections": [(name, [CHARTS[chart] for chart in names]) for name, names in SECTIONS],
        "wide": WIDE,
        "query": _query(period),
        **table,
    }
    return render(request, "dashboard.html", context)


def _waiting(request: HttpRequest, store: Store, period: Period, fits: queries.Fits) -> HttpResponse:
    """The page of days whose rates a worker has to work out first."""
    first, last = period.first.isoformat(), period.last.isoformat()
    transaction.on_commit(lambda: tasks.join_period.delay(store.pk, first, last))
    context = {
        "store": store,
        "period": period,
        "fits": fits,
        "presets": _presets(store, period),
        "query": _query(period),
    }
    return render(request, "dashboard.html", context)


def fits(request: HttpRequest, store_id: int) -> HttpResponse:
    """The fragment that a page polls meanwhile; the whole page comes when all is there."""
    store = access.store_for(request.user, store_id)
    period, _ = _period(request, store)
    found = queries.fits(store, period)
    context = {"store": store, "fits": found or queries.Fits(0, 0), "query": _query(period)}
    response = render(request, "_fits.html", context)
    if found is None:
        response.headers["HX-Refresh"] = "true"
    return response


def segments(request: HttpRequest, store_id: int) -> HttpResponse:
    """The table of segments alone, for a change of breakdown."""
    store = access.store_for(request.user, store_id)
    period, _ = _period(request, store)
    context = {"store": store, "period": period, "query": _query(period)} | _segments(request, store, period)
    return render(request, "_segments.html", context)


def _segments(request: HttpRequest, store: Store, period: Period) -> dict[str, Any]:
    by = request.GET.get("by", "age")
    if by not in queries.BREAKDOWNS:
        raise Http404(f"There is no breakdown by {by}.")
    if request.GET.get("all") == "1":
        shown = queries.Table(by, queries.segments(store, period, by))
    else:
        shown = queries.table(store, period, by)
    return {"by": by, "breakdowns": BREAKDOWNS, "table": shown, "all": request.GET.get("all") == "1"}


def chart(request: HttpRequest, store_id: int, name: str) -> JsonResponse:
    """A chart as Plotly's JSON, and the same in words."""
    store = access.store_for(request.user, store_id)
    if name not in CHARTS:
        raise Http404(f"There is no chart {name}.")
    period, _ = _period(request, store)
    frame = CHARTS[name].query(store, period)
    figure = json.loads(CHARTS[name].build(frame).to_json())
    return JsonResponse({"figure": figure, "description": CHARTS[name].describe(frame)})


def download(request: HttpRequest, store_id: int) -> HttpResponse:
    """The report as CSV; what the page withholds is withheld here. Days still to be worked out show how far that is."""
    store = access.store_for(request.user, store_id, what="report download")
    period, problem = _period(request, store)
    by = request.GET.get("by", "age")
    if problem or by not in queries.BREAKDOWNS:
        raise Http404(problem or f"There is no breakdown by {by}.")
    if queries.fits(store, period) is not None:
        return redirect(f"{reverse('dashboard', args=[store.pk])}?{_query(period)}")
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    name = f"foyer-{store.pk}-{period.first}-{period.last}-{by.replace(',', '-')}.csv"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    report_text.write_csv(queries.report(store, period, by), response)  # type: ignore[arg-type]  # it has write()
    return response


def _period(request: HttpRequest, store: Store) -> tuple[Period, str]:
    """The period an address asks for, or the usual one and what is wrong with the asked one."""
    try:
        return Period.parse(store, request.GET.get("first"), request.GET.get("last")), ""
    except PeriodError as error:
        return Period.latest(store, USUAL_DAYS), str(error)


def _presets(store: Store, period: Period) -> list[dict[str, Any]]:
    found = [(Period.latest(store, days), label) for days, label in PRESETS]
    return [{"label": label, "query": _query(p), "current": p == period} for p, label in found]


def _query(period: Period) -> str:
    return urlencode({"first": period.first.isoformat(), "last": period.last.isoformat()})
