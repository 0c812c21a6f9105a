"""One person, one visit: faces over time become people, people become visits and parties."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference.appearance import Vector
from inference.predictor import FaceLook
from inference.tracking import Person, Seen, fewest_clear, follow
from inference.visits import entries

WOMAN = FaceLook([0, 0, 0, 0, 1.0, 0, 0], [0.9, 0.1], [0, 1.0, 0], 30.0, "v1")
MAN = FaceLook([0, 0, 0, 0, 0, 1.0, 0], [0.1, 0.9], [0, 1.0, 0], 50.0, "v1")


def seen(at: float, x: float, look: FaceLook | None = WOMAN, *, y: float = 100, side: float = 50) -> Seen:
    return Seen(at, (x, y, side, side), look)


def test_somebody_walking_in_is_one_person() -> None:
    pictures = [[seen(0.5 * k, 100 + 25 * k, side=40 + 3 * k)] for k in range(8)]
    assert [len(person.faces) for person in follow(pictures)] == [8]


def test_two_who_cross_keep_their_own_looks() -> None:
    pictures = [[seen(0.5 * k, 100 + 30 * k), seen(0.5 * k, 340 - 30 * k, MAN)] for k in range(9)]
    people = follow(pictures)
    assert [len(person.faces) for person in people] == [9, 9]
    assert {look.age_years for person in people if (look := person.look())} == {30, 50}


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (seen(5.5, 100), "too late"),
        (seen(0.5, 300), "too far for half a second"),
        (seen(0.5, 100, side=130), "another size"),
        (seen(0.5, 100, MAN), "another look"),
    ],
)
def test_what_cannot_be_the_same_person_is_another(second: Seen, why: str) -> None:
    assert len(follow([[seen(0, 100)], [second]])) == 2, why


def test_a_face_that_was_not_classified_continues_a_person() -> None:
    people = follow([[seen(0, 100)], [seen(1, 110, None)], [seen(2, 120)]])
    assert [len(person.faces) for person in people] == [3]


def test_a_moment_behind_a_pillar_does_not_make_another_person() -> None:
    assert len(follow([[seen(0, 100)], [], [seen(4, 180)]])) == 1


def test_a_look_is_an_average_in_which_near_faces_count_more() -> None:
    person = Person([seen(0, 0, WOMAN, side=20), seen(1, 0, MAN, side=40)])
    look = person.look()
    assert look is not None and look.age is not None and look.gender == pytest.approx([0.26, 0.74])
    assert look.age_years == pytest.approx(46) and sum(look.age) == pytest.approx(1)
    assert Person([seen(0, 0, None)]).look() is None


def test_a_single_flicker_is_noise_where_that_is_asked_for() -> None:
    pictures = [[seen(0.1 * k, 100)] + ([seen(0.1 * k, 400)] if k == 3 else []) for k in range(6)]
    assert len(follow(pictures, fewest_clear=3)) == 1


@st.composite
def pictures_of_a_crowd(draw: st.DrawFn) -> list[list[Seen]]:
    gaps = draw(st.lists(st.floats(0.1, 7), min_size=1, max_size=8))
    looks = st.sampled_from([WOMAN, MAN, None])
    found: list[list[Seen]] = []
    at = 0.0
    for gap in gaps:
        at += gap
        places = draw(st.lists(st.tuples(st.floats(0, 600), st.floats(10, 90), looks), max_size=5))
        key = sum(len(faces) for faces in found)
        found.append([Seen(at, (x, 50.0, side, side), look, key + k) for k, (x, side, look) in enumerate(places)])
    return found


@given(pictures_of_a_crowd())
def test_every_face_belongs_to_exactly_one_person_and_nobody_is_twice_in_a_picture(pictures: list[list[Seen]]) -> None:
    people = follow(pictures)
    assert sum(len(person.faces) for person in people) == sum(len(faces) for faces in pictures)
    given_faces = [face.key for faces in pictures for face in faces]
    assert sorted(face.key for person in people for face in person.faces) == given_faces
    for person in people:
        assert all(one.at < following.at for one, following in pairwise(person.faces))


def test_who_comes_in_together_is_a_party_and_who_comes_later_is_not() -> None:
    people = [Person([seen(*where)]) for where in ((0, 100), (1, 220), (3.5, 330), (20, 100), (21, 600))]
    made = entries(people)
    assert [entry.party_size for entry in made] == [3, 3, 3, 1, 1]
    assert len({entry.party for entry in made[:3]}) == 1 and made[3].party == made[4].party == ""


def unsure(at: float, x: float) -> Seen:
    return replace(seen(at, x, None), sure=False, clear=False)


def test_an_unsure_face_continues_somebody_and_never_begins_anybody() -> None:
    people = follow([[seen(0, 100)], [unsure(0.1, 105), unsure(0.1, 400)], [seen(0.2, 110)]])
    assert [len(person.faces) for person in people] == [3]


def test_who_only_ever_shows_a_profile_is_nobody() -> None:
    profile = [[replace(seen(0.1 * k, 100), clear=False)] for k in range(20)]
    assert follow(profile) == []
    turned = follow([*profile, [seen(2.0, 100)]])
    assert [person.first.at for person in turned] == [2.0], "the visit begins with the first good face"


def test_colours_tell_two_who_swap_places_apart() -> None:
    red, blue = np.tile([50.0, 60, 30], (3, 9)), np.tile([50.0, 0, -60], (3, 9))
    places = [(0.0, 100, 170), (1.0, 100, 170), (3.0, 165, 105)]
    pictures = [
        [replace(seen(at, one), colours=red, key=1), replace(seen(at, other), colours=blue, key=2)]
        for at, one, other in places
    ]
    assert [{face.key for face in person.faces} for person in follow(pictures)] == [{1}, {2}]


def test_somebody_who_passes_behind_another_walks_on() -> None:
    """Both look alike; where they were going tells them apart."""
    pictures = [
        [seen(0.1 * k, 100 + 30 * k), *([seen(0.1 * k, 400 - 30 * k)] if not 4 <= k <= 6 else [])] for k in range(11)
    ]
    rightward, leftward = sorted(follow(pictures), key=lambda person: person.first.centre)
    assert rightward.last.centre[0] > 400 and leftward.last.centre[0] < 150


def test_a_moving_picture_needs_several_clear_faces_and_loose_snapshots_one() -> None:
    assert fewest_clear([0.04 * k for k in range(50)]) == 3
    assert fewest_clear([30.0 * k for k in range(50)]) == fewest_clear([0.0]) == 1


def test_who_comes_where_a_walker_could_not_have_got_to_is_another() -> None:
    walker = [[seen(0.25 * k, 100 + 10 * k)] for k in range(6)]
    somebody = seen(1.25 + 2, 100 + 90 + 150)  # three faces away from where the walker should be
    assert len(follow([*walker, [somebody]])) == 2
    assert len(follow([*walker, [replace(somebody, box=(100 + 70, 100, 50, 50))]])) == 1
    # Of whom only one picture is known, nobody knows how they walk.
    assert len(follow([[seen(0, 100)], [seen(2, 100 + 190)]])) == 1


def test_who_takes_ones_place_in_other_trousers_is_another() -> None:
    """Both wear black above; from one picture to the next, somebody may have been in front of what differs."""
    black = np.tile([15.0, 0, 0], (3, 9))
    another, unseen = black.copy(), black.copy()
    another[[0, 2]] = np.tile([[30.0, 15, 0], [40.0, 10, -80]], 9)
    unseen[1:] = np.nan
    older = replace(WOMAN, age=[0, 0, 0, 0, 0, 1.0, 0])
    first = [[replace(seen(0.25 * k, 100), colours=black)] for k in range(4)]

    def people(colours: Vector, after: float, look: FaceLook = WOMAN) -> int:
        return len(follow([*first, [replace(seen(0.75 + after, 140, look), colours=colours)]]))

    assert people(another, 1.0, older) == 2
    assert people(black, 1.0, older) == people(another, 1.0) == 1, "one thing alone may be a mistake"
    assert people(unseen, 1.0) == people(another, 0.25, older) == 1


def test_a_signature_is_what_most_clear_looks_show_in_the_middle() -> None:
    own, other = np.full((3, 27), 20.0), np.full((3, 27), 80.0)
    background = own.reshape(3, 3, 3, 3).copy()
    background[:, :, [0, 2]] = 60.0
    looks = [own, background.reshape(3, 27), other, own]
    person = Person([replace(seen(k, 100), colours=colours) for k, colours in enumerate(looks)])
    person.add(replace(seen(9, 100), colours=other, clear=False))
    colours = person.likeness.colours
    assert colours is not None and (colours == 20.0).all()
    half = np.stack([own[0], np.full(27, np.nan), own[2]])
    shown = Person([replace(seen(0, 100), colours=half)]).likeness.colours
    assert shown is not None and (shown[0] == 20.0).all() and np.isnan(shown[1]).all()
    assert Person([seen(0, 100)]).likeness.colours is None
