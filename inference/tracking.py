"""Faces over time become people: one person, however many pictures show them.

The rule, in words: a face continues a person who was last seen at most five seconds ago, not further away than somebody
can walk in that time (counted in widths of the face), about as large, and not clearly of another age or gender. Where
several faces and several people are in question, the pairing with the least total disagreement is taken. Everyone left
over is a new person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from inference.predictor import FaceLook

MAX_GAP_SECONDS = 5.0
# Reach, in face widths: what a shaking box needs, and what a walking person adds per second.
REACH_AT_ONCE = 1.0
REACH_PER_SECOND = 1.5
FURTHEST_REACH = 6.0
LARGEST_SIZE_RATIO = 2.2
# Mean distance between two faces' probabilities (0 the same, 1 opposite) above which they are two people.
CLEARLY_ANOTHER = 0.6
IMPOSSIBLE = 1e6


@dataclass(frozen=True)
class Seen:
    """One face in one picture: when (seconds), where (x, y, width, height in pixels), and how it looked."""

    at: float
    box: tuple[float, float, float, float]
    look: FaceLook | None = None
    key: int = 0  # the caller's own number for this face

    @property
    def width(self) -> float:
        return max(1.0, float(np.sqrt(self.box[2] * self.box[3])))

    @property
    def centre(self) -> tuple[float, float]:
        return self.box[0] + self.box[2] / 2, self.box[1] + self.box[3] / 2


@dataclass
class Person:
    faces: list[Seen] = field(default_factory=list)

    @property
    def first(self) -> Seen:
        return self.faces[0]

    @property
    def last(self) -> Seen:
        return self.faces[-1]

    def look(self) -> FaceLook | None:
        """The average of all looks, larger faces counting more; None when no face could be classified."""
        looks = [(face.look, face.width**2) for face in self.faces if face.look]
        if not looks:
            return None
        weights = np.array([weight for _, weight in looks])
        weights = weights / weights.sum()

        def mean(rows: list[list[float]]) -> list[float]:
            return [round(float(p), 6) for p in weights @ np.array(rows)]

        return FaceLook(
            mean([look.age for look, _ in looks]),
            mean([look.gender for look, _ in looks]),
            mean([look.mood for look, _ in looks]),
            float(weights @ np.array([look.age_years for look, _ in looks])),
            looks[-1][0].model_version,
        )


def follow(pictures: Iterable[Sequence[Seen]], *, fewest_faces: int = 1) -> list[Person]:
    """People in pictures of one camera, given in time order; those seen in fewer than `fewest_faces` are noise."""
    people: list[Person] = []
    for faces in pictures:
        people.extend(continue_people(people, faces))
    return [person for person in people if len(person.faces) >= fewest_faces]


def continue_people(people: Sequence[Person], faces: Sequence[Seen]) -> list[Person]:
    """Append each face to the person it continues; returns the new people that the others begin."""
    from scipy.optimize import linear_sum_assignment

    recent = [p for p in people if faces and 0 <= faces[0].at - p.last.at <= MAX_GAP_SECONDS]
    left = set(range(len(faces)))
    if recent and faces:
        costs = np.array([[_cost(person, face) for face in faces] for person in recent])
        for row, column in zip(*linear_sum_assignment(costs), strict=True):
            if costs[row, column] < IMPOSSIBLE:
                recent[row].faces.append(faces[int(column)])
                left.discard(int(column))
    return [Person([faces[i]]) for i in sorted(left)]


def _cost(person: Person, face: Seen) -> float:
    """0 for the same place and look, about 2 for barely possible, IMPOSSIBLE beyond."""
    last = person.last
    width = (last.width + face.width) / 2
    distance = float(np.hypot(*np.subtract(last.centre, face.centre))) / width
    reach = min(FURTHEST_REACH, REACH_AT_ONCE + REACH_PER_SECOND * (face.at - last.at))
    ratio = max(last.width, face.width) / min(last.width, face.width)
    difference = _difference(person, face)
    if distance > reach or ratio > LARGEST_SIZE_RATIO or difference > CLEARLY_ANOTHER:
        return IMPOSSIBLE
    return distance / reach + difference


def _difference(person: Person, face: Seen) -> float:
    """Half the L1 distance of age and gender probabilities, averaged: 0 the same, 1 opposite."""
    other = person.look()
    if face.look is None or other is None:
        return 0.0
    return (_half_l1(face.look.age, other.age) + _half_l1(face.look.gender, other.gender)) / 2


def _half_l1(one: Sequence[float], other: Sequence[float]) -> float:
    a: NDArray[np.float64] = np.array(one)
    return float(np.abs(a - np.array(other)).sum() / 2)
