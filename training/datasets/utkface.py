"""UTKFace: aligned chips named age_gender_race_time.jpg."""

from pathlib import Path, PurePosixPath

from training.datasets.base import DataSet, Example, Refused, read_examples
from training.labels import GENDERS, YEARS, age_group_of

ADULT = 15  # years
RACES = ("0", "1", "2", "3", "4")
# UTKFace writes 0 for male and 1 for female, the other way round than our labels are ordered.
GENDER_OF_CODE = {"0": "male", "1": "female"}


def read(path: Path, task: str) -> DataSet:
    if task not in ("age", "gender"):
        raise ValueError(f"UTKFace has labels for age and gender, not for {task}.")
    return read_examples(path, lambda name: _parse(name, task))


def _parse(name: str, task: str) -> Example | Refused:
    words = PurePosixPath(name).name.split("_")
    if len(words) < 4 or not words[0].isdigit() or words[1] not in GENDER_OF_CODE or words[2] not in RACES:
        return Refused(name, "the name is not age_gender_race_time.jpg")
    age, gender = int(words[0]), GENDER_OF_CODE[words[1]]
    if not YEARS[0] <= age <= YEARS[-1]:
        return Refused(name, f"the age {age} is not within {YEARS[0]} and {YEARS[-1]}")
    assert gender in GENDERS
    tags = {
        "gender": gender,
        "race": words[2],
        "age": age_group_of(age),
        "adult": "yes" if age >= ADULT else "no",
    }
    if age >= ADULT:
        tags["adult gender/race"] = f"{gender}/{words[2]}"
    return Example(name, str(age) if task == "age" else gender, person=name, tags=tags)
