"""Every chart there is, by name: what it reads, how it is drawn, and what it says in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import pandas as pd
import plotly.graph_objects as go

from analytics import queries
from analytics.charts import buying, people, traffic
from analytics.periods import Period
from inference.models import Store


@dataclass(frozen=True)
class Chart:
    """`query` reads the rollups, `build` draws its frame, `describe` says the same in words."""

    name: str
    title: str
    query: Callable[[Store, Period], pd.DataFrame]
    build: Callable[[pd.DataFrame], go.Figure]
    describe: Callable[[pd.DataFrame], str]


def _by(attribute: str) -> Callable[[Store, Period], pd.DataFrame]:
    return partial(queries.by_segment, by=attribute)


NOUNS = {"age": "age group", "gender": "gender", "mood": "mood"}

CHARTS: dict[str, Chart] = {
    chart.name: chart
    for chart in (
        Chart("visits_by_day", "Visits and purchases by day", queries.by_day, traffic.days, traffic.describe_days),
        Chart("visits_by_hour", "Visits by weekday and hour", queries.by_hour, traffic.hours, traffic.describe_hours),
        *(
            Chart(
                f"visits_by_{attribute}",
                f"Visits by {noun}",
                _by(attribute),
                partial(people.visits, by=attribute),
                partial(people.describe_visits, by=attribute),
            )
            for attribute, noun in NOUNS.items()
        ),
        *(
            Chart(
                f"conversion_by_{attribute}",
                f"Conversion rate by {noun}",
                partial(queries.by_apart, by=attribute),
                partial(buying.conversion, by=attribute),
                partial(buying.describe_conversion, by=attribute),
            )
            for attribute, noun in NOUNS.items()
        ),
        *(
            Chart(
                f"spend_by_{attribute}",
                f"Spend by {noun}",
                partial(queries.by_apart, by=attribute),
                partial(buying.spend, by=attribute),
                partial(buying.describe_spend, by=attribute),
            )
            for attribute, noun in NOUNS.items()
        ),
        *(
            Chart(
                f"ranking_by_{attribute}",
                f"Who buys most, by {NOUNS[attribute]}",
                _by(attribute),
                partial(buying.ranking, by=attribute),
                partial(buying.describe_ranking, by=attribute),
            )
            for attribute in ("age", "mood")
        ),
        Chart("age_pyramid", "Age and gender", _by("age,gender"), people.pyramid, people.describe_pyramid),
    )
}
