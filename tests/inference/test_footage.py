"""Visits counted in footage of real entrances, where the developers' data is at hand; it is never committed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from django.core.management import call_command

from inference.detect.base import NAMES
from inference.pictures import frames
from training.preprocessing import Pixels

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared"
FOOTAGE = SHARED / "data" / "footage"
YUNET = SHARED / "models" / "yunet_n_640_640.onnx"

pytestmark = pytest.mark.skipif(not FOOTAGE.is_dir(), reason=f"there is no footage at {FOOTAGE}")


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    from django.conf import settings

    if request.param == "yunet":
        monkeypatch.setattr(settings, "YUNET_PATH", str(YUNET))
    return str(request.param)


def genders(name: str, file: str, output: pytest.CaptureFixture[str]) -> list[str]:
    call_command("predict", str(FOOTAGE / file), "--track", "--detector", name, "--json")
    visits = json.loads(output.readouterr().out.splitlines()[-1])["visits"]
    return sorted(visit["gender"]["label"] for visit in visits)


def test_a_woman_and_a_man_walking_in_are_two_visits(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert genders(name, "face-demographics-walking.gif", capsys) == ["female", "male"]


def test_turning_heads_are_two_visits(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert len(genders(name, "head-pose-face-detection-female-and-male.gif", capsys)) == 2


def test_people_from_behind_or_far_away_are_hardly_a_visit(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    files = ["people-detection.gif"]
    if name == "yunet":  # a minute and a half of video, which takes MTCNN three
        files.append("one-by-one-person-detection.mp4")
    assert sum(len(genders(name, file, capsys)) for file in files) <= 1


CHANGES: dict[str, Callable[[list[Pixels]], list[Pixels]]] = {
    "mirrored": lambda pictures: [picture[:, ::-1] for picture in pictures],
    "a quarter of the light": lambda pictures: [picture // 4 for picture in pictures],
    "every third picture": lambda pictures: pictures[::3],
    "with wide black borders": lambda pictures: [
        np.pad(picture, ((90, 90), (160, 160), (0, 0))) for picture in pictures
    ],
}


@pytest.mark.parametrize("change", CHANGES)
def test_the_same_two_walk_in_however_the_camera_hangs_and_the_light_is(
    name: str, change: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    if name == "mtcnn" and "light" in change:
        pytest.skip("MTCNN loses faces in the dark; YuNet does not")
    pictures = [frame.image for frame in frames(FOOTAGE / "face-demographics-walking.gif") if frame.image is not None]
    changed = CHANGES[change](pictures)
    # Three seconds, however many pictures of them are left.
    per_second, size = len(changed) / 3, changed[0].shape[1::-1]
    video = cv2.VideoWriter(str(tmp_path / "door.avi"), cv2.VideoWriter.fourcc(*"MJPG"), per_second, size)
    for picture in changed:
        video.write(np.ascontiguousarray(picture[:, :, ::-1]))
    video.release()
    call_command("predict", str(tmp_path / "door.avi"), "--track", "--detector", name, "--json")
    assert len(json.loads(capsys.readouterr().out.splitlines()[-1])["visits"]) == 2
