"""`manage.py follow_streams`: the streams worker; follows every camera marked for it until it is stopped."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from inference.following import follow_all


class Command(BaseCommand):
    help = "Follow the streams of all cameras that are marked to be followed; `make run` and compose start it."

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        follow_all(stopping)
