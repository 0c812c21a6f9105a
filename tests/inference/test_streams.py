"""Streams that stall, break off and come back, from a small MJPEG server; and who is seen in them."""

from __future__ import annotations

import io
import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from inference import streams
from inference.following import Follower, _list, follow_all
from inference.models import CameraHour, CameraState, Visit
from inference.streams import Pace, Player, Stream
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
    monkeypatch.setattr(streams, "LONGEST_PAUSE", 0.5)
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

        def get(self, what: int) -> float:
            return 0.0

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

    def get(self, what: int) -> float:
        return 0.0

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


# `watch`, over HTTP ----------------------------------------------------------------------------


def watch(address: str, seconds: float, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What `manage.py watch --json` says of a stream."""
    monkeypatch.setattr("inference.management.commands.watch.tools", fakes.tools)
    camera = factories.camera(factories.store(reentry_minutes=0), stream_url=address)
    out = io.StringIO()
    call_command("watch", str(camera.pk), seconds=seconds, json=True, stdout=out, stderr=io.StringIO())
    told: dict[str, int] = json.loads(out.getvalue())
    return told


@pytest.mark.django_db(transaction=True)
def test_watch_follows_a_mjpeg_stream_through_a_cut(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is there before the cut and somebody after it, long enough apart to be two visits."""
    threading.Timer(4.0, lambda: setattr(door, "mode", "drop")).start()
    threading.Timer(11.0, lambda: setattr(door, "mode", "play")).start()
    told = watch(door.address, 16.0, monkeypatch)
    assert told["visits"] == Visit.objects.count() == 2 and door.connections >= 3


class Playlist:
    """A HLS server with a recording of six seconds in three pieces, somebody walking through it; `cut` refuses all."""

    def __init__(self, folder: Path) -> None:
        for piece in range(3):
            record(folder / f"{piece}.ts", range(20 * piece, 20 * piece + 20))
        pieces = "".join(f"#EXT-X-DISCONTINUITY\n#EXTINF:2.0,\n{piece}.ts\n" for piece in range(3))
        head = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n"
        (folder / "door.m3u8").write_text(f"{head}{pieces}#EXT-X-ENDLIST\n")
        self.cut, self.refused = False, 0
        playlist = self

        class Handler(SimpleHTTPRequestHandler):
            def do_GET(self) -> None:  # the library's name
                if not playlist.cut:
                    return super().do_GET()
                playlist.refused += 1
                self.send_error(503)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/door.m3u8"


def record(path: Path, numbers: range) -> None:
    """Ten frames a second as an MPEG transport stream, with OpenCV's own FFmpeg."""
    import cv2

    video = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter.fourcc(*"mpg2"), 10, (320, 240))
    assert video.isOpened(), "this OpenCV cannot write MPEG-TS"
    for number in numbers:
        picture = fakes.picture((20 + 3 * number, 60, 60, fakes.WOMAN))
        video.write(np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)))
    video.release()


@pytest.fixture
def playlist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Playlist]:
    monkeypatch.setattr(streams, "FIRST_PAUSE", 0.1)
    monkeypatch.setattr(streams, "LONGEST_PAUSE", 0.5)
    playlist = Playlist(tmp_path)
    yield playlist
    playlist.server.shutdown()
    playlist.server.server_close()


@pytest.mark.django_db(transaction=True)
def test_watch_follows_a_hls_playlist_at_its_own_speed_and_through_a_cut(
    playlist: Playlist, monkeypatch: pytest.MonkeyPatch
) -> None:
    threading.Timer(3.0, lambda: setattr(playlist, "cut", True)).start()
    threading.Timer(13.0, lambda: setattr(playlist, "cut", False)).start()
    told = watch(playlist.address, 20.0, monkeypatch)
    assert told["visits"] == Visit.objects.count() == 2 and playlist.refused
    assert told["frames"] >= 10, "a piece is played at its own speed, not swallowed at once"


def test_a_recording_is_played_at_its_own_speed_and_catches_up_where_it_is_late() -> None:
    play = Player()
    waits = [play.wait(position, at) for position, at in ((0.0, 100.0), (0.5, 100.1), (1.0, 100.5), (1.5, 104.0))]
    assert waits == pytest.approx([0, 0.4, 0.5, 0])
    assert play.wait(2.0, 104.1) == pytest.approx(0.4)
    assert play.wait(0.0, 104.5) == 0, "the next piece's clock begins anew"
    assert play.wait(0.5, 104.6) == pytest.approx(0.4)


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
