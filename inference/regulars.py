"""Who comes in again: re-entries and staff, told from visitors by the colours of their clothes.

What is compared lives in this process only and is gone when the store's window has passed: colours, and age and gender
as probabilities. No face is compared and nothing of it is stored, so nobody is known again after lunch.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

import numpy as np

from inference import appearance
from inference.appearance import Vector
from inference.models import Camera
from inference.tracking import Person

# Clothes and head this alike, no other age or gender, and nobody else nearly as alike: the same person. Strict, because
# many shoppers wear black: a visitor taken for somebody else is missing, while a re-entry not noticed is one too many.
SAME_COLOURS = 0.06
SAME_LOOK = 0.15
ALIKE_SHARE = 0.6  # of the distance to the next most alike
# Who comes in this often, each time within the window, works here.
STAFF_ENTRIES = 4


class Kind(StrEnum):
    VISITOR = "visitor"
    REENTRY = "reentry"
    STAFF = "staff"


@dataclass
class Known:
    """Somebody who was here a while ago. `visit` is the row that counts them, while they are taken for a visitor."""

    colours: Vector | None
    age: Vector | None
    gender: Vector | None
    last_at: float
    entries: int = 0
    visit: int | None = None

    def may_be(self, person: Person) -> bool:
        """Whether nothing about age and gender speaks against it."""
        pairs = ((self.age, person.mean("age")), (self.gender, person.mean("gender")))
        looks = [float(np.abs(a - b).sum() / 2) for a, b in pairs if a is not None and b is not None]
        return not looks or float(np.mean(looks)) <= SAME_LOOK

    def distance(self, colours: Vector | None) -> float:
        """To somebody's colours, 0 to 1; infinite where clothes cannot be seen."""
        if not appearance.show_clothes(self.colours, colours):
            return float("inf")
        return appearance.distance(self.colours, colours)


@dataclass
class Memory:
    """The people of one camera's last minutes."""

    people: list[Known] = field(default_factory=list)
    touched: float = field(default_factory=time.monotonic)

    def meet(self, person: Person, window: float) -> Known:
        """Whom this is: the most alike of those who left within `window` seconds before, or somebody new."""
        self.people = [known for known in self.people if person.first.at - known.last_at <= window]
        gone = [known for known in self.people if person.faces[0].at > known.last_at]
        colours = person.signature
        known = _same(gone, person, colours)
        if known is None:
            known = Known(None, None, None, 0.0)
            self.people.append(known)
        known.colours, known.age, known.gender = colours, person.mean("age"), person.mean("gender")
        known.last_at, known.entries = person.last.at, known.entries + 1
        return known


def _same(gone: Sequence[Known], person: Person, colours: Vector | None) -> Known | None:
    """Who of those that left comes in again, if that is certain."""
    ordered = sorted(((known.distance(colours), k) for k, known in enumerate(gone)))[:2]
    if not ordered or ordered[0][0] > SAME_COLOURS or not gone[ordered[0][1]].may_be(person):
        return None
    is_distinct = len(ordered) < 2 or ordered[0][0] <= ALIKE_SHARE * ordered[1][0]
    return gone[ordered[0][1]] if is_distinct else None


_memories: dict[int, Memory] = {}


def memory_of(camera: Camera) -> Memory:
    """A working copy; `remember` keeps it once the rows it led to are committed."""
    known = _memories.get(camera.pk, Memory())
    return Memory([replace(one) for one in known.people])


def remember(camera: Camera, memory: Memory) -> None:
    _memories[camera.pk] = replace(memory, touched=time.monotonic())


def forget(longest_seconds: float) -> None:
    """Drop what no window needs any more, for cameras at which nobody passes."""
    for pk in [pk for pk, memory in _memories.items() if time.monotonic() - memory.touched > longest_seconds]:
        del _memories[pk]


def is_staff_by_rule(camera: Camera, person: Person) -> bool:
    """Seen outside the store's hours, or always in the camera's zone for staff."""
    return _is_outside_hours(camera, person) or _is_in_zone(camera, person)


def _is_outside_hours(camera: Camera, person: Person) -> bool:
    store = camera.store
    if store.opens_at is None or store.closes_at is None:
        return False
    clock = datetime.fromtimestamp(person.first.at, UTC).astimezone(store.zone).time()
    if store.opens_at <= store.closes_at:
        return not store.opens_at <= clock <= store.closes_at
    return store.closes_at < clock < store.opens_at  # open past midnight


def _is_in_zone(camera: Camera, person: Person) -> bool:
    if not camera.staff_zone:
        return False
    x, y, width, height = camera.staff_zone
    inside = [x <= a <= x + width and y <= b <= y + height for a, b in (face.centre for face in person.faces)]
    return all(inside)


def kind_of(camera: Camera, person: Person, known: Known) -> Kind:
    if is_staff_by_rule(camera, person) or known.entries >= STAFF_ENTRIES:
        return Kind.STAFF
    return Kind.REENTRY if known.entries > 1 else Kind.VISITOR
