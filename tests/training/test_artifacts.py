"""A model version is a folder that appears whole, never changes, and is checked when it is opened."""

from __future__ import annotations

import json
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training import artifacts
from training.artifacts import Calibration
from training.labels import LABELS, Task
from training.networks import compact
from training.recipes import EACH_EXPRESSION, GENDER, SINGLE_YEARS

TASKS: tuple[Task, ...] = ("age", "gender", "mood")
CONFIG = {"version": "v1", "temperature": 1.0, "input": {"size": 32, "channels": 3}}


@lru_cache
def network() -> Any:
    return compact(32, 3, {"gender": 2, "face": 2})


def save(folder: Path, **values: Any) -> Path:
    given: dict[str, Any] = {"task": "gender", "outputs": GENDER.outputs, "config": CONFIG, "split": {}}
    given |= {"metrics": {}, "data": {}, "card": "A card."} | values
    return artifacts.save(network(), folder, artifacts.Contents(**given))


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
    softmax[0, [0, 1, 40]] = 0.3, 0.3, 0.4
    found = artifacts.interpret({"age": softmax}, SINGLE_YEARS, "age", Calibration())
    np.testing.assert_allclose(found.probabilities[0], [0.6, 0, 0, 0, 0.4, 0, 0], atol=1e-9)
    assert found.years is not None and found.years[0] == pytest.approx(1.5 + 0.2 / 0.3)  # the median
    softmax = np.array([[0.1, 0.1, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1]])
    moods = artifacts.interpret({"mood": softmax}, EACH_EXPRESSION, "mood", Calibration())
    np.testing.assert_allclose(moods.probabilities[0], [0.4, 0.1, 0.5])


def test_a_temperature_tempers_and_keeps_the_winner() -> None:
    softmax = np.array([[0.9, 0.1]])
    warm = artifacts.interpret({"gender": softmax}, GENDER.outputs, "gender", Calibration(2.0)).probabilities[0]
    assert 0.5 < warm[0] < 0.9 and warm.sum() == pytest.approx(1)


def test_a_bend_sets_sure_answers_apart_and_leaves_doubts_and_their_order() -> None:
    softmax = {"gender": np.array([[0.5, 0.5], [0.55, 0.45], [0.05, 0.95]])}
    told = artifacts.interpret(softmax, GENDER.outputs, "gender", Calibration(bend=0.1)).probabilities[:, 1]
    assert told[0] == pytest.approx(0.5) and told[1] == pytest.approx(0.45, abs=0.001) and told[2] > 0.98


def test_a_bias_makes_a_label_likelier_and_nothing_else() -> None:
    softmax = {"gender": np.array([[0.5, 0.5]])}
    told = artifacts.interpret(softmax, GENDER.outputs, "gender", Calibration(1.0, (np.log(3), 0.0)))
    np.testing.assert_allclose(told.probabilities[0], [0.75, 0.25])


def test_what_may_be_no_face_is_guessed_at_the_less_the_more_it_may() -> None:
    softmax = {"gender": np.array([[0.0, 1.0]] * 3), "face": np.array([[0.0, 1.0], [0.5, 0.5], [1.0, 0.0]])}
    found = artifacts.interpret(softmax, GENDER.outputs, "gender", Calibration())
    np.testing.assert_allclose(found.probabilities[:, 1], [1, 0.75, 0.5], atol=1e-6)
    np.testing.assert_allclose(found.face, [1, 0.5, 0])


def test_versions_that_were_trained_together_share_one_network(tmp_path: Path) -> None:
    one = save(tmp_path / "one")
    contents = artifacts.Contents("gender", GENDER.outputs, CONFIG, {}, {}, {}, "A card.")
    two = artifacts.save(network(), tmp_path / "two", contents, beside=one)
    assert artifacts.load(one).network is artifacts.load(two).network
    assert (
        artifacts.load(artifacts.PRETRAINED / "age").network is artifacts.load(artifacts.PRETRAINED / "gender").network
    )


def test_the_serving_form_agrees_with_the_keras_model(tmp_path: Path) -> None:
    import keras

    folder = save(tmp_path / "v1")
    inputs = np.random.default_rng(3).random((9, 32, 32, 3), np.float32)
    theirs = keras.models.load_model(folder / "model.keras", compile=False).predict_on_batch(inputs)
    mine = artifacts.load(folder).network.run(inputs)
    for name in ("gender", "face"):
        np.testing.assert_allclose(mine[name], theirs[name], atol=1e-3)


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
        ("config.json", "format", 99, "has format 99; this program reads format 2"),
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
