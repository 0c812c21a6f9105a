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
class Head:
    """One question a network answers, and how strictly it is taught the answer."""

    task: Task
    outputs: Outputs
    # Standard deviation, in years, of the soft label around an age; 0 for hard labels.
    soft_years: float = 0.0
    label_smoothing: float = 0.0
    weight: float = 1.0  # of its loss beside the other heads'


@dataclass(frozen=True)
class Source:
    """One data set of a recipe, and how often each of its training pictures is shown per epoch."""

    format: str
    repeat: float = 1
    # What its labels are about, where that isn't what the recipe asks: then all that is learnt from its pictures is
    # what the teachers say of them.
    labelled_for: Task | None = None
    # How its pictures are cut out, one of preprocessing.FRAMINGS, where that isn't the recipe's own way.
    framing: str = ""

    @property
    def labelled(self) -> bool:
        """Whether it has labels for what the recipe asks."""
        return self.labelled_for is None


@dataclass(frozen=True)
class Recipe:
    name: str
    sources: tuple[Source, ...]  # the first one's test part is the one that a version is judged by
    heads: tuple[Head, ...]
    network: Callable[[int, int, dict[str, int]], Any]
    input: InputSpec
    epochs: int
    batch: int = 64
    learning_rate: float = 2e-3
    augmentation: Augmentation = field(default_factory=Augmentation)
    # How much finer than the network's input the pictures are kept, for shifts and zooms to draw from.
    headroom: float = 1.15
    # Learn from the crops that a detector makes of the pictures, too, where one is at hand.
    recrop: bool = False
    # Share of pictures, beside the faces, that show no face: they teach the network's “face” output. 0: it has none.
    no_faces: float = 0.0
    # Beta parameter of mixing two pictures and their labels (Zhang et al., ICLR 2018); 0: none.
    mixup: float = 0.0
    # Recipes that are trained first: half of each label is what their networks say of the picture, on average.
    teachers: tuple[str, ...] = ()
    # The one of them, of the same network, whose weights this one goes on from.
    start: str = ""
    # So much of that one's weights is kept in the mean of both, which is often better at what it knew than either and
    # nearly as good at what is new (Wortsman et al., CVPR 2022).
    start_share: float = 0.0
    # The version says the mean of what the network makes of a picture and of its mirror image, at twice the cost.
    mirrored: bool = False
    # bfloat16 trains up to 1.4 times as fast on processors that have it; the version is float32 all the same.
    half_precision: bool = False
    takes: str = ""
    expect: str = ""

    @property
    def tasks(self) -> tuple[Task, ...]:
        return tuple(head.task for head in self.heads)

    @property
    def classes(self) -> dict[str, int]:
        """How many classes each of the network's outputs tells apart, in their order."""
        own = {head.task: len(head.outputs.classes) for head in self.heads}
        return own | ({FACE: len(FACE_CLASSES)} if self.no_faces else {})

    def build(self) -> Any:
        return self.network(self.input.size, self.input.channels, self.classes)


# The output that says whether a crop shows a face at all.
FACE: Final = "face"
FACE_CLASSES: Final = ("no face", "face")


def _labels_themselves(task: Task) -> Outputs:
    labels = LABELS[task]
    middles = tuple((group.low + group.high) / 2 for group in AGE_GROUPS) if task == "age" else ()
    return Outputs(labels, tuple(range(len(labels))), middles)


SINGLE_YEARS: Final = Outputs(
    tuple(str(year) for year in YEARS),
    tuple(LABELS["age"].index(age_group_of(year)) for year in YEARS),
    tuple(float(year) for year in YEARS),
)
EACH_EXPRESSION: Final = Outputs(
    EXPRESSIONS, tuple(LABELS["mood"].index(MOOD_OF_EXPRESSION[name]) for name in EXPRESSIONS)
)
SMALL_COLOUR: Final = InputSpec(64, 3)
SMALL_GREY: Final = InputSpec(48, 1, "loose")
# FER2013's pictures already are small; they need no further shrinking to the size of a distant face.
FER_AUGMENTATION: Final = Augmentation(shift=0.08, zoom=0.15, low_resolution=0.25, smallest=16, grey=0.0)
FER_GENTLY: Final = Augmentation(
    shift=0.08, zoom=0.15, angle=14, low_resolution=0.12, smallest=18, blur=0.1, grey=0.0, light=0.25, noise=4.0,
    jpeg=0.1, cutout=0.3,
)  # fmt: skip
# Worse cameras than the first step's, since the teachers have seen each picture as it is.
AT_A_POOR_DOOR: Final = Augmentation(
    shift=0.06, zoom=0.14, angle=16, low_resolution=0.45, blur=0.25, motion=0.15, grey=0.2, light=0.45, noise=14.0,
    jpeg=0.35, worst_jpeg=12, cutout=0.2,
)  # fmt: skip
SEED_AUGMENTATION: Final = Augmentation(
    shift=0.1, zoom=0.1, angle=10, low_resolution=0, blur=0, grey=0, light=0.1, noise=0, jpeg=0, cutout=0
)
UTKFACE: Final = (Source("utkface"),)
FACIAL_EXPRESSIONS: Final = (Source("fer2013"), Source("ckplus", repeat=4))
# Faces nobody has labelled with a mood: half of them in each epoch.
FACES_AT_LARGE: Final = Source("utkface", repeat=0.5, labelled_for="age", framing="chip")
# Faces whose age and gender nobody has told, found on the web: half as many again as UTKFace's.
FACES_OF_THE_WEB: Final = Source("fer2013", labelled_for="mood", framing="loose")
AGE: Final = Head("age", SINGLE_YEARS, soft_years=3.0)
GENDER: Final = Head("gender", _labels_themselves("gender"), label_smoothing=0.03)
MOOD: Final = Head("mood", EACH_EXPRESSION, label_smoothing=0.08)


def _plainly(task: Task) -> tuple[Head, ...]:
    return (Head(task, _labels_themselves(task)),)


RECIPES: Final[dict[str, Recipe]] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "age-gender-first", UTKFACE, (AGE, GENDER), networks.compact, SMALL_COLOUR, epochs=40,
            batch=96, recrop=True, no_faces=0.1, half_precision=True, takes="50 minutes on one core",
            expect="7 groups 67 %, 5.0 years off; gender 94.5 %, of adults 97.5 %",
        ),
        Recipe(
            "age-gender", (*UTKFACE, FACES_OF_THE_WEB), (AGE, GENDER), networks.compact, SMALL_COLOUR, epochs=20,
            batch=96, learning_rate=1e-3, recrop=True, no_faces=0.1, augmentation=AT_A_POOR_DOOR,
            teachers=("age-gender-first",), start="age-gender-first", start_share=0.3, half_precision=True,
            takes="an hour on one core after its teacher's",
            expect="7 groups 67 %, 4.95 years off; gender 94.5 %, of adults 97.5 %",
        ),
        Recipe(
            "mood-first", FACIAL_EXPRESSIONS, (MOOD,), networks.compact_mood, SMALL_GREY, epochs=45,
            batch=96, recrop=True, headroom=1.0, augmentation=FER_AUGMENTATION, mixup=0.2, half_precision=True,
            takes="an hour on one core", expect="7 expressions 64 %, 3 moods 79 %",
        ),
        Recipe(
            "mood-second", FACIAL_EXPRESSIONS, (MOOD,), networks.compact_mood, SMALL_GREY, epochs=64,
            batch=96, learning_rate=1.5e-3, recrop=True, headroom=1.0, augmentation=FER_GENTLY, mixup=0.2,
            teachers=("mood-first",), start="mood-first", half_precision=True,
            takes="an hour on one core for the first network, 75 minutes for this one",
            expect="7 expressions 66 %, 3 moods 80 %",
        ),
        Recipe(
            "mood-third", (*FACIAL_EXPRESSIONS, FACES_AT_LARGE), (MOOD,), networks.slim_mood, SMALL_GREY, epochs=90,
            batch=96, recrop=True, headroom=1.0, augmentation=FER_GENTLY, mixup=0.4,
            teachers=("mood-first", "mood-second"), mirrored=True, half_precision=True,
            takes="90 minutes on one core after its teachers' two hours", expect="7 expressions 67 %, 3 moods 80 %",
        ),
        Recipe(
            "mood", (*FACIAL_EXPRESSIONS, FACES_AT_LARGE), (MOOD,), networks.slim_mood, SMALL_GREY, epochs=24,
            batch=96, learning_rate=5e-4, recrop=True, headroom=1.0, augmentation=FER_GENTLY,
            teachers=("mood-first", "mood-second", "mood-third"), start="mood-third", mirrored=True,
            half_precision=True, takes="25 minutes on one core after its teachers' four hours",
            expect="7 expressions 68 %, 3 moods 81 %",
        ),
        Recipe(
            "seed-age", UTKFACE, _plainly("age"), networks.seed_age, InputSpec(200, 1), epochs=20,
            learning_rate=1e-3, augmentation=SEED_AUGMENTATION, half_precision=True,
            takes="an hour on one core", expect="7 groups 50 %; the first design reported 79.9 % on other data",
        ),
        Recipe(
            "seed-gender", UTKFACE, _plainly("gender"), networks.seed_blocks, InputSpec(100, 1), epochs=20,
            learning_rate=1e-3, augmentation=NONE, half_precision=True,
            takes="half an hour on one core", expect="91 %; the first design reported 89.4 %",
        ),
        Recipe(
            "seed-mood", (Source("ckplus"),), _plainly("mood"), networks.seed_blocks, InputSpec(48, 1, "loose"),
            epochs=50, batch=32, learning_rate=1e-3, augmentation=NONE,
            takes="5 minutes on two cores", expect="the first design reported 98 % with sister frames on both sides",
        ),
        Recipe(
            "tiny-gender", (Source("folders"),), _plainly("gender"), networks.compact, InputSpec(32, 3), epochs=3,
            batch=16, no_faces=0.1, takes="seconds", expect="nothing: it shows that the loop works",
        ),
    )
}  # fmt: skip


def recipe_of(name: str) -> Recipe:
    if name not in RECIPES:
        raise ValueError(f"“{name}” is not a recipe; use one of {', '.join(RECIPES)}.")
    return RECIPES[name]
