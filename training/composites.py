"""Portraits of nobody: each the pixel average of ten aligned faces of like age, gender, pose and light.

`python -m training.composites --data utkface.zip --out training/portraits` makes the demo's portraits anew.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.datasets import DataSet, Example, open_data
from training.datasets.duplicates import difference_hash, near_pairs
from training.labels import AGE_GROUPS, GENDERS
from training.preprocessing import Pixels

FACES_EACH = 10  # at least 8, so that a portrait shows nobody
PER_GROUP = 5
SIDE = 200
# Faces are compared in 16 × 16 grey pixels: like pose and light, not like identity.
COMPARED_SIDE = 16
CANDIDATES = 40
POOL = 500  # pictures looked at per age group and gender
JPEG_QUALITY = 88
# Wider than for splits: crops and retouched copies of one photograph must not meet in a portrait either.
NEAR_COPY_BITS = 50
SEED = 7


@dataclass(frozen=True)
class Composite:
    """A portrait (200, 200, 3) RGB, and how alike its sources were (mean squared distance; less is sharper)."""

    portrait: Pixels
    spread: float
    sources: frozenset[int]


def compose(faces: NDArray[np.uint8], random: np.random.Generator, count: int) -> list[Composite]:
    """The `count` sharpest averages of near neighbours among aligned faces (n, 200, 200, 3); no face is in two."""
    looks = np.stack([_small(face) for face in faces])
    if len(faces) < FACES_EACH * count:
        count = len(faces) // FACES_EACH
    seeds = random.permutation(len(faces))[:CANDIDATES]
    candidates = sorted((_around(int(seed), faces, looks) for seed in seeds), key=lambda found: found.spread)
    chosen: list[Composite] = []
    for candidate in candidates:
        if all(not candidate.sources & other.sources for other in chosen):
            chosen.append(candidate)
        if len(chosen) == count:
            break
    return chosen


def _small(face: Pixels) -> NDArray[np.float64]:
    """The middle of a face in 16 × 16 grey pixels, brightness and contrast taken out."""
    import cv2

    grey = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)[20:180, 20:180]
    small = np.asarray(cv2.resize(grey, (COMPARED_SIDE, COMPARED_SIDE), interpolation=cv2.INTER_AREA), np.float64)
    return np.asarray((small - small.mean()) / (small.std() + 1e-6)).ravel()


def _around(seed: int, faces: NDArray[np.uint8], looks: NDArray[np.float64]) -> Composite:
    distance = ((looks - looks[seed]) ** 2).mean(axis=1)
    nearest = np.argsort(distance)[:FACES_EACH]
    portrait = faces[nearest].astype(np.float64).mean(axis=0).round().astype(np.uint8)
    return Composite(np.asarray(portrait, np.uint8), float(distance[nearest].mean()), frozenset(nearest.tolist()))


def make(data: Path, out: Path) -> int:
    """Write the portraits of all age groups and genders; how many."""
    ages, genders = open_data(data, "utkface", "age"), open_data(data, "utkface", "gender")
    gender_of = {example.name: example.label for example in genders.examples}
    random = np.random.default_rng(SEED)
    out.mkdir(parents=True, exist_ok=True)
    made = 0
    for group in AGE_GROUPS:
        for gender in GENDERS:
            mine = [e for e in ages.examples if e.tags["age"] == group.label and gender_of[e.name] == gender]
            for number, found in enumerate(compose(_read(ages, mine, random), random, PER_GROUP), start=1):
                _write(out / f"{group.label}_{gender}_{number:02d}.jpg", found.portrait)
                made += 1
    return made


def _read(data: DataSet, examples: list[Example], random: np.random.Generator) -> NDArray[np.uint8]:
    chosen = random.permutation(len(examples))[:POOL]
    pictures = [picture for i in chosen if (picture := data.pixels(examples[i])).shape == (SIDE, SIDE, 3)]
    # The same photograph ten times over would be a portrait of somebody; of near-equal pictures one is kept.
    hashes = np.array([difference_hash(picture) for picture in pictures])
    copies = {j for _, j in near_pairs(hashes, NEAR_COPY_BITS)}
    return np.stack([picture for j, picture in enumerate(pictures) if j not in copies])


def _write(path: Path, portrait: Pixels) -> None:
    import cv2

    _, data = cv2.imencode(".jpg", portrait[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    path.write_bytes(data.tobytes())


def main(argv: list[str]) -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="UTKFace's zip or folder")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(argv)
    sys.stderr.write(f"{make(options.data, options.out)} portraits\n")


if __name__ == "__main__":
    main(sys.argv[1:])
