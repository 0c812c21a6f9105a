"""`manage.py predict`: look at pictures, without a database. One JSON object a line."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference.detect import detector
from inference.detect.base import NAMES
from inference.pictures import Frame, frames
from inference.pipeline import MIN_FACE_PIXELS, FoundFace, Tools, find_faces
from inference.predictor import FaceLook, Predictor, winner
from inference.still import is_still
from inference.tracking import Person, fewest_clear, follow
from training.labels import LABELS

FRAMES_AT_ONCE = 8
# With --track many looks at a face average out, so smaller faces are worth classifying than in a single picture.
MIN_TRACKED_FACE_PIXELS = 12.0


class Command(BaseCommand):
    help = "Faces of pictures, videos, GIFs, zips and folders, with age, gender and mood."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path)
        parser.add_argument("--aligned", action="store_true", help="each picture is one cropped face already")
        parser.add_argument(
            "--track", action="store_true", help="the pictures are one stream; the last line is its visits"
        )
        parser.add_argument("--detector", choices=NAMES, default="", help="the best configured one if left out")
        parser.add_argument("--min-face", type=float, help="smallest face to classify, in pixels")
        parser.add_argument(
            "--json", action="store_true", help="accepted for uniformity; the output is always JSON lines"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        smallest = options["min_face"] or (MIN_TRACKED_FACE_PIXELS if options["track"] else MIN_FACE_PIXELS)
        stream = (frame for path in options["paths"] for frame in frames(path))
        if options["aligned"]:
            analysed = self._aligned(stream, Predictor())
        else:
            analysed = self._detected(stream, self._tools(options["detector"]), smallest)
        good, bad, tracked = 0, 0, []
        for frame, faces in analysed:
            good, bad = good + (not frame.error), bad + bool(frame.error)
            self.stdout.write(json.dumps(_line(frame, faces)))
            if options["track"]:
                tracked.append((replace(frame, image=None), faces))  # hours of video would fill the memory
        if options["track"]:
            self.stdout.write(json.dumps({"visits": visits(tracked)}))
        if bad:
            raise SystemExit(1 if good else 2)

    def _tools(self, name: str) -> Tools:
        try:
            return Tools(detector(name), Predictor())
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error

    def _detected(
        self, stream: Iterator[Frame], tools: Tools, smallest: float
    ) -> Iterator[tuple[Frame, list[FoundFace]]]:
        while some := list(islice(stream, FRAMES_AT_ONCE)):
            readable = [frame.image for frame in some if frame.image is not None]
            found = iter(find_faces(readable, tools, smallest))
            yield from ((frame, next(found) if frame.image is not None else []) for frame in some)
            self.stderr.write(f"{some[-1].source} frame {some[-1].number}")

    def _aligned(self, stream: Iterator[Frame], predictor: Predictor) -> Iterator[tuple[Frame, list[FoundFace]]]:
        import numpy as np

        from inference.detect import Detection

        while some := list(islice(stream, FRAMES_AT_ONCE)):
            crops = [frame.image for frame in some if frame.image is not None]
            looks = iter(predictor.look_at_crops(crops))
            for frame in some:
                if frame.image is None:
                    yield frame, []
                    continue
                height, width = frame.image.shape[:2]
                whole = Detection((0, 0, float(width), float(height)), 1.0, np.zeros((5, 2)))
                yield frame, [FoundFace(whole, next(looks))]


def _line(frame: Frame, faces: list[FoundFace]) -> dict[str, Any]:
    line: dict[str, Any] = {"source": frame.source, "frame": frame.number}
    if frame.error:
        return {**line, "error": frame.error, "faces": []}
    return {**line, "faces": [_face(face) for face in faces if face.where.sure]}


def _face(face: FoundFace) -> dict[str, Any]:
    box = {"box": [round(value, 1) for value in face.where.box], "score": round(face.where.score, 4)}
    unsure = face.look is not None and face.look.unsure
    return box | {"unsure": unsure} | _look(face.look)


def _look(look: FaceLook | None) -> dict[str, Any]:
    if look is None or look.age is None or look.gender is None or look.mood is None or look.age_years is None:
        return {"age": None, "gender": None, "mood": None}
    return {
        "age": {
            "group": winner("age", look.age),
            "years": round(look.age_years, 1),
            "probabilities": dict(zip(LABELS["age"], look.age, strict=True)),
        },
        "gender": {
            "label": winner("gender", look.gender),
            "probabilities": dict(zip(LABELS["gender"], look.gender, strict=True)),
        },
        "mood": {
            "label": winner("mood", look.mood),
            "probabilities": dict(zip(LABELS["mood"], look.mood, strict=True)),
        },
    }


def visits(tracked: list[tuple[Frame, list[FoundFace]]]) -> list[dict[str, Any]]:
    """The people in a stream of frames, as CONTRACT's lines have them; frames are numbered through the stream."""
    pictures = [[face.seen(frame.at, key=place) for face in faces] for place, (frame, faces) in enumerate(tracked)]
    people = follow(pictures, fewest_clear=fewest_clear([frame.at for frame, _ in tracked]))
    return [_visit(person) for person in people if not is_still(person)]


def _visit(person: Person) -> dict[str, Any]:
    return {
        "first_frame": person.first.key,
        "last_frame": person.last.key,
        "faces": len(person.faces),
        **_look(person.look()),
    }
