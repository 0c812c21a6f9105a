#!/usr/bin/env python
"""Foyer's command line: Django's commands and our own, with the embedded servers found or started first."""

import os
import sys

# These look at pictures, code or settings only; starting a database for them would be a surprise.
WITHOUT_SERVERS = frozenset(
    {
        "predict",
        "evaluate",
        "train",
        "check",
        "collectstatic",
        "help",
        "version",
        "--help",
        "--version",
    }
)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")
    # The join's matrices are small: threads that wait for one another on busy cores made it ten times as slow.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from django.core.management import execute_from_command_line

    if len(sys.argv) > 1 and sys.argv[1] not in WITHOUT_SERVERS:
        from analytics import servers

        servers.ensure_running()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
