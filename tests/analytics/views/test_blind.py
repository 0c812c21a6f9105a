"""The blind audit's pages: who may, what they show, and that they never show a guess."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils.timezone import now

from analytics import face_accuracy
from analytics.models import AccessLog
from inference import notice, sealing
from inference.face_audits import Tally
from inference.models import AuditFace, FaceAudit, NoticeConfirmation, Store
from tests import factories, fakes

pytestmark = pytest.mark.django_db
AGREED = {"wanted": 50, "one_in": 5, "days": 7, "agree": "on"}


@pytest.fixture
def shop() -> Store:
    return factories.store(responsible="Corner Ltd", privacy_contact="ask@example.com")


@pytest.fixture
def mona(shop: Store) -> Client:
    client = Client()
    client.force_login(factories.manager(shop))
    return client


@pytest.fixture
def ada() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("ada", password="correct horse"))
    return client


@pytest.fixture
def audit(shop: Store) -> FaceAudit:
    return FaceAudit.objects.create(store=shop, wanted=50, one_in=5, keep_until=now() + timedelta(days=7))


def face(audit: FaceAudit) -> AuditFace:
    picture = fakes.picture((4, 4, 40, fakes.MAN), size=(48, 48), form="JPEG")
    predicted = {"age": "46-65", "gender": "male", "mood": "neutral"}
    return AuditFace.objects.create(audit=audit, sealed=sealing.seal(picture), predicted=predicted)


def text(client: Client, where: str) -> str:
    answer = client.get(where)
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def test_an_admin_agrees_and_privacy_page_and_notice_tell_it(ada: Client, mona: Client, shop: Store) -> None:
    where = f"/stores/{shop.pk}/accuracy/faces"
    assert "no face is kept" in text(mona, where) and "no picture and no template" in text(
        mona, f"/stores/{shop.pk}/notice"
    )
    assert mona.post(f"{where}/agree", AGREED).status_code == 404
    assert ada.post(f"{where}/agree", AGREED | {"agree": ""}).status_code == 422
    assert ada.post(f"{where}/agree", AGREED).status_code == 302
    audit = FaceAudit.objects.get()
    assert audit.agreed_by is not None and audit.agreed_by.username == "ada" and audit.wanted == 50
    until = f"{audit.keep_until.astimezone(shop.zone):%-d %B %Y}"
    printed = text(mona, f"/stores/{shop.pk}/notice")
    assert "up to 50 faces" in printed and until in printed and "no picture but those named below" in printed
    page = text(mona, f"/stores/{shop.pk}/privacy/")
    assert "A blind audit is running: ada agreed on" in page and "no more until the notice" in page
    assert "visitors must be told first" in text(mona, where)
    says = notice.what_it_does(shop)
    NoticeConfirmation.objects.create(store=shop, hangs_since=now().date(), says=says)
    assert "visitors must be told first" not in text(mona, where)
    assert AccessLog.objects.filter(what="blind audit agreed to", user__username="ada").exists()


def test_who_labels_sees_the_face_and_never_the_guess(mona: Client, audit: FaceAudit) -> None:
    one = face(audit)
    page = text(mona, f"/face-audits/{audit.pk}/label")
    assert f"/audit-faces/{one.pk}.jpg" in page and "checked" not in page and "predicted" not in page
    picture = mona.get(f"/audit-faces/{one.pk}.jpg")
    assert picture.content[:3] == b"\xff\xd8\xff" and picture.headers["Cache-Control"] == "no-store, private"
    assert AccessLog.objects.filter(what=f"blind audit: face {one.pk}", user__username="mona").count() == 1


def test_labels_are_stored_asked_again_when_one_is_missing_and_can_be_corrected(mona: Client, audit: FaceAudit) -> None:
    one, other = face(audit), face(audit)
    where = f"/face-audits/{audit.pk}/label"
    answer = mona.post(where, {"face": one.pk, "age": "46-65"})
    assert answer.status_code == 422 and "is an answer, too" in answer.content.decode()
    mona.post(where, {"face": one.pk, "age": "46-65", "gender": "-", "mood": "positive"})
    mona.post(where, {"face": other.pk, "no_face": "1"})
    one.refresh_from_db()
    other.refresh_from_db()
    assert one.is_face and one.labels == {"age": "46-65", "gender": "", "mood": "positive"}
    assert other.is_face is False and other.labels == {}
    assert text(mona, f"{where}?face={one.pk}").count("checked") == 3
    mona.post(where, {"face": one.pk, "no_face": "1"})
    one.refresh_from_db()
    assert one.is_face is False


def test_another_persons_label_is_not_overwritten(ada: Client, mona: Client, audit: FaceAudit) -> None:
    one = face(audit)
    mona.post(f"/face-audits/{audit.pk}/label", {"face": one.pk, "no_face": "1"})
    said = {"face": one.pk, "age": "46-65", "gender": "male", "mood": "positive"}
    assert ada.post(f"/face-audits/{audit.pk}/label", said).status_code == 302
    one.refresh_from_db()
    assert one.is_face is False


def test_after_the_end_the_faces_are_gone_and_the_result_is_there(mona: Client, audit: FaceAudit) -> None:
    for _ in range(12):
        one = face(audit)
        mona.post(f"/face-audits/{audit.pk}/label", {"face": one.pk, "age": "46-65", "gender": "male", "mood": "-"})
    page = text(mona, f"/stores/{audit.store_id}/accuracy/faces")
    assert "100.0%" not in page, "no result before the end"
    mona.post(f"/face-audits/{audit.pk}/end")
    assert mona.get(f"/audit-faces/{one.pk}.jpg").status_code == 404
    page = text(mona, f"/stores/{audit.store_id}/accuracy/faces")
    assert "12 faces deleted" in page and "100.0%" in page and "75.8% to 100.0%" in page and "too few" in page


def test_a_key_that_changed_opens_nothing(mona: Client, audit: FaceAudit, settings: object) -> None:
    one = face(audit)
    settings.AUDIT_KEY = "another"  # type: ignore[attr-defined]
    assert mona.get(f"/audit-faces/{one.pk}.jpg").status_code == 404


def test_groups_too_small_or_to_be_worked_out_are_withheld(audit: FaceAudit) -> None:
    audit.tallies = [
        asdict(Tally("gender", "all", "all", 45, 40)),
        asdict(Tally("gender", "gender", "female", 41, 37)),
        asdict(Tally("gender", "gender", "male", 4, 3)),
    ]
    (table,) = face_accuracy.tables(audit)
    assert table.whole.share is not None and round(table.whole.share.low, 3) == 0.765
    assert [line.reason for line in table.by["gender"]] == ["too few", "too few"]


@pytest.mark.parametrize(
    "where", ["/face-audits/{audit}/label", "/audit-faces/{face}.jpg", "/stores/{store}/accuracy/faces"]
)
def test_somebody_elses_audit_is_not_there(client: Client, audit: FaceAudit, where: str) -> None:
    client.force_login(factories.manager(factories.store("Other"), "otto"))
    there = where.format(audit=audit.pk, face=face(audit).pk, store=audit.store_id)
    assert client.get(there).status_code == 404
    assert client.post(f"/face-audits/{audit.pk}/end").status_code == 404
