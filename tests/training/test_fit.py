"""The whole loop in seconds: pictures in, a model version out that tells its labels apart."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from tests.training import drawn
from training import artifacts, fit
from training.augment import no_face
from training.batches import Pool, targets
from training.fit import Order
from training.networks import mirrored
from training.prepare import prepare_data
from training.preprocessing import InputSpec
from training.recipes import AGE, GENDER, MOOD, RECIPES, Source, recipe_of
from training.serving import Network, to_onnx

EPOCHS = 6


def train(data: Path, out: Path, epochs: int | None = None, notify: fit.Notify | None = None) -> Path:
    [folder] = fit.train(Order("tiny-gender", (data,), out, epochs=epochs), notify=notify)
    return folder


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    return train(drawn.folder(folder / "faces", 90), folder / "models", EPOCHS)


def test_the_trained_version_tells_drawn_faces_apart_that_it_never_saw(trained: Path) -> None:
    model = artifacts.load(trained)
    crops = [np.asarray(drawn.face(label, 1000 + k), np.uint8) for label in drawn.SKIN for k in range(20)]
    guesses = model.predict(crops).probabilities.argmax(axis=1)
    assert (guesses == [0] * 20 + [1] * 20).mean() > 0.9


def test_the_version_carries_what_it_was_made_of(trained: Path) -> None:
    config, data, metrics = (
        json.loads((trained / f"{name}.json").read_text()) for name in ("config", "data", "metrics")
    )
    assert config["recipe"] == "tiny-gender" and config["version"] == trained.name and config["epochs"] == EPOCHS
    assert data["train"] + data["validation"] + data["test"] + data["contradicting_dropped"] == data["examples"] == 180
    assert metrics["n"] == data["test"] and len(data["split"]) == 64
    card = (trained / "card.md").read_text()
    assert "not" in card and trained.name in card
    assert (trained / "model.keras").stat().st_size < 5_000_000


def test_a_killed_training_goes_on_where_it_was(tmp_path: Path) -> None:
    data = drawn.folder(tmp_path / "faces", 40)
    seen: list[int] = []

    def killed_after_two(epoch: int, epochs: int, figures: dict[str, float]) -> None:
        seen.append(epoch)
        if epoch == 2 and seen.count(2) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(data, tmp_path / "models", 4, killed_after_two)
    assert not list((tmp_path / "models").glob("tiny-*"))
    done = train(data, tmp_path / "models", 4, killed_after_two)
    assert seen == [1, 2, 3, 4] or seen == [1, 2, 2, 3, 4]
    assert artifacts.load(done).version == done.name


def test_a_recipe_with_a_teacher_trains_it_first_and_learns_half_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pupil = replace(recipe_of("tiny-gender"), name="pupil", teachers=("tiny-gender",), start="tiny-gender", epochs=2)
    monkeypatch.setitem(RECIPES, "pupil", pupil)
    seen: list[int] = []
    heard: list[np.ndarray] = []
    own = Pool.listen

    def listen(pool: Pool, teachers: list[tuple[Any, InputSpec]]) -> None:
        heard.append(pool.wanted["gender"].copy())
        own(pool, teachers)
        heard.append(pool.wanted["gender"])

    monkeypatch.setattr(Pool, "listen", listen)
    data = drawn.folder(tmp_path / "faces", 40)
    [folder] = fit.train(Order("pupil", (data,), tmp_path / "models"), notify=lambda epoch, *_: seen.append(epoch))
    assert seen == [1, 2, 3, 1, 2] and folder.name.startswith("pupil-")
    assert [path.name for path in (tmp_path / "models").iterdir()] == [folder.name]
    before, after = heard
    opinion = 2 * after - before
    np.testing.assert_allclose(opinion.sum(axis=1), 1, atol=1e-5)
    assert opinion.min() >= -1e-6 and np.abs(opinion - before).max() > 0.01


def test_a_share_of_the_weights_that_a_recipe_goes_on_from_may_be_kept(tmp_path: Path) -> None:
    tiny = recipe_of("tiny-gender")
    pool = Pool(tiny, [prepare_data(tiny, drawn.folder(tmp_path / "faces", 40), Source("folders"))])
    start = tiny.build()

    def moved(share: float) -> float:
        """How far the weights are from where they started, of where training alone brings them."""
        recipe = replace(tiny, start_share=share)
        network = fit._fit(recipe, pool, 1, tmp_path / f"aside-{share}", None, start)
        pairs = zip(network.trainable_weights, start.trainable_weights, strict=True)
        return sum(float(np.abs(np.asarray(one) - np.asarray(other)).sum()) for one, other in pairs)

    assert moved(1.0) == 0 < moved(0.75) < 0.5 * moved(0.0)


def test_pictures_without_labels_are_learnt_from_their_teacher_and_never_judged_by(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny = recipe_of("tiny-gender")
    at_large = Source("utkface", repeat=0.5, labelled_for="age")
    pupil = replace(
        tiny, name="pupil", sources=(*tiny.sources, at_large), teachers=("tiny-gender",), mirrored=True, epochs=2
    )
    monkeypatch.setitem(RECIPES, "pupil", pupil)
    pools: list[Pool] = []
    listen = Pool.listen

    def noted(pool: Pool, teachers: list[tuple[Any, InputSpec]]) -> None:
        listen(pool, teachers)
        pools.append(pool)

    monkeypatch.setattr(Pool, "listen", noted)
    data = (drawn.folder(tmp_path / "faces", 40), drawn.unlabelled(tmp_path / "others", 60))
    [folder] = fit.train(Order("pupil", data, tmp_path / "models"))
    [pool] = pools
    own, others = pool.sets
    assert (pool.rows[:, 0] == 1).sum() == -(-len(others.split.train) // 2)
    np.testing.assert_allclose(pool.wanted["gender"].sum(axis=1), 1, atol=1e-5)
    metrics = artifacts.load(folder).metrics
    assert metrics["n"] == len(own.split.test) and "utkface" not in metrics


def test_a_mirrored_version_says_the_same_of_a_face_and_its_mirror_image(trained: Path, tmp_path: Path) -> None:
    import keras

    network = keras.models.load_model(trained / "model.keras", compile=False)
    both = mirrored(network)
    to_onnx(both, tmp_path / "both.onnx")
    faces = np.random.default_rng(5).random((3, *network.input_shape[1:]), np.float32)
    served = Network(tmp_path / "both.onnx", "")
    one, other = (served.run(way)["gender"] for way in (faces, faces[:, :, ::-1]))
    np.testing.assert_allclose(one, other, atol=1e-5)
    seen, turned = (np.asarray(network(way)["gender"]) for way in (faces, faces[:, :, ::-1]))
    assert np.abs(seen - turned).max() > 1e-4
    np.testing.assert_allclose(one, (seen + turned) / 2, atol=1e-5)


def test_a_broken_picture_is_left_out_and_counted(tmp_path: Path) -> None:
    data = drawn.folder(tmp_path / "faces", 60)
    (data / "female" / "broken.png").write_bytes(b"not a picture")
    ready = prepare_data(recipe_of("tiny-gender"), data, Source("folders"))
    assert ready.counts["refused"] == 1 and ready.counts["examples"] == 120
    assert len(ready.pictures) == len(ready.data.examples)


def test_too_few_pictures_are_an_error_that_says_how_many_to_bring(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="4 pictures are too few"):
        train(drawn.folder(tmp_path / "faces", 2), tmp_path / "models")


def test_soft_age_labels_are_narrow_for_the_young() -> None:
    young, old = targets(AGE, ["2", "50"])
    assert young.argmax() == 1 and old.argmax() == 49
    assert young.max() > 3 * old.max()
    np.testing.assert_allclose([young.sum(), old.sum()], 1, atol=1e-5)


def test_smoothed_labels_leave_a_little_doubt() -> None:
    row = targets(GENDER, ["male"])[0]
    assert row.tolist() == pytest.approx([0.015, 0.985])


def test_a_mood_is_taught_as_all_of_its_expressions() -> None:
    row = targets(MOOD, ["positive"])[0]
    taught = {name for name, share in zip(MOOD.outputs.classes, row, strict=True) if share > 0.1}
    assert taught == {"happy", "surprise"} and row.sum() == pytest.approx(1, abs=1e-6)


def test_faces_look_more_like_faces_than_pictures_of_none(trained: Path) -> None:
    model = artifacts.load(trained)
    faces = [np.asarray(drawn.face("female", 2000 + k), np.uint8) for k in range(60)]
    none = [no_face(face, np.random.default_rng(k)) for k, face in enumerate(faces)]
    likely, unlikely = model.predict(faces).face, model.predict(none).face
    assert (likely[:, None] > unlikely[None]).mean() > 0.75
    assert model.metrics["unsure"]["of_faces"] < 0.2


def test_the_names_of_who_tests_are_kept_and_evaluate_finds_them(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = artifacts.load(trained)
    data = trained.parent.parent / "faces"
    call_command("evaluate", "--task", "gender", "--data", str(data), "--format", "folders", "--model", str(trained),
                 "--split", "test", "--json")  # fmt: skip
    assert json.loads(capsys.readouterr().out)["n"] == len(model.names_of("test")) == model.metrics["n"]
    assert not model.names_of("test") & model.names_of("validation")


def test_a_recipe_of_two_data_sets_says_so_when_it_gets_one(tmp_path: Path) -> None:
    wanted = r"“mood” needs other data sets, in this order: fer2013, ckplus, utkface \(if you like\)"
    for data in ((tmp_path,), (tmp_path,) * 4):
        with pytest.raises(ValueError, match=wanted):
            fit.train(Order("mood", data, tmp_path))


def test_evaluate_scores_a_folder_and_names_what_it_refused(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = drawn.folder(tmp_path / "faces", 20)
    Image.new("RGB", (9, 9)).save(data / "somebody.png")
    arguments = ["--task", "gender", "--data", str(data), "--format", "folders", "--model", str(trained), "--json"]
    with pytest.raises(SystemExit, match="1"):
        call_command("evaluate", *arguments)
    result = json.loads(capsys.readouterr().out)
    assert result["n"] == 40 and result["accuracy"] > 0.9 and result["model"] == trained.name
    assert result["refused"] == [{"file": "somebody.png", "reason": "neither its folder nor its name tells the gender"}]


def test_commands_say_what_they_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="neither a folder nor a zip") as problem:
        call_command("train", "--recipe", "tiny-gender", "--data", str(tmp_path / "nowhere"))
    assert problem.value.returncode == 2
    with pytest.raises(CommandError, match="There is no age model “mine”"):
        call_command("evaluate", "--task", "age", "--data", str(tmp_path), "--format", "folders", "--model", "mine")


def test_train_lists_its_recipes(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("train", "--list", "--json")
    names = [row["name"] for row in json.loads(capsys.readouterr().out)["recipes"]]
    assert {"age-gender", "mood", "seed-age", "seed-gender", "seed-mood"} <= set(names)


def test_progress_is_logged(trained: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        fit._tell(None, 2, 5, {"loss": 0.5})
    assert "epoch 2 of 5" in caplog.text
