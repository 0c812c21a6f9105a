"""Drawn faces: enough for the training loop to have something to learn, and nobody's picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIDE = 48
SKIN = {"female": (224, 172, 150), "male": (150, 172, 224)}


def face(label: str, number: int) -> Image.Image:
    """A face whose colour tells its label, unlike every other in its features and its background."""
    random = np.random.default_rng([number, label == "male"])
    noise = random.integers(0, 256, (6, 6, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    draw = ImageDraw.Draw(image)
    draw.ellipse((8, 4, 40, 46), fill=SKIN[label])
    for x in (17, 31):
        size = int(random.integers(2, 5))
        draw.ellipse((x - size, 16 - size, x + size, 16 + size), fill=(20, 20, 20))
    draw.line((18, 34 + int(random.integers(-3, 4)), 30, 34), fill=(120, 20, 20), width=3)
    return image


def folder(path: Path, each: int) -> Path:
    """`each` drawn women and men, in one folder per label."""
    for label in SKIN:
        (path / label).mkdir(parents=True)
        for number in range(each):
            face(label, number).save(path / label / f"{number}.png")
    return path


def unlabelled(path: Path, count: int) -> Path:
    """Drawn faces under UTKFace's names, which say nothing of what the drawings show."""
    path.mkdir(parents=True)
    for number in range(count):
        label = ("female", "male")[number % 2]
        face(label, 1000 + number).save(path / f"{20 + number % 40}_{number // 2 % 2}_0_{number}.png")
    return path
