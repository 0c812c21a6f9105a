"""What a network is shown: disturbed pictures, pictures of no face, and what its outputs should say."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.augment import disturb, no_face
from training.distil import opinions, taught
from training.evaluate import label_index
from training.labels import LABELS
from training.prepare import Prepared
from training.preprocessing import InputSpec, Pixels, prepare
from training.recipes import FACE, FACE_CLASSES, Head, Recipe

Floats = NDArray[np.float32]
Batch = tuple[Floats, dict[str, Floats], dict[str, Floats]]

# Standard deviation of a soft age label in years: this much, and this much more per year of age, up to the recipe's.
YOUNGEST_SPREAD = 0.5
SPREAD_PER_YEAR = 0.12
# How often a picture is shown as a detector would have cut it out instead of as the data set did.
DETECTED_SHARE = 0.4


def targets(head: Head, labels: list[str]) -> Floats:
    """What the softmax should say, (n, classes): soft around an age, one-hot else, smoothed as the head says."""
    classes = head.outputs.classes
    if head.soft_years:
        ages = np.array([float(label) for label in labels])[:, None]
        # A year is nothing at forty and everything at two.
        spread = np.minimum(head.soft_years, YOUNGEST_SPREAD + SPREAD_PER_YEAR * ages)
        soft = np.exp(-0.5 * ((np.array(head.outputs.years)[None] - ages) / spread) ** 2)
        return np.asarray(soft / soft.sum(axis=1, keepdims=True), np.float32)
    hard = np.array([_one_hot(head, label) for label in labels], np.float32)
    return np.asarray(hard * (1 - head.label_smoothing) + head.label_smoothing / len(classes), np.float32)


def _one_hot(head: Head, label: str) -> Floats:
    """A class of its own, or, for a label that is a sum of classes, all of them alike."""
    classes = head.outputs.classes
    if label in classes:
        return np.asarray(np.eye(len(classes))[classes.index(label)], np.float32)
    own = np.array(head.outputs.label_of) == label_index(label, head.task)
    if not own.any():
        raise ValueError(f"“{label}” is none of {', '.join(LABELS[head.task])}.")
    return np.asarray(own / own.sum(), np.float32)


def untold(head: Head, ready: Prepared) -> Floats:
    """No label at all, (n, classes) of 0: all that is learnt of these pictures is what teachers say of them."""
    return np.zeros((len(ready.pictures), len(head.outputs.classes)), np.float32)


def shown(part: list[int], times: float) -> list[int]:
    """Each picture as often as its data set is repeated; of half a time, every second picture."""
    whole, rest = divmod(times, 1)
    return part * int(whole) + (part[:: round(1 / rest)] if rest else [])


class Pool:
    """The training pictures of all data sets, and the making of one random batch of them."""

    def __init__(self, recipe: Recipe, sets: list[Prepared]) -> None:
        self.recipe = recipe
        self.sets = sets
        rows = [
            (number, i)
            for number, (source, ready) in enumerate(zip(recipe.sources, sets, strict=True))
            for i in shown(ready.split.train, source.repeat)
        ]
        self.rows = np.array(rows, np.int32)  # (n, 2): which data set, which picture of it
        self.wanted: dict[str, Floats] = {
            head.task: np.concatenate(
                [
                    targets(head, ready.labels[head.task]) if source.labelled else untold(head, ready)
                    for source, ready in zip(recipe.sources, sets, strict=True)
                ]
            )
            for head in recipe.heads
        }
        self.start = np.cumsum([0] + [len(ready.pictures) for ready in sets])

    def listen(self, teachers: list[tuple[Any, InputSpec]]) -> None:
        """Mix the teachers' answers, each a network and the inputs it takes, into the labels of all pictures."""
        said = [[opinions(teacher, spec, ready) for ready in self.sets] for teacher, spec in teachers]
        for task, own in self.wanted.items():
            each = [np.concatenate([one[task] for one in of_sets]) for of_sets in said]
            self.wanted[task] = taught(own, np.mean(each, axis=0))

    def batch(self, chosen: NDArray[np.int64], random: np.random.Generator) -> Batch:
        """Inputs (b, size, size, channels) in 0..1, and by output its targets (b, classes) and weights (b,)."""
        rows = self.rows[chosen]
        inputs = prepare([self._disturbed(number, i, random) for number, i in rows], self.recipe.input)
        at = self.start[rows[:, 0]] + rows[:, 1]
        wanted = {task: own[at] for task, own in self.wanted.items()}
        if self.recipe.mixup:
            inputs, wanted = _mixed(inputs, wanted, self.recipe.mixup, random)
        weights = {name: np.ones(len(inputs), np.float32) for name in wanted}
        if self.recipe.no_faces:
            return self._with_no_faces(inputs, wanted, weights, rows, random)
        return inputs, wanted, weights

    def _disturbed(self, number: int, i: int, random: np.random.Generator) -> Pixels:
        ready = self.sets[number]
        detected = ready.detected.get(i)
        picture = detected if detected is not None and random.random() < DETECTED_SHARE else ready.pictures[i]
        return disturb(picture, self.recipe.input.size, self.recipe.augmentation, random)

    def _with_no_faces(
        self, inputs: Floats, wanted: dict[str, Floats], weights: dict[str, Floats], rows: Any,
        random: np.random.Generator,
    ) -> Batch:  # fmt: skip
        """Append pictures of no face, about which only the “face” output is asked."""
        count = max(1, round(len(inputs) * self.recipe.no_faces))
        spec, how = self.recipe.input, self.recipe.augmentation
        sources = [self.sets[number].pictures[i] for number, i in rows[:count]]
        none = prepare([disturb(no_face(picture, random), spec.size, how, random) for picture in sources], spec)
        face = np.eye(len(FACE_CLASSES), dtype=np.float32)[[1] * len(inputs) + [0] * count]
        weights = {name: np.concatenate([own, np.zeros(count, np.float32)]) for name, own in weights.items()}
        wanted = {name: np.concatenate([own, own[:count]]) for name, own in wanted.items()}
        weights[FACE] = np.ones(len(face), np.float32)
        return np.concatenate([inputs, none]), {**wanted, FACE: face}, weights


def _mixed(
    inputs: Floats, wanted: dict[str, Floats], beta: float, random: np.random.Generator
) -> tuple[Floats, dict[str, Floats]]:
    other = random.permutation(len(inputs))
    share = np.float32(random.beta(beta, beta))
    mixed = {name: share * own + (1 - share) * own[other] for name, own in wanted.items()}
    return share * inputs + (1 - share) * inputs[other], mixed


def as_keras(pool: Pool, seed: int, base: type) -> Any:
    """The pool as a keras.utils.PyDataset (`base`), in a new order every epoch, made beside the network's threads."""

    class Batches(base):  # type: ignore[misc]  # Keras is imported late, so its base class is a value here
        def __init__(self) -> None:
            super().__init__(workers=1, use_multiprocessing=False)
            self.random = np.random.default_rng(seed)
            self.order = self.random.permutation(len(pool.rows))

        def __len__(self) -> int:
            return max(1, len(pool.rows) // pool.recipe.batch)

        def __getitem__(self, step: int) -> Batch:
            chosen = self.order[step * pool.recipe.batch : (step + 1) * pool.recipe.batch]
            return pool.batch(chosen, self.random)

        def on_epoch_end(self) -> None:
            self.order = self.random.permutation(len(pool.rows))

    return Batches()
