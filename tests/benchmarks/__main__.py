"""`make bench`: the performance table, in a database of its own that is dropped afterwards."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator

from tests.benchmarks.database import empty_foyer
from tests.benchmarks.table import Row


def main() -> int:
    options = arguments()
    with empty_foyer():
        found = [row for part in parts(options.only, options.receipts) for row in told(part())]
    print(json.dumps({"rows": [row.as_json() for row in found]}) if options.json else legend(found))  # noqa: T201
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--only", choices=("snapshots", "sales", "pages"), help="one part of the table")
    parser.add_argument("--receipts", type=int, help="how many receipts the sales file has")
    return parser.parse_args()


def parts(only: str | None, receipts: int | None) -> list[Callable[[], Iterator[Row]]]:
    from tests.benchmarks import pages, sales, snapshots

    every = {
        "snapshots": snapshots.rows,
        "sales": lambda: sales.rows(receipts or sales.RECEIPTS),
        "pages": pages.rows,
    }
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
