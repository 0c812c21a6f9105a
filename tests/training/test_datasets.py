"""Readers say what each picture shows, and name what they refuse."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.training import drawn
from training.datasets import DataSet, Example, open_data


def data_set(path: Path, names: list[str], data_format: str, task: str) -> DataSet:
    with zipfile.ZipFile(path / "set.zip", "w") as archive:
        for name in names:
            archive.writestr(name, b"")
    return open_data(path / "set.zip", data_format, task)


def test_utkface_tells_age_and_gender_by_its_names(tmp_path: Path) -> None:
    names = [
        "UTKFace/34_1_2_20170116174525125.jpg.chip.jpg",
        "61_0_20170109142408075.jpg",
        "150_0_0_1.jpg",
        "7_0_4_1.jpg",
    ]
    found = data_set(tmp_path, names, "utkface", "gender")
    assert [(e.label, e.tags["race"], e.tags["age"]) for e in found.examples] == [
        ("male", "4", "3-9"),
        ("female", "2", "28-45"),
    ]
    assert [(item.file, item.reason) for item in found.refused] == [
        ("150_0_0_1.jpg", "the age 150 is not within 1 and 116"),
        ("61_0_20170109142408075.jpg", "the name is not age_gender_race_time.jpg"),
    ]
    assert [e.label for e in data_set(tmp_path, names, "utkface", "age").examples] == ["7", "34"]


def test_fer2013_keeps_its_own_test_part(tmp_path: Path) -> None:
    names = ["train/happy/1.png", "public_test/fear/2.png", "train/puzzled/3.png"]
    found = data_set(tmp_path, names, "fer2013", "mood")
    assert [(e.label, e.part) for e in found.examples] == [("fear", "public_test"), ("happy", "train")]
    assert found.refused[0].reason == "its folder “puzzled” is not an expression"


def test_ck_names_its_people(tmp_path: Path) -> None:
    names = ["CK+48/anger/S010_004_00000017.png", "CK+48/sadness/S010_006_00000015.png", "CK+48/happy/S042_001_01.png"]
    found = data_set(tmp_path, names, "ckplus", "mood")
    assert [(e.label, e.person) for e in found.examples] == [("angry", "S010"), ("happy", "S042"), ("sad", "S010")]


def test_own_pictures_lie_in_folders_or_carry_their_labels_in_their_names(tmp_path: Path) -> None:
    names = ["female/a.jpg", "34/b.png", "happy/c.jpg", "28-45_male_03.jpg", "holiday/d.jpg"]
    assert labels(data_set(tmp_path, names, "folders", "gender")) == {
        "28-45_male_03.jpg": "male",
        "female/a.jpg": "female",
    }
    assert labels(data_set(tmp_path, names, "folders", "age")) == {"28-45_male_03.jpg": "36", "34/b.png": "34"}
    assert labels(data_set(tmp_path, names, "folders", "mood")) == {"happy/c.jpg": "happy"}
    assert len(data_set(tmp_path, names, "folders", "mood").refused) == 4


def labels(found: DataSet) -> dict[str, str]:
    return {example.name: example.label for example in found.examples}


def test_a_folder_and_a_zip_of_it_read_alike(tmp_path: Path) -> None:
    folder = drawn.folder(tmp_path / "faces", 3)
    with zipfile.ZipFile(tmp_path / "faces.zip", "w") as archive:
        for file in folder.rglob("*.png"):
            archive.write(file, file.relative_to(folder))
    by_folder, by_zip = (open_data(path, "folders", "gender") for path in (folder, tmp_path / "faces.zip"))
    assert by_folder.examples == by_zip.examples and len(by_zip.examples) == 6
    assert (by_folder.pixels(by_folder.examples[0]) == by_zip.pixels(by_zip.examples[0])).all()


def test_a_picture_that_cannot_be_decoded_is_named(tmp_path: Path) -> None:
    found = data_set(tmp_path, ["female/a.jpg"], "folders", "gender")
    with pytest.raises(ValueError, match=r"female/a\.jpg is not a readable picture"):
        found.pixels(Example("female/a.jpg", "female", "a"))


@pytest.mark.parametrize(
    ("data_format", "task", "message"),
    [
        ("utkface", "mood", "age and gender, not for mood"),
        ("ckplus", "age", "mood, not for age"),
        ("jpegs", "age", "not a known format"),
        ("ckplus", "mood", "holds no picture"),
    ],
)
def test_what_does_not_fit_together_is_an_error(tmp_path: Path, data_format: str, task: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        data_set(tmp_path, ["female/a.jpg"], data_format, task)


def test_data_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="neither a folder nor a zip"):
        open_data(tmp_path / "nowhere", "folders", "age")
