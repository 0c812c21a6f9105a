"""What can be told when: questions, days, tickets and till aids, before any of them is spent."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from analytics import access, plans, queries
from analytics.forms import PlanForm
from analytics.join.estimate import Z
from analytics.periods import USUAL_DAYS, Period
from analytics.plans import Footing

USUAL_POINTS = 5


def show(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="planning")
    period = Period.latest(store, USUAL_DAYS)
    own = plans.footing(store, period)
    form = PlanForm(request.GET or None, initial=_numbers(own))
    asked = form.cleaned_data if form.is_bound and form.is_valid() else {}
    days, points = asked.get("days") or USUAL_DAYS, asked.get("points") or USUAL_POINTS
    start = _asked(own, asked.get("visits"), asked.get("conversion"))
    context = {
        "store": store,
        "form": form,
        "own": own,
        "days": days,
        "points": points,
        "faces": plans.USUAL_FACES,
        "level": Z * start.conversion * queries.assumed(period).level_error,
        "answers": list(plans.answers(store, period, start, days, points / 100)),
    }
    return render(request, "accuracy/planning.html", context)


def _numbers(own: Footing) -> dict[str, float]:
    return {
        "points": USUAL_POINTS,
        "days": USUAL_DAYS,
        "visits": round(own.visits_per_day),
        "conversion": round(100 * own.conversion),
    }


def _asked(own: Footing, visits: float | None, conversion: float | None) -> Footing:
    return replace(
        own,
        visits_per_day=visits or own.visits_per_day,
        conversion=conversion / 100 if conversion else own.conversion,
    )
