"""Disturbed faces stay faces of the same size; pictures of no face are made of the same stuff and show none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from training.artifacts import PRETRAINED
from training.augment import NONE, Augmentation, disturb, no_face
from training.preprocessing import Pixels

PORTRAIT = PRETRAINED.parent / "portraits" / "28-45_female_01.jpg"


@pytest.fixture
def portrait() -> Pixels:
    return np.asarray(Image.open(PORTRAIT).convert("RGB").resize((74, 74)), np.uint8)


@pytest.mark.parametrize(("flip", "ways"), [(0.0, 1), (0.5, 2)])
def test_undisturbed_a_crop_is_only_made_smaller_and_mirrored_if_asked(
    portrait: Pixels, flip: float, ways: int
) -> None:
    how = replace(NONE, flip=flip)
    versions = {disturb(portrait, 64, how, np.random.default_rng(seed)).tobytes() for seed in range(20)}
    assert len(versions) == ways


def test_a_disturbed_face_is_another_picture_of_the_same_size_every_time(portrait: Pixels) -> None:
    random = np.random.default_rng(1)
    versions = [disturb(portrait, 64, Augmentation(), random) for _ in range(30)]
    assert all(version.shape == (64, 64, 3) and version.dtype == np.uint8 for version in versions)
    assert len({version.tobytes() for version in versions}) == 30


def test_a_picture_of_no_face_is_none_of_the_face_it_was_made_of(portrait: Pixels) -> None:
    for seed in range(60):
        none = no_face(portrait, np.random.default_rng(seed))
        assert none.shape == portrait.shape and none.dtype == np.uint8
        likeness = np.corrcoef(none.astype(float).ravel(), portrait.astype(float).ravel())[0, 1]
        assert not likeness > 0.9  # NaN: a picture of one colour


def test_pictures_of_no_face_differ(portrait: Pixels) -> None:
    random = np.random.default_rng(2)
    assert len({no_face(portrait, random).tobytes() for _ in range(40)}) > 35


def test_somebody_who_walks_past_is_smeared_one_way_and_no_darker(portrait: Pixels) -> None:
    point = np.zeros((64, 64, 3), np.uint8)
    point[32, 32] = 200
    smeared = disturb(point, 64, replace(NONE, motion=1.0), np.random.default_rng(3))
    rows, _ = np.nonzero(smeared[:, :, 0])
    assert 2 <= len(rows) <= 8 and abs(int(smeared[:, :, 0].sum()) - 200) <= len(rows)
    face = disturb(portrait, 64, replace(NONE, motion=1.0), np.random.default_rng(3))
    assert abs(face.mean() - portrait.mean()) < 3
