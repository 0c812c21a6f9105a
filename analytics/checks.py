"""What an operator can get wrong about servers, said by `manage.py check` with what to do."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register


@register("servers")
def database_is_postgres(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    engine = settings.DATABASES["default"]["ENGINE"]
    if engine == "django.db.backends.postgresql":
        return []
    return [
        Error(
            f"DATABASE_URL asks for {engine}; Foyer works with Postgres only.",
            hint="Write it like postgres://user:password@host:5432/foyer.",
            id="analytics.E001",
        )
    ]


@register("servers")
def broker_is_redis(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
        return []
    return [
        Error(
            "REDIS_URL is not the address of a Redis server.",
            hint="Write it like redis://host:6379/0, rediss:// for TLS.",
            id="analytics.E002",
        )
    ]
