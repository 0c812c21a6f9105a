"""Sales files: preview, confirm, look back, undo."""

from __future__ import annotations

import csv

from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from analytics import access, tasks
from analytics.forms import SalesForm
from analytics.models import PurchaseImport
from analytics.sales import stage

ROWS = 50
LISTED_REFUSED = 100
STATES = PurchaseImport.Status


def imports(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="sales imports")
    page = Paginator(store.imports.select_related("created_by"), ROWS).get_page(request.GET.get("page"))
    return render(request, "sales/imports.html", {"store": store, "page": page})


def upload(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id)
    form = SalesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        choice = stage.Choice(
            dates=form.cleaned_data["dates"],
            branch=form.cleaned_data["branch"],
            all_or_none=form.cleaned_data["all_or_none"],
        )
        row = stage.preview(store, file.name or "sales.csv", file.read(), user=request.user, choice=choice)
        return redirect("import", row.pk)
    return render(request, "sales/upload.html", {"store": store, "form": form})


def show(request: HttpRequest, import_id: int) -> HttpResponse:
    """A preview waiting for a decision, a running import, or one that is done."""
    row = access.import_for(request.user, import_id)
    template = "sales/_import.html" if request.headers.get("HX-Request") else "sales/import.html"
    context = {"row": row, "store": row.store, "refused": row.refused[:LISTED_REFUSED], "states": STATES}
    context["is_live"] = row.status == STATES.RUNNING
    return render(request, template, context)


@require_POST
def confirm(request: HttpRequest, import_id: int) -> HttpResponse:
    row = access.import_for(request.user, import_id)
    claimed = PurchaseImport.objects.filter(pk=row.pk, status=STATES.PREVIEWED).update(status=STATES.RUNNING)
    if claimed:
        transaction.on_commit(lambda: tasks.confirm_import.delay(row.pk))
    return redirect("import", row.pk)


@require_POST
def discard(request: HttpRequest, import_id: int) -> HttpResponse:
    row = access.import_for(request.user, import_id)
    stage.discard(row.pk)
    return redirect("sales", row.store_id)


@require_POST
def undo(request: HttpRequest, import_id: int) -> HttpResponse:
    """Purchases go at once; the figures follow within seconds."""
    row = access.import_for(request.user, import_id)
    if row.status == STATES.DONE:
        PurchaseImport.objects.filter(pk=row.pk).update(status=STATES.RUNNING)
        transaction.on_commit(lambda: tasks.undo_import.delay(row.pk))
    return redirect("import", row.pk)


def refused(request: HttpRequest, import_id: int) -> HttpResponse:
    """The refused rows with their reasons."""
    row = access.import_for(request.user, import_id)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="refused-{row.pk}.csv"'
    writer = csv.DictWriter(response, ["row", "column", "value", "reason"])
    writer.writeheader()
    writer.writerows(row.refused)
    return response
