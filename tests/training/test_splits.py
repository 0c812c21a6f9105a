"""Near-equal pictures and the same person never sit on both sides of a split."""

from __future__ import annotations

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from training.artifacts import PRETRAINED
from training.datasets import Example
from training.datasets.duplicates import difference_hash, group_duplicates, near_pairs
from training.datasets.splits import SHARES, Split, split
from training.preprocessing import Pixels

PORTRAITS = PRETRAINED.parent / "portraits"


def pixels(image: Image.Image) -> Pixels:
    return np.asarray(image.convert("RGB"), np.uint8)


def saved_small_and_again(image: Image.Image) -> Image.Image:
    file = io.BytesIO()
    image.resize((90, 90)).save(file, "JPEG", quality=70)
    return Image.open(file)


def test_a_smaller_copy_with_a_worse_compression_is_found_and_others_are_not() -> None:
    portraits = [Image.open(path) for path in sorted(PORTRAITS.glob("*.jpg"))[::5]]
    pictures = [*portraits, saved_small_and_again(portraits[3])]
    hashes = np.array([difference_hash(pixels(picture)) for picture in pictures])
    assert near_pairs(hashes) == [(3, len(portraits))]


def test_pairs_join_to_groups_and_contradicting_labels_are_named() -> None:
    groups = group_duplicates(6, [(0, 2), (2, 5), (3, 4)], [0.0, 0.5, 1.5])
    assert groups.group == [0, 1, 0, 3, 3, 0]
    assert groups.contradicting == [3, 4]


people = st.lists(st.integers(0, 400), min_size=1, max_size=300)


@given(people)
def test_a_group_lies_wholly_in_one_part_whatever_the_data(owner: list[int]) -> None:
    parts = split(examples(owner), first_of(owner), set())
    where: dict[int, set[str]] = {}
    for name in SHARES:
        for i in getattr(parts, name):
            where.setdefault(owner[i], set()).add(name)
    assert all(len(names) == 1 for names in where.values())
    assert sorted(parts.train + parts.validation + parts.test) == list(range(len(owner)))


def examples(owner: list[int]) -> list[Example]:
    return [Example(f"{i}.jpg", "female", person=str(person)) for i, person in enumerate(owner)]


def first_of(owner: list[int]) -> list[int]:
    return [owner.index(person) for person in owner]


def test_the_split_is_the_same_every_time_and_near_its_shares() -> None:
    owner = list(range(5000))
    one, again = (split(examples(owner), owner, set()) for _ in range(2))
    assert one == again and one.fingerprint(examples(owner)) == again.fingerprint(examples(owner))
    for name, share in SHARES.items():
        assert abs(len(getattr(one, name)) / 5000 - share) < 0.02


def test_the_fingerprint_changes_with_the_split() -> None:
    some = examples([0, 1, 2])
    assert Split([0], [1], [2]).fingerprint(some) != Split([0, 1], [], [2]).fingerprint(some)


def test_a_data_sets_own_test_part_stays_whole_and_its_twins_leave_training() -> None:
    some = [Example(f"{i}.jpg", "happy", str(i), part="public_test" if i < 40 else "train") for i in range(400)]
    twins = {300: 5, 301: 6}
    parts = split(some, [twins.get(i, i) for i in range(400)], {5, 300})
    assert parts.test == list(range(40))
    assert not {300, 301} & {*parts.train, *parts.validation}
    assert len(parts.train) + len(parts.validation) == 358
