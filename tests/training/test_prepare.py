"""A data set in memory has its labels beside it, and a detector's crops where a detector finds the face."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from PIL import Image

from tests.training import drawn
from training.artifacts import PRETRAINED
from training.batches import Pool
from training.prepare import prepare_data
from training.recipes import FACE, Source, recipe_of

PORTRAITS = PRETRAINED.parent / "portraits"


def test_pictures_with_all_labels_are_kept_and_the_others_named() -> None:
    ready = prepare_data(recipe_of("age-gender-first"), PORTRAITS, Source("folders"))
    count = len(ready.pictures)
    assert len(ready.labels["age"]) == len(ready.labels["gender"]) == count == ready.counts["examples"]
    first = ready.data.examples[0].name
    assert first.startswith("1-2_female") and (ready.labels["age"][0], ready.labels["gender"][0]) == ("1", "female")


def test_a_batch_asks_about_age_and_gender_only_of_faces() -> None:
    recipe = recipe_of("age-gender-first")
    pool = Pool(recipe, [prepare_data(recipe, PORTRAITS, Source("folders"))])
    inputs, wanted, weights = pool.batch(np.arange(20), np.random.default_rng(0))
    assert inputs.shape == (22, 64, 64, 3) and inputs.min() >= 0 and inputs.max() <= 1
    assert weights["age"].tolist() == weights["gender"].tolist() == [1] * 20 + [0] * 2
    assert wanted[FACE][:, 1].tolist() == [1] * 20 + [0] * 2 and weights[FACE].all()
    np.testing.assert_allclose(wanted["age"].sum(axis=1), 1, atol=1e-5)


def test_mixed_pictures_have_labels_mixed_alike(tmp_path: Path) -> None:
    recipe = replace(recipe_of("tiny-gender"), mixup=1.0, no_faces=0.0)
    pool = Pool(recipe, [prepare_data(recipe, drawn.folder(tmp_path / "faces", 40), Source("folders"))])
    # Rows 20 and after are of the other gender.
    _, wanted, _ = pool.batch(np.arange(16, 48), np.random.default_rng(4))
    shares = np.unique(wanted["gender"].round(4))
    assert 3 <= len(shares) <= 4  # pure ones, and the one share with which the others were mixed


def test_a_small_data_set_is_shown_more_often(tmp_path: Path) -> None:
    plain = recipe_of("tiny-gender")
    ready = prepare_data(plain, drawn.folder(tmp_path / "faces", 40), Source("folders"))
    often = replace(plain, sources=(Source("folders"), Source("folders", repeat=3)))
    assert len(Pool(often, [ready, ready]).rows) == 4 * len(ready.split.train)


@pytest.mark.skipif(not settings.YUNET_PATH, reason="YuNet's file is not there (FOYER_YUNET)")
def test_a_detector_cuts_the_portraits_out_much_as_they_are() -> None:
    ready = prepare_data(
        recipe_of("age-gender-first"), PORTRAITS, Source("folders"), detector=Path(settings.YUNET_PATH)
    )
    assert len(ready.detected) > 0.9 * len(ready.pictures)
    apart = [np.abs(crop.astype(float) - ready.pictures[i]).mean() for i, crop in ready.detected.items()]
    assert np.median(apart) < 30


@pytest.mark.skipif(not settings.YUNET_PATH, reason="YuNet's file is not there (FOYER_YUNET)")
def test_teachers_see_unlabelled_faces_as_a_detector_cuts_them_out(tmp_path: Path) -> None:
    """Loosely framed pictures, whose faces are not where the middle of such pictures has them."""
    portraits = sorted(PORTRAITS.glob("28-45_*.jpg"))
    for number, path in enumerate(portraits * 6):
        label = tmp_path / path.name.split("_")[1]
        label.mkdir(exist_ok=True)
        loose = np.pad(np.asarray(Image.open(path).convert("RGB")), ((60, 10), (20, 40), (0, 0)), mode="edge")
        Image.fromarray(loose[number:]).save(label / f"{number}.png")
    faces = Source("folders", labelled_for="gender", framing="loose")
    recipe = replace(recipe_of("age-gender-first"), sources=(Source("utkface"), faces))
    seen = prepare_data(recipe, tmp_path, faces, detector=Path(settings.YUNET_PATH)).pictures
    unseen = prepare_data(recipe, tmp_path, faces).pictures
    chips = [Image.open(path).convert("RGB").resize(seen.shape[1:3]) for path in portraits]
    right = np.mean([np.asarray(chip) for chip in chips], axis=0)
    apart = [np.abs(pictures.mean(axis=0) - right).mean() for pictures in (seen, unseen)]
    assert apart[0] < 0.5 * apart[1]
