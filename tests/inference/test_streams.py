"""Streams that stall, break off and come back, from a small MJPEG server; and who is seen in them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from inference import streams
from inference.following import Follower, _list, follow_all
from inference.models import CameraHour, CameraState, Visit
from inference.streams import Pace, Stream
from tests import factories, fakes


class Door:
    """An MJPEG camera; `stall` keeps the connection and says nothing, `drop` ends it."""

    def __init__(self) -> None:
        self.mode = "play"
        self.connections = 0
        door = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:  # the library's name
                door.connections += 1
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                door.play(self.wfile.write)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/door.mjpg"

    def play(self, write: Callable[[bytes], int]) -> None:
        number = 0
        while self.mode != "drop":
            if self.mode == "play":
                data = fakes.picture((40 + number % 40, 60, 48, fakes.WOMAN), form="JPEG")
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                try:
                    write(head.encode() + data + b"\r\n")
                except OSError:
                    return
                number += 1
            time.sleep(0.04)


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setattr(streams, "FIRST_PAUSE", 0.1)
    door = Door()
    yield door
    door.mode = "drop"
    door.server.shutdown()
    door.server.server_close()


def wait_for(stream: Stream, status: str, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while stream.status != status:
        stream.newest(0.1)
        assert time.monotonic() < end, f"still {stream.status}, not {status}: {stream.reason}"


def test_a_stream_that_stalls_and_breaks_off_comes_back(door: Door) -> None:
    stream = Stream(door.address, silent_after=1.5)
    wait_for(stream, "up")
    door.mode = "stall"
    wait_for(stream, "silent")
    assert "nothing came" in stream.reason and stream.drops >= 1
    door.mode = "play"
    wait_for(stream, "up")
    door.mode = "drop"
    wait_for(stream, "down")
    door.mode = "play"
    wait_for(stream, "up")
    assert stream.drops >= 2 and door.connections >= 3
    stream.close()


def test_only_the_newest_frame_is_kept(door: Door) -> None:
    stream = Stream(door.address)
    wait_for(stream, "up")
    time.sleep(1.0)
    glimpse = stream.newest(1.0)
    assert glimpse is not None and time.time() - glimpse.at < 0.5
    stream.close()


def test_a_read_that_blocks_for_ever_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "FIRST_PAUSE", 0.05)
    opened: list[str] = []

    class Stuck:
        def isOpened(self) -> bool:  # noqa: N802  # OpenCV's name
            return True

        def read(self) -> tuple[bool, object]:
            if len(opened) == 1:
                threading.Event().wait()
            time.sleep(0.02)
            return True, np.zeros((4, 4, 3), np.uint8)

        def release(self) -> None:
            pass

    def opens(address: str) -> Stuck:
        opened.append(address)
        return Stuck()

    stream = Stream("rtsp://stuck", silent_after=0.2, opens=opens)
    wait_for(stream, "silent", 5)
    wait_for(stream, "up", 5)
    stream.close()


class Nowhere:
    """An address that cannot be opened."""

    def __init__(self, address: str) -> None:
        self.address = address

    def isOpened(self) -> bool:  # noqa: N802  # OpenCV's name
        return False

    def read(self) -> tuple[bool, object]:
        return False, None

    def release(self) -> None:
        pass


def test_pauses_grow_and_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(random, "uniform", lambda low, high: 1.0)
    stream = Stream("nowhere", opens=Nowhere)
    pauses = []
    for _ in range(9):
        stream._drop("down", "")
        pauses.append(round(stream._retry_at - time.monotonic()))
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_looking_slows_down_with_load() -> None:
    pace = Pace()
    assert pace.seconds_between(1) == 0.5
    pace.note(0.7)
    assert pace.seconds_between(1) == pytest.approx(1.0)
    assert pace.seconds_between(20) == streams.SLOWEST_SECONDS


def test_no_message_holds_a_password() -> None:
    assert streams.without_password("rtsp://ada:s3cret@10.0.0.7/live") == "rtsp://10.0.0.7/live"


@pytest.mark.django_db(transaction=True)
def test_a_followed_camera_makes_visits_and_tells_its_state(door: Door) -> None:
    camera = factories.camera(stream_url=door.address, is_followed=True)
    stopping = threading.Event()
    threading.Timer(6.0, stopping.set).start()
    follow_all(stopping, fakes.tools())
    state, hour = CameraState.objects.get(camera=camera), CameraHour.objects.get(camera=camera)
    assert state.status == "ended" and state.seen_at is not None
    assert hour.frames >= 3 and hour.faces == hour.frames and hour.age_seconds / hour.aged < 5
    assert Visit.objects.get().source == "stream"


@pytest.mark.django_db
def test_a_camera_no_longer_followed_is_left(door: Door) -> None:
    camera = factories.camera(stream_url=door.address, is_followed=True)
    followers: dict[int, Follower] = {}
    _list(followers)
    assert followers.keys() == {camera.pk}
    camera.is_followed = False
    camera.save()
    _list(followers)
    assert not followers
