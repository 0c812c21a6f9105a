"""Faces at a till are kept for receipts and never counted as visits."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from inference import intake, pipeline, visit_csv
from inference.models import Camera, ChangedHour, CheckoutFace, Face, SnapshotBatch, Visit
from tests import factories, fakes

pytestmark = pytest.mark.django_db


@pytest.fixture
def camera() -> Camera:
    return factories.camera(name="Till 2", place=Camera.Place.CHECKOUT, till="2")


def analysed(camera: Camera, **pictures: bytes) -> SnapshotBatch:
    result = intake.receive(camera, [(f"{name}.png", io.BytesIO(data)) for name, data in pictures.items()])
    pipeline.analyse_pending(result.batch, fakes.tools())
    return result.batch


def test_a_face_at_a_till_is_kept_once_and_makes_no_visit(camera: Camera) -> None:
    pictures = {f"20260310_13000{k}": fakes.picture((40 + k, 60, 48, fakes.WOMAN)) for k in range(3)}
    batch = analysed(camera, **pictures)
    assert not Visit.objects.exists() and not Face.objects.exists()
    face = CheckoutFace.objects.get()
    assert (face.store, face.till, face.batch, face.faces) == (camera.store, "2", batch, 3)
    assert face.seen_at == datetime(2026, 3, 10, 12, 0, 1, tzinfo=UTC)
    assert face.last_at - face.first_at == timedelta(seconds=2)
    assert face.gender == [0.95, 0.05] and face.model_version == "fake" and face.quality == pytest.approx(48)
    assert ChangedHour.objects.get().hour == datetime(2026, 3, 10, 12, tzinfo=UTC)


def test_a_face_at_a_till_that_cannot_be_classified_is_not_kept(camera: Camera) -> None:
    analysed(camera, **{"20260310_130000": fakes.picture((40, 60, 24, fakes.WOMAN))})
    assert not CheckoutFace.objects.exists() and not Visit.objects.exists()


def test_visits_at_a_till_are_not_imported(camera: Camera) -> None:
    rows = io.StringIO("visit_ref,entered_at,camera\nv1,2026-03-10T13:00:00,Till 2\n")
    result = visit_csv.read(rows, camera.store)
    assert result.imported == 0 and "at a till" in result.refused[0].reason


def test_a_camera_at_a_till_is_created_by_command(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_store", "Corner", "--camera", "Door", "--till-camera", "Counter=Kasse 2", "--json")
    made = json.loads(capsys.readouterr().out)["cameras"]
    row = Camera.objects.get(pk=made["Counter"])
    assert (row.place, row.till) == (Camera.Place.CHECKOUT, "Kasse 2")
    assert Camera.objects.get(pk=made["Door"]).place == Camera.Place.ENTRANCE
