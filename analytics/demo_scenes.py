"""Entrance scenes for the demo: portraits of nobody walking in through a drawn door."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

from training.preprocessing import Pixels

PORTRAITS = Path(__file__).resolve().parent.parent / "training" / "portraits"
WIDTH, HEIGHT = 1280, 720
SNAPSHOTS_EACH = 3  # of one person, a second apart, coming nearer
FIRST_SIZE, GROWTH = 96, 1.22  # pixels of the portrait, and how much larger it gets per second
SECONDS_BETWEEN_PEOPLE = 40
JPEG_QUALITY = 90


@dataclass(frozen=True)
class Guest:
    """One portrait and where it enters: the centre of the face, in pixels."""

    portrait: Path
    x: float
    y: float


@dataclass(frozen=True)
class Scene:
    name: str
    taken_at: datetime
    guests: tuple[Guest, ...]
    step: int  # of SNAPSHOTS_EACH


def script(first: datetime, people: int, seed: int = 3) -> Iterator[Scene]:
    """`people` guests from `first` on, one or two at a time, each seen in SNAPSHOTS_EACH scenes."""
    random = np.random.default_rng(seed)
    portraits = [path for path in sorted(PORTRAITS.glob("*.jpg")) if not path.name.startswith("1-2_")]  # who can walk
    cast = [portraits[i] for i in random.permutation(len(portraits))]
    at, left = first, people
    while left > 0:
        count = min(left, 2 if random.random() < 0.3 else 1)
        guests = tuple(
            Guest(
                cast[(people - left + k) % len(cast)], 420 + 440 * k + random.uniform(-60, 60), random.uniform(230, 300)
            )
            for k in range(count)
        )
        for step in range(SNAPSHOTS_EACH):
            taken_at = at + timedelta(seconds=step)
            yield Scene(f"entrance_{taken_at:%Y%m%d_%H%M%S}.jpg", taken_at, guests, step)
        left -= count
        at += timedelta(seconds=SECONDS_BETWEEN_PEOPLE + float(random.uniform(0, 200)))


def draw(scene: Scene) -> bytes:
    """The scene as a JPEG file of 1280 × 720."""
    import cv2

    image = _entrance()
    for guest in scene.guests:
        _paste(image, guest, scene.step)
    _, data = cv2.imencode(".jpg", image[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
    return data.tobytes()


def files(scenes: Iterator[Scene]) -> Iterator[tuple[str, io.BytesIO]]:
    """Scenes as an upload brings them."""
    for scene in scenes:
        yield scene.name, io.BytesIO(draw(scene))


def _entrance() -> Pixels:
    """A wall, a floor, and a door standing open."""
    import cv2

    image = np.full((HEIGHT, WIDTH, 3), (188, 182, 170), np.uint8)
    image[520:] = (120, 108, 96)
    cv2.rectangle(image, (300, 60), (980, 560), (92, 84, 76), -1)
    cv2.rectangle(image, (330, 90), (950, 560), (206, 216, 222), -1)
    cv2.rectangle(image, (60, 140), (240, 420), (150, 160, 150), -1)
    return np.asarray(image, np.uint8)


def _paste(image: Pixels, guest: Guest, step: int) -> None:
    """A portrait in a soft oval, over shoulders, so that no square edge draws the detector's eye."""
    import cv2

    size = round(FIRST_SIZE * GROWTH**step)
    face = cv2.resize(_portrait(guest), (size, size), interpolation=cv2.INTER_AREA)
    x, y = round(guest.x - size / 2), round(guest.y + 28 * step - size / 2)
    shoulders = (round(guest.x), round(y + size * 1.75))
    cv2.ellipse(image, shoulders, (round(size * 0.85), round(size * 0.9)), 0, 180, 360, (70, 78, 92), -1)
    mask = np.zeros((size, size), np.float32)
    cv2.ellipse(mask, (size // 2, size // 2), (round(size * 0.44), round(size * 0.5)), 0, 0, 360, 1.0, -1)
    soft = np.asarray(cv2.GaussianBlur(mask, (0, 0), size * 0.025))[..., None]
    place = image[y : y + size, x : x + size]
    place[:] = (place * (1 - soft) + face * soft).astype(np.uint8)


def _portrait(guest: Guest) -> Pixels:
    import cv2

    data = np.frombuffer(guest.portrait.read_bytes(), np.uint8)
    image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{guest.portrait} is not a picture.")
    return np.asarray(image[:, :, ::-1], np.uint8)
