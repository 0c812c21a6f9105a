"""Cashiers' keys, checked against what buyers are."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from analytics import access, mark_checks
from analytics.forms import MarkForm
from analytics.models import MarkCheck
from analytics.periods import USUAL_DAYS, Period
from inference.models import Store
from training.labels import LABELS, Task

NAMES = {"age": "Age band", "gender": "Gender"}


def show(request: HttpRequest, store_id: int) -> HttpResponse:
    """The keys of one attribute; takes a checked buyer."""
    store = access.store_for(request.user, store_id, what="cashiers' keys" if request.method == "GET" else "")
    attribute = _attribute(request)
    period = Period.latest(store, USUAL_DAYS)
    form = MarkForm(mark_checks.marks(store, period, attribute), LABELS[attribute], request.POST or None)
    if request.method == "POST" and form.is_valid():
        _keep(request, store, attribute, form)
        return _back(store, attribute)
    context = {
        "store": store,
        "attribute": attribute,
        "names": NAMES,
        "form": form,
        "checked": mark_checks.checked(store, period, attribute),
        "last": MarkCheck.objects.filter(store=store, attribute=attribute).first(),
        "enough": mark_checks.ENOUGH_CHECKED,
    }
    return render(request, "accuracy/marks.html", context, status=422 if form.is_bound else 200)


def _attribute(request: HttpRequest) -> Task:
    for attribute in mark_checks.ATTRIBUTES:
        if request.GET.get("of", "age") == attribute:
            return attribute
    raise Http404("Cashiers key an age band or a gender.")


def _keep(request: HttpRequest, store: Store, attribute: Task, form: MarkForm) -> None:
    MarkCheck.objects.create(
        store=store,
        attribute=attribute,
        **form.cleaned_data,
        checked_on=now().astimezone(store.zone).date(),
        checked_by=cast(User, request.user),
    )


def _back(store: Store, attribute: Task) -> HttpResponse:
    return redirect(f"{reverse('marks', args=[store.pk])}?of={attribute}")


@require_POST
def undo(request: HttpRequest, store_id: int) -> HttpResponse:
    """Take the latest checked buyer back."""
    store = access.store_for(request.user, store_id)
    attribute = _attribute(request)
    last = MarkCheck.objects.filter(store=store, attribute=attribute).first()
    if last is not None:
        last.delete()
        messages.info(request, f"Taken back: {last}.")
    return _back(store, attribute)
