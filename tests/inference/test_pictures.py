"""Pictures from wherever they lie, in order and with their times; streams, newest first."""

from __future__ import annotations

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from inference import streams
from inference.pictures import frames
from tests import fakes

A_PICTURE = fakes.picture((10, 10, 40, fakes.WOMAN))


def animation(path: Path, count: int = 5) -> Path:
    pictures = [Image.new("RGB", (32, 24), (20 * k, 0, 0)) for k in range(count)]
    pictures[0].save(path / "a.gif", save_all=True, append_images=pictures[1:], duration=300)
    return path / "a.gif"


def test_an_animations_own_pace_is_kept(tmp_path: Path) -> None:
    found = list(frames(animation(tmp_path)))
    assert [frame.number for frame in found] == [0, 1, 2, 3, 4]
    assert [frame.at for frame in found] == pytest.approx([0, 0.3, 0.6, 0.9, 1.2])
    assert all(frame.image is not None and frame.image.shape == (24, 32, 3) for frame in found)


def test_a_video_is_read_at_its_frame_rate(tmp_path: Path) -> None:
    path = tmp_path / "v.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for _ in range(7):
        video.write(np.zeros((48, 64, 3), np.uint8))
    video.release()
    assert [frame.at for frame in frames(path)] == pytest.approx([0.1 * k for k in range(7)])


def test_names_tell_the_pace_of_a_folder_and_a_zip_where_all_have_a_time(tmp_path: Path) -> None:
    names = ["20260310_130000.png", "20260310_130004.png"]
    with zipfile.ZipFile(tmp_path / "day.zip", "w") as archive:
        for name in reversed(names):
            archive.writestr(name, A_PICTURE)
    folder = tmp_path / "day"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(A_PICTURE)
    for source in (folder, tmp_path / "day.zip"):
        assert [frame.at for frame in frames(source)] == [0, 4]
    (folder / "extra.png").write_bytes(A_PICTURE)
    assert [frame.at for frame in frames(folder)] == [0, 0.5, 1]


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("a.mp4", b"no video", "the video cannot be read"),
        ("a.gif", b"GIF89a and no more", "the animation is broken or cut off"),
        ("a.jpg", b"no picture", "not a picture (JPEG, PNG, WebP or BMP)"),
    ],
)
def test_what_cannot_be_read_is_a_frame_with_an_error(tmp_path: Path, name: str, data: bytes, error: str) -> None:
    (tmp_path / name).write_bytes(data)
    found = list(frames(tmp_path / name))
    assert [(frame.image, frame.error) for frame in found] == [(None, error)]


def test_a_file_is_looked_at_twice_a_second_and_no_longer_than_asked(tmp_path: Path) -> None:
    path = str(animation(tmp_path, 12))
    times = [glimpse.at for glimpse in streams.glimpses(path)]
    assert np.diff(times) == pytest.approx([0.6] * 5, abs=1e-3)
    assert len(list(streams.glimpses(path, seconds=1.0))) == 2


def test_an_address_is_told_without_its_password() -> None:
    assert streams.without_password("rtsp://me:s@cret@10.0.0.5/live") == "rtsp://10.0.0.5/live"
    assert streams.without_password("rtsp://10.0.0.5/live") == "rtsp://10.0.0.5/live"
