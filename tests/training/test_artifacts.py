"""A model version is a folder that appears whole, never changes, and is checked when it is opened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training import artifacts
from training.labels import LABELS, Task
from training.networks import compact
from training.recipes import RECIPES, SEVEN_EXPRESSIONS, SINGLE_YEARS

TASKS: tuple[Task, ...] = ("age", "gender", "mood")
CONFIG = {"version": "v1", "temperature": 1.0, "input": {"size": 32, "channels": 3}}


def save(folder: Path, **values: Any) -> Path:
    given: dict[str, Any] = {"task": "gender", "outputs": RECIPES["tiny-gender"].outputs, "config": CONFIG}
    given |= {"metrics": {}, "data": {}, "card": "A card."} | values
    return artifacts.save(compact(32, 3, 2), folder, **given)


@pytest.mark.parametrize("task", TASKS)
def test_the_shipped_versions_load_predict_and_tell_their_scores(task: Task) -> None:
    model = artifacts.load(artifacts.PRETRAINED / task)
    crops = np.random.default_rng(1).integers(0, 256, (3, 96, 96, 3), dtype=np.uint8)
    found = model.predict(crops)
    assert found.probabilities.shape == (3, len(LABELS[task]))
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, atol=1e-6)
    assert (found.years is not None) == (task == "age")
    assert model.metrics["n"] > 1000 and model.metrics["accuracy"] > 0.5
    assert "not" in (model.path / "card.md").read_text()


def test_a_prediction_does_not_depend_on_its_company() -> None:
    model = artifacts.load(artifacts.PRETRAINED / "gender")
    crops = np.random.default_rng(2).integers(0, 256, (70, 64, 64, 3), dtype=np.uint8)
    together = model.predict(crops).probabilities
    apart = np.concatenate([model.predict(crops[k : k + 1]).probabilities for k in (0, 33, 69)])
    np.testing.assert_allclose(together[[0, 33, 69]], apart, atol=1e-4)


def test_years_and_expressions_sum_to_groups_and_moods() -> None:
    softmax = np.zeros((1, 116))
    softmax[0, [0, 1, 40]] = 0.25, 0.25, 0.5
    found = artifacts.interpret(softmax, SINGLE_YEARS, "age", 1.0)
    np.testing.assert_allclose(found.probabilities[0], [0.5, 0, 0, 0, 0.5, 0, 0], atol=1e-9)
    assert found.years is not None and found.years[0] == pytest.approx(0.25 * 1 + 0.25 * 2 + 0.5 * 41)
    moods = artifacts.interpret(np.array([[0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.1]]), SEVEN_EXPRESSIONS, "mood", 1.0)
    np.testing.assert_allclose(moods.probabilities[0], [0.5, 0.1, 0.4])


def test_a_temperature_tempers_and_keeps_the_winner() -> None:
    softmax = np.array([[0.9, 0.1]])
    outputs = RECIPES["gender"].outputs
    warm = artifacts.interpret(softmax, outputs, "gender", 2.0).probabilities[0]
    assert 0.5 < warm[0] < 0.9 and warm.sum() == pytest.approx(1)


def test_a_version_is_never_changed(tmp_path: Path) -> None:
    folder = save(tmp_path / "v1")
    with pytest.raises(FileExistsError, match="never changed"):
        save(folder)


def test_a_save_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        save(tmp_path / "models" / "v1", metrics={"bad": object()})
    assert list((tmp_path / "models").iterdir()) == []


def test_a_folder_that_lacks_a_file_is_named(tmp_path: Path) -> None:
    folder = save(tmp_path / "v1")
    (folder / "card.md").unlink()
    with pytest.raises(FileNotFoundError, match=r"is not a model version: card\.md missing"):
        artifacts.load(folder)


@pytest.mark.parametrize(
    ("file", "key", "value", "message"),
    [
        ("config.json", "format", 99, "has format 99; this program reads format 1"),
        ("labels.json", "labels", ["male", "female"], "was trained for the labels"),
    ],
)
def test_a_version_of_another_time_is_refused(tmp_path: Path, file: str, key: str, value: object, message: str) -> None:
    folder = save(tmp_path / "v1")
    content = json.loads((folder / file).read_text()) | {key: value}
    (folder / file).write_text(json.dumps(content))
    with pytest.raises(ValueError, match=message):
        artifacts.load(folder)


def test_the_serving_version_is_the_pointed_one_else_the_shipped_one(tmp_path: Path) -> None:
    assert artifacts.resolve("gender", tmp_path) == artifacts.PRETRAINED / "gender"
    folder = save(tmp_path / "gender" / "v1")
    artifacts.point_serving(tmp_path, "gender", folder)
    assert artifacts.resolve("gender", tmp_path) == folder.resolve()
    assert artifacts.resolve("gender", tmp_path, "v1") == folder
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError, match="There is no gender model “v1”"):
        artifacts.resolve("gender", tmp_path, "v1")
