"""FER2013: grey 48×48 pictures in train/CLASS and public_test/CLASS, or just CLASS."""

from pathlib import Path, PurePosixPath

from training.datasets.base import DataSet, Example, Refused, read_examples
from training.labels import MOOD_OF_EXPRESSION


def read(path: Path, task: str) -> DataSet:
    if task != "mood":
        raise ValueError(f"FER2013 has labels for mood, not for {task}.")
    return read_examples(path, _parse)


def _parse(name: str) -> Example | Refused:
    parts = PurePosixPath(name).parts
    expression = parts[-2].lower() if len(parts) > 1 else ""
    if expression not in MOOD_OF_EXPRESSION:
        return Refused(name, f"its folder “{expression}” is not an expression")
    part = parts[-3].lower() if len(parts) > 2 else ""
    return Example(name, expression, person=name, part=part, tags={"expression": expression})
