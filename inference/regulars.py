"""Who comes in again: re-entries and staff, told from visitors by the colours of their clothes; see `likeness`.

What is compared lives in this process only and is gone when the store's window has passed: colours, and age and gender
as probabilities. No face is compared and nothing of it is stored, so nobody is known again after lunch.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from inference.likeness import Likeness, most_likely
from inference.models import Camera
from inference.tracking import Person

# Who comes in this often, each time within the window, works here.
STAFF_ENTRIES = 4


class Kind(StrEnum):
    VISITOR = "visitor"
    REENTRY = "reentry"
    STAFF = "staff"


@dataclass
class Known:
    """Somebody who was here a while ago. `visit` is the row that counts them, while they are taken for a visitor."""

    likeness: Likeness
    last_at: float
    entries: int = 0
    visit: int | None = None


@dataclass
class Memory:
    """The people of one camera's last minutes."""

    people: list[Known] = field(default_factory=list)
    touched: float = field(default_factory=time.monotonic)

    def meet(self, person: Person, window: float) -> Known:
        """Whom this is: one of those who left within `window` seconds before, or somebody new."""
        self.people = [known for known in self.people if person.first.at - known.last_at <= window]
        gone = [known for known in self.people if person.faces[0].at > known.last_at]
        now = person.likeness
        again = most_likely(now, [known.likeness for known in gone])
        if again is None:
            known = Known(now, person.last.at)
            self.people.append(known)
        else:
            known = gone[again]
        known.likeness, known.last_at, known.entries = now, person.last.at, known.entries + 1
        return known


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
