"""Snapshots per second, end to end and per stage, beside what a short script with the same libraries would do."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any

import cv2
import numpy as np
from django.db import transaction

from analytics import demo_scenes
from inference import intake, pipeline
from inference.decode import decode
from inference.detect import Detection
from inference.models import Camera, Face, Snapshot, SnapshotBatch, Store
from inference.predictor import TASKS, Predictor
from inference.visits import settle
from tests.benchmarks.table import Row, side_by_side
from training import artifacts
from training.preprocessing import Pixels, align, prepare

PICTURES = 24  # 1280 × 720, one or two faces each
FIRST = datetime(2026, 3, 10, 9, tzinfo=UTC)


def rows() -> Iterator[Row]:
    files = [demo_scenes.draw(scene) for scene in islice(demo_scenes.script(FIRST, PICTURES), PICTURES)]
    pictures = [decode(data) for data in files]
    found = [pipeline.tools().detector.detect(picture, pipeline.MIN_FACE_PIXELS / 2) for picture in pictures]
    faces = [(picture, face) for picture, some in zip(pictures, found, strict=True) for face in some]
    yield end_to_end(files)
    yield decoding(files)
    yield detecting(pictures)
    yield classifying(faces)
    yield storing(found)


def end_to_end(files: list[bytes]) -> Row:
    """From uploaded bytes to visits in the database; the script stores nothing and follows nobody."""
    numbers = count(1)
    ours, theirs = side_by_side(lambda: ours_whole(files, next(numbers)), lambda: script(files), rounds=3)
    name = f"a script: OpenCV, {pipeline.tools().detector.name}, one face at a time, nothing stored"
    return Row("snapshots, end to end", len(files) / ours, "pictures/s", name, len(files) / theirs)


def ours_whole(files: list[bytes], number: int) -> None:
    camera = new_camera(f"Bench {number}")
    names = (f"{scene.name}" for scene in demo_scenes.script(FIRST, PICTURES))
    result = intake.receive(camera, [(name, io.BytesIO(data)) for name, data in zip(names, files, strict=False)])
    analysed = pipeline.analyse_pending(result.batch)
    assert analysed == len(files), f"{analysed} of {len(files)} pictures were analysed"


def script(files: list[bytes]) -> list[Any]:
    models = {task: serving(task) for task in TASKS}
    looks = []
    for data in files:
        picture = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)
        for face in pipeline.tools().detector.detect(picture, pipeline.MIN_FACE_PIXELS / 2):
            looks.append(one_by_one([(picture, face)], models))
    return looks


_models: dict[str, artifacts.Artifact] = {}


def serving(task: str) -> artifacts.Artifact:
    if task not in _models:
        _models[task] = artifacts.load(artifacts.resolve(task))
        spec = _models[task].input
        _models[task].run(np.zeros((1, spec.size, spec.size, spec.channels), np.float32))  # loads the weights
    return _models[task]


def decoding(files: list[bytes]) -> Row:
    ours, theirs = side_by_side(
        lambda: [decode(data) for data in files],
        lambda: [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in files],
    )
    return Row("  decode, with checks", len(files) / ours, "pictures/s", "cv2.imdecode, no checks", len(files) / theirs)


def detecting(pictures: list[Pixels]) -> Row:
    """Beside the mtcnn package called as its documentation does."""
    from mtcnn import MTCNN

    bare, detector = MTCNN(), pipeline.tools().detector
    ours, theirs = side_by_side(
        lambda: [detector.detect(picture, pipeline.MIN_FACE_PIXELS / 2) for picture in pictures],
        lambda: [bare.detect_faces(picture) for picture in pictures],
        rounds=2,
    )
    name = f"  detect ({detector.name})"
    return Row(name, len(pictures) / ours, "pictures/s", "mtcnn.detect_faces(picture)", len(pictures) / theirs)


def classifying(faces: list[tuple[Pixels, Detection]]) -> Row:
    predictor, models = Predictor(), {task: serving(task) for task in TASKS}
    ours, theirs = side_by_side(
        lambda: predictor.look_at(faces), lambda: [one_by_one([face], models) for face in faces], rounds=3
    )
    name = "keras predict, one face at a time"
    return Row("  classify, three models", len(faces) / ours, "faces/s", name, len(faces) / theirs)


def one_by_one(faces: list[tuple[Pixels, Detection]], models: dict[Any, artifacts.Artifact]) -> list[Any]:
    looks = []
    for model in models.values():
        crops = [align(image, face.landmarks, model.input.size, model.input.framing) for image, face in faces]
        looks.append(model._network.predict(prepare(crops, model.input), verbose=0))
    return looks


def storing(found: list[list[Detection]]) -> Row:
    """Faces into rows, rows into visits; beside one save() per face."""
    camera = new_camera("Bench store")

    def ours() -> None:
        batch, snapshots = stored_snapshots(camera, len(found))
        faces = [(s, face) for s, some in zip(snapshots, found, strict=True) for face in some]
        Face.objects.bulk_create([pipeline._row(s, pipeline.FoundFace(face, None)) for s, face in faces])
        settle(batch)

    def theirs() -> None:
        _, snapshots = stored_snapshots(camera, len(found))
        for snapshot, some in zip(snapshots, found, strict=True):
            for face in some:
                pipeline._row(snapshot, pipeline.FoundFace(face, None)).save()
            snapshot.save()

    fast, slow = side_by_side(ours, theirs)
    name = "one save() per row, no visits made"
    return Row("  store, visits included", len(found) / fast, "pictures/s", name, len(found) / slow)


@transaction.atomic
def stored_snapshots(camera: Camera, number: int) -> tuple[SnapshotBatch, list[Snapshot]]:
    batch = SnapshotBatch.objects.create(camera=camera)
    made = [
        Snapshot(camera=camera, batch=batch, file_name="x", checksum=f"{batch.pk}-{k}", captured_at=FIRST)
        for k in range(number)
    ]
    return batch, Snapshot.objects.bulk_create(made)


def new_camera(name: str) -> Camera:
    store = Store.objects.create(name=name, timezone="Europe/Oslo")
    return Camera.objects.create(store=store, name="Entrance")
