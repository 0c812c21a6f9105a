"""Snapshots per second: end to end, beside the same steps without queue or database, and beside DeepFace.

`SNAPSHOTS=1000 make bench BENCH_ARGS="--only snapshots"` is the full run; fewer pictures show the same ratios.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count

import cv2
import numpy as np
from django.db import transaction

from analytics import demo_scenes
from inference import intake, pipeline
from inference.decode import NotAPictureError, decode, decode_reduced
from inference.detect import Detection
from inference.models import Camera, Face, Snapshot, SnapshotBatch, Store
from inference.pipeline import FoundFace, find_faces_in, tools
from inference.tracking import follow
from inference.visits import entries, settle
from tests.benchmarks.database import worker
from tests.benchmarks.deepface import DeepFace
from tests.benchmarks.table import Row, seconds, side_by_side
from training.preprocessing import Pixels

PICTURES = int(os.environ.get("SNAPSHOTS", "200"))  # 1280 × 720, two faces each
DIFFERENT = 100  # of them; bytes behind their end make every file another one, and drawing takes longer than analysing
STAGE_PICTURES = 96
# DeepFace takes some 0.3 s a face, so it is timed on few of them; the arithmetic is the same for every face.
DEEPFACE_FACES, DEEPFACE_ROUNDS = 6, 5
FIRST = datetime(2026, 3, 10, 9, tzinfo=UTC)
SECONDS_APART = 10
LONGEST_WAIT = 900.0


def rows() -> Iterator[Row]:
    drawn = [picture(number) for number in range(min(PICTURES, DIFFERENT))]
    files = [drawn[number % DIFFERENT] + number.to_bytes(4, "big") for number in range(PICTURES)]
    some = files[:STAGE_PICTURES]
    with worker():
        wait_for_worker(files[:8])
        through_queue, direct = side_by_side_once(lambda: through_everything(files), lambda: in_process(files))
        yield rate("snapshots, end to end", files, through_queue, "the same in-process, no queue, no database", direct)
    stages = [stage(some) / len(some) * len(files) for stage in (decoding, detecting, classifying, storing)]
    yield rate("  the same", files, through_queue, "the sum of its stages, each alone", sum(stages))
    looked = [pipeline._look(tools().detector, pipeline.MIN_FACE_PIXELS, data) for data in some]
    faces = [(one.picture, face.times(one.scale)) for one in looked if not isinstance(one, NotAPictureError)
             for face in one.faces]  # fmt: skip
    deepface = DeepFace()
    yield beside_deepface_alone(faces, deepface)
    yield beside_deepface_whole(files, through_queue, deepface)
    yield from single_stages(some)


def picture(number: int) -> bytes:
    """Two portraits of nobody in the drawn entrance, another two in each picture."""
    random = np.random.default_rng(number)
    portraits = sorted(demo_scenes.PORTRAITS.glob("*.jpg"))
    guests = tuple(
        demo_scenes.Guest(portraits[random.integers(len(portraits))], x + random.uniform(-90, 90), 260.0)
        for x in (420.0, 860.0)
    )
    return demo_scenes.draw(demo_scenes.Scene(name(number), FIRST, guests, int(random.integers(3))))


def name(number: int) -> str:
    return f"entrance_{FIRST + timedelta(seconds=SECONDS_APART * number):%Y%m%d_%H%M%S}.jpg"


def rate(what: str, files: Sequence[bytes], ours: float, yardstick: str, theirs: float) -> Row:
    return Row(what, len(files) / ours, "pictures/s", yardstick, len(files) / theirs)


def side_by_side_once(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """Seconds of each, ours between two of theirs, because these take long and other programs come and go."""
    before, mine, after = seconds(theirs), seconds(ours), seconds(theirs)
    return mine, (before + after) / 2


# Whole ------------------------------------------------------------------------------------------------------------

_numbers = count(1)


def through_everything(files: Sequence[bytes]) -> None:
    """From uploaded bytes through Redis and a worker to visits in Postgres."""
    camera = new_camera(f"Bench {next(_numbers)}")
    result = intake.receive(camera, [(name(place), io.BytesIO(data)) for place, data in enumerate(files)])
    deadline = time.monotonic() + LONGEST_WAIT
    while SnapshotBatch.objects.filter(pk=result.batch.pk, finished_at=None).exists():
        assert time.monotonic() < deadline, "the worker does not finish"
        time.sleep(0.05)
    analysed = result.batch.snapshots.filter(status=Snapshot.Status.ANALYSED).count()
    assert analysed == len(files), f"{analysed} of {len(files)} pictures were analysed"


def wait_for_worker(files: Sequence[bytes]) -> None:
    """The worker has its models loaded, and so has this process."""
    through_everything(files)
    in_process(files)


def in_process(files: Sequence[bytes]) -> None:
    """The same steps, one call after the other; nothing is stored."""
    seen = []
    for start in range(0, len(files), pipeline.CHUNK):
        for place, faces in enumerate(find_faces_in(files[start : start + pipeline.CHUNK], tools()), start=start):
            assert not isinstance(faces, NotAPictureError)
            at = FIRST.timestamp() + SECONDS_APART * place
            seen.append([face.seen(at) for face in faces if face.where.sure])
    made = entries(follow(seen))
    assert len(made) >= len(files), f"{len(made)} people in {len(files)} pictures of two"


# Stages, each alone on both cores ---------------------------------------------------------------------------------


def in_threads(work: Callable[[bytes], object], files: Sequence[bytes]) -> float:
    with ThreadPoolExecutor(pipeline.THREADS) as threads:
        list(threads.map(work, files[:4]))
        return seconds(lambda: list(threads.map(work, files)))


def decoding(files: Sequence[bytes]) -> float:
    scale = tools().detector.scale(pipeline.MIN_FACE_PIXELS)
    return in_threads(lambda data: decode_reduced(data, scale), files)


def detecting(files: Sequence[bytes]) -> float:
    detector, smallest = tools().detector, pipeline.MIN_FACE_PIXELS
    small = [decode_reduced(data, detector.scale(smallest)) for data in files]
    with ThreadPoolExecutor(pipeline.THREADS) as threads:
        look = [threads.submit(detector.detect, *small[0]) for _ in range(4)]
        assert all(one.result() is not None for one in look)
        return seconds(lambda: list(threads.map(lambda one: detector.detect(one[0], smallest * one[1]), small)))


def classifying(files: Sequence[bytes]) -> float:
    faces = [(picture, face) for picture, found in found_in(files) for face in found]
    for _ in range(2):
        taken = seconds(lambda: tools().classifier.look_at(faces))
    return taken


def storing(files: Sequence[bytes]) -> float:
    found = [[FoundFace(face, None) for face in faces] for _, faces in found_in(files)]
    camera = new_camera(f"Bench store {next(_numbers)}")
    return seconds(lambda: stored(camera, found))


def found_in(files: Sequence[bytes]) -> list[tuple[Pixels, list[Detection]]]:
    pictures = [decode(data) for data in files]
    return [(picture, tools().detector.detect(picture, pipeline.MIN_FACE_PIXELS)) for picture in pictures]


@transaction.atomic
def stored(camera: Camera, found: Sequence[list[FoundFace]]) -> None:
    """Snapshots and faces into rows, rows into visits."""
    batch = SnapshotBatch.objects.create(camera=camera)
    snapshots = Snapshot.objects.bulk_create(
        Snapshot(camera=camera, batch=batch, file_name="x", checksum=f"{batch.pk}-{k}", captured_at=FIRST)
        for k in range(len(found))
    )
    rows = [pipeline._row(row, face) for row, faces in zip(snapshots, found, strict=True) for face in faces]
    Face.objects.bulk_create(rows)
    settle(batch)


# Beside others ----------------------------------------------------------------------------------------------------


def beside_deepface_alone(faces: Sequence[tuple[Pixels, Detection]], deepface: DeepFace) -> Row:
    few = faces[:DEEPFACE_FACES]
    ours, theirs = side_by_side(
        lambda: tools().classifier.look_at(faces),
        lambda: [deepface.analyse(crop(image, face)) for image, face in few],
        rounds=DEEPFACE_ROUNDS,
    )
    yardstick = f"DeepFace's three networks, random weights, {len(few)} faces"
    return Row("  classify: age, gender, mood", len(faces) / ours, "faces/s", yardstick, len(few) / theirs)


def beside_deepface_whole(files: Sequence[bytes], ours: float, deepface: DeepFace) -> Row:
    """DeepFace's analyze on a file: decoded whole, the same detector, each face through each network."""

    def analyse(data: bytes) -> None:
        image = np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR_RGB), np.uint8)
        for face in tools().detector.detect(image, pipeline.MIN_FACE_PIXELS):
            deepface.analyse(crop(image, face))

    few = files[: DEEPFACE_FACES // 2]
    theirs = seconds(lambda: list(map(analyse, few)))
    yardstick = f"DeepFace, random weights, detector {tools().detector.name} as here, {len(few)} pictures"
    return Row("snapshots, end to end", len(files) / ours, "pictures/s", yardstick, len(few) / theirs)


def crop(image: Pixels, face: Detection) -> Pixels:
    x, y, width, height = (round(value) for value in face.box)
    return image[max(0, y) : y + height, max(0, x) : x + width]


def single_stages(files: Sequence[bytes]) -> Iterator[Row]:
    from mtcnn import MTCNN

    few = files[:6]
    pictures, bare = [decode(data) for data in few], MTCNN()
    ours, theirs = side_by_side(
        lambda: [decode(data) for data in files],
        lambda: [cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) for data in files],
    )
    yield rate("  decode whole, with checks", files, ours, "cv2.imdecode, no checks", theirs)
    ours, theirs = side_by_side(
        lambda: [tools().detector.detect(picture, pipeline.MIN_FACE_PIXELS) for picture in pictures],
        lambda: [bare.detect_faces(picture) for picture in pictures],
        rounds=2,
    )
    yield rate(f"  detect ({tools().detector.name})", few, ours, "mtcnn.detect_faces(picture)", theirs)


def new_camera(name: str) -> Camera:
    store = Store.objects.create(name=name, timezone="Europe/Oslo", reentry_minutes=0)
    return Camera.objects.create(store=store, name="Entrance")
