"""Every label there is, in the order every probability vector has: the one source."""

from typing import Final, Literal, NamedTuple

Task = Literal["age", "gender", "mood"]


class AgeGroup(NamedTuple):
    label: str
    low: int  # years, inclusive
    high: int


AGE_GROUPS: Final = (
    AgeGroup("1-2", 1, 2),
    AgeGroup("3-9", 3, 9),
    AgeGroup("10-20", 10, 20),
    AgeGroup("21-27", 21, 27),
    AgeGroup("28-45", 28, 45),
    AgeGroup("46-65", 46, 65),
    AgeGroup("66-116", 66, 116),
)
YEARS: Final = tuple(range(AGE_GROUPS[0].low, AGE_GROUPS[-1].high + 1))
GENDERS: Final = ("female", "male")
MOODS: Final = ("positive", "neutral", "negative")

# An expression is what a picture is labelled with, a mood what a shop is told. Surprise counts as positive and contempt
# as negative, as in the first design.
MOOD_OF_EXPRESSION: Final[dict[str, str]] = {
    "angry": "negative",
    "disgust": "negative",
    "fear": "negative",
    "happy": "positive",
    "neutral": "neutral",
    "sad": "negative",
    "surprise": "positive",
    "contempt": "negative",
}
# What the mood network tells apart.
EXPRESSIONS: Final = tuple(MOOD_OF_EXPRESSION)

LABELS: Final[dict[Task, tuple[str, ...]]] = {
    "age": tuple(group.label for group in AGE_GROUPS),
    "gender": GENDERS,
    "mood": MOODS,
}


def age_group_of(years: float) -> str:
    """The label of the group that holds an age; ages beyond the ends count to the end groups."""
    for group in AGE_GROUPS:
        if years <= group.high:
            return group.label
    return AGE_GROUPS[-1].label
