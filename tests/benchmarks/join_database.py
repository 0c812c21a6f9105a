"""How true the printed figures are, through the database and the commands: simulate, match_purchases, report.

    python -m tests.benchmarks.join_database [--stores 20] [--days 60] [--rate 60] [--seed 1] [OPTIONS OF simulate]

Works in an empty Foyer of its own (FOYER_DATA in a folder that is removed afterwards), and compares each interval that
`report --json` prints with the file of the truth. `make bench-join-database` is the same.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.core.management import call_command

ROOT = Path(__file__).parents[2]
USUAL = {"--stores": "20", "--days": "60", "--rate": "60", "--seed": "1"}
METRICS = ("conversion", "average_transaction_value", "revenue_per_visitor")
BREAKDOWNS = ("age", "gender", "mood")
# 95 % intervals should hold the truth this often; with some hundred of them chance moves that by two points.
LEAST, MOST = 91.0, 99.5


def main() -> int:
    return in_its_own_foyer(_run)


def in_its_own_foyer(work: Callable[[], int]) -> int:
    """Run with an empty database that is removed afterwards."""
    # Ended from outside, it still stops its servers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    data = Path(tempfile.mkdtemp(prefix="foyer-join-"))
    os.environ["FOYER_DATA"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "analytics.settings")
    for name in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    try:
        # One command that finds or starts the servers; the others then run in this process.
        subprocess.run([sys.executable, "manage.py", "prepare"], cwd=ROOT, check=True, capture_output=True)
        from analytics import servers

        servers.ensure_running()
        return work()
    finally:
        subprocess.run([sys.executable, "-m", "analytics.supervisor", "stop"], cwd=ROOT, check=False)
        shutil.rmtree(data, ignore_errors=True)


def _run() -> int:
    django.setup()
    data = Path(os.environ["FOYER_DATA"])
    given = dict(zip(sys.argv[1::2], sys.argv[2::2], strict=False))
    options = [part for pair in (USUAL | given).items() for part in pair]
    _timed("simulate", *options, "--truth", str(data / "truth.json"))
    _timed("match_purchases")
    truth = json.loads((data / "truth.json").read_text())
    held: dict[tuple[str, str], list[bool]] = defaultdict(list)
    trust: dict[str, int] = defaultdict(int)
    began = time.monotonic()
    for store in truth["stores"]:
        for by in BREAKDOWNS:
            period = ("--from", truth["from"], "--to", truth["to"])
            report = _json("report", "--store", str(store["store"]), *period, "--by", by)
            trust[f"{report['quality']['method']}, {report['quality']['trust']}"] += 1
            _compare(report["segments"], store["truth"][by], by, held)
    _say(f"reports: {time.monotonic() - began:.0f} s; " + "; ".join(f"{n} × {name}" for name, n in trust.items()))
    return _told(held)


def _compare(
    segments: list[dict[str, Any]], truth: dict[str, Any], by: str, held: dict[tuple[str, str], list[bool]]
) -> None:
    for segment in segments:
        for metric in METRICS:
            if segment[metric] is not None:
                ends = segment[metric]
                held[by, metric].append(ends["low"] <= truth[segment[by]][metric] <= ends["high"])


def _told(held: dict[tuple[str, str], list[bool]]) -> int:
    missed = 0
    for metric in METRICS:
        for by in BREAKDOWNS:
            _say(_line(metric, f"by {by}", held[by, metric]))
        every = [value for by in BREAKDOWNS for value in held[by, metric]]
        is_met = LEAST <= 100 * sum(every) / max(1, len(every)) <= MOST
        missed += not is_met
        # Single attributes are for looking at: they are too few for a bar.
        _say(f"{_line(metric, 'in all', every)}  ≥ {LEAST:g} ≤ {MOST:g}  {'met' if is_met else 'MISSED'}")
    return 1 if missed else 0


def _line(metric: str, name: str, rows: list[bool]) -> str:
    share = 100 * sum(rows) / max(1, len(rows))
    return f"{metric:26} {name:9} {sum(rows):4} of {len(rows):4} intervals hold the truth: {share:5.1f} %"


def _timed(*command: str) -> None:
    began = time.monotonic()
    _json(*command)
    _say(f"{command[0]}: {time.monotonic() - began:.0f} s")


def _json(*command: str) -> Any:
    """What a command prints with --json."""
    said = io.StringIO()
    call_command(*command, "--json", stdout=said, stderr=io.StringIO())
    return json.loads(said.getvalue())


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())
