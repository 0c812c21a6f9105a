"""Who buys, and how much."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from analytics.charts import look
from analytics.charts.people import bars, in_order

NOTHING = "Not enough is known to tell groups apart in this period."


def _shown(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    return frame[~frame["withheld"] & frame[f"{metric}_value"].notna()]


def conversion(frame: pd.DataFrame, by: str) -> go.Figure:
    """Points with 95 % intervals: a rate has no area."""
    shown = _shown(frame, "conversion")
    if shown.empty or not shown["conversion_value"].sum():
        return look.empty(NOTHING)
    figure = go.Figure(_points(shown, by, "conversion", look.ACCENT, "Conversion rate", "%{x}: %{y:.1%}"))
    look.say_withheld(figure, list(frame[frame["withheld"]][by]))
    look.styled(figure)
    figure.update_yaxes(tickformat=".0%")
    return in_order(figure, frame, by)


def _points(shown: pd.DataFrame, by: str, metric: str, colour: str, name: str, hover: str) -> go.Scatter:
    data = bars(shown, by, metric)
    return go.Scatter(
        x=data["x"], y=data["y"], error_y=data["error_y"], mode="markers", name=name,
        marker={"color": colour, "size": 11}, hovertemplate=f"{hover}<extra></extra>",
    )  # fmt: skip


def describe_conversion(frame: pd.DataFrame, by: str) -> str:
    shown = _shown(frame, "conversion")
    if shown.empty or not shown["conversion_value"].sum():
        return NOTHING
    parts = [
        f"{row[by]}: {row['conversion_value']:.1%} "
        f"(between {row['conversion_low']:.1%} and {row['conversion_high']:.1%})"
        for _, row in shown.iterrows()
    ]
    return f"Conversion rate, with 95 % intervals. {'; '.join(parts)}."


def spend(frame: pd.DataFrame, by: str) -> go.Figure:
    """Average transaction value of buyers and revenue per visitor, side by side."""
    shown = _shown(frame, "average_transaction_value")
    if shown.empty:
        return look.empty(NOTHING)
    currency = frame.attrs.get("currency", "")
    hover = f"%{{x}}: %{{y:,.2f}} {currency}"
    figure = go.Figure(
        [
            _points(shown, by, "average_transaction_value", look.ACCENT, "Average transaction value", hover),
            _points(shown, by, "revenue_per_visitor", look.SECOND, "Revenue per visitor", hover),
        ]
    )
    look.say_withheld(figure, list(frame[frame["withheld"]][by]))
    look.styled(figure)
    figure.update_yaxes(title=currency)
    return in_order(figure, frame, by)


def describe_spend(frame: pd.DataFrame, by: str) -> str:
    shown = _shown(frame, "average_transaction_value")
    if shown.empty:
        return NOTHING
    currency = frame.attrs.get("currency", "")
    parts = [
        f"{row[by]}: {row['average_transaction_value_value']:,.2f} per purchase, "
        f"{row['revenue_per_visitor_value']:,.2f} per visitor"
        for _, row in shown.iterrows()
    ]
    return f"In {currency}. {'; '.join(parts)}."


def ranking(frame: pd.DataFrame, by: str) -> go.Figure:
    """Groups in order of their conversion rate, each drawn towards the others as far as little is known of it."""
    shown = _ranked(frame)
    if shown.empty:
        return look.empty(NOTHING)
    value = shown["drawn_value"].astype(float)
    figure = go.Figure(
        go.Scatter(
            x=value, y=shown[by], mode="markers", marker={"color": look.ACCENT, "size": 11},
            error_x={
                "type": "data", "symmetric": False, "array": shown["drawn_high"].astype(float) - value,
                "arrayminus": value - shown["drawn_low"].astype(float), "color": look.INK, "thickness": 1.4, "width": 5,
            },
            hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        )
    )  # fmt: skip
    look.styled(figure)
    figure.update_xaxes(tickformat=".0%", rangemode="tozero", showgrid=True, gridcolor=look.GRID)
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=list(shown[by]), rangemode="normal")
    return figure


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    return _shown(frame, "drawn").sort_values("drawn_value")


def describe_ranking(frame: pd.DataFrame, by: str) -> str:
    shown = _ranked(frame).iloc[::-1]
    if shown.empty:
        return NOTHING
    sure = {1: ", surely above the others", -1: ", surely below the others", 0: ""}
    parts = [f"{row[by]}: {row['drawn_value']:.1%}{sure[int(row['differs'])]}" for _, row in shown.iterrows()]
    return (
        f"From most to least. {'; '.join(parts)}. Groups of which little is known are drawn towards the mean of all, "
        "so that chance does not decide the order."
    )
