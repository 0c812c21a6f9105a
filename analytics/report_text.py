"""A report as JSON and as CSV; what is withheld is withheld in both."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TextIO

from analytics.join.estimate import Interval
from analytics.queries import METRICS, Report, Segment
from inference.health import Coverage

DIGITS = {"visits": 1, "purchases": 1, "conversion": 5, "average_transaction_value": 3, "revenue_per_visitor": 4,
          "minutes_to_pay": 2}  # fmt: skip
COVERAGE_DIGITS = 4
COLUMNS = ("visits", "purchases", *METRICS, "minutes_to_pay")
TAKES = {1: "longer", -1: "shorter", 0: None}  # than the store's visitors from entry to payment


def as_json(report: Report) -> dict[str, Any]:
    return {
        "segments": [_segment(segment) for segment in report.segments],
        "totals": _segment(report.totals),
        # Wider groups, where those of `segments` cannot be told apart to ±10 points; else null.
        "wider": [_segment(segment) for segment in report.apart.segments] if report.apart.is_merged else None,
        "quality": asdict(report.quality) | {"faces": _faces(report.quality.faces)},
    }


def _faces(found: Coverage) -> dict[str, Any]:
    return asdict(found) | {"share": None if found.share is None else round(found.share, COVERAGE_DIGITS)}


def _segment(segment: Segment) -> dict[str, Any]:
    values: dict[str, Any] = {name: _interval(getattr(segment, name), DIGITS[name]) for name in COLUMNS}
    values["takes"] = TAKES[segment.takes_longer]
    return {**segment.labels, **values, "withheld": segment.withheld, "reason": segment.reason}


def _interval(interval: Interval | None, digits: int) -> dict[str, float] | None:
    if interval is None:
        return None
    return {name: round(value, digits) for name, value in asdict(interval).items()}


def write_csv(report: Report, file: TextIO) -> None:
    writer = csv.writer(file)
    names = report.by.split(",")
    ends = ("value", "low", "high")
    writer.writerow(
        [*names, *(f"{column}_{end}" for column in COLUMNS for end in ends), "withheld", "note", "coverage"]
    )
    for segment in report.segments:
        writer.writerow([*(segment.labels[name] for name in names), *_cells(segment), ""])
    share = report.quality.coverage
    coverage = "" if share is None else round(share, COVERAGE_DIGITS)  # visits with a face that could be classified
    writer.writerow(["total", *[""] * (len(names) - 1), *_cells(report.totals), coverage])


def _cells(segment: Segment) -> Iterator[object]:
    for column in COLUMNS:
        interval = _interval(getattr(segment, column), DIGITS[column])
        yield from interval.values() if interval else ("", "", "")
    yield (segment.reason or "") if segment.withheld else ""
    yield (segment.reason or "") if not segment.withheld else ""
