"""Stores, snapshots, predictions and streams on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from inference import pipeline
from inference.management.commands import predict
from inference.models import Camera, Store, Visit
from tests import factories, fakes

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def fake_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_tools", fakes.tools())
    monkeypatch.setattr(predict, "detector", lambda name: fakes.FakeDetector())
    monkeypatch.setattr(predict, "Predictor", fakes.FakeClassifier)


def walking(path: Path, frames: int = 20) -> Path:
    """An animation in which a woman and, later, a man walk by; a tenth of a second per picture."""
    pictures = [Image.open(_file(path, k)) for k in range(frames)]
    pictures[0].save(path / "walk.gif", save_all=True, append_images=pictures[1:], duration=100)
    return path / "walk.gif"


def _file(path: Path, k: int) -> Path:
    faces = [(20 + 6 * k, 60, 40, fakes.WOMAN)] + ([(250 - 5 * k, 140, 44, fakes.MAN)] if k >= 8 else [])
    file = path / f"frame{k:02d}.png"
    file.write_bytes(fakes.picture(*faces))
    return file


def lines(output: Output) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.readouterr().out.splitlines()]


@pytest.mark.django_db
def test_a_store_is_created_once_and_gains_cameras(capsys: Output) -> None:
    arguments = ["create_store", "Corner", "--timezone", "Asia/Kolkata", "--currency", "inr", "--json"]
    call_command(*arguments, "--camera", "Door")
    call_command(*arguments, "--camera", "Door", "--camera", "Back")
    first, second = lines(capsys)
    assert first["store"] == second["store"] and second["cameras"].keys() == {"Door", "Back"}
    store = Store.objects.get()
    assert (store.timezone, store.currency, store.cameras.count()) == ("Asia/Kolkata", "INR", 2)


@pytest.mark.django_db
def test_a_time_zone_that_is_none_is_refused() -> None:
    with pytest.raises(CommandError, match="“Oslo” is not a time zone; write it like Europe/Oslo"):
        call_command("create_store", "Corner", "--timezone", "Oslo")
    assert not Store.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_folder_of_pictures_becomes_visits(tmp_path: Path, capsys: Output) -> None:
    camera = factories.camera()
    for second in range(3):
        where = fakes.picture((40 + 5 * second, 60, 40, fakes.WOMAN))
        (tmp_path / f"20260310_13000{second}.png").write_bytes(where)
    (tmp_path / "20260310_140000.jpg").write_bytes(b"not a picture")
    arguments = ["import_snapshots", str(tmp_path), "--store", camera.store.name, "--camera", "Entrance", "--sync"]
    with pytest.raises(SystemExit, match="1"):
        call_command(*arguments, "--json")
    result = lines(capsys)[0]
    assert (result["snapshots"], result["duplicates"], result["visits"]) == (3, 0, 1)
    assert [item["file"] for item in result["refused"]] == ["20260310_140000.jpg"]
    with pytest.raises(SystemExit, match="1"):
        call_command(*arguments, "--json")
    again = lines(capsys)[0]
    assert (again["snapshots"], again["duplicates"], again["visits"]) == (0, 3, 0)
    assert Visit.objects.count() == 1


@pytest.mark.django_db
def test_an_unknown_camera_or_folder_is_named(tmp_path: Path) -> None:
    camera = factories.camera()
    with pytest.raises(CommandError, match=f"There is no camera “Roof”. Cameras: {camera.pk} "):
        call_command("import_snapshots", str(tmp_path), "--store", camera.store.name, "--camera", "Roof")
    with pytest.raises(CommandError, match="There is no file or folder"):
        call_command("import_snapshots", "/nowhere", "--store", camera.store.name, "--camera", "Entrance")


def test_predict_tells_every_face_of_every_picture(tmp_path: Path, capsys: Output) -> None:
    (tmp_path / "a.png").write_bytes(fakes.picture((40, 60, 48, fakes.WOMAN), (200, 80, 20, fakes.MAN)))
    (tmp_path / "b.png").write_bytes(b"no picture")
    with pytest.raises(SystemExit, match="1"):
        call_command("predict", str(tmp_path), "--json")
    good, bad = lines(capsys)
    near, far = good["faces"]
    assert near["box"] == [40, 60, 48, 48] and near["gender"]["label"] == "female"
    assert near["age"]["group"] == "28-45" and near["age"]["probabilities"]["28-45"] == 0.9
    assert far["gender"] is None  # too small to be guessed at
    assert bad["faces"] == [] and "not a picture" in bad["error"]


def test_predict_follows_people_through_an_animation(tmp_path: Path, capsys: Output) -> None:
    call_command("predict", str(walking(tmp_path)), "--track", "--json")
    *frames, last = lines(capsys)
    assert len(frames) == 20 and [frame["frame"] for frame in frames] == list(range(20))
    woman, man = last["visits"]
    assert (woman["first_frame"], woman["last_frame"], woman["faces"]) == (0, 19, 20)
    assert (man["first_frame"], man["faces"]) == (8, 12)
    assert (woman["gender"]["label"], man["gender"]["label"]) == ("female", "male")


def test_predict_without_anything_to_read_fails(capsys: Output) -> None:
    with pytest.raises(SystemExit, match="2"):
        call_command("predict", "/nowhere.jpg", "--json")
    assert lines(capsys)[0]["error"] == "there is no such file or folder"


@pytest.mark.django_db
def test_watching_a_stream_records_each_person_once(tmp_path: Path, capsys: Output) -> None:
    camera = factories.camera()
    Camera.objects.filter(pk=camera.pk).update(stream_url=str(walking(tmp_path, 30)))
    call_command("watch", f"{camera.store.name}: Entrance", "--json")
    assert lines(capsys)[0] == {"camera": camera.pk, "frames": 6, "visits": 2}
    assert set(Visit.objects.values_list("source", flat=True)) == {"stream"}


@pytest.mark.django_db
def test_watching_what_is_not_there_fails_without_telling_the_password() -> None:
    camera = factories.camera()
    with pytest.raises(CommandError, match="has no stream address"):
        call_command("watch", str(camera.pk))
    Camera.objects.filter(pk=camera.pk).update(stream_url="http://me:secret@127.0.0.1:9/stream")
    with pytest.raises(CommandError) as problem:
        call_command("watch", str(camera.pk))
    assert "127.0.0.1:9" in str(problem.value) and "secret" not in str(problem.value)
