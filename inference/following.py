"""The streams of cameras are followed: looked at as often as load allows, counted, and their state told."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from datetime import UTC, datetime

from django.utils.timezone import now

from inference import face_keeping, health
from inference.models import Camera, CameraState
from inference.pipeline import Tools, find_faces, health_of, tools
from inference.streams import Glimpse, Pace, Stream, without_password
from inference.view import View

log = logging.getLogger(__name__)

# The state of cameras is written this often, and the list of cameras read anew.
TELL_EVERY, LIST_EVERY = 5.0, 15.0
# How long a look waits for a frame before the next camera has its turn.
PATIENCE = 0.05


class Follower:
    """One camera: its stream, the people in view, and what it has brought since that was last written down."""

    def __init__(self, camera: Camera, stream: Stream) -> None:
        self.camera, self.stream = camera, stream
        self.view = View(camera)
        self.for_audit = False  # whether a blind audit wants faces
        self.due = 0.0  # on the monotonic clock
        self.visits = 0
        self._counts: Counter[str] = Counter()
        self._told_drops = 0
        self._seen_at: float | None = None
        self._told_at = 0.0
        self._told_status = ""

    def look(self, using: Tools | None = None) -> bool:
        """Take the newest frame, if there is one, through detection and tracking; whether there was one."""
        glimpse = self.stream.newest(PATIENCE)
        if glimpse is not None:
            self._count(glimpse, using or tools())
        else:
            self.visits += self.view.see(time.time(), [])  # who has left is a visit, frame or no frame
        return glimpse is not None

    def _count(self, glimpse: Glimpse, using: Tools) -> None:
        age = time.time() - glimpse.at
        store = self.camera.store
        found = find_faces([glimpse.image], using, tasks=store.tasks, for_audit=self.for_audit)[0]
        if candidates := [one for face in found if (one := face.candidate(glimpse.at))]:
            face_keeping.keep(store, candidates)
        self.visits += self.view.see(glimpse.at, [face.seen(glimpse.at) for face in found])
        sure = [face for face in found if face.where.sure]
        self._counts.update({**health_of(sure), "age_seconds": age, "aged": 1})
        self._seen_at = glimpse.at

    def tell(self, seconds_between: float) -> None:
        """Write down state and sums, every TELL_EVERY seconds or when the state has changed."""
        changed = self.stream.status != self._told_status
        if not changed and time.monotonic() < self._told_at + TELL_EVERY:
            return
        self._told_at, self._told_status = time.monotonic(), self.stream.status
        drops, self._told_drops = self.stream.drops - self._told_drops, self.stream.drops
        counts, self._counts = Counter({**self._counts, "drops": drops}), Counter()
        if any(counts.values()):
            health.note(self.camera, now(), **counts)
        self._write_state(seconds_between)

    def _write_state(self, seconds_between: float) -> None:
        row, is_new = CameraState.objects.get_or_create(camera=self.camera)
        if is_new or row.status != self.stream.status:
            row.status, row.since = self.stream.status, now()
            log.info("%s is %s %s", self.camera, self.stream.status, self.stream.reason)
        row.reason, row.updated_at = self.stream.reason, now()
        row.looks_per_second = 1 / seconds_between
        row.seen_at = datetime.fromtimestamp(self._seen_at, UTC) if self._seen_at else row.seen_at
        row.save()

    def close(self) -> None:
        """Nobody follows it any more: who was in view becomes visits."""
        self.stream.close()
        self.visits += self.view.close()
        if any(self._counts.values()):
            health.note(self.camera, now(), **self._counts)
        CameraState.objects.filter(camera=self.camera).update(status="ended", reason="", since=now(), updated_at=now())


def follow_all(stopping: threading.Event, using: Tools | None = None) -> None:
    """Follow every camera that is to be followed, in one process with one set of models, until told to stop."""
    followers: dict[int, Follower] = {}
    pace, listed_at = Pace(), -LIST_EVERY
    while not stopping.is_set():
        if time.monotonic() >= listed_at + LIST_EVERY:
            listed_at = time.monotonic()
            _list(followers)
        between = pace.seconds_between(len(followers))
        for follower in list(followers.values()):
            if time.monotonic() >= follower.due:
                began = time.monotonic()
                if follower.look(using):
                    pace.note(time.monotonic() - began)
                follower.due = began + between
            follower.tell(between)
        stopping.wait(0.05 if followers else 1.0)
    for follower in followers.values():
        follower.close()


def _list(followers: dict[int, Follower]) -> None:
    """Begin with cameras that are new or have another address, leave those no longer followed, read switches anew."""
    wanted = {row.pk: row for row in Camera.objects.select_related("store").filter(is_followed=True) if row.stream_url}
    for pk, follower in list(followers.items()):
        camera = wanted.get(pk)
        if camera is None or camera.stream_url != follower.camera.stream_url:
            followers.pop(pk).close()
        else:
            follower.camera = follower.view.camera = camera
    for pk in wanted.keys() - followers.keys():
        log.info("following %s at %s", wanted[pk], without_password(wanted[pk].stream_url))
        followers[pk] = Follower(wanted[pk], Stream(wanted[pk].stream_url))
    keeping = face_keeping.keeping(camera.store for camera in wanted.values())
    for follower in followers.values():
        follower.for_audit = follower.camera.store_id in keeping
