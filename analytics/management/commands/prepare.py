"""`manage.py prepare`: what every start of a deployment does first; running it again changes nothing."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from training import registry


class Command(BaseCommand):
    help = "Migrate the database, collect static files, and register the models that came with this release."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        registry.sync_pretrained()
