"""Faces over time become people: one person, however many pictures show them.

1. Where each person should be now follows from where and how fast they were last seen.
2. Sure faces go to people so that the total disagreement is least (Hungarian method): distance from the expected place,
   another look, other colours. What a walking person cannot reach, or what is clearly somebody else, is impossible.
3. Faces that the detector is unsure about continue people who are still missing, close to the expected place only, and
   never begin one (as in ByteTrack: Zhang et al., ECCV 2022).
4. A sure face that is left over begins a new person. Who is never seen clearly enough, often enough, was not a person.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference import appearance
from inference.likeness import Likeness, evidence, variation
from inference.predictor import FaceLook
from training.labels import Task

MAX_GAP_SECONDS = 5.0
# Reach, in face widths: what a shaking box needs, and what a walking person adds per second; far less where it is known
# how they walk.
REACH_AT_ONCE = 1.0
REACH_PER_SECOND, REACH_PER_SECOND_OF_KNOWN_WAY = 1.5, 0.3
FURTHEST_REACH = 6.0
# An unsure face counts only this close to where a missing person is expected.
UNSURE_REACH = 0.8
LARGEST_SIZE_RATIO = 2.2
# Mean distance between two faces' probabilities (0 the same, 1 opposite) above which they are two people.
CLEARLY_ANOTHER = 0.6
# Once this many seconds have passed, all there is to compare must speak for one person; see `likeness.evidence`.
EVIDENCE_SECONDS = 0.6
# Who was hidden for a moment and is found where they were may show somebody else's clothes in part.
HIDDEN_SECONDS, HIDDEN_WIDTHS = 2.5, 0.4
# A box that overlaps the last one this closely, this soon after it, is the same face whatever one look says.
SAME_PLACE_WIDTHS, SAME_MOMENT_SECONDS = 0.3, 0.25
# Speed is measured over this much of the past and trusted for as much of the future.
SPEED_SECONDS = 1.0
# A moving picture must show a face clearly this many times, this far apart, before it is believed.
FEWEST_CLEAR, CLEAR_SECONDS = 3, 0.08
# Pictures this close to each other are a moving picture's.
MOVING_PICTURE_SECONDS = 0.34
MOST_COLOURS = 60  # looks of one person that are kept for knowing them again, the last ones
IMPOSSIBLE = 1e6

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Seen:
    """One face in one picture: when (seconds), where (x, y, width, height in pixels), and how it looked."""

    at: float
    box: tuple[float, float, float, float]
    look: FaceLook | None = None
    key: int = 0  # the caller's own number for this face
    sure: bool = True  # the detector is; other faces only continue people
    clear: bool = True  # sure, and turned to the camera: what confirms a person
    weight: float = 1.0  # how much its look counts beside others of the same size, 0 to 1
    colours: Vector | None = None  # of head and clothes, in memory only; see `appearance`

    @property
    def width(self) -> float:
        return max(1.0, float(np.sqrt(self.box[2] * self.box[3])))

    @property
    def centre(self) -> tuple[float, float]:
        return self.box[0] + self.box[2] / 2, self.box[1] + self.box[3] / 2

    @cached_property
    def likeness(self) -> Likeness:
        middle = None if self.colours is None else appearance.middle(self.colours)
        age, gender = (self.look.age, self.look.gender) if self.look else (None, None)
        return Likeness(middle, _array(age), _array(gender))


@dataclass
class Person:
    faces: list[Seen] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sums: dict[str, Vector] = {}
        self._weights: dict[str, float] = {}
        self._model_version: FaceLook | None = None
        self.colours: Vector | None = None
        self._clear_colours: deque[Vector] = deque(maxlen=MOST_COLOURS)
        given, self.faces = self.faces, []
        for face in given:
            self.add(face)

    def add(self, face: Seen) -> None:
        """One more face; its look and colours live on in the averages only, or a poster would fill the memory."""
        self._average(face)
        self.faces.append(replace(face, look=None, colours=None))

    def _average(self, face: Seen) -> None:
        if face.colours is not None:
            self.colours = appearance.mixed(self.colours, face.colours, len(self.faces))
            if face.clear:
                self._clear_colours.append(face.colours)
        if face.look is None:
            return
        self._model_version = face.look
        weight = face.width**2 * max(face.weight, 1e-3)
        for name in ("age", "gender", "mood", "age_years"):
            value = getattr(face.look, name)
            if value is not None:
                self._sums[name] = self._sums.get(name, 0.0) + weight * np.asarray(value, np.float64)
                self._weights[name] = self._weights.get(name, 0.0) + weight

    @property
    def first(self) -> Seen:
        """The first good face, or the first one where none was."""
        return next((face for face in self.faces if face.clear), self.faces[0])

    @property
    def last(self) -> Seen:
        return self.faces[-1]

    @property
    def likeness(self) -> Likeness:
        """By what this person may be known again minutes later."""
        return Likeness(appearance.signature(self._clear_colours), self.mean("age"), self.mean("gender"))

    @property
    def likeness_now(self) -> Likeness:
        """By what they are known after some seconds: as of late, and unclear looks too."""
        middle = None if self.colours is None else appearance.middle(self.colours)
        return Likeness(middle, self.mean("age"), self.mean("gender"))

    @property
    def clear_faces(self) -> int:
        """Clear sightings; of those closer than CLEAR_SECONDS one counts, because they are nearly one picture."""
        count, latest = 0, -np.inf
        for face in self.faces:
            if face.clear and face.at - latest >= CLEAR_SECONDS:
                count, latest = count + 1, face.at
        return count

    @property
    def has_known_way(self) -> bool:
        """Whether the last two faces are close enough in time to tell where they are going, and how fast."""
        return len(self.faces) > 1 and self.last.at - self.faces[-2].at <= SPEED_SECONDS

    def expected(self, at: float) -> tuple[float, float]:
        """Where the face should be at that time, walking on as before for a second at most."""
        ahead = min(at - self.last.at, SPEED_SECONDS)
        (x, y), (across, down) = self.last.centre, self._speed()
        return x + across * ahead, y + down * ahead

    def _speed(self) -> tuple[float, float]:
        """Pixels per second over the last SPEED_SECONDS; (0, 0) after a single face."""
        recent = [self.last]
        for face in reversed(self.faces[:-1]):
            if self.last.at - face.at > SPEED_SECONDS:
                break
            recent.append(face)
        passed = self.last.at - recent[-1].at
        if passed <= 0:
            return 0.0, 0.0
        x, y = np.subtract(self.last.centre, recent[-1].centre) / passed
        return float(x), float(y)

    def look(self) -> FaceLook | None:
        """The average of all looks, larger, sharper and more frontal faces counting more; None without any."""
        if self._model_version is None:
            return None
        means = {name: total / self._weights[name] for name, total in self._sums.items()}
        plain: dict[str, Any] = {
            name: [round(float(p), 6) for p in mean] if mean.ndim else float(mean) for name, mean in means.items()
        }
        return replace(self._model_version, **plain)

    def mean(self, task: Task) -> Vector | None:
        return self._sums[task] / self._weights[task] if task in self._sums else None


def follow(pictures: Iterable[Sequence[Seen]], *, fewest_clear: int = 1) -> list[Person]:
    """People in pictures of one camera, given in time order; those clearly seen fewer times are noise."""
    people: list[Person] = []
    for faces in pictures:
        people.extend(continue_people(people, faces))
    return [person for person in people if person.clear_faces >= fewest_clear]


def fewest_clear(times: Sequence[float]) -> int:
    """How often a person must be seen clearly, given when the pictures were taken: loose snapshots show most once."""
    gaps = [later - earlier for earlier, later in pairwise(times)]
    is_moving = len(gaps) >= 5 and float(np.median(gaps)) < MOVING_PICTURE_SECONDS
    return FEWEST_CLEAR if is_moving else 1


def continue_people(people: Sequence[Person], faces: Sequence[Seen]) -> list[Person]:
    """Append each face to the person it continues; returns the new people that the other sure faces begin."""
    if not faces:
        return []
    missing = [p for p in reversed(people) if 0 <= faces[0].at - p.last.at <= MAX_GAP_SECONDS]
    sure = [face for face in faces if face.sure]
    missing, new = _pair(missing, sure, _cost)
    _pair(missing, [face for face in faces if not face.sure], _cost_of_unsure)
    return [Person([face]) for face in new]


def _pair(
    people: list[Person], faces: list[Seen], cost: Callable[[Person, Seen], float]
) -> tuple[list[Person], list[Seen]]:
    """Give faces to people at the least total cost; who and what is left over."""
    from scipy.optimize import linear_sum_assignment

    if not people or not faces:
        return people, faces
    costs = np.array([[cost(person, face) for face in faces] for person in people])
    pairs = [(int(i), int(j)) for i, j in zip(*linear_sum_assignment(costs), strict=True) if costs[i, j] < IMPOSSIBLE]
    for i, j in pairs:
        people[i].add(faces[j])
    taken_people, taken_faces = {i for i, _ in pairs}, {j for _, j in pairs}
    return (
        [person for i, person in enumerate(people) if i not in taken_people],
        [face for j, face in enumerate(faces) if j not in taken_faces],
    )


def _cost(person: Person, face: Seen) -> float:
    """0 for the expected place and the same look, about 4 for barely possible, IMPOSSIBLE beyond."""
    passed = face.at - person.last.at
    distance = _distance(person, face)
    reach = _reach(person, passed)
    if distance > reach or _size_ratio(person, face) > LARGEST_SIZE_RATIO:
        return IMPOSSIBLE
    looks, colours = _difference(person, face), appearance.distance(person.colours, face.colours)
    at_once = passed <= SAME_MOMENT_SECONDS and distance <= SAME_PLACE_WIDTHS
    was_hidden = passed <= HIDDEN_SECONDS and distance <= HIDDEN_WIDTHS
    must_be_alike = passed > EVIDENCE_SECONDS and not was_hidden
    if not at_once and looks > CLEARLY_ANOTHER:
        return IMPOSSIBLE
    if must_be_alike and evidence(person.likeness_now, face.likeness) < 0:
        return IMPOSSIBLE
    return distance / reach + looks + 2 * colours


def _reach(person: Person, passed: float) -> float:
    """How far from the expected place somebody may be after so many seconds, in face widths."""
    per_second = REACH_PER_SECOND_OF_KNOWN_WAY if person.has_known_way else REACH_PER_SECOND
    return min(FURTHEST_REACH, REACH_AT_ONCE + per_second * passed)


def _cost_of_unsure(person: Person, face: Seen) -> float:
    distance = _distance(person, face)
    is_near = distance <= UNSURE_REACH and face.at - person.last.at <= SPEED_SECONDS
    return distance if is_near and _size_ratio(person, face) <= LARGEST_SIZE_RATIO else IMPOSSIBLE


def _distance(person: Person, face: Seen) -> float:
    """From where the person should be, or stayed: whichever is nearer, in face widths."""
    width = (person.last.width + face.width) / 2
    places = (person.expected(face.at), person.last.centre)
    return min(float(np.hypot(*np.subtract(place, face.centre))) for place in places) / width


def _size_ratio(person: Person, face: Seen) -> float:
    return max(person.last.width, face.width) / min(person.last.width, face.width)


def _difference(person: Person, face: Seen) -> float:
    """Total variation of age and gender, averaged: 0 the same, 1 opposite."""
    look = face.likeness
    each = [variation(person.mean("age"), look.age), variation(person.mean("gender"), look.gender)]
    known = [value for value in each if not np.isnan(value)]
    return float(np.mean(known)) if known else 0.0


def _array(probabilities: Sequence[float] | None) -> Vector | None:
    return None if probabilities is None else np.asarray(probabilities, np.float64)
