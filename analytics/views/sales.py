"""Sales files: preview, confirm, look back, undo."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import User
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from analytics import access, tasks
from analytics.forms import SalesForm
from analytics.models import PurchaseImport
from analytics.sales import files, questions
from analytics.sales import imports as lifecycle

ROWS = 50
LISTED_REFUSED = 100
LISTED_DAYS = 60
STATES = PurchaseImport.Status


def imports(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="sales imports")
    page = Paginator(store.imports.select_related("created_by"), ROWS).get_page(request.GET.get("page"))
    mine = set(access.stores_for(request.user).values_list("pk", flat=True))
    listed = [(row, row.created_by_id == request.user.pk or row.is_within(mine)) for row in page]
    return render(request, "sales/imports.html", {"store": store, "page": page, "listed": listed})


def upload(request: HttpRequest, store_id: int) -> HttpResponse:
    """A small file is looked at while its sender waits; a worker reads a large one, and its page shows how far."""
    store = access.store_for(request.user, store_id)
    form = SalesForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        row = lifecycle.receive(store, file.name or "sales.csv", file.chunks(), user=request.user, choice=form.choice())
        if (file.size or 0) <= lifecycle.AT_ONCE_BYTES:
            lifecycle.look(row.pk)
        else:
            transaction.on_commit(lambda: tasks.read_import.delay(row.pk))
        return redirect("import", row.pk)
    return render(request, "sales/upload.html", {"store": store, "form": form})


def show(request: HttpRequest, import_id: int) -> HttpResponse:
    """A preview waiting for a decision, a running import, or one that is done."""
    row = access.import_for(request.user, import_id)
    template = "sales/_import.html" if request.headers.get("HX-Request") else "sales/import.html"
    context = {"row": row, "store": row.store, "refused": row.refused[:LISTED_REFUSED], "states": STATES}
    context |= {"can_mend": files.refused(row.pk).exists(), "days": _days(row)}
    context["is_live"] = row.status in (STATES.RUNNING, STATES.READING, STATES.UNDOING)
    if not access.sees_whole(cast(User, request.user), row):
        context |= {
            "partly": True,
            "refused": [],
            "days": [],
            "mine": row.mapping.get("stores", {}).get(str(row.store_id), 0),
        }
    return render(request, template, context)


def _days(row: PurchaseImport) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(day, this import's sums, those of the last import that was done), as many days as are listed."""
    by_day: dict[str, dict[str, Any]] = row.mapping.get("by_day", {})
    done = PurchaseImport.objects.filter(store=row.store, status=STATES.DONE, pk__lt=row.pk).first()
    before: dict[str, dict[str, Any]] = done.mapping.get("by_day", {}) if done else {}
    return [(day, sums, before.get(day, {})) for day, sums in list(by_day.items())[:LISTED_DAYS]]


def columns(request: HttpRequest, import_id: int) -> HttpResponse:
    """Which column is what, guessed and then said; with what was said, the whole file is looked at again."""
    row = access.whole_import_for(request.user, import_id)
    if row.status not in (STATES.ASKING, STATES.PREVIEWED):
        return redirect("import", row.pk)
    asked = questions.ask(row)
    if request.method == "POST":
        questions.answer(row, asked.answers(request.POST), save=bool(request.POST.get("save")))
        lifecycle.look(row.pk)
        return redirect("import", row.pk)
    return render(request, "sales/columns.html", {"row": row, "store": row.store, **asked.as_context()})


@require_POST
def columns_preview(request: HttpRequest, import_id: int) -> HttpResponse:
    """The first rows as they would be stored; nothing is kept of the answers."""
    row = access.whole_import_for(request.user, import_id)
    if row.status not in (STATES.ASKING, STATES.PREVIEWED):
        raise Http404("This import is decided already.")
    choice = questions.ask(row).answers(request.POST)
    return render(request, "sales/_columns_preview.html", questions.try_out(row, choice))


@require_POST
def confirm(request: HttpRequest, import_id: int) -> HttpResponse:
    row = access.whole_import_for(request.user, import_id)
    claimed = PurchaseImport.objects.filter(pk=row.pk, status=STATES.PREVIEWED).update(
        status=STATES.RUNNING, touched_at=now(), tries=0
    )
    if claimed:
        transaction.on_commit(lambda: tasks.confirm_import.delay(row.pk))
    return redirect("import", row.pk)


@require_POST
def discard(request: HttpRequest, import_id: int) -> HttpResponse:
    row = access.whole_import_for(request.user, import_id)
    lifecycle.discard(row.pk)
    return redirect("sales", row.store_id)


@require_POST
def undo(request: HttpRequest, import_id: int) -> HttpResponse:
    """Purchases go at once; the figures follow within seconds."""
    row = access.import_for(request.user, import_id)
    access.all_stores_of(request.user, row)
    done = PurchaseImport.objects.filter(pk=row.pk, status=STATES.DONE)
    if done.update(status=STATES.UNDOING, touched_at=now(), tries=0, message=""):
        transaction.on_commit(lambda: tasks.undo_import.delay(row.pk))
    return redirect("import", row.pk)


@require_POST
def cancel(request: HttpRequest, import_id: int) -> HttpResponse:
    row = access.whole_import_for(request.user, import_id)
    lifecycle.cancel(row.pk)
    return redirect("import", row.pk)


def refused(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """The refused rows as they stood in the file, each with its reason; mended, the file can be imported.

    Who did not bring the file sees the rows of their own stores.
    """
    row = access.import_for(request.user, import_id)
    path = files.refused(row.pk)
    if not path.exists():
        raise Http404("No row of this import is kept to be mended.")
    mine = set(access.stores_for(request.user).values_list("pk", flat=True))
    shown = files.read_refused(path, None if access.sees_whole(cast(User, request.user), row) else mine)
    response = StreamingHttpResponse(shown, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="refused-{row.pk}.csv"'
    return response
