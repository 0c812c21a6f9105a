"""What nothing needs any more is gone in time, and nothing else."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta

import pytest
from django.utils.timezone import now

from inference import intake, retention, spool
from inference.models import Snapshot
from tests import factories, fakes

pytestmark = pytest.mark.django_db


def brought(name: str, days_ago: int) -> Snapshot:
    camera = factories.camera(factories.store(name))
    picture = fakes.picture((40, 60, 48, fakes.WOMAN))
    intake.receive(camera, [(name, io.BytesIO(picture))])
    snapshot = Snapshot.objects.get(camera=camera)
    Snapshot.objects.filter(pk=snapshot.pk).update(created_at=now() - timedelta(days=days_ago))
    return snapshot


def test_pictures_nobody_gave_a_time_are_dropped_after_a_week() -> None:
    old, young = brought("old.png", 8), brought("young.png", 6)
    assert retention.forget()["waiting"] == 1
    old.refresh_from_db()
    assert old.status == "refused" and "within 7 days" in old.reason
    assert spool.snapshot_ids() == {young.pk}


def test_names_of_analysed_files_go_after_three_months_and_pending_ones_stay() -> None:
    done, pending = brought("20260101_100000.png", 91), brought("20260101_110000.png", 91)
    Snapshot.objects.filter(pk=done.pk).update(status=Snapshot.Status.ANALYSED)
    retention.forget()
    assert list(Snapshot.objects.all()) == [pending]
    assert spool.snapshot_ids() == {pending.pk}


def test_a_file_that_a_crash_left_goes_and_one_just_arriving_stays() -> None:
    stray, arriving = spool.put_aside(b"a"), spool.put_aside(b"b")
    long_ago = time.time() - spool.LEFTOVER_AFTER_SECONDS - 1
    os.utime(stray, (long_ago, long_ago))
    assert retention.sweep_spool() == 1
    assert not stray.exists() and arriving.exists()


def test_waiting_pictures_are_private_files() -> None:
    path = spool.put_aside(b"a")
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
