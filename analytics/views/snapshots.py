"""Batches of snapshots: bring them, watch them, time them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Case, Count, Max, Q, When
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from analytics import access
from analytics.forms import SnapshotsForm, TimesForm
from inference import intake, visits
from inference.models import Snapshot, SnapshotBatch

ROWS = 50
# Pages look again this often: at pushed pictures, which keep coming, and where nothing waits; after that, no more.
LIVE_SECONDS, IDLE_SECONDS, LONG_IDLE = 5, 10, timedelta(hours=1)
STATES = Snapshot.Status
COUNTS = {
    "total": Count("snapshots", distinct=True),
    "analysed": Count("snapshots", filter=Q(snapshots__status=STATES.ANALYSED), distinct=True),
    "refused": Count("snapshots", filter=Q(snapshots__status=STATES.REFUSED), distinct=True),
    "waiting": Count("snapshots", filter=Q(snapshots__status=STATES.WAITING), distinct=True),
    "pending": Count("snapshots", filter=Q(snapshots__status=STATES.PENDING), distinct=True),
    "people": Count("visits", distinct=True),
}


def batches(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="snapshots")
    rows = SnapshotBatch.objects.filter(camera__store=store).select_related("camera", "uploaded_by").annotate(**COUNTS)
    page = Paginator(rows.order_by("-created_at"), ROWS).get_page(request.GET.get("page"))
    return render(request, "snapshots/batches.html", {"store": store, "page": page})


def upload(request: HttpRequest, store_id: int) -> HttpResponse:
    """The upload page; answers a script's upload with the batch's address, a plain form with a redirect."""
    store = access.store_for(request.user, store_id)
    form = SnapshotsForm(store, request.POST or None, request.FILES or None)
    wants_json = request.headers.get("Accept") == "application/json"
    if request.method == "POST" and form.is_valid():
        files = [(file.name or "picture", file.file) for file in form.cleaned_data["pictures"]]
        camera = form.cleaned_data["camera"]
        into = access.batch_for(request.user, form.cleaned_data["batch"]) if form.cleaned_data["batch"] else None
        if into is not None and (into.camera_id != camera.pk or into.is_live):
            raise Http404("This batch is another camera's.")
        more = form.cleaned_data["more"]
        result = intake.receive(camera, files, uploaded_by=request.user, into=into, more_follow=more)
        address = reverse("batch", args=[result.batch.pk])
        return JsonResponse({"address": address, "batch": result.batch.pk}) if wants_json else redirect(address)
    if wants_json and request.method == "POST":
        problems = [str(error) for errors in form.errors.values() for error in errors]
        return JsonResponse({"problem": " ".join(problems)}, status=400)
    return render(request, "snapshots/upload.html", {"store": store, "form": form})


def batch(request: HttpRequest, batch_id: int) -> HttpResponse:
    """A batch's progress and the fate of each file; the fragment alone for the poll."""
    row = access.batch_for(request.user, batch_id)
    template = "snapshots/_batch.html" if request.headers.get("HX-Request") else "snapshots/batch.html"
    return render(request, template, _context(row, request))


def fates(request: HttpRequest, batch_id: int) -> StreamingHttpResponse:
    """What became of each file of a batch, as CSV."""
    row = access.batch_for(request.user, batch_id)
    files = row.snapshots.order_by("captured_at", "file_name", "pk").iterator(chunk_size=2_000)
    response = StreamingHttpResponse(_fate_lines(row, files), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="files-{row.pk}.csv"'
    return response


def _fate_lines(row: SnapshotBatch, files: Iterable[Snapshot]) -> Iterator[str]:
    line = csv.writer(Echo())
    yield line.writerow(["file", "captured_at", "time_from", "state", "reason", "faces_seen", "faces_classified"])
    for file in files:
        at = file.captured_at.astimezone(row.camera.store.zone).isoformat() if file.captured_at else ""
        found = [file.faces_seen, file.faces_classified]
        yield line.writerow([_plain(file.file_name), at, file.time_source, file.status, file.reason, *found])


def _plain(name: str) -> str:
    """A name that spreadsheets do not take for a formula (OWASP, CSV injection)."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


class Echo:
    """What csv needs to give its lines back one by one."""

    def write(self, line: str) -> str:
        return line


def _context(row: SnapshotBatch, request: HttpRequest) -> dict[str, Any]:
    counts = SnapshotBatch.objects.filter(pk=row.pk).annotate(**COUNTS).values(*COUNTS).get()
    done = counts["analysed"] + counts["refused"]
    # What needs attention first: refused files, then the rest in the order they were taken.
    refused_first = Case(When(status=STATES.REFUSED, then=0), default=1)
    files = row.snapshots.order_by(refused_first, "captured_at", "file_name", "pk")
    return {
        "batch": row,
        "store": row.camera.store,
        "counts": counts,
        "apart": visits.apart_from(row),
        "done": done,
        "percent": round(100 * done / counts["total"]) if counts["total"] else 100,
        "page": Paginator(files, ROWS).get_page(request.GET.get("page")),
        "poll_seconds": _poll_seconds(row, counts),
        "first_day": _first_day(row),
        "times_form": TimesForm() if counts["waiting"] else None,
    }


def _poll_seconds(row: SnapshotBatch, counts: dict[str, int]) -> int:
    """How soon something may have changed; 0 where nothing will by itself."""
    if row.finished_at is not None or (counts["waiting"] and not counts["pending"]):
        return 0
    newest = row.snapshots.aggregate(at=Max("created_at"))["at"] or row.created_at
    idle = now() - newest
    if counts["pending"]:
        return IDLE_SECONDS if idle > LONG_IDLE else LIVE_SECONDS if row.is_live else 1
    return IDLE_SECONDS if idle <= LONG_IDLE else 0  # a camera that pushes begins its next batch after a day


def _first_day(row: SnapshotBatch) -> Any:
    first = row.visits.order_by("entered_at").first()
    return first.entered_at.astimezone(row.camera.store.zone).date() if first else None


@require_POST
def times(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Give times to the pictures that tell none."""
    row = access.batch_for(request.user, batch_id)
    if "discard" in request.POST:
        intake.discard_waiting(row)
        return redirect("batch", row.pk)
    form = TimesForm(request.POST)
    if form.is_valid():
        intake.set_times(row, form.instant(row.camera.store), form.cleaned_data["seconds"])
        return redirect("batch", row.pk)
    return render(request, "snapshots/batch.html", _context(row, request) | {"times_form": form}, status=422)
