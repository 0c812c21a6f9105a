"""`make chaos-sales`: an import is killed and cancelled at every turn, in a database of its own."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.benchmarks.database import empty_foyer

DEFAULTS = (40_000, 10)  # receipts, kills


def main() -> None:
    receipts, kills = [*map(int, sys.argv[1:]), *DEFAULTS[len(sys.argv) - 1 :]]
    with empty_foyer(), tempfile.TemporaryDirectory() as folder:
        from tests.benchmarks import sales_kills
        from tests.benchmarks.sales import write_file

        path = Path(folder) / "till.csv"
        for said in sales_kills.all_of_it(path, receipts, write_file(path, receipts), kills):
            print(said, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
