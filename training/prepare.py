"""Data sets in memory: decoded, near-duplicates found, split, and cropped as a detector would."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.datasets import DataSet, Example, Refused, open_data
from training.datasets.duplicates import difference_hash, group_duplicates, near_pairs
from training.datasets.splits import Split, random_split, split
from training.labels import Task
from training.preprocessing import FRAMINGS, InputSpec, Pixels, align, fit_to
from training.recipes import Recipe, Source
from training.recrop import Recropper

log = logging.getLogger(__name__)

# Near-equal pictures whose ages lie further apart than this contradict each other.
TOLERATED_YEARS = 3.0


@dataclass
class Prepared:
    """A data set in memory: every picture as (side, side, 3) uint8, its labels, and who is in which part."""

    data: DataSet
    labels: dict[Task, list[str]]
    pictures: Pixels  # (n, side, side, 3)
    detected: dict[int, Pixels]  # what a detector would have cut out, (side, side, 3), where it found the face
    split: Split
    counts: dict[str, int]


def prepare_data(
    recipe: Recipe, path: Path, source: Source, *, detector: Path | None = None, clean: bool = True
) -> Prepared:
    """Decode, hash and split a data set; unreadable pictures are left out and counted.

    `clean=False` splits picture by picture at random, with duplicates and sister frames left in: only to show what
    that does to a figure. `detector` is YuNet's file, with which each training picture is cropped once more.
    """
    data, labels = _labelled(path, source.format, (source.labelled_for,) if source.labelled_for else recipe.tasks)
    if not source.labelled:
        labels = {}
    # A chip has been aligned by its landmarks already.
    recropper = Recropper(detector) if detector and source.framing != "chip" else None
    side = round(recipe.input.size * recipe.headroom)
    kept: list[Example] = []
    pictures: list[Pixels] = []
    detected: dict[int, Pixels] = {}
    hashes: list[NDArray[np.uint8]] = []
    for example in data.examples:
        try:
            pixels = data.pixels(example)
        except ValueError as error:
            data.refused.append(Refused(example.name, str(error)))
            continue
        picture = _framed(pixels, source.framing, replace(recipe.input, size=side))
        crop = recropper.crop(pixels, side, recipe.input.framing) if recropper else None
        if crop is not None:
            detected[len(kept)] = crop
        # All that is learnt of an unlabelled picture is what teachers say, who are to see it well cut out.
        pictures.append(picture if source.labelled or crop is None else crop)
        kept.append(example)
        hashes.append(difference_hash(pixels))
    data.examples = kept
    own = {task: [names[example.name] for example in kept] for task, names in labels.items()}
    parts, counts = _split(kept, own, np.array(hashes)) if clean else _careless_split(kept)
    counts |= {"refused": len(data.refused), "detected": len(detected)}
    log.info("%s: %s", source.format, counts)
    return Prepared(data, own, np.stack(pictures), detected, parts, counts)


def _labelled(path: Path, data_format: str, tasks: tuple[Task, ...]) -> tuple[DataSet, dict[Task, dict[str, str]]]:
    """The pictures that have a label for every task, and these labels by name."""
    sets = {task: open_data(path, data_format, task) for task in tasks}
    labels = {task: {example.name: example.label for example in data.examples} for task, data in sets.items()}
    first = sets[tasks[0]]
    whole = [e for e in first.examples if all(e.name in names for names in labels.values())]
    kept = {example.name for example in whole}
    first.refused += [Refused(e.name, "has no label for every task") for e in first.examples if e.name not in kept]
    first.examples = whole
    return first, labels


def _framed(picture: Pixels, framing: str, spec: InputSpec) -> Pixels:
    """A picture in colour at the size of `spec`; one that is framed otherwise is cut out anew, as `spec` wants it."""
    if not framing or framing == spec.framing:
        return fit_to(picture, replace(spec, channels=3))
    height, width = picture.shape[:2]
    return align(picture, FRAMINGS[framing] * (width, height), spec.size, spec.framing)


def _split(
    examples: list[Example], labels: dict[Task, list[str]], hashes: NDArray[np.uint8]
) -> tuple[Split, dict[str, int]]:
    same_person = _first_of_person(examples)
    pairs = near_pairs(hashes)
    apart = [max((_apart(own[i], own[j], task) for task, own in labels.items()), default=0.0) for i, j in pairs]
    groups = group_duplicates(len(examples), pairs + same_person, apart + [0.0] * len(same_person))
    parts = split(examples, groups.group, set(groups.contradicting))
    counts = {"near_equal_pairs": len(pairs), "contradicting_dropped": len(groups.contradicting)}
    return parts, _checked(examples, parts) | counts


def _careless_split(examples: list[Example]) -> tuple[Split, dict[str, int]]:
    parts = random_split(examples)
    return parts, _checked(examples, parts) | {"near_equal_pairs": 0, "contradicting_dropped": 0}


def _checked(examples: list[Example], parts: Split) -> dict[str, int]:
    if not parts.train or not parts.test:
        raise ValueError(f"{len(examples)} pictures are too few to keep some apart for testing; bring at least 50.")
    return {
        "examples": len(examples), "train": len(parts.train), "validation": len(parts.validation),
        "test": len(parts.test),
    }  # fmt: skip


def _first_of_person(examples: list[Example]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    return [(first[e.person], i) for i, e in enumerate(examples) if first.setdefault(e.person, i) != i]


def _apart(one: str, other: str, task: Task) -> float:
    """How far two labels lie apart, 1 being the most that is tolerated."""
    if task == "age":
        return abs(float(one) - float(other)) / TOLERATED_YEARS
    return 0.0 if one == other else 2.0
