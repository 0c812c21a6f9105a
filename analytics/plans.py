"""Before days are spent: what a store's own footfall, faces and conversion will tell, how closely, with what help."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
from django.db.models import F, Value
from django.db.models.functions import Mod

from analytics import joining, queries
from analytics.join import bands, planning
from analytics.join.planning import Floats, Plan
from analytics.labels import Groups, rebased_labels
from analytics.models import HourFigure
from analytics.periods import Period, day_of
from inference.models import Store, Visit
from training.labels import LABELS, Task
from training.models import ModelVersion

# So many visits tell how well faces tell groups apart; more change nothing.
MOST_VISITS, FEWEST_VISITS = 4_000, 200
# What a store is taken to be like until it has visits of its own.
USUAL_VISITS_PER_DAY, USUAL_CONVERSION, USUAL_MINUTES = 300.0, 0.3, 600.0
# Of receipts, how many have a usable face at a till camera; a cashier's key is on all.
USUAL_FACES = 0.6
# A Gamma stay of the usual shape (2.5) spreads by this part of its mean.
SPREAD_OF_STAY = 0.63

QUESTIONS: tuple[tuple[str, Task, int], ...] = (
    ("Women and men", "gender", 0),
    ("Positive mood or not", "mood", 1),
    ("Three moods", "mood", 0),
    ("Under 21, and older", "age", 2),
    ("Three age bands", "age", 1),
    ("Seven age groups", "age", 0),
)


@dataclass(frozen=True)
class Footing:
    """What planning starts from; `measured` where it is the store's own last weeks."""

    visits_per_day: float
    conversion: float
    open_minutes: float
    stay_sd: float
    measured: bool


@dataclass(frozen=True)
class Answer:
    """What a question needs: the margin that `days` give, days by each way, the share of tickets within `days`.

    Margins are shares of 1; None stands for “not within ten years” and for “no share is enough”.
    """

    question: str
    margin: float
    alone: int | None
    tenth_named: int | None
    faces: int | None
    keys: int | None
    tickets: float | None


def footing(store: Store, period: Period) -> Footing:
    """From the store's own period, or the usual where it has too few visits."""
    sums = queries.totals(store, period)
    if sums.visits < FEWEST_VISITS or not sums.till_purchases:
        return Footing(USUAL_VISITS_PER_DAY, USUAL_CONVERSION, USUAL_MINUTES, planning.TYPICAL_STAY_SD, False)
    hours = HourFigure.objects.filter(store=store, hour__gte=period.start, hour__lt=period.end, visits__gt=0)
    open_hours = list(hours.values_list("hour", flat=True))
    days = len({day_of(hour, store) for hour in open_hours})
    visitors = sums.visits * queries.visitors_per_visit(queries.assumed(period))
    stay = joining.last_known_stay(store)
    return Footing(
        visits_per_day=sums.classified / days,
        conversion=min(0.95, sums.till_purchases / visitors),
        open_minutes=60 * len(open_hours) / days,
        stay_sd=max(1.0, SPREAD_OF_STAY * stay) if stay else planning.TYPICAL_STAY_SD,
        measured=True,
    )


def answers(store: Store, period: Period, start: Footing, days: int, margin: float) -> Iterator[Answer]:
    """Each question's needs, to know all its groups to ± `margin` (a share of 1)."""
    known: dict[Task, Floats | None] = {task: information(store, period, task) for task in LABELS}
    for question, task, merging in QUESTIONS:
        labels = known[task]
        if labels is not None and start.visits_per_day > 0:
            plan = Plan(labels, start.visits_per_day, start.open_minutes, start.conversion, start.stay_sd)
            yield _answer(question, planning.merged(plan, bands.matrix(task, merging)), days, margin)


def _answer(question: str, plan: Plan, days: int, margin: float) -> Answer:
    alone = planning.days_needed(plan, margin)
    return Answer(
        question,
        margin=float(planning.half_widths(plan, days).max()),
        alone=alone,
        tenth_named=_sooner(planning.days_needed(plan, margin, "tickets", 0.1), alone),
        faces=planning.days_needed(plan, margin, "till", USUAL_FACES),
        keys=planning.days_needed(plan, margin, "till", 1.0),
        tickets=planning.share_needed(plan, days, margin),
    )


def _sooner(tickets: int | None, alone: int | None) -> int | None:
    """Whoever has few tickets still has the times: the surer of both is taken."""
    return min((days for days in (tickets, alone) if days is not None), default=None)


def information(store: Store, period: Period, task: Task) -> Floats | None:
    """How well this store's faces tell groups apart, E[ππ′]; of the serving model's test where there are few faces."""
    rows = Visit.objects.filter(**{"store": store, f"{task}__isnull": False}).between(period.start, period.end)
    count = rows.count()
    if count < FEWEST_VISITS:
        return _of_model(task)
    step = ceil(count / MOST_VISITS)
    some = rows.annotate(turn=Mod(F("pk"), Value(step))).filter(turn=0).order_by()
    labels = rebased_labels(list(some.values_list("model_version", task)), Groups((task,)), first=1, version=0)
    return planning.information(labels)


def _of_model(task: Task) -> Floats | None:
    row = ModelVersion.objects.filter(task=task, is_serving=True).first()
    if row is None or "confusion" not in row.metrics:
        return None
    confusion = np.array(row.metrics["confusion"], np.float64)
    return planning.information_of(confusion, confusion.sum(axis=1) / confusion.sum())
