"""Faces are kept for an audit only with consent and notice, sealed, and are gone when it ends."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils.timezone import now
from PIL import Image
from pytest_django import Settings

from inference import face_audits, face_keeping, intake, notice, pipeline, retention, sealing
from inference.models import AuditFace, Camera, DeletionRun, FaceAudit, NoticeConfirmation
from tests import factories, fakes

pytestmark = pytest.mark.django_db


@pytest.fixture
def camera() -> Camera:
    return factories.camera(factories.store(responsible="Corner Ltd", privacy_contact="ask@example.com"))


@pytest.fixture
def ada() -> User:
    return User.objects.create_superuser("ada", password="correct horse")


def agreed(camera: Camera, ada: User, *, wanted: int = 30, hangs: bool = True) -> FaceAudit:
    audit = face_keeping.agree(camera.store, ada, wanted=wanted, one_in=1, days=14)
    if hangs:
        hang(camera)
    return audit


def hang(camera: Camera) -> None:
    says = notice.what_it_does(camera.store)
    NoticeConfirmation.objects.create(store=camera.store, hangs_since=now().date(), says=says)


def analyse(camera: Camera, pictures: int, *, seconds: int = 20, first: int = 0) -> None:
    files = []
    for k in range(first, first + pictures):
        at = factories.NOON + timedelta(seconds=seconds * k)
        picture = fakes.picture((40 + k, 60, 48, fakes.WOMAN), form="JPEG")
        files.append((f"{at:%Y%m%d_%H%M%S}.jpg", io.BytesIO(picture)))
    pipeline.analyse_pending(intake.receive(camera, files).batch, fakes.tools())


# Keeping ----------------------------------------------------------------------------


def test_by_default_no_face_is_kept(camera: Camera) -> None:
    analyse(camera, 3)
    assert not AuditFace.objects.exists()


def test_faces_are_kept_sealed_and_open_with_the_key_only(camera: Camera, ada: User, settings: Settings) -> None:
    agreed(camera, ada)
    analyse(camera, 3)
    assert AuditFace.objects.count() == 3
    face = AuditFace.objects.first()
    assert face is not None and face.predicted == {"age": "28-45", "gender": "female", "mood": "neutral"}
    sealed = bytes(face.sealed)
    with Image.open(io.BytesIO(sealing.unseal(sealed))) as image:
        red, _, blue = image.convert("RGB").getpixel((image.width // 2, image.height // 2))  # type: ignore[misc]
        assert red > 150 > blue and max(image.size) <= face_keeping.LARGEST_SIDE
    settings.AUDIT_KEY = "another one"
    with pytest.raises(sealing.SealBrokenError):
        sealing.unseal(sealed)


def test_no_face_is_kept_before_the_notice_that_says_so_hangs(camera: Camera, ada: User) -> None:
    hang(camera)
    assert notice.state(camera.store)[0] == "confirmed"
    audit = agreed(camera, ada, hangs=False)
    assert notice.state(camera.store)[0] == "outdated" and face_keeping.lacks(audit, camera.store) == "notice"
    analyse(camera, 3)
    assert not AuditFace.objects.exists()
    hang(camera)
    analyse(camera, 3, first=10)
    assert AuditFace.objects.count() == 3


def test_no_more_are_kept_than_were_agreed_to_and_none_twice_within_seconds(camera: Camera, ada: User) -> None:
    agreed(camera, ada, wanted=4)
    analyse(camera, 6, seconds=3)
    assert AuditFace.objects.count() == 2  # at 0 and 12 seconds
    analyse(camera, 6, first=20)
    assert AuditFace.objects.count() == 4


def test_an_attribute_that_is_off_is_not_asked_about(camera: Camera, ada: User) -> None:
    camera.store.sees_mood = False
    camera.store.save()
    agreed(camera, ada)
    analyse(camera, 1)
    assert set(AuditFace.objects.get().predicted) == {"age", "gender"}


def test_only_an_admin_can_agree_once_and_where_something_is_estimated(camera: Camera, ada: User) -> None:
    with pytest.raises(face_keeping.NotAllowedError, match="Only an admin"):
        face_keeping.agree(camera.store, factories.manager(camera.store), wanted=30, one_in=1, days=1)
    agreed(camera, ada)
    with pytest.raises(face_keeping.NotAllowedError, match="running already"):
        agreed(camera, ada)
    camera.store.counts_only = True
    with pytest.raises(face_keeping.NotAllowedError, match="only counts"):
        agreed(camera, ada)
    audit = FaceAudit.objects.get()
    assert audit.agreed_by == ada and now() - audit.agreed_at < timedelta(minutes=1)


# Labels and their end ----------------------------------------------------------------------------


def test_what_a_person_saw_becomes_sums_and_every_face_is_deleted(camera: Camera, ada: User) -> None:
    audit = agreed(camera, ada)
    analyse(camera, 4)
    right, wrong, unsure, none = audit.faces.order_by("pk")
    face_audits.label(right, ada, {"age": "28-45", "gender": "female", "mood": ""})
    face_audits.label(wrong, ada, {"age": "21-27", "gender": "male", "mood": "neutral"})
    face_audits.label(unsure, ada, {"age": "", "gender": "", "mood": ""})
    face_audits.label(none, ada, None)
    assert face_audits.next_face(audit) is None
    assert face_audits.end(audit, ada) == 4 and face_audits.end(audit, ada) == 0
    audit.refresh_from_db()
    assert not AuditFace.objects.exists() and audit.deleted == 4 and audit.ended_by == ada
    sums = {(row["of"], row["by"], row["group"]): (row["faces"], row["right"]) for row in audit.tallies}
    assert sums["face", "all", "all"] == (4, 3)
    assert sums["age", "all", "all"] == (2, 1) and sums["age within one group", "all", "all"] == (2, 2)
    assert sums["gender", "gender", "male"] == (1, 0) and sums["mood", "gender", "male"] == (1, 1)
    assert ("mood", "gender", "female") not in sums


def test_labels_there_are_not_are_refused_and_none_come_after_the_end(camera: Camera, ada: User) -> None:
    audit = agreed(camera, ada)
    analyse(camera, 1)
    face = audit.faces.get()
    with pytest.raises(ValueError, match="“30”"):
        face_audits.label(face, ada, {"age": "30"})
    face_audits.end(audit, ada)
    assert not face_audits.label(face, ada, None)


def test_the_retention_job_ends_an_audit_whose_time_is_over_and_writes_it_down(camera: Camera, ada: User) -> None:
    audit = agreed(camera, ada)
    analyse(camera, 3)
    assert retention.forget()["audit"] == 0
    FaceAudit.objects.update(keep_until=now() - timedelta(seconds=1))
    analyse(camera, 3, first=10)
    assert AuditFace.objects.count() == 3, "nothing is kept after its time"
    assert retention.forget()["audit"] == 3
    audit.refresh_from_db()
    assert not AuditFace.objects.exists() and audit.ending == "expired"
    assert DeletionRun.objects.first().counts["audit"] == 3  # type: ignore[union-attr]  # one was just made
