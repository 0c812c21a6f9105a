"""Forget in time: what a crash left in the spool, and faces and file names that nothing needs any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.timezone import now

from inference import face_audits, face_colours, regulars, spool, still
from inference.models import DeletionRun, Snapshot
from inference.spool import LEFTOVER_AFTER_SECONDS

# Pictures whose capture time nobody gave are dropped after this.
WAITING_DAYS = 7
# Names and fates of files are listed on the batch's page for this long; checksums go with them.
SNAPSHOT_DAYS = 90
LONGEST_REENTRY_MINUTES = 60  # what a store may set


RUN_EVERY = timedelta(hours=1)  # as settings' beat schedule has it
RUNS_KEPT = timedelta(days=366)


@dataclass(frozen=True)
class Kind:
    """Something that is deleted: its name in a run's counts, and what people are told of it."""

    name: str
    what: str
    when: str


KINDS = (
    Kind("analysed", "Pictures", "as soon as they are analysed, usually within a minute"),
    Kind("waiting", "Pictures whose time nobody gave", f"after {WAITING_DAYS} days"),
    Kind("spool", "Files that a crash left behind", f"{LEFTOVER_AFTER_SECONDS // 60} minutes after it"),
    Kind("snapshots", "Names and fates of files", f"after {SNAPSHOT_DAYS} days"),
    Kind("audit", "Faces kept for a blind audit", "when it ends, on the day its notice names at the latest"),
    Kind("still", "Places of posters and screens", "once nothing has been seen there for a while"),
)


def next_run() -> datetime:
    """When forgetting is due next; now where it has never run."""
    last = DeletionRun.objects.first()
    return max(now(), last.at + RUN_EVERY) if last else now()


def sweep_spool() -> int:
    """Delete spool files that no waiting or pending snapshot needs; how many."""
    present = spool.snapshot_ids()
    known = dict(Snapshot.objects.filter(pk__in=present).values_list("pk", "status"))
    done = {pk for pk, status in known.items() if status in (Snapshot.Status.ANALYSED, Snapshot.Status.REFUSED)}
    for snapshot_id in done:
        spool.remove(snapshot_id)
    # A file without a row may be one whose row is just being committed; only old ones are left over from a crash.
    strays = [path for path in spool.leftovers() if not (path.name.isdigit() and int(path.name) in known)]
    for path in strays:
        path.unlink(missing_ok=True)
    return len(done) + len(strays)


def forget_appearances() -> None:
    """Drop colours that no window needs any more from this process' memory."""
    face_colours.forget()
    regulars.forget(60.0 * LONGEST_REENTRY_MINUTES)


@transaction.atomic
def forget() -> dict[str, int]:
    """One run of everything that is deleted by age, written down; counts by kind."""
    last = DeletionRun.objects.first()
    counts = {"analysed": _analysed_since(last.at if last else None)} | _forget()
    DeletionRun.objects.create(counts=counts)
    DeletionRun.objects.filter(at__lt=now() - RUNS_KEPT).delete()
    return counts


def _analysed_since(last: datetime | None) -> int:
    """Pictures that went with their analysis since the last run."""
    return Snapshot.objects.filter(**({"analysed_at__gte": last} if last else {"analysed_at__isnull": False})).count()


def _forget() -> dict[str, int]:
    oldest_waiting = now() - timedelta(days=WAITING_DAYS)
    expired = Snapshot.objects.filter(status=Snapshot.Status.WAITING, created_at__lt=oldest_waiting).update(
        status=Snapshot.Status.REFUSED, reason=f"no capture time was given within {WAITING_DAYS} days"
    )
    swept = sweep_spool()  # while the rows still tell which files are done with
    old = Snapshot.objects.filter(created_at__lt=now() - timedelta(days=SNAPSHOT_DAYS))
    deleted, _ = old.exclude(status__in=[Snapshot.Status.PENDING, Snapshot.Status.WAITING]).delete()
    return {
        "waiting": expired,
        "snapshots": deleted,
        "spool": swept,
        "audit": face_audits.expire(),
        "still": still.forget(now()),
    }
