"""Privacy of a store: what is estimated, the notice at the entrance, and what was deleted."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from analytics import access
from analytics.forms import NoticeForm, PrivacyForm
from inference import notice, retention
from inference.models import DeletionRun, NoticeConfirmation

RUNS = 10


def privacy(request: HttpRequest, store_id: int) -> HttpResponse:
    """Switches and texts; saving them is written down like a look at the numbers."""
    store = access.store_for(request.user, store_id, what="privacy")
    form = PrivacyForm(request.POST or None, instance=store)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved. It holds for every picture from now on.")
        return redirect("privacy", store.pk)
    store.refresh_from_db()
    state, last = notice.state(store)
    audit = store.face_audits.running().select_related("agreed_by").first()
    context = {
        "store": store,
        "form": form,
        "audit": audit,
        "faces_kept": audit.faces.count() if audit else 0,
        "state": state,
        "last": last,
        "lacks": notice.lacks(store),
        "notice_form": NoticeForm(initial={"hangs_since": now().astimezone(store.zone).date()}),
        "kinds": retention.KINDS,
        "next_run": retention.next_run(),
        "runs": [
            (run.at, [run.counts.get(kind.name, 0) for kind in retention.KINDS])
            for run in DeletionRun.objects.all()[:RUNS]
        ],
    }
    return render(request, "privacy/privacy.html", context, status=422 if form.errors else 200)


def notice_page(request: HttpRequest, store_id: int) -> HttpResponse:
    """The notice to print, from the settings as they are."""
    store = access.store_for(request.user, store_id)
    says = notice.what_it_does(store)
    until = date.fromisoformat(says["faces_kept_until"]) if "faces_kept_until" in says else None
    context = {"store": store, "says": says, "until": until, "lacks": notice.lacks(store)}
    return render(request, "privacy/notice.html", context)


@require_POST
def confirm_notice(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="notice confirmed")
    form = NoticeForm(request.POST)
    today = now().astimezone(store.zone).date()
    if not form.is_valid() or form.cleaned_data["hangs_since"] > today:
        messages.error(request, "Say since which day the notice hangs; today or earlier.")
    elif lacking := notice.lacks(store):
        messages.error(request, f"The notice does not yet say {' and '.join(lacking)}.")
    else:
        NoticeConfirmation.objects.create(
            store=store,
            hangs_since=form.cleaned_data["hangs_since"],
            says=notice.what_it_does(store),
            confirmed_by=request.user,  # type: ignore[misc]  # access let nobody else in
        )
        messages.success(request, "Written down: the notice hangs.")
    return redirect("privacy", store.pk)
