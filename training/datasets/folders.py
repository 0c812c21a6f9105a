"""One's own pictures: a folder (or zip) with one folder per label, or names that begin with age group and gender.

`female/one.jpg`, `34/two.jpg`, `happy/three.jpg`, `28-45/four.jpg`; or flat, like the portraits: `28-45_female_03.jpg`.
"""

from pathlib import Path, PurePosixPath

from training.datasets.base import DataSet, Example, Refused, read_examples
from training.labels import AGE_GROUPS, GENDERS, MOOD_OF_EXPRESSION, MOODS

MIDDLE_OF_GROUP = {group.label: str((group.low + group.high) // 2) for group in AGE_GROUPS}


def read(path: Path, task: str) -> DataSet:
    return read_examples(path, lambda name: _parse(name, task))


def _parse(name: str, task: str) -> Example | Refused:
    parts = PurePosixPath(name).parts
    words = ([parts[-2].lower()] if len(parts) > 1 else []) + PurePosixPath(name).stem.lower().split("_")
    label = next((found for word in words if (found := _label(word, task))), None)
    if label is None:
        return Refused(name, f"neither its folder nor its name tells the {task}")
    return Example(name, label, person=name)


def _label(word: str, task: str) -> str | None:
    if task == "gender":
        return word if word in GENDERS else None
    if task == "mood":
        return word if word in MOOD_OF_EXPRESSION or word in MOODS else None
    if word.isdigit() and 1 <= int(word) <= AGE_GROUPS[-1].high:
        return word
    return MIDDLE_OF_GROUP.get(word)
