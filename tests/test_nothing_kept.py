"""After a run, no picture is anywhere: database, Redis, logs, spool, temporary folders; and the search can find one."""

from __future__ import annotations

import base64
import io
import logging
import tempfile
import time
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from inference import face_keeping, intake, notice, pipeline, push, tokens
from inference import tasks as vision
from inference.models import AuditFace, Camera, NoticeConfirmation
from tests import factories, fakes, pictures_in

pytestmark = pytest.mark.django_db(transaction=True)


def picture(k: int) -> bytes:
    return fakes.picture((40 + 4 * k, 60, 48, fakes.WOMAN), form="JPEG")


@pytest.fixture
def camera() -> Camera:
    return factories.camera()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Everything that is logged while the test runs, at its most talkative."""
    path = tmp_path / "logs" / "all.log"
    path.parent.mkdir()
    handler = logging.FileHandler(path)
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.DEBUG)
    return path


def newer_than(folder: Path, began: float) -> list[str]:
    """Files of the machine's temporary folder that appeared since, with a picture in them."""
    found = []
    for path in folder.iterdir():
        try:
            if path.is_file() and path.stat().st_mtime >= began and pictures_in.pictures_in(path.read_bytes()):
                found.append(str(path))
        except OSError:
            continue
    return found


def run(camera: Camera, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload by the page, one by command, pushes, a broken picture, a crash in the middle, and the analysis."""
    monkeypatch.setattr(pipeline, "_tools", fakes.tools())
    client.force_login(factories.manager(camera.store))
    files = [SimpleUploadedFile(f"20260310_13000{k}.jpg", picture(k), "image/jpeg") for k in range(3)]
    where = f"/stores/{camera.store_id}/snapshots/upload"
    assert client.post(where, {"camera": camera.pk, "pictures": files}).status_code == 302
    intake.receive(camera, [("20260310_140000.jpg", io.BytesIO(picture(5)[:-200])), ("x.jpg", io.BytesIO(b"?"))])
    _, token = tokens.create(camera, "box")
    push.take(camera, [push.Pushed("", picture(k)) for k in range(6, 9)])
    auth = {"Authorization": f"Bearer {token}"}
    client.post(f"/api/v1/cameras/{camera.pk}/snapshots", picture(9), content_type="image/jpeg", headers=auth)

    def crash(*_: object, **__: object) -> None:
        raise MemoryError

    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(pipeline, "_row", crash)
        vision.resume()
    logging.getLogger("foyer").exception("as a crash report would have it", exc_info=MemoryError())
    vision.resume()


def test_after_a_run_no_picture_is_anywhere(
    camera: Camera, client: Client, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time()
    run(camera, client, monkeypatch)
    assert not pictures_in.in_database()
    assert not pictures_in.in_redis(settings.REDIS_URL)
    assert not pictures_in.in_folder(tmp_path)  # spool, data folder and logs of this test
    assert log.stat().st_size > 0
    assert not newer_than(Path(tempfile.gettempdir()), began)


def test_with_an_audit_on_its_faces_are_there_and_none_can_be_decoded(
    camera: Camera, client: Client, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.time()
    admin = User.objects.create_superuser("ada", password="correct horse")
    face_keeping.agree(camera.store, admin, wanted=30, one_in=1, days=1)
    NoticeConfirmation.objects.create(
        store=camera.store, hangs_since="2026-03-01", says=notice.what_it_does(camera.store)
    )
    run(camera, client, monkeypatch)
    assert AuditFace.objects.exists()
    face = AuditFace.objects.latest("pk")
    assert pictures_in.pictures_in(client.get(f"/audit-faces/{face.pk}.jpg").content)
    assert not pictures_in.in_database()
    assert not pictures_in.in_redis(settings.REDIS_URL)
    assert not pictures_in.in_folder(tmp_path)
    assert not newer_than(Path(tempfile.gettempdir()), began)


def test_the_search_finds_a_picture_that_was_planted(camera: Camera, tmp_path: Path) -> None:
    data = picture(0)
    (tmp_path / "core").write_bytes(b"dump" + data + b"rest")
    (tmp_path / "line.log").write_bytes(b"body=" + base64.b64encode(data) + b"\n")
    (tmp_path / "clean.log").write_bytes(b"batch 7 done: 3 visits\n")
    assert {Path(name).name for name in pictures_in.in_folder(tmp_path)} == {"core", "line.log"}
    camera.stream_url = base64.b64encode(fakes.picture(size=(64, 64))).decode()[:500]
    camera.save()
    assert pictures_in.in_database() == ["inference_camera"]
    client = redis.Redis.from_url(settings.REDIS_URL)
    client.rpush("planted", data)
    try:
        assert pictures_in.in_redis(settings.REDIS_URL) == ["planted"]
    finally:
        client.delete("planted")
