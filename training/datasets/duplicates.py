"""Near-equal pictures: found, kept on one side of every split, and dropped where their labels contradict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.preprocessing import Pixels

HASH_SIDE = 16  # 16 × 16 comparisons: 256 bits
# Two scans of one photograph differ in a few bits; different faces in the same pose differ in 60 and more.
NEAR_BITS = 20


def difference_hash(image: Pixels) -> NDArray[np.uint8]:
    """256 bits, packed in 32 bytes: whether each of 16×16 cells is brighter than its right neighbour."""
    import cv2

    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    small = np.asarray(cv2.resize(grey, (HASH_SIDE + 1, HASH_SIDE), interpolation=cv2.INTER_AREA))
    return np.packbits(small[:, 1:] > small[:, :-1])


def near_pairs(hashes: NDArray[np.uint8], limit: int = NEAR_BITS) -> list[tuple[int, int]]:
    """All pairs (i < j) of rows of (n, 32) hashes that differ in at most `limit` bits."""
    words = hashes.view(np.uint64)
    pairs: list[tuple[int, int]] = []
    for i in range(len(words) - 1):
        distance = np.bitwise_count(words[i + 1 :] ^ words[i]).sum(axis=1)
        pairs.extend((i, i + 1 + int(j)) for j in np.flatnonzero(distance <= limit))
    return pairs


@dataclass(frozen=True)
class Groups:
    """`group[i]` is the smallest index of the examples that are near-equal to example i, itself included."""

    group: list[int]
    contradicting: list[int]  # indices whose group carries labels further apart than tolerated


def group_duplicates(count: int, pairs: Sequence[tuple[int, int]], apart: Sequence[float]) -> Groups:
    """Join pairs to groups. `apart[k]` says how far the labels of pair k lie apart, in units of what is tolerated."""
    parent = list(range(count))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for i, j in pairs:
        a, b = root(i), root(j)
        parent[max(a, b)] = min(a, b)
    group = [root(i) for i in range(count)]
    bad = {group[i] for (i, _), distance in zip(pairs, apart, strict=True) if distance > 1}
    return Groups(group, [i for i in range(count) if group[i] in bad])
