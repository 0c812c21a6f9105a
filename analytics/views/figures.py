"""How far a store's figures have come, to watch, to stop, and to let go on."""

from __future__ import annotations

from typing import cast

from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from analytics import access, rollups, tasks


def show(request: HttpRequest, store_id: int) -> HttpResponse:
    """The fragment that a page polls while days are being summed."""
    store = access.store_for(request.user, store_id)
    context = {"store": store, "progress": rollups.progress(store), "was_live": True}
    return render(request, "_figures.html", context)


@require_POST
def stop(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="stopped the figures")
    rollups.stop(store, cast(User, request.user))
    return redirect("dashboard", store.pk)


@require_POST
def go_on(request: HttpRequest, store_id: int) -> HttpResponse:
    store = access.store_for(request.user, store_id, what="let the figures go on")
    rollups.go_on(store)
    transaction.on_commit(tasks.refresh.delay)
    return redirect("dashboard", store.pk)
