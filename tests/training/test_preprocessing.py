"""One crop, in training and in serving."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.preprocessing import (
    CANONICAL_LANDMARKS,
    FRAMINGS,
    LEAST_LIGHT,
    InputSpec,
    align,
    fit_to,
    lit,
    prepare,
    similarity,
)

SIZE = 64


@pytest.mark.parametrize("framing", sorted(FRAMINGS))
def test_a_face_that_lies_right_already_is_left_as_it_is(framing: str) -> None:
    matrix = similarity(FRAMINGS[framing] * SIZE, SIZE, framing)
    np.testing.assert_allclose(matrix, [[1, 0, 0], [0, 1, 0]], atol=1e-9)


@pytest.mark.parametrize("angle", [-35.0, 0.0, 20.0, 170.0])
@pytest.mark.parametrize("zoom", [0.4, 1.0, 5.0])
def test_a_turned_and_distant_face_comes_to_lie_where_faces_always_do(angle: float, zoom: float) -> None:
    moved = np.add(cv2.getRotationMatrix2D((30, 40), angle, zoom), [[0, 0, 120], [0, 0, 90]])
    landmarks = CANONICAL_LANDMARKS * SIZE @ moved[:, :2].T + moved[:, 2]
    matrix = similarity(landmarks, SIZE)
    np.testing.assert_allclose(landmarks @ matrix[:, :2].T + matrix[:, 2], CANONICAL_LANDMARKS * SIZE, atol=1e-6)


def test_aligning_brings_the_eyes_of_a_tilted_face_to_their_place() -> None:
    picture = np.full((240, 320, 3), 200, np.uint8)
    turn = np.add(cv2.getRotationMatrix2D((0, 0), 25, 1.5), [[0, 0, 100], [0, 0, 130]])
    landmarks = CANONICAL_LANDMARKS * SIZE @ turn[:, :2].T + turn[:, 2]
    for x, y in landmarks[:2]:
        cv2.circle(picture, (round(x), round(y)), 5, (0, 0, 0), -1)
    crop = align(picture, landmarks, SIZE)
    assert crop.shape == (SIZE, SIZE, 3) and crop.dtype == np.uint8
    for x, y in CANONICAL_LANDMARKS[:2] * SIZE:
        assert crop[round(y), round(x)].max() < 60
    assert crop[SIZE - 8, SIZE // 2].min() > 190


def test_landmarks_on_one_point_are_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match="do not span a face"):
        similarity(np.full((5, 2), 7.0), SIZE)


def test_a_face_at_the_edge_is_filled_up_and_keeps_its_shape() -> None:
    picture = np.full((50, 50, 3), 90, np.uint8)
    crop = align(picture, CANONICAL_LANDMARKS * SIZE - 30, SIZE)
    assert crop.shape == (SIZE, SIZE, 3) and (crop == 90).all()


def test_inputs_are_batches_between_zero_and_one() -> None:
    crops = [np.full((side, side, 3), 255, np.uint8) for side in (20, 64, 130)]
    batch = prepare(crops, InputSpec(48, 1))
    assert batch.shape == (3, 48, 48, 1) and batch.dtype == np.float32 and batch.min() == batch.max() == 1.0
    assert prepare([], InputSpec(48, 1)).shape == (0, 48, 48, 1)


def test_a_dark_crop_is_lifted_and_a_light_one_is_not_touched() -> None:
    light = np.random.default_rng(1).integers(60, 200, (64, 64, 3), dtype=np.uint8)
    dark, black = (light // 5).astype(np.uint8), np.zeros((64, 64, 3), np.uint8)
    assert lit(light) is light and not lit(black).any()
    assert lit(dark).mean() == pytest.approx(LEAST_LIGHT, abs=1)
    batch = prepare([light, dark], InputSpec(64, 3))
    assert np.corrcoef(batch[0].ravel(), batch[1].ravel())[0, 1] > 0.99


def test_grey_weighs_colours_as_eyes_do() -> None:
    green, blue = (np.zeros((8, 8, 3), np.uint8) for _ in range(2))
    green[..., 1], blue[..., 2] = 255, 255
    assert fit_to(green, InputSpec(8, 1)).mean() > 4 * fit_to(blue, InputSpec(8, 1)).mean()


@pytest.mark.parametrize("corner", [(300.0, 250.0), (-60.0, 400.0), (850.0, -80.0), (2000.0, 3000.0)])
def test_smoothing_only_around_a_face_changes_nothing(
    corner: tuple[float, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = np.random.default_rng(3).integers(0, 256, (90, 128, 3), dtype=np.uint8)
    picture = np.asarray(cv2.resize(noise, (1024, 720), interpolation=cv2.INTER_CUBIC), np.uint8)
    turn = cv2.getRotationMatrix2D((0, 0), 25, 1)[:, :2]
    landmarks = CANONICAL_LANDMARKS * 260 @ turn.T + corner
    quick = align(picture, landmarks, 64)
    monkeypatch.setattr("training.preprocessing._around", lambda image, matrix, size, margin: (image, matrix))
    assert np.abs(quick.astype(int) - align(picture, landmarks, 64)).max() <= 1
