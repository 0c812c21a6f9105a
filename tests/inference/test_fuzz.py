"""Nonsense through the cameras' door: no 500, and nothing of it left in the spool or the tables."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from django.core.cache import cache
from django.test import Client
from hypothesis import HealthCheck, reject, settings
from PIL import Image

from inference import api, intake, pipeline, spool, tokens
from inference import tasks as vision
from inference.models import Camera, Face, Snapshot
from tests import factories, fakes

pytestmark = pytest.mark.django_db
CUTS, FLIPS = 4, 8  # broken copies per format


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Camera:
    monkeypatch.setattr(vision.analyse_batch, "delay", lambda pk: None)
    cache.clear()
    return factories.camera()


@pytest.fixture
def token(camera: Camera) -> str:
    return tokens.create(camera, "fuzz")[1]


def nothing_is_left() -> None:
    """Everything accepted is analysed or refused, and no file or face waits."""
    pipeline.analyse_pending(None, fakes.tools())
    assert spool.is_empty()
    assert not Snapshot.objects.exclude(status__in=["analysed", "refused"]).exists()
    assert not Face.objects.exclude(snapshot__batch__is_live=True).exists()


# The description ---------------------------------------------------------------------


schema = schemathesis.openapi.from_dict(api.api.get_openapi_schema(path_prefix="/api/v1/"))


@schema.parametrize()
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
def test_whatever_the_description_allows_or_forbids_is_answered(
    case: schemathesis.Case[Any], client: Client, camera: Camera, token: str
) -> None:
    if random.Random(str(case.path_parameters)).random() < 0.7:
        case.path_parameters["camera_id"] = camera.pk
    try:
        sent = requests.Request(**case.as_transport_kwargs(base_url="http://testserver")).prepare()
    except requests.exceptions.RequestException:
        reject()  # no client could send this header
    headers = {k: str(v) for k, v in sent.headers.items() if k.lower() not in ("content-type", "content-length")}
    answer = client.generic(
        sent.method or "GET",
        (sent.url or "").removeprefix("http://testserver"),
        sent.body if isinstance(sent.body, bytes) else str(sent.body or "").encode(),
        content_type=str(sent.headers.get("Content-Type", "")),
        headers=headers | {"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code in {200, 202, 400, 401, 404, 405, 413, 415, 422, 429}, answer.content
    nothing_is_left()


# Broken pictures --------------------------------------------------------------------


def whole(form: str, **more: Any) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(fakes.picture((40, 60, 48, fakes.WOMAN)))).convert("RGB").save(file, form, **more)
    return file.getvalue()


def with_exif(body: bytes) -> bytes:
    """A JPEG whose EXIF block is these bytes."""
    data = whole("JPEG")
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


def corpus() -> Iterator[tuple[str, bytes]]:
    dice = random.Random(7)
    for form in ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF"):
        data = whole(form)
        for k in range(CUTS):
            yield f"{form} cut at {k}/{CUTS}", data[: len(data) * k // CUTS]
        for k in range(FLIPS):
            flipped = bytearray(data)
            for _ in range(1 + 4 * k):
                flipped[dice.randrange(len(data) if k % 2 else min(64, len(data)))] = dice.randrange(256)
            yield f"{form} flipped {k}", bytes(flipped)
    yield "nothing", b""
    yield "noise", dice.randbytes(5000)
    yield "zip", b"PK\x03\x04" + dice.randbytes(500)
    yield "svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
    yield "huge", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", 2**31 - 1, 2**31 - 1) + b"\x08\x02\0\0\0"
    exif = bytearray(Image.Exif().tobytes())
    for k in range(FLIPS):
        yield f"exif noise {k}", with_exif(b"Exif\0\0" + dice.randbytes(10 + 7 * k))
        yield f"exif tiff {k}", with_exif(b"Exif\0\0II*\0\x08\0\0\0" + dice.randbytes(12 * k))
    yield "exif empty", with_exif(bytes(exif))


def test_broken_pictures_are_answered_and_leave_nothing(client: Client, camera: Camera, token: str) -> None:
    found = list(corpus())
    assert len(found) > 90
    for name, data in found:
        answer = client.post(
            f"/api/v1/cameras/{camera.pk}/snapshots",
            data,
            content_type="image/jpeg",
            headers={"Authorization": f"Bearer {token}"},
        )
        # Django's test client sends nothing without a content type.
        assert answer.status_code in ({202, 422} if data else {415}), name
        cache.clear()
    nothing_is_left()
    assert Snapshot.objects.filter(status="refused").exists() and Snapshot.objects.filter(status="analysed").exists()


def test_broken_pictures_in_an_upload_are_each_told_of(camera: Camera) -> None:
    found = list(corpus())
    files = [(f"20260310_13{k // 60:02d}{k % 60:02d}.jpg", io.BytesIO(data)) for k, (_, data) in enumerate(found)]
    result = intake.receive(camera, files)
    nothing_is_left()
    assert result.snapshots + result.duplicates + len(result.refused) == len(found)
