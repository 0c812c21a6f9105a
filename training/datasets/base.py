"""What every reader gives, and how files are read out of a zip or a folder."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from training.preprocessing import Pixels

Format = Literal["utkface", "fer2013", "ckplus", "folders"]
FORMATS: tuple[str, ...] = get_args(Format)
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


@dataclass(frozen=True)
class Example:
    """One labelled picture. `label` is an age in years ("34"), a gender, an expression or a mood, by task."""

    name: str
    label: str
    # What may not be split between training and test: a person, or the picture itself where people are unnamed.
    person: str
    # Part that the data set's authors or folders assign ("train", "public_test"); empty when they don't.
    part: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    file: str
    reason: str


@dataclass
class DataSet:
    """Examples in the order of their names, and a way to their pixels."""

    examples: list[Example]
    refused: list[Refused]
    read_bytes: Callable[[str], bytes]

    def pixels(self, example: Example) -> Pixels:
        """The picture as (h, w, 3) uint8 RGB. Raises ValueError, naming the file, when it cannot be decoded."""
        import cv2

        data = np.frombuffer(self.read_bytes(example.name), np.uint8)
        image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if image is None:
            raise ValueError(f"{example.name} is not a readable picture.")
        return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def files_of(path: Path) -> tuple[list[str], Callable[[str], bytes]]:
    """Names of all pictures in a zip or below a folder, sorted, and a function that reads one."""
    if path.is_dir():
        names = [str(file.relative_to(path)) for file in path.rglob("*") if _is_picture(file.name)]
        return sorted(names), lambda name: (path / name).read_bytes()
    if zipfile.is_zipfile(path):
        archive = zipfile.ZipFile(path)
        return sorted(name for name in archive.namelist() if _is_picture(name)), archive.read
    raise FileNotFoundError(f"{path} is neither a folder nor a zip file.")


def _is_picture(name: str) -> bool:
    return name.lower().endswith(PICTURE_SUFFIXES)


def read_examples(path: Path, parse: Callable[[str], Example | Refused]) -> DataSet:
    names, read_bytes = files_of(path)
    parsed = [parse(name) for name in names]
    examples = [item for item in parsed if isinstance(item, Example)]
    return DataSet(examples, [item for item in parsed if isinstance(item, Refused)], read_bytes)


def open_data(path: Path, format_name: str, task: str) -> DataSet:
    """Read a data set's list of pictures for one task ("age", "gender" or "mood").

    Raises ValueError for an unknown format or a task the data set has no labels for, FileNotFoundError for no data.
    """
    from training.datasets import ckplus, fer2013, folders, utkface

    readers = {
        "utkface": utkface.read,
        "fer2013": fer2013.read,
        "ckplus": ckplus.read,
        "folders": folders.read,
    }
    if format_name not in readers:
        raise ValueError(f"“{format_name}” is not a known format; use one of {', '.join(FORMATS)}.")
    data = readers[format_name](path, task)
    if not data.examples:
        raise ValueError(f"{path} holds no picture that the format “{format_name}” can label; is it the right one?")
    return data


def batches(items: list[Example], size: int) -> Iterator[list[Example]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
