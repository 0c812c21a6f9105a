"""Posters, mannequins and screens: faces that never move are nobody, and where they are is remembered per camera."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from inference import appearance
from inference.models import Camera, StillFace
from inference.tracking import Person, Seen

# Nobody stands still for this long: most finds of a face within this share of its width, none much smaller or larger.
STILL_SECONDS = 30.0
STILL_WIDTHS = 0.06
STILL_SIZE_RATIO = 1.1
# Loose pictures show a still face only now and then; this many, in most of the pictures meanwhile, are no coincidence.
FEWEST_PICTURES = 6
LEAST_PRESENCE = 0.7
SAME_COLOURS = 0.3
# A finding at a known place counts as the poster, this much further away than its own trembling.
KNOWN_WIDTHS = 0.15
# A poster that has not been seen for this long has been taken down.
REMEMBERED = timedelta(hours=36)

Box = tuple[float, float, float, float]


def is_still(person: Person) -> bool:
    """Whether somebody who was followed never moved, for longer than people stand still."""
    if person.last.at - person.faces[0].at < STILL_SECONDS:
        return False
    centres = np.array([face.centre for face in person.faces])
    widths = np.array([face.width for face in person.faces])
    away = np.hypot(*(centres - np.median(centres, axis=0)).T) / np.median(widths)
    sizes = np.maximum(widths / np.median(widths), np.median(widths) / widths)
    return bool(np.percentile(away, 80) <= STILL_WIDTHS and np.percentile(sizes, 80) <= STILL_SIZE_RATIO)


@dataclass
class _Place:
    box: Box
    faces: list[Seen] = field(default_factory=list)


def still_places(pictures: Sequence[tuple[float, Sequence[Seen]]]) -> list[Box]:
    """Where pictures (each a time and its faces), however far apart, show the same face at the same place."""
    places: list[_Place] = []
    for _, faces in pictures:
        for face in faces:
            place = next((p for p in places if _is_at(face, p.box, STILL_WIDTHS, STILL_SIZE_RATIO)), None)
            if place is None:
                places.append(place := _Place(face.box))
            place.faces.append(face)
    times = np.array([at for at, _ in pictures])
    return [place.box for place in places if _is_poster(place, times)]


def _is_poster(place: _Place, times: NDArray[np.float64]) -> bool:
    first, last = place.faces[0], place.faces[-1]
    if len(place.faces) < FEWEST_PICTURES or last.at - first.at < STILL_SECONDS:
        return False
    meanwhile = np.count_nonzero((times >= first.at) & (times <= last.at))
    colours = [appearance.distance(first.colours, face.colours) for face in place.faces]
    return bool(len(place.faces) >= LEAST_PRESENCE * meanwhile and np.percentile(colours, 80) <= SAME_COLOURS)


def _is_at(face: Seen, box: Box, widths: float, ratio: float) -> bool:
    there = Seen(face.at, box)
    away = float(np.hypot(*np.subtract(face.centre, there.centre))) / there.width
    return away <= widths and 1 / ratio <= face.width / there.width <= ratio


def without(faces: Iterable[Seen], places: Sequence[Box]) -> list[Seen]:
    """Faces that are not at one of these places."""
    return [face for face in faces if not any(_is_at(face, box, KNOWN_WIDTHS, STILL_SIZE_RATIO) for box in places)]


def known_places(camera: Camera, at: datetime) -> list[Box]:
    """Where this camera's still faces were about that time."""
    rows = StillFace.objects.filter(camera=camera, last_seen__gte=at - REMEMBERED, first_seen__lte=at + REMEMBERED)
    return [(row.box[0], row.box[1], row.box[2], row.box[3]) for row in rows]


def note(camera: Camera, places: Iterable[Box], first: float, last: float) -> None:
    """Remember still faces; one already known is only kept longer."""
    begun, ended = datetime.fromtimestamp(first, UTC), datetime.fromtimestamp(last, UTC)
    rows = list(StillFace.objects.filter(camera=camera))
    for box in places:
        face = Seen(last, box)
        same = next((row for row in rows if _is_at(face, row.as_box(), KNOWN_WIDTHS, STILL_SIZE_RATIO)), None)
        if same is None:
            rows.append(StillFace.objects.create(camera=camera, box=list(box), first_seen=begun, last_seen=ended))
        elif ended > same.last_seen:
            same.last_seen = ended
            same.save(update_fields=["last_seen"])


def forget(before: datetime) -> int:
    """Delete places not seen since; how many."""
    return StillFace.objects.filter(last_seen__lt=before - REMEMBERED).delete()[0]
