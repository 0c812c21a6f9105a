"""The training loop, read top to bottom: data, split, network, epochs, temperature, test, artifact."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training import artifacts, cards
from training.augment import NONE, disturb
from training.datasets import DataSet, Example, Refused, open_data
from training.datasets.duplicates import difference_hash, group_duplicates, near_pairs
from training.datasets.splits import Split, split
from training.evaluate import evaluate, label_index
from training.labels import Task
from training.preprocessing import InputSpec, Pixels, fit_to, scale
from training.recipes import Recipe, recipe_of

log = logging.getLogger(__name__)

Notify = Callable[[int, int, dict[str, float]], None]

SEED = 20261124
# Room around the network's input from which the random shifts and zooms draw.
HEADROOM = 1.15
# Standard deviation of a soft age label in years: this much, and this much more per year of age, up to the recipe's.
YOUNGEST_SPREAD = 0.5
SPREAD_PER_YEAR = 0.12
# Momentum of the weights' moving average, which then spans about 200 steps.
LONGEST_AVERAGE = 0.995
# Near-equal pictures whose ages lie further apart than this contradict each other.
TOLERATED_YEARS = 3.0


@dataclass
class Prepared:
    """A data set in memory: every picture as (side, side, 3) uint8, and who is in which part."""

    data: DataSet
    pictures: Pixels  # (n, side, side, 3)
    split: Split
    counts: dict[str, int]


def train(
    recipe_name: str, data: Path, out: Path, *, epochs: int | None = None, notify: Notify | None = None,
    data_format: str | None = None,
) -> Path:  # fmt: skip
    """Train a recipe and write its artifact.

    1. Read the pictures, find near-duplicates, split.
    2. Fit, with a checkpoint after every epoch below `out`; the same call after a kill goes on from there.
    3. Fit the temperature on the validation part.
    4. Score on the test part, which nothing above has seen.
    5. Write the artifact below `out` and return its folder.
    """
    import keras

    recipe = recipe_of(recipe_name)
    keras.utils.set_random_seed(SEED)
    ready = prepare_data(recipe, data, data_format or recipe.data_format)
    network = _fit(recipe, ready, epochs or recipe.epochs, out / f".{recipe.name}-checkpoint", notify)
    temperature = _temperature(network, recipe, ready)
    metrics = _test(network, recipe, ready, temperature)
    return _write(network, recipe, ready, temperature, metrics, out, epochs or recipe.epochs)


# 1 --------------------------------------------------------------------------------


def prepare_data(recipe: Recipe, path: Path, data_format: str) -> Prepared:
    """Decode, hash and split a data set; unreadable pictures are left out and counted."""
    data = open_data(path, data_format, recipe.task)
    side = round(recipe.input.size * HEADROOM)
    kept: list[Example] = []
    pictures: list[Pixels] = []
    hashes: list[NDArray[np.uint8]] = []
    for example in data.examples:
        try:
            pixels = data.pixels(example)
        except ValueError as error:
            data.refused.append(Refused(example.name, str(error)))
            continue
        kept.append(example)
        hashes.append(difference_hash(pixels))
        pictures.append(fit_to(pixels, InputSpec(min(side, max(pixels.shape[0], 16)), 3)))
    data.examples = kept
    parts, counts = _split(data, recipe.task, np.array(hashes))
    counts |= {"refused": len(data.refused)}
    log.info("%s: %s", recipe.name, counts)
    return Prepared(data, np.stack([fit_to(picture, InputSpec(side, 3)) for picture in pictures]), parts, counts)


def _split(data: DataSet, task: Task, hashes: NDArray[np.uint8]) -> tuple[Split, dict[str, int]]:
    examples = data.examples
    same_person = _first_of_person(examples)
    pairs = near_pairs(hashes)
    apart = [_apart(examples[i].label, examples[j].label, task) for i, j in pairs]
    groups = group_duplicates(len(examples), pairs + same_person, apart + [0.0] * len(same_person))
    parts = split(examples, groups.group, set(groups.contradicting))
    if not parts.train or not parts.test:
        raise ValueError(f"{len(examples)} pictures are too few to keep some apart for testing; bring at least 50.")
    counts = {
        "examples": len(examples), "near_equal_pairs": len(pairs), "contradicting_dropped": len(groups.contradicting),
        "train": len(parts.train), "validation": len(parts.validation), "test": len(parts.test),
    }  # fmt: skip
    return parts, counts


def _first_of_person(examples: list[Example]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    return [(first[e.person], i) for i, e in enumerate(examples) if first.setdefault(e.person, i) != i]


def _apart(one: str, other: str, task: Task) -> float:
    """How far two labels lie apart, 1 being the most that is tolerated."""
    if task == "age":
        return abs(float(one) - float(other)) / TOLERATED_YEARS
    return 0.0 if one == other else 2.0


# 2 --------------------------------------------------------------------------------


def targets(recipe: Recipe, labels: list[str]) -> NDArray[np.float32]:
    """What the softmax should say, (n, classes): soft around an age, one-hot else, smoothed as the recipe says."""
    classes = recipe.outputs.classes
    if recipe.soft_years:
        ages = np.array([float(label) for label in labels])[:, None]
        # A year is nothing at forty and everything at two.
        spread = np.minimum(recipe.soft_years, YOUNGEST_SPREAD + SPREAD_PER_YEAR * ages)
        soft = np.exp(-0.5 * ((np.array(recipe.outputs.years)[None] - ages) / spread) ** 2)
        return np.asarray(soft / soft.sum(axis=1, keepdims=True), np.float32)
    index = [classes.index(x) if x in classes else label_index(x, recipe.task) for x in labels]
    hard = np.eye(len(classes), dtype=np.float32)[index]
    return hard * (1 - recipe.label_smoothing) + recipe.label_smoothing / len(classes)


def _fit(recipe: Recipe, ready: Prepared, epochs: int, checkpoint: Path, notify: Notify | None) -> Any:
    import keras

    network = recipe.network(recipe.input.size, recipe.input.channels, len(recipe.outputs.classes))
    batches = _batches(recipe, ready, keras.utils.PyDataset)
    steps = len(batches) * epochs
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 10, steps, alpha=0.01,
        warmup_target=recipe.learning_rate, warmup_steps=max(1, steps // 20),
    )  # fmt: skip
    # The average of the weights over the last steps generalises better than the last step; a short training averages
    # over its last tenth, lest its first guesses weigh in.
    momentum = min(LONGEST_AVERAGE, max(0.0, 1 - 10 / steps))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.02, use_ema=True, ema_momentum=momentum)
    network.compile(optimizer, loss="categorical_crossentropy", metrics=["accuracy"])
    tell = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: _tell(notify, epoch + 1, epochs, logs))
    backup = keras.callbacks.BackupAndRestore(str(checkpoint))
    network.fit(batches, epochs=epochs, callbacks=[backup, tell], verbose=0)
    return network


def _tell(notify: Notify | None, epoch: int, epochs: int, logs: dict[str, float] | None) -> None:
    log.info("epoch %d of %d: %s", epoch, epochs, logs)
    if notify is not None:
        notify(epoch, epochs, {key: float(value) for key, value in (logs or {}).items()})


def _batches(recipe: Recipe, ready: Prepared, base: type) -> Any:
    """Disturbed pictures and their targets, in a new order every epoch, made beside the network's own threads."""
    index = np.tile(np.array(ready.split.train), recipe.repeat)
    wanted = targets(recipe, [ready.data.examples[i].label for i in index])

    class Batches(base):  # type: ignore[misc]  # Keras is imported late, so its base class is a value here
        def __init__(self) -> None:
            super().__init__(workers=1, use_multiprocessing=False)
            self.random = np.random.default_rng(SEED)
            self.order = self.random.permutation(len(index))

        def __len__(self) -> int:
            return max(1, len(index) // recipe.batch)

        def __getitem__(self, step: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
            chosen = self.order[step * recipe.batch : (step + 1) * recipe.batch]
            pictures = [ready.pictures[index[i]] for i in chosen]
            size = recipe.input.size
            moved = [disturb(p, size, recipe.augmentation, self.random) for p in pictures]
            return scale(np.stack([fit_to(p, recipe.input) for p in moved])), wanted[chosen]

        def on_epoch_end(self) -> None:
            self.order = self.random.permutation(len(index))

    return Batches()


# 3, 4 --------------------------------------------------------------------------------


def _softmax(network: Any, recipe: Recipe, ready: Prepared, part: list[int]) -> NDArray[np.float64]:
    random = np.random.default_rng(0)
    plain = [disturb(ready.pictures[i], recipe.input.size, NONE, random) for i in part]
    inputs = scale(np.stack([fit_to(picture, recipe.input) for picture in plain]))
    return artifacts.run_network(network, inputs, len(recipe.outputs.classes))


def _temperature(network: Any, recipe: Recipe, ready: Prepared) -> float:
    """The one number that makes the validation part least surprising (Guo et al., ICML 2017)."""
    from scipy.optimize import minimize_scalar

    part = ready.split.validation
    if not part:
        return 1.0
    softmax = _softmax(network, recipe, ready, part)
    truth = np.array([label_index(ready.data.examples[i].label, recipe.task) for i in part])

    def surprise(log_temperature: float) -> float:
        guess = artifacts.interpret(softmax, recipe.outputs, recipe.task, float(np.exp(log_temperature)))
        return float(-np.log(np.clip(guess.probabilities[np.arange(len(truth)), truth], 1e-12, 1)).mean())

    return float(np.exp(minimize_scalar(surprise, bounds=(-1.5, 1.5), method="bounded").x))


def _test(network: Any, recipe: Recipe, ready: Prepared, temperature: float) -> dict[str, Any]:
    part = ready.split.test
    softmax = _softmax(network, recipe, ready, part)
    guess = artifacts.interpret(softmax, recipe.outputs, recipe.task, temperature)
    examples = [ready.data.examples[i] for i in part]
    return evaluate(recipe.task, [e.label for e in examples], [e.tags for e in examples], guess)


# 5 --------------------------------------------------------------------------------


def _write(
    network: Any,
    recipe: Recipe,
    ready: Prepared,
    temperature: float,
    metrics: dict[str, Any],
    out: Path,
    epochs: int,
) -> Path:
    fingerprint = ready.split.fingerprint(ready.data.examples)
    now = datetime.now(UTC)
    identity = hashlib.sha256(f"{fingerprint}{now.isoformat()}".encode()).hexdigest()[:6]
    version = f"{recipe.name}-{now:%Y%m%d-%H%M}-{identity}"
    config = {
        "version": version, "recipe": recipe.name, "epochs": epochs, "temperature": temperature,
        "input": asdict(recipe.input), "parameters": int(network.count_params()), "seed": SEED,
        "augmentation": asdict(recipe.augmentation), "trained_at": now.isoformat(timespec="seconds"),
    }  # fmt: skip
    data = {"format": recipe.data_format, "split": fingerprint, **ready.counts}
    card = cards.write(recipe, version, metrics, data)
    return artifacts.save(
        network, out / version, task=recipe.task, outputs=recipe.outputs, config=config, metrics=metrics, data=data,
        card=card,
    )  # fmt: skip
