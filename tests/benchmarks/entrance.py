"""An entrance with people in it whose number is known: portraits of nobody over drawn clothes, on scripted paths.

They come in alone or in parties, cross, stop, look away, turn round, pass in front of each other, and some come back; a
poster hangs on the wall. Many wear black. Light drifts and the sensor is noisy. Everything follows from the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from analytics.demo_scenes import HEIGHT, PORTRAITS, WIDTH, _entrance
from training.preprocessing import Pixels

SECONDS_BETWEEN_ARRIVALS = 5.0  # of parties and single people, on average
PARTY_SIZES, PARTY_SHARES = (1, 2, 3), (0.75, 0.19, 0.06)
COMES_BACK, AWAY_SECONDS = 0.1, (20.0, 200.0)
WAYS = ("in", "across", "stop", "look away", "turn round")
WAY_SHARES = (0.45, 0.2, 0.15, 0.1, 0.1)
DARK = ((28, 28, 30), (46, 46, 50), (30, 34, 56), (60, 54, 50))
DARK_SHARE = 0.45
POSTER = (150.0, 280.0, 96.0)
NOISE, DRIFT, DRIFT_SECONDS = 4.0, 0.08, 90.0
JPEG_QUALITY = 85
Random = np.random.Generator
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Place:
    """Where a head is: its centre and size in pixels, and whether the face is turned to the camera."""

    x: float
    y: float
    size: float
    shows_face: bool = True


@dataclass(frozen=True)
class Stay:
    """From coming into view to leaving it."""

    begin: float
    end: float
    way: Callable[[float], Place]  # of the share of the stay that has passed, 0 to 1


@dataclass
class Actor:
    portrait: Path
    clothes: tuple[Colour, Colour]
    mirrored: bool
    stays: list[Stay] = field(default_factory=list)

    def at(self, seconds: float) -> tuple[int, Place] | None:
        """Which stay it is and where, or None while out of view."""
        for number, stay in enumerate(self.stays):
            if stay.begin <= seconds < stay.end:
                return number, stay.way((seconds - stay.begin) / (stay.end - stay.begin))
        return None


@dataclass(frozen=True)
class Shown:
    """Whom a frame shows where, whether or not a face can be seen."""

    actor: int
    stay: int
    place: Place


def script(people: int, seed: int) -> list[Actor]:
    """Exactly `people` actors, their clothes and ways."""
    random = np.random.default_rng(seed)
    portraits = [path for path in sorted(PORTRAITS.glob("*.jpg")) if not path.name.startswith("1-2_")]
    actors: list[Actor] = []
    at = 1.0
    while len(actors) < people:
        size = min(people - len(actors), int(random.choice(PARTY_SIZES, p=PARTY_SHARES)))
        party = [_actor(portraits, random) for _ in range(size)]
        _send(party, at, random)
        if random.random() < COMES_BACK:
            gone = max(actor.stays[-1].end for actor in party)
            _send(party, gone + random.uniform(*AWAY_SECONDS), random)
        actors += party
        at += float(random.exponential(SECONDS_BETWEEN_ARRIVALS))
    return actors


def _actor(portraits: list[Path], random: Random) -> Actor:
    top, bottom = _colour(random), _colour(random)
    return Actor(portraits[random.integers(len(portraits))], (top, bottom), bool(random.random() < 0.5))


def _colour(random: Random) -> Colour:
    base = DARK[random.integers(len(DARK))] if random.random() < DARK_SHARE else random.integers(20, 236, 3)
    red, green, blue = np.clip(np.array(base) + random.normal(0, 6, 3), 0, 255).astype(int).tolist()
    return red, green, blue


def _send(party: list[Actor], at: float, random: Random) -> None:
    """A party walks side by side, each a little after the other."""
    name = str(random.choice(WAYS, p=WAY_SHARES))
    seconds, middle, side = random.uniform(5, 8), random.uniform(430, 850), random.choice((-1, 1))
    for number, actor in enumerate(party):
        begin = at + 0.3 * number
        shift = 1.9 * number
        long = seconds + (random.uniform(3, 8) if name == "stop" else 0)
        actor.stays.append(Stay(begin, begin + long, _way(name, middle, shift, float(side), random)))


def _way(name: str, middle: float, shift: float, side: float, random: Random) -> Callable[[float], Place]:
    drift, height, near = random.uniform(-150, 150), random.uniform(225, 270), random.uniform(150, 200)

    def come_in(passed: float, shows_face: bool = True) -> Place:
        size = 62 * (near / 62) ** passed
        return Place(middle + drift * passed + shift * size, height + 190 * passed, size, shows_face)

    def across(passed: float) -> Place:
        size = 0.5 * near
        x = WIDTH * passed if side > 0 else WIDTH * (1 - passed)
        return Place(x - side * shift * size, height + 40, size)

    def stop(passed: float) -> Place:
        """Half way in two fifths of the time, then waiting, swaying a little."""
        place = come_in(min(passed / 0.4, 1.0) * 0.5 if passed < 0.7 else 0.5 + (passed - 0.7) / 0.6)
        sway = 0.08 * place.size * np.sin(12 * passed)
        return Place(place.x + float(sway), place.y, place.size)

    def look_away(passed: float) -> Place:
        return come_in(passed, shows_face=not 0.4 < passed < 0.65)

    def turn_round(passed: float) -> Place:
        return come_in(passed) if passed < 0.5 else come_in(1 - passed, shows_face=False)

    return dict(zip(WAYS, (come_in, across, stop, look_away, turn_round), strict=True))[name]


def frames(actors: list[Actor], per_second: float, seed: int) -> Iterator[tuple[float, bytes, list[Shown]]]:
    """When, a JPEG of 1280 × 720, and whom it shows, until the last has left."""
    random = np.random.default_rng(seed)
    noise = random.normal(0, NOISE, (HEIGHT + 64, WIDTH + 64, 1)).astype(np.float32)
    end = max(stay.end for actor in actors for stay in actor.stays)
    for number in range(int((end + 1) * per_second)):
        at = number / per_second
        shown = [Shown(k, *found) for k, actor in enumerate(actors) if (found := actor.at(at))]
        image = _drawn(actors, shown)
        light = 1 + DRIFT * np.sin(2 * np.pi * at / DRIFT_SECONDS)
        top, left = random.integers(0, 64, 2)
        grain = noise[top : top + HEIGHT, left : left + WIDTH]
        lit = np.clip(image * np.float32(light) + grain, 0, 255).astype(np.uint8)
        _, data = cv2.imencode(".jpg", lit[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        yield at, data.tobytes(), shown


def _drawn(actors: list[Actor], shown: list[Shown]) -> Pixels:
    """Who is nearer hides who is further away."""
    image = _entrance()
    _face(image, Place(*POSTER), sorted(PORTRAITS.glob("28-45_female*.jpg"))[0], False)
    for one in sorted(shown, key=lambda one: one.place.size):
        actor = actors[one.actor]
        _body(image, one.place, actor.clothes)
        if one.place.shows_face:
            _face(image, one.place, actor.portrait, actor.mirrored)
    return image


def _body(image: Pixels, place: Place, clothes: tuple[Colour, Colour]) -> None:
    x, y, size = place.x, place.y, place.size
    top, middle, bottom = round(y + 0.42 * size), round(y + 1.7 * size), round(y + 3.6 * size)
    left, right = round(x - 0.8 * size), round(x + 0.8 * size)
    shoulders, wide = (round(x), top + round(0.35 * size)), (round(0.8 * size), round(0.4 * size))
    cv2.ellipse(image, shoulders, wide, 0, 0, 360, clothes[0], -1)
    cv2.rectangle(image, (left, top + round(0.3 * size)), (right, middle), clothes[0], -1)
    cv2.rectangle(image, (left, middle), (right, bottom), clothes[1], -1)
    # Hair: all there is of a head that is turned away.
    cv2.ellipse(image, (round(x), round(y)), (round(0.42 * size), round(0.52 * size)), 0, 0, 360, (62, 50, 42), -1)


def _face(image: Pixels, place: Place, portrait: Path, mirrored: bool) -> None:
    size = round(place.size)
    left, top = round(place.x - size / 2), round(place.y - size / 2)
    a, b, c, d = max(0, left), max(0, top), min(WIDTH, left + size), min(HEIGHT, top + size)
    if a >= c or b >= d:
        return
    face, mask = _cut_out(portrait, size, mirrored)
    part = (slice(b - top, d - top), slice(a - left, c - left))
    there = image[b:d, a:c]
    there[:] = (there * (1 - mask[part]) + face[part] * mask[part]).astype(np.uint8)


@lru_cache(maxsize=512)
def _cut_out(portrait: Path, size: int, mirrored: bool) -> tuple[Pixels, NDArray[np.float32]]:
    """The portrait in a soft oval."""
    picture = _portrait(portrait)[:, :: -1 if mirrored else 1]
    face = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    mask = np.zeros((size, size), np.float32)
    cv2.ellipse(mask, (size // 2, size // 2), (round(size * 0.44), round(size * 0.5)), 0, 0, 360, 1.0, -1)
    return np.asarray(face, np.uint8), np.asarray(cv2.GaussianBlur(mask, (0, 0), size * 0.025), np.float32)[..., None]


@lru_cache(maxsize=128)
def _portrait(path: Path) -> Pixels:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None, f"{path} is not a picture"
    return np.ascontiguousarray(image[:, :, ::-1], np.uint8)
