"""Cameras push pictures: let in by token, timed on the server's clock, analysed once."""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from django.utils.timezone import now
from kombu.exceptions import OperationalError as BrokerError
from pytest_django import Settings

from inference import health, pipeline, push, spool, tokens
from inference import tasks as vision
from inference.models import Camera, CameraHour, CameraToken, Snapshot, Visit
from tests import factories, fakes

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def nothing_is_queued(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vision.analyse_batch, "delay", lambda pk: None)
    cache.clear()


@pytest.fixture
def camera() -> Camera:
    return factories.camera()


@pytest.fixture
def token(camera: Camera) -> str:
    return tokens.create(camera, "door box")[1]


def picture(x: int = 40) -> bytes:
    return fakes.picture((x, 60, 48, fakes.WOMAN))


def send(client: Client, camera: Camera, token: str, data: bytes, **headers: str) -> Any:
    return client.post(
        f"/api/v1/cameras/{camera.pk}/snapshots",
        data,
        content_type="image/png",
        headers={"Authorization": f"Bearer {token}"} | {k.replace("_", "-"): v for k, v in headers.items()},
    )


def test_a_picture_is_taken_in_with_a_receipt_and_analysed_once(client: Client, camera: Camera, token: str) -> None:
    answer = send(client, camera, token, picture())
    assert answer.status_code == 202
    (receipt,) = answer.json()["receipts"]
    assert receipt["state"] == "accepted" and receipt["checksum"] == hashlib.sha256(picture()).hexdigest()
    where = f"/api/v1/cameras/{camera.pk}/snapshots/{receipt['checksum']}"
    auth = {"Authorization": f"Bearer {token}"}
    assert client.get(where, headers=auth).json()["state"] == "pending"
    assert pipeline.analyse_pending(None, fakes.tools()) == 1
    assert client.get(where, headers=auth).json()["state"] == "analysed"
    assert spool.is_empty()


def test_sending_it_again_changes_nothing(client: Client, camera: Camera, token: str) -> None:
    states = [send(client, camera, token, picture()).json()["receipts"][0]["state"] for _ in range(3)]
    assert states == ["accepted", "duplicate", "duplicate"]
    assert Snapshot.objects.count() == 1 and len(spool.snapshot_ids()) == 1


def test_several_pictures_come_as_parts(client: Client, camera: Camera, token: str) -> None:
    files = [SimpleUploadedFile(f"{k}.png", picture(40 + k), "image/png") for k in range(3)]
    files.append(SimpleUploadedFile("letter.png", b"Dear all", "image/png"))
    where = f"/api/v1/cameras/{camera.pk}/snapshots"
    answer = client.post(where, {"file": files}, headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 202
    assert [r["state"] for r in answer.json()["receipts"]] == ["accepted"] * 3 + ["refused"]
    assert "not a picture" in answer.json()["receipts"][3]["reason"]
    assert CameraHour.objects.get().refused == 1


def test_what_is_no_picture_is_refused_and_leaves_nothing(client: Client, camera: Camera, token: str) -> None:
    answer = send(client, camera, token, b"Dear all")
    assert answer.status_code == 422 and "not a picture" in answer.json()["receipts"][0]["reason"]
    assert spool.is_empty() and not Snapshot.objects.exists()


@pytest.mark.parametrize("token", ["", "foyer_wrong", "foyer_"])
def test_without_a_token_nobody_gets_in(client: Client, camera: Camera, token: str) -> None:
    assert send(client, camera, token, picture()).status_code == 401
    assert not Snapshot.objects.exists()


def test_another_cameras_token_gets_404(client: Client, camera: Camera, token: str) -> None:
    other = factories.camera(camera.store, "Back door")
    assert send(client, other, token, picture()).status_code == 404
    assert send(client, Camera(pk=987654), token, picture()).status_code == 404


def test_a_revoked_token_is_worth_nothing_and_a_used_one_says_when(client: Client, camera: Camera, token: str) -> None:
    send(client, camera, token, picture())
    row = CameraToken.objects.get()
    assert row.last_used_at is not None and token not in str(vars(row))
    tokens.revoke(row)
    assert send(client, camera, token, picture(44)).status_code == 401


def test_too_many_pictures_are_asked_to_wait(client: Client, camera: Camera, token: str, settings: Settings) -> None:
    settings.PUSHES_PER_SECOND = 0.2
    answers = [send(client, camera, token, picture(40 + k)) for k in range(4)]
    # The ten seconds in which requests are counted may end in between.
    assert answers[0].status_code == 202 and 429 in [answer.status_code for answer in answers[2:]]
    late = next(answer for answer in answers if answer.status_code == 429)
    assert 1 <= int(late.headers["Retry-After"]) <= 10


def test_redis_may_be_away(client: Client, camera: Camera, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise redis.ConnectionError

    def refuse_message(pk: int) -> None:
        raise BrokerError

    monkeypatch.setattr(cache, "add", refuse)
    monkeypatch.setattr(vision.analyse_batch, "delay", refuse_message)
    assert send(client, camera, token, picture()).status_code == 202
    assert Snapshot.objects.pending().count() == 1


def test_a_database_that_is_away_is_said_with_when_to_try_again(
    client: Client, camera: Camera, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OperationalError

    monkeypatch.setattr(push, "take", refuse)
    answer = send(client, camera, token, picture())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "nothing was stored" in answer.json()["detail"]


def test_a_picture_too_large_is_413(client: Client, camera: Camera, token: str, settings: Settings) -> None:
    settings.MAX_PICTURE_BYTES = 100
    assert send(client, camera, token, picture()).status_code == 413
    assert spool.is_empty()


# Clocks ----------------------------------------------------------------------------


def test_a_cameras_wrong_clock_is_kept_and_its_times_corrected(client: Client, camera: Camera, token: str) -> None:
    behind = now() - timedelta(hours=1)
    answer = send(client, camera, token, picture(), X_Camera_Time=behind.isoformat())
    assert answer.status_code == 202
    camera.refresh_from_db()
    assert camera.clock_offset == pytest.approx(3600, abs=5)
    late = io.BytesIO(picture(50))
    later = push.take(camera, [push.Pushed("", late.getvalue(), behind - timedelta(seconds=30))])
    assert later[0].captured_at is not None
    assert later[0].captured_at == pytest.approx(now() - timedelta(seconds=30), abs=timedelta(seconds=5))


def test_a_right_clock_moves_nothing() -> None:
    at = datetime(2026, 3, 10, 12, tzinfo=UTC)
    assert push.note_clock(factories.camera(), at - timedelta(seconds=1), at) == 0


@pytest.mark.parametrize("year", [1999, 2031])
def test_times_of_a_clock_that_was_never_set_give_way_to_the_arrival(year: int) -> None:
    arrived = datetime(2026, 3, 10, 12, tzinfo=UTC)
    when = push.when_taken(arrived.replace(year=year), 0, arrived)
    assert when == (arrived, "arrived")


def test_somebody_in_several_pushed_pictures_is_one_visit(client: Client, camera: Camera, token: str) -> None:
    for k in range(3):
        send(client, camera, token, picture(40 + 4 * k))
    pipeline.analyse_pending(None, fakes.tools())
    batch = Snapshot.objects.latest("pk").batch
    assert batch is not None and batch.is_live
    Snapshot.objects.update(analysed_at=now() - timedelta(minutes=2))
    pipeline._settled.clear()  # as if the pause between two settlements had passed
    pipeline.finish()
    assert Visit.objects.get().faces == 3


# The description -----------------------------------------------------------------------


def test_the_description_and_its_page_load_nothing_from_elsewhere(client: Client) -> None:
    description = client.get("/api/v1/openapi.json").json()
    assert "/api/v1/cameras/{camera_id}/snapshots" in description["paths"]
    page = client.get("/api/v1/docs")
    assert page.status_code == 200 and "ninja/swagger-ui-bundle.js" in page.content.decode()
    assert "://" not in page.content.decode().replace("http://www.w3.org", "")


def test_a_camera_reads_how_much_of_what_it_saw_could_be_classified(client: Client, camera: Camera, token: str) -> None:
    health.note(camera, now(), frames=60, faces=40, classified=30)
    health.note(camera, now() - timedelta(days=3), frames=5)
    where = f"/api/v1/cameras/{camera.pk}/hours"
    auth = {"Authorization": f"Bearer {token}"}
    (hour,) = client.get(where, headers=auth).json()
    assert (hour["pictures"], hour["faces"], hour["classified"], hour["coverage"]) == (60, 40, 30, 0.75)
    old, _ = client.get(where, {"since": "2020-01-01T00:00:00Z"}, headers=auth).json()
    assert old["faces"] == 0 and old["coverage"] is None
    camera.store.counts_only = True
    camera.store.save()
    assert client.get(where, headers=auth).json()[0]["coverage"] is None
    assert client.get(where).status_code == 401
