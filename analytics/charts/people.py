"""Who came in."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from analytics.charts import look

NOTHING = "No faces were classified in this period."


def visits(frame: pd.DataFrame, by: str) -> go.Figure:
    """Bars of visits with the interval that uncertain labels leave."""
    shown = frame[~frame["withheld"]]
    if shown.empty:
        return look.empty("Too few visits to show groups.")
    figure = go.Figure(go.Bar(**bars(shown, by, "visits"), hovertemplate="%{x}: %{y:,.0f} visits<extra></extra>"))
    look.say_withheld(figure, list(frame[frame["withheld"]][by]))
    return in_order(look.styled(figure), frame, by)


def bars(shown: pd.DataFrame, by: str, metric: str) -> dict[str, object]:
    """A bar trace's data with 95 % error bars."""
    value = shown[f"{metric}_value"].astype(float)
    return {
        "x": shown[by],
        "y": value,
        "marker": {"color": look.ACCENT, "cornerradius": 4},
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": shown[f"{metric}_high"].astype(float) - value,
            "arrayminus": value - shown[f"{metric}_low"].astype(float),
            "color": look.INK,
            "thickness": 1.4,
            "width": 5,
        },
    }


def in_order(figure: go.Figure, frame: pd.DataFrame, by: str) -> go.Figure:
    figure.update_xaxes(
        categoryorder="array", categoryarray=list(frame[by]), type="category", range=[-0.5, len(frame) - 0.5]
    )
    return figure


def describe_visits(frame: pd.DataFrame, by: str) -> str:
    shown = frame[~frame["withheld"]]
    if shown.empty:
        return NOTHING
    total = shown["visits_value"].sum()
    parts = [f"{row[by]}: {row['visits_value'] / total:.0%}" for _, row in shown.iterrows()]
    hidden = len(frame) - len(shown)
    return f"Of the visits shown, {', '.join(parts)}." + (f" {hidden} groups have too few visits." if hidden else "")


def pyramid(frame: pd.DataFrame) -> go.Figure:
    """Women to the left, men to the right, the youngest at the bottom."""
    shown = frame[~frame["withheld"]]
    if shown.empty:
        return look.empty("Too few visits to show groups.")
    figure = go.Figure()
    for gender, sign, colour in (("female", -1, look.FEMALE), ("male", 1, look.MALE)):
        part = shown[shown["gender"] == gender]
        figure.add_bar(
            y=part["age"], x=sign * part["visits_value"].astype(float), name=gender.capitalize(), orientation="h",
            marker={"color": colour, "cornerradius": 4}, customdata=part["visits_value"],
            hovertemplate=f"{gender}, %{{y}}: %{{customdata:,.0f}} visits<extra></extra>",
        )  # fmt: skip
    look.styled(figure)
    most = float(shown["visits_value"].max())
    step = _round(most / 2)
    marks = [step * k for k in (-2, -1, 0, 1, 2)]
    figure.update_layout(barmode="overlay", bargap=0.2)
    figure.update_xaxes(tickvals=marks, ticktext=[f"{abs(mark):,.0f}" for mark in marks], rangemode="normal")
    figure.update_yaxes(type="category", categoryarray=list(dict.fromkeys(frame["age"])), categoryorder="array")
    return figure


def _round(value: float) -> float:
    """The next round number above, for tick marks."""
    size = 10 ** (len(str(int(max(1, value)))) - 1)
    return float(-(-value // size) * size)


def describe_pyramid(frame: pd.DataFrame) -> str:
    shown = frame[~frame["withheld"]]
    if shown.empty:
        return NOTHING
    best = shown.sort_values("visits_value").iloc[-1]
    return f"The largest group is {best['gender']}, {best['age']}, with {best['visits_value']:,.0f} visits."
