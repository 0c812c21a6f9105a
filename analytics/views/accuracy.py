"""How exact a store's numbers are: what its camera misses, who is staff, and counting at the door to know both."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from analytics import access, door_counts, queries, till_aids
from analytics.forms import DoorCountForm, PaperCountForm, SharesForm, TappedCountForm
from analytics.join.estimate import Z
from analytics.periods import USUAL_DAYS, Period
from inference import audits
from inference.audits import FEWEST_COUNTED
from inference.models import Audit, Store, new_visit_ref

ROWS = 20


def show(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="accuracy")
    return _page(request, store, SharesForm())


def _page(request: HttpRequest, store: Store, form: SharesForm, status: int = 200) -> HttpResponse:
    period = Period.latest(store, USUAL_DAYS)
    held = queries.assumed(period)
    missed, staff = door_counts.intervals(held)
    counted = store.audits.filter(entered__isnull=False).select_related("camera", "counted_by")
    page = Paginator(counted, ROWS).get_page(request.GET.get("page"))
    context = {
        "store": store,
        "missed": missed,
        "staff": staff,
        "how_known": door_counts.how_known(held),
        "level": door_counts.level_sentence(held),
        "unchecked": held.source == "unchecked",
        "page": page,
        "counts": door_counts.shown(store, list(page.object_list)),
        "typed": store.audits.filter(entered=None).select_related("counted_by")[:ROWS],
        "form": form,
        "aids": till_aids.of(period),
        "period": period,
    }
    return render(request, "accuracy/show.html", context, status=status)


def count(request: HttpRequest, store_id: int) -> HttpResponse:
    """The page to count with; takes what a phone has counted (and answers JSON), or what was counted on paper."""
    store = access.store_for(request.user, store_id)
    if request.method == "POST" and "clock" in request.POST:
        return _tapped(request, store)
    form = PaperCountForm(store, request.POST or None)
    if request.method == "POST" and form.is_valid() and (row := _recorded(request, store, form)) is not None:
        return redirect("count", row.pk)
    context = {"store": store, "form": form, "key": new_visit_ref(), "enough": FEWEST_COUNTED}
    context["for_five_points"] = door_counts.people_for(0.05)
    return render(request, "accuracy/count.html", context, status=422 if form.is_bound else 200)


def _tapped(request: HttpRequest, store: Store) -> JsonResponse:
    form = TappedCountForm(store, request.POST)
    if form.is_valid() and (row := _recorded(request, store, form)) is not None:
        return JsonResponse({"address": reverse("count", args=[row.pk])})
    return JsonResponse({"problem": " ".join(str(e) for errors in form.errors.values() for e in errors)}, status=400)


def _recorded(request: HttpRequest, store: Store, form: DoorCountForm) -> Audit | None:
    try:
        return audits.record(store, form.watch, cast(User, request.user))
    except audits.OverlapError as error:
        form.add_error(None, f"Part of this time was counted already (from {error}). Withdraw that count first.")
        return None


def counted(request: HttpRequest, audit_id: int) -> HttpResponse:
    """One counted time beside the camera's, and what it changes."""
    row = access.audit_for(request.user, audit_id, what="count at the door")
    held = audits.assumed(row.store, row.start, row.start)
    found = door_counts.shown(row.store, [row])[0] if row.is_counted else None
    missed, staff = door_counts.intervals(held)
    context = {
        "store": row.store,
        "row": row,
        "found": found,
        "how_known": door_counts.how_known(held),
        "level": door_counts.level_sentence(held),
        "missed": missed,
        "staff": staff,
    }
    return render(request, "accuracy/counted.html", context)


@require_POST
def withdraw(request: HttpRequest, audit_id: int) -> HttpResponse:
    """Leave a count out of the reckoning, or take it in again; it stays on record."""
    row = access.audit_for(request.user, audit_id)
    if row.withdrawn_at is not None and _overlaps(row):
        messages.error(request, "Another count covers part of this time; withdraw that one first.")
    else:
        Audit.objects.filter(pk=row.pk).update(withdrawn_at=None if row.withdrawn_at else now())
    return redirect("accuracy", row.store_id)


def _overlaps(row: Audit) -> bool:
    if row.end is None:
        return False
    others = Audit.objects.standing().filter(store=row.store, camera=row.camera).exclude(pk=row.pk)
    return others.overlapping(row.start, row.end).exists()


@require_POST
def shares(request: HttpRequest, store_id: int) -> HttpResponse:
    """Shares that somebody knows from elsewhere."""
    store = access.store_for(request.user, store_id)
    form = SharesForm(request.POST)
    if not form.is_valid():
        return _page(request, store, form, status=422)
    told = form.cleaned_data
    Audit.objects.create(
        store=store,
        start=now(),
        missed_share=told["missed"] / 100,
        missed_se=told["missed_margin"] / 100 / Z,
        staff_share=told["staff"] / 100,
        staff_se=told["staff_margin"] / 100 / Z,
        note=told["note"],
        counted_by=cast(User, request.user),
    )
    return redirect("accuracy", store.pk)
