"""The blind audit: an admin agrees, somebody says what faces show without seeing the guesses, and the result."""

from __future__ import annotations

from typing import cast

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from analytics import access, face_accuracy
from analytics.forms import AgreeForm, FaceLabelForm
from inference import face_audits, face_keeping, sealing
from inference.models import AuditFace, FaceAudit, Store
from inference.predictor import TASKS

ENDED_SHOWN = 10


def show(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="blind audit")
    return _page(request, store, AgreeForm())


def _page(request: HttpRequest, store: Store, form: AgreeForm, status: int = 200) -> HttpResponse:
    running = store.face_audits.running().select_related("agreed_by").first()
    ended = store.face_audits.exclude(ended_at=None).select_related("agreed_by", "ended_by")
    context = {
        "store": store,
        "form": form,
        "running": running,
        "ended": [(audit, face_accuracy.tables(audit)) for audit in ended[:ENDED_SHOWN]],
    }
    if running is not None:
        context |= _progress(running) | {"lacks": face_keeping.lacks(running, store)}
    return render(request, "blind/show.html", context, status=status)


def _progress(audit: FaceAudit) -> dict[str, int]:
    kept, left = audit.faces.count(), audit.faces.filter(is_face=None).count()
    return {"kept": kept, "labelled": kept - left, "left": left}


@require_POST
def agree(request: HttpRequest, store_id: int) -> HttpResponse:
    """An admin's consent, on record with who and when."""
    store = access.store_for(request.user, store_id)
    user = cast(User, request.user)
    if not user.is_superuser:
        raise Http404("Only an admin can agree to it.")
    form = AgreeForm(request.POST)
    if not form.is_valid():
        return _page(request, store, form, status=422)
    told = form.cleaned_data
    try:
        face_keeping.agree(store, user, wanted=told["wanted"], one_in=told["one_in"], days=told["days"])
    except face_keeping.NotAllowedError as error:
        form.add_error(None, str(error))
        return _page(request, store, form, status=422)
    access.store_for(request.user, store_id, what="blind audit agreed to")
    messages.success(request, "Written down. Faces are kept once the new notice hangs.")
    return redirect("blind-audit", store.pk)


def label(request: HttpRequest, audit_id: int) -> HttpResponse:
    """One face and the questions about it; nothing here knows what the models said."""
    audit = access.face_audit_for(request.user, audit_id, what="blind audit: labelling")
    user = cast(User, request.user)
    number = request.POST.get("face") or request.GET.get("face")
    face = _this(audit, user, number) if number else face_audits.next_face(audit)
    if face is None:  # the audit has ended, all is done, or somebody else has labelled this one
        return redirect("label-faces", audit.pk) if number else redirect("blind-audit", audit.store_id)
    tasks = [task for task in TASKS if task in face.predicted]
    form = FaceLabelForm(tasks, request.POST or None, initial=_said(face))
    if "no_face" in request.POST or form.is_valid():
        face_audits.label(face, user, None if "no_face" in request.POST else form.labels())
        return redirect("label-faces", audit.pk)
    last = face_audits.last_of(audit, user)
    context = {"store": audit.store, "audit": audit, "face": face, "form": form, "last": last, **_progress(audit)}
    return render(request, "blind/label.html", context, status=422 if form.errors else 200)


def _this(audit: FaceAudit, user: User, number: str) -> AuditFace | None:
    """A face that a form was about, or that somebody goes back to: their own, or one nobody has looked at."""
    face = audit.faces.filter(pk=int(number)).first() if number.isdigit() else None
    return face if face is not None and face.labelled_by in (None, user) else None


def _said(face: AuditFace) -> dict[str, str]:
    return {task: said or FaceLabelForm.UNKNOWN for task, said in (face.labels or {}).items()}


def picture(request: HttpRequest, face_id: int) -> HttpResponse:
    """A kept face, opened for this one look; browsers are told to keep nothing of it."""
    face = access.audit_face_for(request.user, face_id, what="blind audit: face")
    try:
        data = sealing.unseal(bytes(face.sealed))
    except sealing.SealBrokenError as error:
        raise Http404(str(error)) from error
    return HttpResponse(data, content_type="image/jpeg", headers={"Cache-Control": "no-store, private"})


@require_POST
def end(request: HttpRequest, audit_id: int) -> HttpResponse:
    """Sum up, and delete every face."""
    audit = access.face_audit_for(request.user, audit_id, what="blind audit ended")
    deleted = face_audits.end(audit, cast(User, request.user))
    messages.success(request, f"The audit has ended, and its {deleted} faces are deleted.")
    return redirect(reverse("blind-audit", args=[audit.store_id]))
