"""`make bench`: the performance table, in a database of its own that is dropped afterwards."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks.table import Row


def main() -> int:
    options = arguments()
    os.environ["DJANGO_SETTINGS_MODULE"] = "analytics.settings"
    with tempfile.TemporaryDirectory(prefix="foyer-bench-") as folder:
        # Pictures of the bench never meet those of a Foyer that runs at the same time.
        os.environ["FOYER_SPOOL"] = str(Path(folder) / "spool")
        found = measured(options.only)
    print(json.dumps({"rows": [row.as_json() for row in found]}) if options.json else legend(found))  # noqa: T201
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=("snapshots", "sales", "pages"), help="one part of the table")
    return parser.parse_args()


def measured(only: str | None) -> list[Row]:
    import django
    from django.conf import settings
    from django.test.utils import get_runner, setup_test_environment, teardown_test_environment

    from analytics import servers

    servers.ensure_running()
    django.setup()
    # As in production: no debug pages, and tasks are not run by the benchmark itself.
    setup_test_environment(debug=False)
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        return [row for part in parts(only) for row in told(part())]
    finally:
        runner.teardown_databases(databases)
        teardown_test_environment()


def parts(only: str | None) -> list[Callable[[], Iterator[Row]]]:
    from tests.benchmarks import pages, sales, snapshots

    every = {"snapshots": snapshots.rows, "sales": sales.rows, "pages": pages.rows}
    return [every[only]] if only else list(every.values())


def told(rows: Iterator[Row]) -> Iterator[Row]:
    for row in rows:
        print(row.name.strip(), "measured", file=sys.stderr)  # noqa: T201
        yield row


def legend(rows: list[Row]) -> str:
    head = "Each figure beside its yardstick from this run; above 1 × we are faster than it.\n"
    return head + "\n".join(str(row) for row in rows)


if __name__ == "__main__":
    sys.exit(main())
