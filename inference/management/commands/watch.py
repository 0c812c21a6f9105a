"""`manage.py watch`: follow a camera's stream and record visits."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference.finding import NotFoundError, find_camera
from inference.models import Camera, Visit
from inference.pipeline import find_faces, tools
from inference.streams import StreamError, glimpses
from inference.tracking import MAX_GAP_SECONDS, Person, continue_people
from inference.visits import PARTY_SECONDS, keep

# A face seen once in a stream is more often the detector's mistake than a person.
FEWEST_FACES = 2


class Command(BaseCommand):
    help = "Follow the stream of a camera (number, or “Store: camera”); frames live in memory only."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("camera")
        parser.add_argument("--seconds", type=float, help="stop after this long")
        parser.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            camera = find_camera(options["camera"])
            if not camera.stream_url:
                raise NotFoundError(f"{camera} has no stream address; set it in the admin.")
            frames, made = self._follow(camera, options["seconds"])
        except (NotFoundError, StreamError) as error:
            raise CommandError(str(error), returncode=2) from error
        result = {"camera": camera.pk, "frames": frames, "visits": made}
        self.stdout.write(json.dumps(result) if options["json"] else f"{frames} frames, {made} visits")

    def _follow(self, camera: Camera, seconds: float | None) -> tuple[int, int]:
        people: list[Person] = []
        frames = made = 0
        for glimpse in glimpses(camera.stream_url, seconds):
            frames += 1
            gone = [p for p in people if p.last.at < glimpse.at - MAX_GAP_SECONDS - PARTY_SECONDS]
            people = [p for p in people if p not in gone]
            made += self._record(camera, gone)
            found = find_faces([glimpse.image], tools())[0]
            faces = [face.seen(glimpse.at) for face in found]
            people.extend(continue_people(people, faces))
            self.stderr.write(f"{len(faces)} faces, {len(people)} people in view")
        return frames, made + self._record(camera, people)

    def _record(self, camera: Camera, people: list[Person]) -> int:
        kept = [person for person in people if person.clear_faces >= FEWEST_FACES]
        return keep(camera, kept, source=Visit.Source.STREAM) if kept else 0
