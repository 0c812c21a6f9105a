"""A worker, Redis and Postgres killed while snapshots come in: the short form of `make chaos`, in its own process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.timeout(600)
@pytest.mark.skipif(not os.environ.get("FOYER_CHAOS"), reason="FOYER_CHAOS is not set: killing servers takes minutes")
def test_every_accepted_snapshot_is_analysed_exactly_once_whoever_is_killed() -> None:
    command = [sys.executable, "-m", "tests.benchmarks.chaos", "--snapshots", "60", "--outage", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["right"], told
