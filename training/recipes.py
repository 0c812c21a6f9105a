"""Named recipes: which data, which network, how long, and the score to expect on two cores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from training import networks
from training.augment import NONE, Augmentation
from training.labels import AGE_GROUPS, EXPRESSIONS, LABELS, MOOD_OF_EXPRESSION, YEARS, Task, age_group_of
from training.preprocessing import InputSpec


@dataclass(frozen=True)
class Outputs:
    """What a network's softmax tells apart, and how that sums to the labels a shop is told.

    `label_of[k]` is the index in LABELS[task] of class k; `years[k]` the age that class k stands for.
    """

    classes: tuple[str, ...]
    label_of: tuple[int, ...]
    years: tuple[float, ...] = ()


@dataclass(frozen=True)
class Recipe:
    name: str
    task: Task
    data_format: str
    network: Callable[[int, int, int], Any]
    input: InputSpec
    outputs: Outputs
    epochs: int
    batch: int = 64
    learning_rate: float = 2e-3
    # Standard deviation, in years, of the soft label around an age; 0 for hard labels.
    soft_years: float = 0.0
    label_smoothing: float = 0.0
    augmentation: Augmentation = field(default_factory=Augmentation)
    # How often each training picture is shown per epoch (the first design expanded its pictures tenfold).
    repeat: int = 1
    takes: str = ""
    expect: str = ""


def _labels_themselves(task: Task) -> Outputs:
    labels = LABELS[task]
    middles = tuple((group.low + group.high) / 2 for group in AGE_GROUPS) if task == "age" else ()
    return Outputs(labels, tuple(range(len(labels))), middles)


SINGLE_YEARS: Final = Outputs(
    tuple(str(year) for year in YEARS),
    tuple(LABELS["age"].index(age_group_of(year)) for year in YEARS),
    tuple(float(year) for year in YEARS),
)
SEVEN_EXPRESSIONS: Final = Outputs(
    EXPRESSIONS, tuple(LABELS["mood"].index(MOOD_OF_EXPRESSION[name]) for name in EXPRESSIONS)
)
SMALL_COLOUR: Final = InputSpec(64, 3)
# FER2013's pictures already are small; they need no further shrinking to the size of a distant face.
FER_AUGMENTATION: Final = Augmentation(shift=0.08, zoom=0.15, low_resolution=0.2, smallest=14, grey=0.0)
SEED_AUGMENTATION: Final = Augmentation(
    shift=0.1, zoom=0.1, angle=10, low_resolution=0, blur=0, grey=0, light=0.1, noise=0, jpeg=0, cutout=0
)

RECIPES: Final[dict[str, Recipe]] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "age", "age", "utkface", networks.compact, SMALL_COLOUR, SINGLE_YEARS, epochs=18, soft_years=3.0,
            takes="25 minutes on two cores", expect="mean absolute error 5.3 years, 7 groups 64 %",
        ),
        Recipe(
            "gender", "gender", "utkface", networks.compact, SMALL_COLOUR, _labels_themselves("gender"), epochs=20,
            label_smoothing=0.03, takes="25 minutes on two cores", expect="accuracy 93.7 %, of adults 96.9 %",
        ),
        Recipe(
            "mood", "mood", "fer2013", networks.compact, InputSpec(48, 1, "loose"), SEVEN_EXPRESSIONS, epochs=26,
            label_smoothing=0.08, augmentation=FER_AUGMENTATION,
            takes="30 minutes on two cores", expect="3 moods 77.7 %",
        ),
        Recipe(
            "seed-age", "age", "utkface", networks.seed_age, InputSpec(200, 1), _labels_themselves("age"), epochs=20,
            learning_rate=1e-3, augmentation=SEED_AUGMENTATION, repeat=10,
            takes="many hours on two cores", expect="the first design reported 79.9 % on another mix of data",
        ),
        Recipe(
            "seed-gender", "gender", "utkface", networks.seed_blocks, InputSpec(100, 1), _labels_themselves("gender"),
            epochs=20, learning_rate=1e-3, augmentation=NONE,
            takes="two hours on two cores", expect="the first design reported 89.4 %",
        ),
        Recipe(
            "seed-mood", "mood", "ckplus", networks.seed_blocks, InputSpec(48, 1, "loose"), _labels_themselves("mood"),
            epochs=50, batch=32, learning_rate=1e-3, augmentation=NONE,
            takes="5 minutes on two cores", expect="the first design reported 98 % with sister frames on both sides",
        ),
        Recipe(
            "tiny-gender", "gender", "folders", networks.compact, InputSpec(32, 3), _labels_themselves("gender"),
            epochs=3, batch=16, takes="seconds", expect="nothing: it shows that the loop works",
        ),
    )
}  # fmt: skip


def recipe_of(name: str) -> Recipe:
    if name not in RECIPES:
        raise ValueError(f"“{name}” is not a recipe; use one of {', '.join(RECIPES)}.")
    return RECIPES[name]
