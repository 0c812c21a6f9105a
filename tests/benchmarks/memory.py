"""`make bench-memory`: the memory of a vision worker over 20,000 snapshots, which must stay flat."""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from typing import TYPE_CHECKING

import psutil

from tests.benchmarks.database import empty_foyer, worker

if TYPE_CHECKING:
    from inference.models import Camera

UPLOAD = 500
DIFFERENT = 100  # pictures; bytes behind their end make every file another one
# What a worker takes up at first (models, buffers of the largest picture) is not a leak.
WARM_UP_SHARE = 0.2
MOST_GROWTH_MEGABYTES = 30.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-memory", description=__doc__)
    parser.add_argument("--snapshots", type=int, default=20_000)
    options = parser.parse_args()
    with empty_foyer():
        used = megabytes_over(options.snapshots)
    warm = used[int(WARM_UP_SHARE * len(used)) :]
    third = max(1, len(warm) // 3)
    growth = sum(warm[-third:]) / third - sum(warm[:third]) / third
    told = {"snapshots": options.snapshots, "megabytes": used, "growth_after_warm_up": round(growth, 1)}
    print(json.dumps(told))  # noqa: T201
    return 0 if growth <= MOST_GROWTH_MEGABYTES else 1


def megabytes_over(snapshots: int) -> list[float]:
    """The worker's resident memory after every upload of UPLOAD snapshots, in MB."""
    from tests.benchmarks.snapshots import new_camera, picture

    pictures = [picture(number) for number in range(DIFFERENT)]
    camera = new_camera("Bench memory")
    used = []
    with worker() as process:
        for first in range(0, snapshots, UPLOAD):
            upload(camera, pictures, first, min(UPLOAD, snapshots - first))
            used.append(round(psutil.Process(process.pid).memory_info().rss / 1e6, 1))
            print(f"{first + UPLOAD} snapshots, {used[-1]} MB", file=sys.stderr)  # noqa: T201
    return used


def upload(camera: Camera, pictures: list[bytes], first: int, count: int) -> None:
    from inference import intake
    from inference.models import SnapshotBatch
    from tests.benchmarks.snapshots import name

    numbers = range(first, first + count)
    files = ((name(k), io.BytesIO(pictures[k % DIFFERENT] + k.to_bytes(4, "big"))) for k in numbers)
    batch = intake.receive(camera, files).batch
    while SnapshotBatch.objects.filter(pk=batch.pk, finished_at=None).exists():
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
