"""CK+48: grey 48×48 pictures CLASS/Sxxx_yyy_zzzzzzzz.png, three nearly equal frames a sequence; Sxxx is the person."""

from pathlib import Path, PurePosixPath

from training.datasets.base import DataSet, Example, Refused, read_examples
from training.labels import MOOD_OF_EXPRESSION

# CK+ writes some expressions as nouns.
SPELLINGS = {"anger": "angry", "sadness": "sad"}


def read(path: Path, task: str) -> DataSet:
    if task != "mood":
        raise ValueError(f"CK+48 has labels for mood, not for {task}.")
    return read_examples(path, _parse)


def _parse(name: str) -> Example | Refused:
    parts = PurePosixPath(name).parts
    folder = parts[-2].lower() if len(parts) > 1 else ""
    expression = SPELLINGS.get(folder, folder)
    if expression not in MOOD_OF_EXPRESSION:
        return Refused(name, f"its folder “{folder}” is not an expression")
    return Example(name, expression, person=parts[-1].split("_")[0], tags={"expression": expression})
