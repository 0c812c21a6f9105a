"""`manage.py watch`: follow a camera's stream and record visits."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from inference.finding import NotFoundError, find_camera
from inference.models import Camera
from inference.pipeline import find_faces, tools
from inference.streams import StreamError, glimpses
from inference.view import View


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
        view = View(camera)
        frames = made = 0
        for glimpse in glimpses(camera.stream_url, seconds):
            frames += 1
            found = find_faces([glimpse.image], tools(), tasks=camera.store.tasks)[0]
            made += view.see(glimpse.at, [face.seen(glimpse.at) for face in found])
            self.stderr.write(f"{len(found)} faces, {len(view.people)} people in view")
        return frames, made + view.close()
