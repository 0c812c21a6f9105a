"""Footfall over days and over the hours of the week."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from analytics.charts import look

WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
NOTHING = "No visits in this period."


def days(frame: pd.DataFrame) -> go.Figure:
    """Visits as an area, purchases as a line; days under the smallest cell are gaps."""
    if not frame["visits"].sum():
        return look.empty(NOTHING)
    figure = go.Figure()
    figure.add_scatter(
        x=frame["day"], y=frame["visits"], name="Visits", mode="lines", fill="tozeroy",
        line={"color": look.ACCENT, "width": 2}, fillcolor="rgba(15,138,126,0.12)", hovertemplate="%{y:,.0f} visits",
    )  # fmt: skip
    figure.add_scatter(
        x=frame["day"], y=frame["purchases"], name="Purchases", mode="lines",
        line={"color": look.SECOND, "width": 2}, hovertemplate="%{y:,.0f} purchases",
    )  # fmt: skip
    figure.update_layout(hovermode="x unified")
    return look.styled(figure)


def describe_days(frame: pd.DataFrame) -> str:
    if not frame["visits"].sum():
        return NOTHING
    best = frame.sort_values("visits", na_position="first").iloc[-1]
    total, purchases = frame["visits"].sum(), frame["purchases"].sum()
    return (
        f"{total:,.0f} visits and {purchases:,.0f} purchases over {len(frame)} days. "
        f"The busiest day was {best['day']:%A %d %B} with {best['visits']:,.0f} visits."
    )


def hours(frame: pd.DataFrame) -> go.Figure:
    """The mean week, hour by hour."""
    if frame.empty or not frame["visits"].sum():
        return look.empty(NOTHING)
    table = frame.pivot(index="weekday", columns="hour", values="visits").reindex(range(7))
    figure = go.Figure(
        go.Heatmap(
            x=[f"{hour:02d}:00" for hour in table.columns], y=WEEKDAYS, z=table.to_numpy(dtype=float),
            colorscale=look.SCALE, xgap=3, ygap=3, hoverongaps=False, colorbar={"thickness": 10, "outlinewidth": 0},
            hovertemplate="%{y} %{x}: %{z:.1f} visits on average<extra></extra>",
        )
    )  # fmt: skip
    look.styled(figure)
    figure.update_yaxes(autorange="reversed", showgrid=False)
    return figure


def describe_hours(frame: pd.DataFrame) -> str:
    if frame.empty or not frame["visits"].sum():
        return NOTHING
    best = frame.sort_values("visits", na_position="first").iloc[-1]
    day = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")[int(best["weekday"])]
    return (
        f"Busiest on {day} from {int(best['hour']):02d}:00, with {best['visits']:.0f} visits in that hour on average."
    )
