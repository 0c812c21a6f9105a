"""Faces are kept for a blind audit: only where an admin agreed, the notice says so, and until there are enough."""

from __future__ import annotations

import io
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now
from PIL import Image

from inference import notice, sealing
from inference.models import AuditFace, FaceAudit, Store
from inference.predictor import TASKS, FaceLook, winner
from training.preprocessing import Pixels

USUAL_FACES, MOST_FACES = 200, 1_000
USUAL_ONE_IN, MOST_ONE_IN = 20, 1_000
USUAL_DAYS, MOST_DAYS = 14, 30
# Whoever is in view for a few seconds is one person; the intervals suppose that faces are of different people.
APART = timedelta(seconds=10)
# A person who labels sees the face with its hair and chin, as a shopkeeper would.
MARGIN, LARGEST_SIDE = 0.45, 240


@dataclass(frozen=True)
class Candidate:
    """A classified face that may be kept: seconds since 1970, the face and a little around it, how it looks."""

    at: float
    crop: Pixels
    look: FaceLook


class NotAllowedError(ValueError):
    """An audit cannot begin; the message says why."""


@transaction.atomic
def agree(store: Store, by: User, *, wanted: int, one_in: int, days: int) -> FaceAudit:
    """An admin's consent; faces are kept once the notice that says so hangs. Raises NotAllowedError."""
    Store.objects.select_for_update().get(pk=store.pk)
    if not by.is_superuser:
        raise NotAllowedError("Only an admin can agree to it.")
    if not store.tasks:
        raise NotAllowedError("This store only counts: nothing is estimated that could be checked.")
    if FaceAudit.objects.running().filter(store=store).exists():
        raise NotAllowedError("An audit is running already.")
    until = now() + timedelta(days=days)
    return FaceAudit.objects.create(store=store, agreed_by=by, wanted=wanted, one_in=one_in, keep_until=until)


def keeping(stores: Iterable[Store]) -> set[int]:
    """Of these stores, those from which faces are kept right now."""
    wanted = {store.pk: store for store in stores}
    running = FaceAudit.objects.running().filter(store__in=wanted, keep_until__gt=now())
    return {audit.store_id for audit in running if lacks(audit, wanted[audit.store_id]) is None}


def lacks(audit: FaceAudit, store: Store) -> str | None:
    """Why no face is kept now, or None."""
    if audit.faces.count() >= audit.wanted:
        return "enough"
    return None if notice.state(store)[0] == "confirmed" else "notice"


def cut(picture: Pixels, box: tuple[float, float, float, float]) -> Pixels:
    """A face and a little around it, of an RGB picture (h, w, 3); a copy, at most LARGEST_SIDE pixels large."""
    x, y, width, height = box
    left, top = max(0, round(x - MARGIN * width)), max(0, round(y - MARGIN * height))
    right, bottom = round(x + (1 + MARGIN) * width), round(y + (1 + MARGIN) * height)
    image = Image.fromarray(picture[top : max(top + 1, bottom), left : max(left + 1, right)])
    image.thumbnail((LARGEST_SIDE, LARGEST_SIDE))
    return np.asarray(image)


@transaction.atomic
def keep(store: Store, candidates: Sequence[Candidate]) -> int:
    """Keep some of them by chance, sealed, as far as the audit still wants; how many."""
    audit = FaceAudit.objects.select_for_update().running().filter(store=store).first()
    if audit is None or audit.keep_until <= now():
        return 0
    room = audit.wanted - audit.faces.count()
    drawn = [one for one in candidates if random.random() < 1 / audit.one_in]
    rows: list[AuditFace] = []
    for one in sorted(drawn, key=lambda one: one.at):
        at = datetime.fromtimestamp(one.at, UTC)
        if len(rows) < room and (audit.newest_at is None or abs(at - audit.newest_at) >= APART):
            audit.newest_at = at
            rows.append(AuditFace(audit=audit, sealed=sealing.seal(_file(one.crop)), predicted=_labels(one.look)))
    if rows:
        AuditFace.objects.bulk_create(rows)
        audit.save(update_fields=["newest_at"])
    return len(rows)


def _file(crop: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(crop).save(file, "JPEG", quality=90)
    return file.getvalue()


def _labels(look: FaceLook) -> dict[str, str]:
    found = {task: getattr(look, task) for task in TASKS}
    return {task: winner(task, probabilities) for task, probabilities in found.items() if probabilities is not None}
