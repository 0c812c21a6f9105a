"""`manage.py import_snapshots`: pictures of a folder, a zip or a single file into a camera's snapshots."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError

from inference import intake, pipeline, visits
from inference.finding import NotFoundError, find_camera, find_store
from inference.models import SnapshotBatch


class Command(BaseCommand):
    help = "Take in pictures. With --sync analyse them here and now, else the vision worker does."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="a folder, a zip or a picture")
        parser.add_argument("--store", required=True, help="name or number")
        parser.add_argument("--camera", required=True, help="name or number")
        parser.add_argument("--sync", action="store_true", help="analyse in this process and wait")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            camera = find_camera(options["camera"], find_store(options["store"]))
        except NotFoundError as error:
            raise CommandError(str(error), returncode=2) from error
        files = _files(options["path"])
        if not files:
            raise CommandError(f"{options['path']} holds no file.", returncode=2)
        result = intake.receive(camera, _opened(files), modified=_dates(files))
        if result.captured_from["modified"]:
            self.stderr.write(
                f"{result.captured_from['modified']} pictures tell no capture time; the files' own dates are used."
            )
        if options["sync"]:
            self._analyse(result.batch)
        self._report(result, as_json=options["json"])

    def _analyse(self, batch: SnapshotBatch) -> None:
        done = 0
        while count := pipeline.analyse_chunk(batch):
            done += count
            self.stderr.write(f"{done} pictures analysed")
        pipeline.finish(batch)

    def _report(self, result: intake.IntakeResult, *, as_json: bool) -> None:
        late = result.batch.snapshots.filter(status="refused", analysed_at__isnull=False)
        refused = [{"file": r.file, "reason": r.reason} for r in result.refused]
        refused += [{"file": row.file_name, "reason": row.reason} for row in late]
        report = {
            "batch": result.batch.pk,
            "snapshots": result.snapshots,
            "duplicates": result.duplicates,
            "refused": refused,
            "visits": visits.visits_of(result.batch),
            "apart": visits.apart_from(result.batch),
            "captured_from": dict(result.captured_from),
        }
        self.stdout.write(json.dumps(report, indent=None if as_json else 1, ensure_ascii=False))
        if refused:
            raise SystemExit(1 if result.snapshots + result.duplicates > len(late) else 2)


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    if not path.exists():
        raise CommandError(f"There is no file or folder {path}.", returncode=2)
    return [path]


def _opened(files: list[Path]) -> Iterator[tuple[str, BinaryIO]]:
    for file in files:
        with file.open("rb") as opened:
            yield file.name, opened


def _dates(files: list[Path]) -> dict[str, datetime]:
    return {file.name: datetime.fromtimestamp(file.stat().st_mtime, UTC) for file in files}
