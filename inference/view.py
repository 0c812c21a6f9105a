"""Who is in view of one camera right now: frames go in, and people become visits once they have left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from inference import still
from inference.models import Camera, Visit
from inference.tracking import Person, Seen, continue_people
from inference.visits import keep, leave

# A face seen clearly once in a stream is more often the detector's mistake than a person.
FEWEST_CLEAR = 2


class View:
    """Follows a stream; everything about people who are still in view lives in memory only."""

    def __init__(self, camera: Camera) -> None:
        self.camera = camera
        self.people: list[Person] = []
        self._places: list[still.Box] | None = None

    def see(self, at: float, faces: Sequence[Seen]) -> int:
        """One frame's faces, `at` in seconds since 1970; how many visits ended with it."""
        gone, self.people = leave(self.people, at)
        made = self._keep(gone)
        self.people.extend(continue_people(self.people, still.without(faces, self._still_places(at))))
        self._notice_posters()
        return made

    def close(self) -> int:
        """The stream has ended: everybody has left."""
        gone, self.people = self.people, []
        return self._keep(gone)

    def _still_places(self, at: float) -> list[still.Box]:
        if self._places is None:
            self._places = still.known_places(self.camera, datetime.fromtimestamp(at, UTC))
        return self._places

    def _notice_posters(self) -> None:
        """Somebody who turns out never to move is forgotten at once, and their place is remembered."""
        posters = [person for person in self.people if still.is_still(person)]
        for person in posters:
            self.people.remove(person)
            still.note(self.camera, [person.last.box], person.faces[0].at, person.last.at)
            self._places = None

    def _keep(self, gone: Sequence[Person]) -> int:
        people = [person for person in gone if person.clear_faces >= FEWEST_CLEAR]
        return keep(self.camera, people, source=Visit.Source.STREAM) if people else 0
