"""Counts at the door become shares with honest errors."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils.timezone import now

from inference import audits
from inference.audits import Assumed, Count, Watch
from inference.models import Audit, Camera, Store
from tests import factories

START, END = factories.NOON, factories.NOON + timedelta(days=28)


def test_shares_give_back_the_visitors_that_were_counted() -> None:
    for count in (Count(92, 8, 80), Count(92, 8, 100), Count(92, 8, 120)):
        found = audits.shares([count])
        assert count.seen * (1 - found.staff) / (1 - found.missed) == pytest.approx(92)


def test_nothing_missed_among_few_is_not_certain() -> None:
    found = audits.shares([Count(20, 0, 20)])
    assert found.missed == found.staff == 0 and 0.04 < found.missed_se < 0.08


def test_intervals_cover_the_true_share_of_missed_visitors() -> None:
    rng = np.random.default_rng(7)
    inside = 0
    for _ in range(400):
        entered = int(rng.poisson(60))
        found = audits.shares([Count(entered, 0, int(rng.binomial(entered, 0.9)))])
        inside += abs(found.missed - 0.1) <= 1.96 * found.missed_se
    assert 0.92 <= inside / 400 <= 0.99


def test_hours_that_differ_more_than_chance_widen_the_error() -> None:
    alike = audits.shares([Count(50, 0, 45)] * 4)
    apart = audits.shares([Count(50, 0, 50), Count(50, 0, 38), Count(50, 0, 50), Count(50, 0, 42)])
    assert alike.missed == apart.missed and apart.missed_se > 1.5 * alike.missed_se


def test_nobody_at_the_door_tells_nothing() -> None:
    with pytest.raises(ValueError, match="Nobody was counted"):
        audits.shares([Count(0, 0, 3)])


def audit(store: Store, days: int = 0, *, counts: tuple[int, int, int] | None = None, missed: float = 0.1) -> Audit:
    start = START + timedelta(days=days)
    if counts is None:
        return Audit.objects.create(
            store=store, start=start, missed_share=missed, missed_se=0.02, staff_share=0.05, staff_se=0.01
        )
    entered, staff, seen = counts
    end = start + timedelta(hours=1)
    return Audit.objects.create(store=store, start=start, end=end, entered=entered, staff=staff, seen=seen)


@pytest.mark.django_db
def test_the_newest_knowledge_holds_and_withdrawn_rows_do_not() -> None:
    store = factories.store()
    assert audits.assumed(store, START, END) == Assumed(0.08, 0.05, 0.03, 0.02, "unchecked")
    audit(store, 1, counts=(20, 0, 16))
    assert audits.assumed(store, START, END).source == "unchecked"  # too few people yet
    second = audit(store, 2, counts=(20, 0, 20))
    found = audits.assumed(store, START, END)
    assert (found.source, found.hours, found.people, found.missed) == ("counted", 2, 40, 0.1)
    audit(store, 3, missed=0.2)
    assert audits.assumed(store, START, END).missed == 0.2
    audit(store, 4, counts=(100, 10, 77))
    assert audits.assumed(store, START, END).missed == pytest.approx(0.3)  # what was typed in before ends the pool
    Audit.objects.exclude(pk=second.pk).update(withdrawn_at=now())
    assert audits.assumed(store, START, END).source == "unchecked"


@pytest.mark.django_db
def test_a_count_tells_about_half_a_year_around_it() -> None:
    store = factories.store()
    audit(store, 400)
    assert audits.assumed(store, START, END).source == "unchecked"
    assert audits.assumed(store, START + timedelta(days=380), END + timedelta(days=380)).source == "typed"


def watch(minutes: int = 60, *, key: str = "k", camera: Camera | None = None) -> Watch:
    return Watch(camera, START, START + timedelta(minutes=minutes), entered=40, staff=2, key=key)


@pytest.mark.django_db
def test_a_count_is_kept_beside_what_the_camera_counted_in_exactly_that_time() -> None:
    camera = factories.camera()
    other = factories.camera(camera.store, "Back door")
    for seconds in (-1, 0, 3599, 3600):
        factories.visit(camera.store, START + timedelta(seconds=seconds), camera=camera)
    factories.visit(camera.store, START, camera=other)
    assert audits.record(camera.store, watch(camera=camera)).seen == 2
    assert audits.record(camera.store, watch(camera=None, key="both")).seen == 3


@pytest.mark.django_db
def test_sent_twice_a_count_is_stored_once_and_another_over_it_is_refused() -> None:
    store = factories.store()
    assert audits.record(store, watch()) == audits.record(store, watch())
    with pytest.raises(audits.OverlapError, match="10 March 2026, 13:00"):
        audits.record(store, watch(30, key="another"))
    Audit.objects.update(withdrawn_at=now())
    audits.record(store, watch(30, key="another"))


@pytest.mark.django_db
def test_a_camera_that_saw_nobody_tells_nothing_until_its_pictures_come() -> None:
    store = factories.store()
    row = audits.record(store, watch())
    assert audits.count_of(row) is None and audits.assumed(store, START, END).source == "unchecked"
    factories.visit(store)
    audits.recount(store, START, START + timedelta(hours=1))
    row.refresh_from_db()
    assert audits.count_of(row) == Count(40, 2, 1)
