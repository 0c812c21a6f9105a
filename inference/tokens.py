"""What cameras show to be let in: shown once, kept as a digest, revocable, and not usable too often."""

from __future__ import annotations

import hashlib
import secrets
import time
from datetime import timedelta
from typing import Any

import redis
from django.conf import settings
from django.core.cache import cache
from django.db.models import Q
from django.utils.timezone import now

from inference.models import Camera, CameraToken

# 256 random bits cannot be guessed, so a plain digest keeps the token as safe as a slow password hash would.
TOKEN_BYTES = 32
PREFIX = "foyer_"
SHOWN_CHARACTERS = 12
NOTED_EVERY = timedelta(minutes=1)
WINDOW_SECONDS = 10


def create(camera: Camera, name: str, created_by: Any = None) -> tuple[CameraToken, str]:
    """A new token's row, and the token itself, which nobody can read again."""
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    row = CameraToken.objects.create(
        camera=camera, name=name, digest=_digest(token), start=token[:SHOWN_CHARACTERS], created_by=created_by
    )
    return row, token


def find(token: str) -> CameraToken | None:
    """The row of a token that still works."""
    row = CameraToken.objects.select_related("camera__store").filter(digest=_digest(token), revoked_at=None).first()
    if row is not None:
        _note_use(row)
    return row


def revoke(row: CameraToken) -> None:
    CameraToken.objects.filter(pk=row.pk, revoked_at=None).update(revoked_at=now())


def wait_seconds(row: CameraToken, pictures: int = 1) -> int:
    """0 when the token may bring so many more pictures now, else in how many seconds.

    Counted in Redis in windows of WINDOW_SECONDS; when Redis is away for a moment, everything is let in.
    """
    window = int(time.time()) // WINDOW_SECONDS
    key = f"pushes:{row.pk}:{window}"
    try:
        cache.add(key, 0, 2 * WINDOW_SECONDS)
        count = cache.incr(key, pictures)
    except (redis.RedisError, OSError, ValueError):  # ValueError: Redis restarted between the two
        return 0
    if count <= settings.PUSHES_PER_SECOND * WINDOW_SECONDS:
        return 0
    return WINDOW_SECONDS - int(time.time()) % WINDOW_SECONDS


def _note_use(row: CameraToken) -> None:
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now() - NOTED_EVERY)
    CameraToken.objects.filter(stale, pk=row.pk).update(last_used_at=now())


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
