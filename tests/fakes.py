"""A detector and a classifier without any model: coloured squares are faces."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw

from inference.detect import Detection
from inference.pipeline import Tools
from inference.predictor import TASKS, FaceLook
from training.labels import Task
from training.preprocessing import CANONICAL_LANDMARKS, Pixels

WOMAN, MAN = (200, 40, 40), (40, 40, 200)
BACKGROUND = (90, 120, 90)


def picture(
    *faces: tuple[int, int, int, tuple[int, int, int]], size: tuple[int, int] = (320, 240), form: str = "PNG"
) -> bytes:
    """A picture file with a square for each face (x, y, side, colour)."""
    image = Image.new("RGB", size, BACKGROUND)
    draw = ImageDraw.Draw(image)
    for x, y, side, colour in faces:
        draw.rectangle((x, y, x + side - 1, y + side - 1), fill=colour)
    file = io.BytesIO()
    image.save(file, form)
    return file.getvalue()


class FakeDetector:
    name = "fake"

    def scale(self, smallest: float) -> float:
        return 1.0

    def detect(self, image: Pixels, smallest: float) -> list[Detection]:
        found = [self._square(image, colour) for colour in (WOMAN, MAN)]
        return [face for face in found if face is not None and face.size >= smallest / 2]

    def _square(self, image: Pixels, colour: tuple[int, int, int]) -> Detection | None:
        rows, columns = np.nonzero((np.abs(image.astype(int) - colour) < 30).all(axis=2))
        if not len(rows):
            return None
        x, y = float(columns.min()), float(rows.min())
        side = float(columns.max() - x + 1)
        return Detection((x, y, side, float(rows.max() - y + 1)), 0.99, CANONICAL_LANDMARKS * side + (x, y))


class FakeClassifier:
    """Red squares are women of 30, blue ones men of 50. `asked` keeps which tasks were computed."""

    def __init__(self) -> None:
        self.asked: list[tuple[Task, ...]] = []

    def look_at(self, faces: Sequence[tuple[Pixels, Detection]], tasks: Sequence[Task] = TASKS) -> list[FaceLook]:
        self.asked.append(tuple(tasks))
        looks = [self._look(image, face) for image, face in faces]
        off = {task: None for task in TASKS if task not in tasks} | ({} if "age" in tasks else {"age_years": None})
        return [replace(look, **off) for look in looks]  # type: ignore[arg-type]  # None is fit for all of them

    def look_at_crops(self, crops: Sequence[Pixels]) -> list[FaceLook]:
        raise NotImplementedError("no test needs it")

    def _look(self, image: Pixels, face: Detection) -> FaceLook:
        x, y, width, height = (int(value) for value in face.box)
        is_woman = image[y + height // 2, x + width // 2, 0] > 128
        age = [0.0, 0, 0, 0, 0.9, 0.1, 0] if is_woman else [0.0, 0, 0, 0, 0.1, 0.9, 0]
        gender = [0.95, 0.05] if is_woman else [0.05, 0.95]
        return FaceLook(age, gender, [0.2, 0.7, 0.1], 30.0 if is_woman else 50.0, "fake")


def tools() -> Tools:
    return Tools(FakeDetector(), FakeClassifier())
