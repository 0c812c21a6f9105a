"""What blind audits came to, as a shop's people read it: accuracies with intervals, small groups withheld."""

from __future__ import annotations

from dataclasses import dataclass

from analytics import withhold
from analytics.join.estimate import Interval
from inference.face_audits import ALL, Tally
from inference.models import FaceAudit
from inference.predictor import TASKS
from training.evaluate import wilson
from training.labels import LABELS

TOO_FEW = "too few"
NAMES = {
    "age": "Age group",
    "age within one group": "Age, within one group",
    "gender": "Gender",
    "mood": "Mood",
    "face": "Faces that are faces",
}


@dataclass(frozen=True)
class Line:
    """One group's accuracy: `share` and `faces` are None where they are withheld, and `reason` says why."""

    group: str
    faces: int | None = None
    share: Interval | None = None
    reason: str = ""


@dataclass(frozen=True)
class Table:
    """An attribute's accuracy over all faces, and by each attribute that the person told."""

    name: str
    whole: Line
    by: dict[str, list[Line]]


def tables(audit: FaceAudit) -> list[Table]:
    """One table per attribute that was estimated, in a fixed order."""
    rows = [Tally(**row) for row in audit.tallies]
    return [_table(of, [row for row in rows if row.of == of]) for of in NAMES if any(row.of == of for row in rows)]


def _table(of: str, rows: list[Tally]) -> Table:
    known = {(row.by, row.group): row for row in rows}
    by = {task: [known.get((task, label)) for label in LABELS[task]] for task in TASKS}
    whole = _lines([ALL], [known.get((ALL, ALL))])[0]
    found: dict[str, list[Line]] = {task: _lines(LABELS[task], cells) for task, cells in by.items() if any(cells)}
    return Table(NAMES[of], whole, found) if whole.share else Table(NAMES[of], whole, {})


def _lines(groups: list[str] | tuple[str, ...], cells: list[Tally | None]) -> list[Line]:
    counts = [cell.faces if cell else 0 for cell in cells]
    lines = []
    for group, cell, reason in zip(groups, cells, withhold.reasons(counts), strict=True):
        if cell is None or reason:
            lines.append(Line(group, reason=TOO_FEW))
        else:
            low, high = wilson(cell.right, cell.faces)
            lines.append(Line(group, cell.faces, Interval(cell.right / cell.faces, low, high)))
    return lines
