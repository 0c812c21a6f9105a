"""`make bench-scene`: how many of 200 people in a composed entrance are counted, and how often they are mixed up."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Any

from tests.benchmarks.database import empty_foyer

if TYPE_CHECKING:
    from inference.pipeline import FoundFace
    from inference.tracking import Person, Seen
    from tests.benchmarks.entrance import Shown

FRAMES_AT_ONCE = 32
STARTED = datetime(2026, 3, 10, 9, tzinfo=UTC)
# A found face is an actor's when its middle is within this share of the head's size from the head's.
SAME_HEAD = 0.5
POSTER = -1


@dataclass(frozen=True)
class Told:
    """What became of a scene. A switch: two faces of one stay, one after the other, given to different people."""

    people: int
    visits: int
    reentries: int
    reentries_right: int  # of them, those who had been here
    true_reentries: int
    posters_counted: int
    never_counted: int
    counted_again: int
    switches: int
    faces: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {
            **self.__dict__,
            "count_error": round(self.visits / self.people - 1, 4),
            # Footfall as a counter at the door would have it: who comes in again is counted again.
            "entries_error": round((self.visits + self.reentries) / (self.people + self.true_reentries) - 1, 4),
            "switches_per_person": round(self.switches / self.people, 4),
        }


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench-scene", description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--per-second", type=float, default=4.0, help="frames a second")
    options = parser.parse_args()
    with empty_foyer():
        told = follow_scene(options.people, options.seed, options.per_second)
    print(json.dumps(told.as_json()))  # noqa: T201
    return 0 if abs(told.visits / told.people - 1) <= 0.03 else 1


def follow_scene(people: int, seed: int, per_second: float) -> Told:
    """The scene through detector, models, tracker and visits, as a camera's stream would go."""
    from inference.models import Camera, Passage, Store, Visit
    from inference.view import View
    from tests.benchmarks import entrance

    class Watched(View):
        kept: list[Person]

        def _keep(self, gone: Sequence[Person]) -> int:
            self.kept.extend(gone)
            return super()._keep(gone)

    began = time.monotonic()
    store = Store.objects.create(name=f"Scene {seed}")
    view = Watched(Camera.objects.create(store=store, name="Entrance"))
    view.kept = []
    actors = entrance.script(people, seed)
    stays: dict[int, tuple[int, int]] = {}
    for at, faces, shown in analysed(entrance.frames(actors, per_second, seed)):
        view.see(STARTED.timestamp() + at, list(keyed(STARTED.timestamp() + at, faces, shown, stays)))
    view.close()
    true_reentries = sum(len(actor.stays) - 1 for actor in actors)
    visits, again = Visit.objects.filter(store=store), Passage.objects.filter(store=store)
    counted = [actor_of(person, stays) for person in view.kept if person.clear_faces >= 2]
    people_counted = {actor for actor in counted if actor != POSTER}
    return Told(
        people=people,
        visits=visits.count(),
        reentries=again.count(),
        reentries_right=known_again(view.kept, stays, 60.0 * store.reentry_minutes),
        true_reentries=true_reentries,
        posters_counted=counted.count(POSTER),
        never_counted=people - len(people_counted),
        counted_again=len(counted) - counted.count(POSTER) - len(people_counted) - true_reentries,
        switches=switches(view.kept, stays),
        faces=sum(len(person.faces) for person in view.kept),
        seconds=round(time.monotonic() - began, 1),
    )


def analysed(
    frames: Iterator[tuple[float, bytes, list[Shown]]],
) -> Iterator[tuple[float, list[FoundFace], list[Shown]]]:
    from inference.decode import NotAPictureError
    from inference.pipeline import find_faces_in, tools

    while some := list(islice(frames, FRAMES_AT_ONCE)):
        for (at, _, shown), found in zip(some, find_faces_in([data for _, data, _ in some], tools()), strict=True):
            assert not isinstance(found, NotAPictureError)
            yield at, found, shown
        print(f"{some[-1][0]:.0f} s", end="\r", file=sys.stderr)  # noqa: T201


def keyed(
    at: float, faces: Sequence[FoundFace], shown: Sequence[Shown], stays: dict[int, tuple[int, int]]
) -> Iterator[Seen]:
    """Faces under numbers that tell, afterwards and to us only, whose stay they belong to."""
    for face in faces:
        seen = face.seen(at, key=len(stays))
        stays[seen.key] = owner(seen, shown)
        yield seen


def owner(seen: Seen, shown: Sequence[Shown]) -> tuple[int, int]:
    """Actor and stay of the head that a face is on; POSTER where there is none."""
    x, y = seen.centre
    heads = [(((one.place.x - x) ** 2 + (one.place.y - y) ** 2) ** 0.5 / one.place.size, one) for one in shown]
    away, nearest = min(heads, key=lambda head: head[0], default=(1.0, None))
    return (nearest.actor, nearest.stay) if nearest is not None and away <= SAME_HEAD else (POSTER, 0)


def actor_of(person: Person, stays: dict[int, tuple[int, int]]) -> int:
    owners = [stays[face.key][0] for face in person.faces]
    return max(set(owners), key=owners.count)


def known_again(people: Sequence[Person], stays: dict[int, tuple[int, int]], window: float) -> int:
    """How many are rightly taken for somebody who was here within the window."""
    from inference.regulars import Memory

    memory, actors, right = Memory(), dict[int, int](), 0
    for person in sorted(people, key=lambda person: person.first.at):
        if person.clear_faces >= 2:
            known = memory.meet(person, window)
            right += known.entries > 1 and actors[id(known)] == actor_of(person, stays)
            actors[id(known)] = actor_of(person, stays)
    return right


def switches(people: Sequence[Person], stays: dict[int, tuple[int, int]]) -> int:
    tracks: dict[tuple[int, int], list[tuple[float, int]]] = defaultdict(list)
    for number, person in enumerate(people):
        for face in person.faces:
            tracks[stays[face.key]].append((face.at, number))
    tracks.pop((POSTER, 0), None)
    return sum(one[1] != other[1] for found in tracks.values() for one, other in pairwise(sorted(found)))


if __name__ == "__main__":
    sys.exit(main())
