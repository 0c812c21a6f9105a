"""The training, read top to bottom: data, split, network, epochs, temperatures, test, versions."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from training.batches import Pool, as_keras
from training.judge import judge
from training.networks import mirrored
from training.prepare import Prepared, prepare_data
from training.recipes import Recipe, recipe_of
from training.write import write_versions

log = logging.getLogger(__name__)

Notify = Callable[[int, int, dict[str, float]], None]

SEED = 20261124
# Momentum of the weights' moving average, which then spans about 400 steps.
LONGEST_AVERAGE = 0.9975
# Whether a crop shows a face is learnt fast; its loss must not crowd out the others.
FACE_WEIGHT = 0.3


@dataclass(frozen=True)
class Order:
    """What is to be trained on what."""

    recipe: str
    data: tuple[Path, ...]  # a zip or folder for each of the recipe's sources, in their order
    out: Path
    epochs: int | None = None
    data_format: str | None = None  # instead of the first source's own
    detector: Path | None = None  # YuNet's file, to learn from a detector's crops too
    clean: bool = True  # False: split picture by picture, duplicates left in


def train(order: Order, *, notify: Notify | None = None) -> list[Path]:
    """Train a recipe and write one version per task, each a folder below `out`; returns these folders.

    1. Read the pictures, find near-duplicates, split.
    2. Fit, the recipe's teachers first where it has any, with a checkpoint after every epoch below `out`; the same
       call after a kill goes on from there.
    3. Fit the temperatures and the face threshold on the validation part.
    4. Score on the test part, which nothing above has seen.
    5. Write the versions.
    """
    import keras

    recipe = _with(recipe_of(order.recipe), order.data)
    keras.utils.set_random_seed(SEED)
    sets = _prepare(recipe, order)
    network = _fitted(recipe, sets, order, notify)
    if recipe.mirrored:
        network = mirrored(network)
    verdict = judge(network, recipe, sets)
    folders = write_versions(network, recipe, sets, verdict, order.out, epochs=_epochs(recipe, order), seed=SEED)
    for name in (recipe.name, *recipe.teachers):
        shutil.rmtree(_aside(order.out, name), ignore_errors=True)
    return folders


# 1 --------------------------------------------------------------------------------


def _with(recipe: Recipe, data: tuple[Path, ...]) -> Recipe:
    """The recipe on the data sets that are there; those without labels may be left out."""
    sources = recipe.sources[: len(data)]
    if len(data) > len(recipe.sources) or any(source.labelled for source in recipe.sources[len(data) :]):
        names = ", ".join(source.format + ("" if source.labelled else " (if you like)") for source in recipe.sources)
        raise ValueError(f"The recipe “{recipe.name}” needs other data sets, in this order: {names}.")
    return replace(recipe, sources=sources)


def _prepare(recipe: Recipe, order: Order) -> list[Prepared]:
    formats = [source.format for source in recipe.sources]
    formats[0] = order.data_format or formats[0]
    return [
        prepare_data(
            recipe,
            path,
            replace(source, format=name),
            detector=order.detector if recipe.recrop else None,
            clean=order.clean,
        )
        for path, name, source in zip(order.data, formats, recipe.sources, strict=True)
    ]


# 2 --------------------------------------------------------------------------------


def _fitted(recipe: Recipe, sets: list[Prepared], order: Order, notify: Notify | None) -> Any:
    """A network in float32 with its fitted weights, which are kept until the versions are written."""
    aside = _aside(order.out, recipe.name)
    weights = aside / "fitted.weights.h5"
    network = recipe.build()
    if not weights.exists():
        teachers = {name: _teacher(recipe_of(name), sets, order, notify) for name in recipe.teachers}
        pool = Pool(recipe, sets)
        if teachers:
            pool.listen([(teacher, recipe_of(name).input) for name, teacher in teachers.items()])
        trained = _fit(recipe, pool, _epochs(recipe, order), aside, notify, teachers.get(recipe.start))
        trained.save_weights(weights)
    network.load_weights(weights)
    return network


def _teacher(recipe: Recipe, sets: list[Prepared], order: Order, notify: Notify | None) -> Any:
    """A network that is taught on those of the data sets that it knows, which are the first of its pupil's."""
    known = replace(recipe, sources=recipe.sources[: len(sets)])
    return _fitted(known, sets[: len(known.sources)], order, notify)


def _epochs(recipe: Recipe, order: Order) -> int:
    """As many as were ordered; a teacher, which has another name, is never trained longer than its recipe says."""
    if order.epochs is None:
        return recipe.epochs
    return order.epochs if recipe.name == order.recipe else min(order.epochs, recipe.epochs)


def _aside(out: Path, recipe: str) -> Path:
    """Where the checkpoints of a recipe in training are kept."""
    return out / f".{recipe}-checkpoint"


def _fit(
    recipe: Recipe, pool: Pool, epochs: int, aside: Path, notify: Notify | None, start: Any = None
) -> Any:  # fmt: skip
    import keras

    batches = as_keras(pool, SEED, keras.utils.PyDataset)
    steps = len(batches) * epochs
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 10, steps, alpha=0.01,
        warmup_target=recipe.learning_rate, warmup_steps=max(1, steps // 20),
    )  # fmt: skip
    # The average of the weights over the last steps generalises better than the last step; a short training averages
    # over its last tenth, lest its first guesses weigh in.
    momentum = min(LONGEST_AVERAGE, max(0.0, 1 - 10 / steps))
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=0.02, use_ema=True, ema_momentum=momentum)
    with _precision(recipe):
        network = recipe.build()
        if start is not None:
            network.set_weights(start.get_weights())
        names = list(recipe.classes)
        weights: dict[str, float] = {head.task: head.weight for head in recipe.heads}
        network.compile(
            optimizer,
            loss=dict.fromkeys(names, "categorical_crossentropy"),
            loss_weights={name: weights.get(name, FACE_WEIGHT) for name in names},
            weighted_metrics={name: ["accuracy"] for name in names},
        )
        tell = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: _tell(notify, epoch + 1, epochs, logs))
        backup = keras.callbacks.BackupAndRestore(str(aside / "epochs"))
        network.fit(batches, epochs=epochs, callbacks=[backup, tell], verbose=0)
    if start is not None and recipe.start_share:
        network.set_weights(_between(network.get_weights(), start.get_weights(), recipe.start_share))
    return network


def _between(own: list[Any], other: list[Any], share: float) -> list[Any]:
    return [(1 - share) * one + share * two for one, two in zip(own, other, strict=True)]


@contextmanager
def _precision(recipe: Recipe) -> Iterator[None]:
    import keras

    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if recipe.half_precision else before)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _tell(notify: Notify | None, epoch: int, epochs: int, logs: dict[str, float] | None) -> None:
    log.info("epoch %d of %d: %s", epoch, epochs, logs)
    if notify is not None:
        notify(epoch, epochs, {key: float(value) for key, value in (logs or {}).items()})
