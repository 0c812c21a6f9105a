"""Who trains, who validates, who tests: decided by name, the same on every machine and on every run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from training.datasets.base import Example

# Shares of training, validation (temperature, nothing else is chosen on it here) and test.
SHARES = {"train": 0.82, "validation": 0.08, "test": 0.10}


@dataclass(frozen=True)
class Split:
    train: list[int]
    validation: list[int]
    test: list[int]

    def fingerprint(self, examples: list[Example]) -> str:
        """SHA-256 over the sorted names of each part: equal fingerprints, equal splits."""
        digest = hashlib.sha256()
        for part in (self.train, self.validation, self.test):
            digest.update("\n".join(sorted(examples[i].name for i in part)).encode() + b"\0")
        return digest.hexdigest()


def part_of(key: str) -> str:
    """The part that a person or a group of near-equal pictures falls into."""
    position = int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64
    for part, share in SHARES.items():
        position -= share
        if position < 0:
            return part
    return "test"


def split(examples: list[Example], group: list[int], dropped: set[int]) -> Split:
    """Split so that a person and a duplicate group stay together; `dropped` indices go nowhere.

    A data set's own public_test part is the test part, whole; its training part gives training and validation.
    """
    has_own_test = any(example.part == "public_test" for example in examples)
    of_test = {group[i] for i, example in enumerate(examples) if example.part == "public_test"}
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for i, example in enumerate(examples):
        if i in dropped and example.part != "public_test":
            continue
        if example.part == "public_test":
            parts["test"].append(i)
        elif group[i] not in of_test:
            part = part_of(examples[group[i]].person)
            parts["train" if has_own_test and part == "test" else part].append(i)
    return Split(parts["train"], parts["validation"], parts["test"])


def random_split(examples: list[Example]) -> Split:
    """Picture by picture, twins and sister frames wherever they fall: how not to do it, kept to show what it does."""
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for i, example in enumerate(examples):
        parts[part_of(f"picture {example.name}")].append(i)
    return Split(parts["train"], parts["validation"], parts["test"])
