"""What a manager does about cameras and privacy: tokens, switches, the notice."""

from __future__ import annotations

import io
from datetime import date, timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.utils.timezone import now

from analytics import queries, report_text, tasks
from analytics.periods import Period
from inference import health, intake, notice, pipeline, retention, visits
from inference.models import Camera, CameraHour, CameraState, CameraToken, DeletionRun, Store, Visit
from tests import factories, fakes

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Store:
    return factories.store(responsible="Corner Ltd, Oslo", privacy_contact="ask@example.com")


@pytest.fixture
def camera(shop: Store) -> Camera:
    return factories.camera(shop)


@pytest.fixture
def mona(client: Client, shop: Store) -> Client:
    client.force_login(factories.manager(shop))
    return client


def text(client: Client, where: str) -> str:
    return client.get(where).content.decode()


def switches(**on: bool) -> dict[str, str]:
    texts = {"responsible": "Corner Ltd, Oslo", "privacy_contact": "ask@example.com"}
    return texts | {name: "on" for name, value in on.items() if value}


# Tokens ----------------------------------------------------------------------------


def test_a_token_is_shown_once_and_can_be_revoked(mona: Client, camera: Camera) -> None:
    page = mona.post(f"/cameras/{camera.pk}/tokens", {"name": "door box"}).content.decode()
    row = CameraToken.objects.get()
    assert row.start in page and "curl -X POST" in page
    token = next(word for word in page.replace("<", " ").replace(">", " ").split() if word.startswith(row.start))
    assert len(token) > 40
    later = text(mona, f"/cameras/{camera.pk}/")
    assert token not in later and "door box" in later
    mona.post(f"/tokens/{row.pk}/revoke")
    row.refresh_from_db()
    assert row.revoked_at is not None and "revoked" in text(mona, f"/cameras/{camera.pk}/")


def test_a_token_needs_a_name(mona: Client, camera: Camera) -> None:
    assert mona.post(f"/cameras/{camera.pk}/tokens", {"name": " "}).status_code == 422
    assert not CameraToken.objects.exists()


# Health ----------------------------------------------------------------------------


def hours(camera: Camera, ago: timedelta, **sums: float) -> None:
    health.note(camera, now() - ago, **sums)


def test_a_camera_that_sees_worse_than_before_is_told_of(mona: Client, camera: Camera) -> None:
    hours(camera, timedelta(days=5), frames=900, faces=400, classified=320, face_pixels=400 * 80)
    assert "No picture has come from it for a day" in text(mona, f"/stores/{camera.store_id}/cameras/")
    hours(camera, timedelta(minutes=5), frames=90, faces=60, classified=20, face_pixels=60 * 78)
    (alert,) = health.alerts(camera)
    assert "33%" in alert and "80%" in alert
    assert alert in text(mona, f"/cameras/{camera.pk}/")


def test_the_dashboard_and_the_report_say_how_much_of_what_was_seen_could_be_classified(
    mona: Client, camera: Camera
) -> None:
    for hour, classified in ((9, 90), (10, 30), (11, 10)):
        health.note(camera, factories.NOON.replace(hour=hour), frames=900, faces=100, classified=classified)
    health.note(camera, factories.NOON.replace(hour=15), frames=900, faces=3, classified=0)  # too few to judge
    for k in range(20):
        factories.visit(camera.store, factories.NOON + timedelta(minutes=k), ref=f"v{k}")
    visits.mark_changed(camera.store, [factories.NOON])
    tasks.refresh()
    page = text(mona, f"/stores/{camera.store_id}/?first=2026-03-10&last=2026-03-10")
    assert "Of 303 faces that the cameras saw, only 43% were good enough to classify. In 2 of 3 hours" in page
    period = Period.of(camera.store, date(2026, 3, 10), date(2026, 3, 10))
    told = report_text.as_json(queries.report(camera.store, period, "age"))["quality"]["faces"]
    assert told == {"seen": 303, "classified": 130, "hours": 3, "poor_hours": 2, "share": 0.429}
    table = mona.get(f"/stores/{camera.store_id}/report.csv?first=2026-03-10&last=2026-03-10").content.decode()
    assert table.splitlines()[0].endswith(",coverage")
    CameraHour.objects.update(classified=F("faces"))
    page = text(mona, f"/stores/{camera.store_id}/?first=2026-03-10&last=2026-03-10")
    assert (
        "only" not in page.split("How far to trust this")[1].split("</section>")[0]
        and "100.0% of the 303 faces" in page
    )


def test_a_camera_that_is_well_gives_no_alert(camera: Camera) -> None:
    for ago in (timedelta(days=5), timedelta(minutes=5)):
        hours(camera, ago, frames=900, faces=400, classified=320, face_pixels=400 * 80)
    assert health.alerts(camera) == []


def test_a_store_that_only_counts_has_no_share_of_classified_faces_to_worry_about(camera: Camera) -> None:
    camera.store.counts_only = True
    camera.store.save()
    health.note(camera, now() - timedelta(hours=2), frames=100, faces=100, classified=0, face_pixels=9000)
    assert health.between(camera, now() - timedelta(days=1), now()).share_classified is None
    assert health.alerts(camera) == []


def test_a_stream_that_is_down_or_lost_is_told_of(camera: Camera) -> None:
    camera.is_followed = True
    assert "Nobody follows" in health.alerts(camera)[0]
    CameraState.objects.create(camera=camera, status="down", reason="no answer")
    assert health.alerts(camera) == ["Its stream cannot be reached: no answer."]


def test_sums_add_up_and_unknown_ones_are_refused(camera: Camera) -> None:
    for _ in range(3):
        health.note(camera, factories.NOON, frames=2, faces=1)
    row = CameraHour.objects.get()
    assert (row.frames, row.faces, row.hour) == (6, 3, factories.NOON)
    with pytest.raises(ValueError, match="no eyes"):
        health.note(camera, factories.NOON, eyes=1)


# Switches ----------------------------------------------------------------------------


def analyse(camera: Camera) -> fakes.FakeClassifier:
    classifier = fakes.FakeClassifier()
    picture = fakes.picture((40, 60, 48, fakes.WOMAN))
    result = intake.receive(camera, [("20260310_130000.png", io.BytesIO(picture))])
    pipeline.analyse_pending(result.batch, pipeline.Tools(fakes.FakeDetector(), classifier))
    return classifier


def test_an_attribute_that_is_off_is_not_computed(mona: Client, camera: Camera) -> None:
    where = f"/stores/{camera.store_id}/privacy/"
    assert mona.post(where, switches(sees_age=True)).status_code == 302
    camera.refresh_from_db()
    assert analyse(camera).asked == [("age",)]
    visit = Visit.objects.get()
    assert visit.age and visit.gender is None and visit.mood is None


def test_a_store_that_only_counts_asks_no_model(mona: Client, camera: Camera) -> None:
    everything = switches(sees_age=True, sees_gender=True, sees_mood=True, counts_only=True)
    mona.post(f"/stores/{camera.store_id}/privacy/", everything)
    camera.refresh_from_db()
    assert analyse(camera).asked == []
    assert Visit.objects.get().age is None


def test_what_is_off_reads_off_on_the_dashboard_and_in_the_report(mona: Client, camera: Camera) -> None:
    Store.objects.update(sees_mood=False)
    for k in range(20):
        factories.visit(camera.store, factories.NOON + timedelta(minutes=k), ref=f"v{k}")
    where = f"/stores/{camera.store_id}/segments?by={{}}&first=2026-03-10&last=2026-03-10"
    assert text(mona, where.format("mood")).count("switched off") == 3
    assert "switched off" not in text(mona, where.format("gender"))


# The notice ----------------------------------------------------------------------------


def test_the_notice_says_what_the_settings_do(mona: Client, shop: Store) -> None:
    page = text(mona, f"/stores/{shop.pk}/notice")
    assert "age group, gender and expression" in page and "Corner Ltd, Oslo" in page and "ask@example.com" in page
    Store.objects.update(counts_only=True)
    page = text(mona, f"/stores/{shop.pk}/notice")
    assert "estimates nothing" in page and "gender" not in page


def test_a_confirmation_holds_for_what_was_printed(mona: Client, shop: Store) -> None:
    assert "Nobody has confirmed" in text(mona, f"/stores/{shop.pk}/privacy/")
    mona.post(f"/stores/{shop.pk}/notice/confirm", {"hangs_since": "2026-03-01"})
    assert notice.state(shop)[0] == "confirmed"
    page = text(mona, f"/stores/{shop.pk}/privacy/")
    assert "hangs since 1 Mar 2026, confirmed by mona" in page
    shop.sees_mood = False
    shop.save()
    assert "confirmed for other settings" in text(mona, f"/stores/{shop.pk}/privacy/")


def test_a_notice_that_names_nobody_cannot_be_confirmed(mona: Client, shop: Store) -> None:
    Store.objects.update(privacy_contact=" ")
    mona.post(f"/stores/{shop.pk}/notice/confirm", {"hangs_since": "2026-03-01"})
    assert not shop.notices.exists() and "whom visitors can ask" in text(mona, f"/stores/{shop.pk}/privacy/")


def test_a_notice_cannot_hang_since_tomorrow(mona: Client, shop: Store) -> None:
    mona.post(f"/stores/{shop.pk}/notice/confirm", {"hangs_since": str((now() + timedelta(days=3)).date())})
    assert not shop.notices.exists()


# Deleting ----------------------------------------------------------------------------


def test_each_run_of_forgetting_is_on_record_and_the_next_one_told(mona: Client, camera: Camera) -> None:
    analyse(camera)
    assert retention.forget()["analysed"] == 1 and retention.forget()["analysed"] == 0
    assert [run.counts["analysed"] for run in DeletionRun.objects.all()] == [0, 1]
    assert retention.next_run() - now() <= timedelta(hours=1)
    assert "Next run:" in text(mona, f"/stores/{camera.store_id}/privacy/")
