"""Visits counted in footage of real entrances, where the developers' data is at hand; it is never committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import call_command

from inference.detect.base import NAMES

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
    if name == "yunet":  # a minute and a half of video, which takes MTCNN several
        files.append("one-by-one-person-detection.mp4")
    assert sum(len(genders(name, file, capsys)) for file in files) <= 1
