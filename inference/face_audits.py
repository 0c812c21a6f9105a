"""A person says what kept faces show, not knowing what the models said; then all are deleted, and the sums stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now

from inference.models import AuditFace, FaceAudit
from inference.predictor import TASKS
from training.labels import LABELS, Task

# Sums of a finished audit that are about all faces together.
ALL = "all"


@dataclass(frozen=True)
class Tally:
    """Of `faces` that a person could tell, how many the model had right. `group` is by the person's labels, too.

    `of` is an attribute, “age within one group”, or “face” (right: it shows one).
    """

    of: str
    by: str
    group: str
    faces: int
    right: int


def next_face(audit: FaceAudit) -> AuditFace | None:
    """The next one nobody has looked at."""
    return audit.faces.filter(is_face=None).order_by("pk").first()


def last_of(audit: FaceAudit, user: User) -> AuditFace | None:
    """The face that this person labelled last."""
    return audit.faces.filter(labelled_by=user).order_by("-labelled_at").first()


@transaction.atomic
def label(face: AuditFace, by: User, labels: Mapping[Task, str] | None) -> bool:
    """What a person saw: a label per attribute, “” where they cannot tell; None for no face. False if it is gone.

    Raises ValueError for labels there are not, or for attributes that the model was not asked for.
    """
    audit = FaceAudit.objects.select_for_update().running().filter(pk=face.audit_id).first()
    if audit is None:
        return False
    for task, said in (labels or {}).items():
        if task not in face.predicted or (said and said not in LABELS[task]):
            raise ValueError(f"“{said}” is no {task} of {', '.join(face.predicted)}.")
    values = {"labels": dict(labels or {}), "is_face": labels is not None, "labelled_by": by, "labelled_at": now()}
    return bool(AuditFace.objects.filter(pk=face.pk).update(**values))


@transaction.atomic
def end(audit: FaceAudit, by: User | None = None, ending: FaceAudit.Ending = FaceAudit.Ending.FINISHED) -> int:
    """Sum up what was labelled and delete every face; how many. Ending twice changes nothing."""
    audit = FaceAudit.objects.select_for_update().get(pk=audit.pk)
    if audit.ended_at is not None:
        return 0
    audit.tallies = [asdict(tally) for tally in tallies(audit.faces.exclude(is_face=None))]
    audit.deleted, _ = audit.faces.all().delete()
    audit.ended_at, audit.ended_by, audit.ending = now(), by, ending
    audit.save()
    return audit.deleted


def expire() -> int:
    """End the audits whose time is over; how many faces that deleted."""
    due = FaceAudit.objects.running().filter(keep_until__lte=now())
    return sum(end(audit, ending=FaceAudit.Ending.EXPIRED) for audit in due)


def tallies(faces: Iterable[AuditFace]) -> list[Tally]:
    """Sums over labelled faces: each attribute over all faces, and by each group that the person told."""
    seen: Counter[tuple[str, str, str]] = Counter()
    right: Counter[tuple[str, str, str]] = Counter()
    for face in faces:
        for of, is_right in _answers(face):
            for by, group in _groups(face) if of != "face" else [(ALL, ALL)]:
                seen[of, by, group] += 1
                right[of, by, group] += is_right
    return [Tally(*key, faces=count, right=right[key]) for key, count in seen.items()]


def _answers(face: AuditFace) -> Iterable[tuple[str, bool]]:
    yield "face", bool(face.is_face)
    for task, said in (face.labels or {}).items():
        if said:
            yield task, face.predicted[task] == said
        if said and task == "age":
            order = LABELS["age"].index
            yield "age within one group", abs(order(face.predicted["age"]) - order(said)) <= 1


def _groups(face: AuditFace) -> list[tuple[str, str]]:
    told = [(task, face.labels[task]) for task in TASKS if face.labels and face.labels.get(task)]
    return [(ALL, ALL), *told]
