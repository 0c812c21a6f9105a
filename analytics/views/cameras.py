"""Cameras: how each is doing, and the tokens by which they bring pictures themselves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.timezone import now
from django.views.decorators.http import require_POST

from analytics import access
from analytics.forms import TokenForm
from inference import health, tokens
from inference.models import Camera, CameraHour, CameraState

DAY = timedelta(days=1)
HOURS_SHOWN = 48


def cameras(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="cameras")
    at = now()
    rows = [
        (camera, health.between(camera, at - DAY, at + timedelta(hours=1)), health.alerts(camera))
        for camera in store.cameras.select_related("store")
    ]
    return render(request, "cameras/cameras.html", {"store": store, "rows": rows})


def camera(request: HttpRequest, camera_id: int) -> HttpResponse:
    row = access.camera_for(request.user, camera_id)
    return render(request, "cameras/camera.html", _context(request, row))


@require_POST
def create_token(request: HttpRequest, camera_id: int) -> HttpResponse:
    """The only answer that ever holds the token."""
    row = access.camera_for(request.user, camera_id, what="new camera token")
    form = TokenForm(request.POST)
    if not form.is_valid():
        return render(request, "cameras/camera.html", _context(request, row) | {"form": form}, status=422)
    _, token = tokens.create(row, form.cleaned_data["name"], request.user)
    response = render(request, "cameras/camera.html", _context(request, row) | {"token": token})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_POST
def revoke_token(request: HttpRequest, token_id: int) -> HttpResponse:
    row = access.token_for(request.user, token_id)
    tokens.revoke(row)
    return redirect("camera", row.camera_id)


def _context(request: HttpRequest, row: Camera) -> dict[str, Any]:
    since = now() - timedelta(hours=HOURS_SHOWN)
    hours = list(CameraHour.objects.filter(camera=row, hour__gte=since).order_by("-hour"))
    where = reverse("api:push_snapshots", args=[row.pk])
    return {
        "camera": row,
        "store": row.store,
        "state": CameraState.objects.filter(camera=row).first(),
        "alerts": health.alerts(row),
        "hours": [(hour.hour, health.over(row, [hour])) for hour in hours],
        "tokens": row.tokens.select_related("created_by"),
        "form": TokenForm(),
        "address": request.build_absolute_uri(where),
    }
