"""The real detectors and models, on portraits of nobody in a drawn entrance."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import numpy as np
import pytest
from cv2.utils import logging
from django.conf import settings

from analytics import demo_scenes
from inference.decode import decode
from inference.detect import Detection, Detector, detector
from inference.pipeline import Tools, find_faces
from inference.predictor import Predictor
from training.preprocessing import CANONICAL_LANDMARKS, similarity

SCENES = list(islice(demo_scenes.script(datetime(2026, 3, 10, 9, tzinfo=UTC), 10), 15))


@pytest.fixture(params=["mtcnn", "yunet"])
def any_detector(request: pytest.FixtureRequest) -> Detector:
    if request.param == "yunet" and not settings.YUNET_PATH:
        pytest.skip("FOYER_YUNET names no model file, so YuNet is not tried")
    return detector(request.param)


def test_everybody_is_found_upright_and_where_they_stand(any_detector: Detector) -> None:
    for scene in SCENES[::4]:
        found = any_detector.detect(decode(demo_scenes.draw(scene)), 32)
        assert len(found) == len(scene.guests)
        centres = sorted(face.box[0] + face.box[2] / 2 for face in found)
        assert centres == pytest.approx(sorted(guest.x for guest in scene.guests), abs=25)
        for face in found:
            turn = similarity(face.landmarks, 96)
            assert abs(np.degrees(np.arctan2(turn[1, 0], turn[0, 0]))) < 15


def test_an_empty_entrance_holds_no_face(any_detector: Detector) -> None:
    scene = demo_scenes.Scene("empty.jpg", datetime(2026, 3, 10, tzinfo=UTC), (), 0)
    assert any_detector.detect(decode(demo_scenes.draw(scene)), 32) == []


def test_a_detector_is_made_in_silence_and_later_warnings_are_not(
    any_detector: Detector, capfd: pytest.CaptureFixture[str]
) -> None:
    before = logging.getLogLevel()
    any_detector.detect(np.full((240, 320, 3), 127, np.uint8), 32)
    assert "WARN" not in capfd.readouterr().err
    assert logging.getLogLevel() == before


def test_shipped_models_know_most_portraits_gender_and_about_their_age() -> None:
    genders, ages = [], []
    using = Tools(detector("mtcnn"), Predictor())
    for scene in [scene for scene in SCENES if scene.step == 2]:
        faces = find_faces([decode(demo_scenes.draw(scene))], using)[0]
        ordered = sorted(faces, key=lambda face: face.where.box[0])
        for face, guest in zip(ordered, sorted(scene.guests, key=lambda guest: guest.x), strict=True):
            group, gender, _ = guest.portrait.stem.split("_")
            assert face.look is not None and face.look.gender is not None and face.look.age_years is not None
            genders.append(np.argmax(face.look.gender) == ["female", "male"].index(gender))
            low, high = (int(year) for year in group.split("-"))
            ages.append(low - 8 <= face.look.age_years <= high + 8)
    assert np.mean(genders) >= 0.7 and np.mean(ages) >= 0.7


def test_a_face_seen_from_the_side_is_not_clear() -> None:
    frontal = CANONICAL_LANDMARKS * 50
    profile = frontal * (0.2, 1.0) + (30, 0)
    turned = frontal * (0.7, 1.0)
    clear = [Detection((0, 0, 50, 50), 0.9, points).is_clear for points in (frontal, turned, profile)]
    assert clear == [True, True, False]
    assert not Detection((0, 0, 50, 50), 0.7, frontal, sure=True, certain=False).is_clear
