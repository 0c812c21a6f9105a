"""A chunk of snapshots through all of it: decode, detect, align, classify, store; exactly once.

A chunk's rows are locked while it is analysed, and results and status are committed together. A worker that dies in
between loses its locks with its connection, so another takes the same snapshots up as if nothing had happened.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Max, Min
from django.utils.timezone import now

from inference import appearance, face_colours, face_keeping, health, spool, visits
from inference.appearance import Vector
from inference.decode import NotAPictureError, decode_reduced
from inference.detect import Detection, Detector, detector
from inference.detect.base import LARGEST_POSE_ERROR
from inference.face_keeping import Candidate
from inference.models import Camera, Face, Snapshot, SnapshotBatch
from inference.predictor import TASKS, Classifier, FaceLook, Predictor
from inference.tracking import Seen
from training.labels import Task
from training.preprocessing import Pixels

log = logging.getLogger(__name__)

CHUNK = 64
# Who was in the last picture of a live batch has left when none has come for this long.
LIVE_SILENCE = timedelta(seconds=30)
LIVE_EVERY_SECONDS = 5.0
# Pictures that a camera pushes go into one live batch for about a day.
LIVE_LASTS = timedelta(days=1)
# Decoding and detecting in parallel; more than a few threads wait for each other.
THREADS = min(4, os.cpu_count() or 1)
# The models look at faces of 64 pixels in a slightly larger crop: a picture decoded for detection may do for them too.
SHARP_ENOUGH_PIXELS = 64.0
FACES_AT_ONCE = 64
# Smaller faces are counted as seen and not guessed at.
MIN_FACE_PIXELS = 32.0
# A face is made this large before its sharpness is measured, so that near and far ones compare.
SHARPNESS_SIDE, HALF_SHARP = 48, 60.0


@dataclass(frozen=True)
class FoundFace:
    """A face in a picture. `weight`, 0 to 1: how sharp and how frontal it is. `colours` never leave the process.

    `crop` is there only where a blind audit wants faces.
    """

    where: Detection
    look: FaceLook | None
    weight: float = 1.0
    colours: Vector | None = None
    crop: Pixels | None = None

    @property
    def sure_look(self) -> FaceLook | None:
        """None where the model itself doubts that this is a face."""
        return None if self.look is None or self.look.unsure else self.look

    def candidate(self, at: float) -> Candidate | None:
        """For a blind audit: a face with a look of its own and a crop."""
        return Candidate(at, self.crop, self.sure_look) if self.crop is not None and self.sure_look else None

    def seen(self, at: float, key: int = 0) -> Seen:
        where = self.where
        return Seen(at, where.box, self.sure_look, key, where.sure, where.is_clear, self.weight, self.colours)


@dataclass
class Tools:
    """The detector and the models, loaded once per process; threads too, because each has a detector of its own."""

    detector: Detector
    classifier: Classifier
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS))


_tools: Tools | None = None


def tools() -> Tools:
    """This process' tools; loaded on first use, so that no model crosses a fork."""
    global _tools
    if _tools is None:
        _tools = Tools(detector(), Predictor())
    return _tools


@dataclass(frozen=True)
class _Looked:
    """A picture, decoded at `scale`, and the faces found there, in pixels of the original."""

    picture: Pixels
    scale: float
    faces: list[Detection]
    tasks: tuple[Task, ...] = TASKS  # what may be estimated from it
    for_audit: bool = False  # whether its faces are cut out


def find_faces(
    pictures: Sequence[Pixels],
    using: Tools,
    smallest: float = MIN_FACE_PIXELS,
    tasks: tuple[Task, ...] = TASKS,
    for_audit: bool = False,
) -> list[list[FoundFace]]:
    """Faces of each picture, unsure ones too; those that are sure and large enough classified in one call."""
    looked = [_Looked(picture, 1.0, using.detector.detect(picture, smallest), tasks, for_audit) for picture in pictures]
    return _classified(looked, using, smallest)


def find_faces_in(
    files: Sequence[bytes],
    using: Tools,
    smallest: float = MIN_FACE_PIXELS,
    tasks: Sequence[tuple[Task, ...]] | None = None,
    for_audit: Sequence[bool] | None = None,
) -> list[list[FoundFace] | NotAPictureError]:
    """Faces of each picture file, or why it is none. Threads decode and detect while others' faces are classified.

    `tasks` says for each file what may be estimated; left out, everything. `for_audit`: whose faces are cut out.
    """
    wanted = tasks if tasks is not None else [TASKS] * len(files)
    audited = for_audit if for_audit is not None else [False] * len(files)
    result: list[list[FoundFace] | NotAPictureError] = []
    waiting: list[_Looked] = []
    places: list[int] = []

    def classify() -> None:
        for place, faces in zip(places, _classified(waiting, using, smallest), strict=True):
            result[place] = faces
        waiting.clear()
        places.clear()

    look = partial(_look, using.detector, smallest)
    for looked in using.threads.map(look, files, wanted, audited):
        if isinstance(looked, NotAPictureError):
            result.append(looked)
            continue
        places.append(len(result))
        waiting.append(looked)
        result.append([])
        if sum(len(one.faces) for one in waiting) >= FACES_AT_ONCE:
            classify()
    classify()
    return result


def _look(
    detector: Detector, smallest: float, data: bytes, tasks: tuple[Task, ...] = TASKS, for_audit: bool = False
) -> _Looked | NotAPictureError:
    """Find faces in a picture decoded no larger than the detector needs it, or than its smallest face needs it."""
    try:
        picture, scale = decode_reduced(data, detector.scale(smallest))
        found = [face.times(1 / scale) for face in detector.detect(picture, smallest * scale)]
        worth = [face.size for face in found if face.sure and face.size >= smallest]
        if scale < 1 and worth and min(worth) * scale < SHARP_ENOUGH_PIXELS:
            picture, scale = decode_reduced(data, min(1.0, SHARP_ENOUGH_PIXELS / min(worth)))
        return _Looked(picture, scale, found, tasks, for_audit)
    except NotAPictureError as error:
        return error


def _classified(looked: Sequence[_Looked], using: Tools, smallest: float) -> list[list[FoundFace]]:
    large = [(one, face) for one in looked for face in one.faces if face.sure and face.size >= smallest]
    look_of: dict[int, FaceLook] = {}
    for tasks in {one.tasks for one, _ in large} - {()}:
        alike = [(one, face) for one, face in large if one.tasks == tasks]
        looks = using.classifier.look_at([(one.picture, face.times(one.scale)) for one, face in alike], tasks)
        look_of |= {id(face): look for (_, face), look in zip(alike, looks, strict=True)}
    return [_found(one, [look_of.get(id(face)) for face in one.faces]) for one in looked]


def _found(looked: _Looked, looks: Sequence[FaceLook | None]) -> list[FoundFace]:
    picture = looked.picture
    there = [face.times(looked.scale) for face in looked.faces]
    colours = appearance.colours(picture, [face.box for face in there])
    crops = [
        face_keeping.cut(picture, face.box) if looked.for_audit and look else None
        for face, look in zip(there, looks, strict=True)
    ]
    weights = [weight(picture, face) for face in there]
    return list(map(FoundFace, looked.faces, looks, weights, colours, crops))


def weight(picture: Pixels, face: Detection) -> float:
    """How much a face's look tells beside others of its size, 0 to 1: sharp and turned to the camera is best."""
    turned_away = min(1.0, face.pose_error / LARGEST_POSE_ERROR)
    return (1 - 0.9 * turned_away) * sharpness(picture, face.box)


def sharpness(picture: Pixels, box: tuple[float, float, float, float]) -> float:
    """0 blurred to 1 sharp: the variance of the Laplacian (Pech-Pacheco et al., ICPR 2000), half at HALF_SHARP."""
    import cv2

    left, top, right, bottom = box[0], box[1], box[0] + box[2], box[1] + box[3]
    crop = picture[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))]
    if crop.size == 0:
        return 0.0
    grey = cv2.cvtColor(cv2.resize(crop, (SHARPNESS_SIDE, SHARPNESS_SIDE)), cv2.COLOR_RGB2GRAY)
    variance = float(cv2.Laplacian(grey, cv2.CV_32F).var())
    return variance / (variance + HALF_SHARP)


def analyse_pending(batch: SnapshotBatch | None = None, using: Tools | None = None) -> int:
    """Analyse all pending snapshots (of one batch, or of all), then make visits; how many snapshots that were."""
    done = 0
    while (count := analyse_chunk(batch, using)) > 0:
        done += count
    finish(batch)
    return done


def analyse_chunk(batch: SnapshotBatch | None = None, using: Tools | None = None) -> int:
    """Analyse up to CHUNK pending snapshots that no other worker holds; 0 when there are none."""
    with transaction.atomic():
        rows = Snapshot.objects.pending().filter(batch=batch) if batch else Snapshot.objects.pending()
        rows = rows.select_related("camera__store").select_for_update(skip_locked=True, of=("self",))
        chunk = list(rows.order_by("captured_at", "pk")[:CHUNK])
        if chunk:
            _analyse(chunk, using or tools())
    for snapshot in chunk:
        spool.remove(snapshot.pk)  # after the commit: a crash here leaves a file that `resume` removes
    return len(chunk)


def _analyse(chunk: list[Snapshot], using: Tools) -> None:
    there: list[Snapshot] = []
    files: list[bytes] = []
    for snapshot in chunk:
        try:
            files.append(spool.read(snapshot.pk))
            there.append(snapshot)
        except FileNotFoundError:
            _refuse(snapshot, "the picture is gone; please upload it again")
    stores = {snapshot.camera.store_id: snapshot.camera.store for snapshot in there}
    tasks = [snapshot.camera.store.tasks for snapshot in there]
    keeping = face_keeping.keeping(stores.values())
    audited = [snapshot.camera.store_id in keeping for snapshot in there]
    readable: list[Snapshot] = []
    faces: list[list[FoundFace]] = []
    for snapshot, found in zip(there, find_faces_in(files, using, tasks=tasks, for_audit=audited), strict=True):
        if isinstance(found, NotAPictureError):
            _refuse(snapshot, str(found))
            continue
        readable.append(snapshot)
        # Between loose pictures people move too far for an unsure face to be anybody's.
        faces.append([face for face in found if face.where.sure])
    for snapshot, found in zip(readable, faces, strict=True):
        snapshot.status = Snapshot.Status.ANALYSED
        snapshot.faces_seen = len(found)
        snapshot.faces_classified = sum(face.sure_look is not None for face in found)
        snapshot.analysed_at = now()
    pairs = [(snapshot, face) for snapshot, found in zip(readable, faces, strict=True) for face in found]
    rows = Face.objects.bulk_create([_row(snapshot, face) for snapshot, face in pairs])
    for row, (_, face) in zip(rows, pairs, strict=True):
        face_colours.put(row.pk, face.colours)
    Snapshot.objects.bulk_update(chunk, ["status", "reason", "faces_seen", "faces_classified", "analysed_at"])
    _note_health(chunk, dict(zip((snapshot.pk for snapshot in readable), faces, strict=True)))
    for pk in sorted(keeping):
        face_keeping.keep(stores[pk], _candidates(pairs, pk))


def _candidates(pairs: Sequence[tuple[Snapshot, FoundFace]], store_id: int) -> list[Candidate]:
    """Of a chunk, the faces from which a store's blind audit may draw."""
    found = [
        face.candidate((snapshot.captured_at or now()).timestamp())
        for snapshot, face in pairs
        if snapshot.camera.store_id == store_id
    ]
    return [one for one in found if one is not None]


def _note_health(chunk: Sequence[Snapshot], faces: dict[int, list[FoundFace]]) -> None:
    """Add a chunk to the sums of its cameras' hours, in one order everywhere, so that two workers never deadlock."""
    sums: dict[tuple[int, datetime], Counter[str]] = {}
    cameras = {snapshot.camera_id: snapshot.camera for snapshot in chunk}
    for snapshot in chunk:
        hour = snapshot.camera.store.hour_of(snapshot.captured_at or now())
        counts = health_of(faces[snapshot.pk]) if snapshot.pk in faces else {"refused": 1}
        sums.setdefault((snapshot.camera_id, hour), Counter()).update(counts)
    for (camera, hour), total in sorted(sums.items()):
        health.note(cameras[camera], hour, **total)


def health_of(found: Sequence[FoundFace]) -> dict[str, float]:
    """What a picture adds to the sums of its camera's hour."""
    classified = sum(face.sure_look is not None for face in found)
    size = sum(face.where.size for face in found)
    return {"frames": 1, "faces": len(found), "classified": classified, "face_pixels": size}


def _refuse(snapshot: Snapshot, reason: str) -> None:
    snapshot.status, snapshot.reason, snapshot.analysed_at = Snapshot.Status.REFUSED, reason, now()


def _row(snapshot: Snapshot, face: FoundFace) -> Face:
    look = face.sure_look
    return Face(
        snapshot=snapshot,
        box=list(face.where.box),
        score=face.where.score,
        is_clear=face.where.is_clear,
        weight=face.weight,
        age=look.age if look else None,
        gender=look.gender if look else None,
        mood=look.mood if look else None,
        age_years=look.age_years if look else None,
        model_version=look.model_version if look else "",
    )


def finish(batch: SnapshotBatch | None = None) -> int:
    """Make visits of batches that are in and analysed, and mark those batches done; how many.

    Of live batches, the people who have left the view become visits.
    """
    open_batches = SnapshotBatch.objects.filter(finished_at=None).select_related("camera__store")
    if batch is not None:
        open_batches = open_batches.filter(pk=batch.pk)
    for live in open_batches.filter(is_live=True):
        _settle_live(live)
    whole = open_batches.filter(is_live=False, received_at__isnull=False)
    ready = whole.exclude(snapshots__status__in=[Snapshot.Status.PENDING, Snapshot.Status.WAITING])
    return sum(_finish_one(one) for one in ready)


@transaction.atomic
def live_batch(camera: Camera) -> SnapshotBatch:
    """The batch that takes a camera's pictures one by one as they are pushed."""
    Camera.objects.select_for_update(of=("self",)).get(pk=camera.pk)  # two pushes at once find the same batch
    young = SnapshotBatch.objects.filter(camera=camera, is_live=True, finished_at=None)
    found = young.filter(created_at__gte=now() - LIVE_LASTS).first()
    return found or SnapshotBatch.objects.create(camera=camera, is_live=True)


_settled: dict[int, float] = {}


def _settle_live(batch: SnapshotBatch) -> None:
    """Make visits up to the first picture that is still to be analysed, or up to the last one there is."""
    if time.monotonic() - _settled.get(batch.pk, -LIVE_EVERY_SECONDS) < LIVE_EVERY_SECONDS:
        return  # a camera that pushes twenty pictures a second is looked at as often as people leave
    _settled[batch.pk] = time.monotonic()
    pending = batch.snapshots.filter(status=Snapshot.Status.PENDING)
    times = pending.aggregate(oldest=Min("captured_at"))["oldest"], batch.snapshots.analysed_until()
    until = min((at for at in times if at), default=None)
    latest = batch.snapshots.aggregate(at=Max("analysed_at"))["at"]
    is_silent = times[0] is None and latest is not None and latest < now() - LIVE_SILENCE
    if until is not None:
        visits.settle(batch, until=None if is_silent else until)
    if is_silent and batch.created_at < now() - LIVE_LASTS:
        _finish_one(batch)


@transaction.atomic
def _finish_one(batch: SnapshotBatch) -> bool:
    # Of two workers that get here together, the second waits for the first's commit and then finds the batch done.
    if not SnapshotBatch.objects.filter(pk=batch.pk, finished_at=None).update(finished_at=now()):
        return False
    made = visits.settle(batch)
    log.info("batch %s done: %s visits", batch.pk, made)
    return True
