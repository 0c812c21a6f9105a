"""A model version beside the one that serves, in pictures: groups, honesty, coverage. Figures out, no queries."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go

Metrics = dict[str, Any]
Chart = tuple[go.Figure, str]  # the figure, and in words what it shows

THIS, SERVING = "#0f8a7e", "#d9822b"
ROW_PIXELS = 34
FONT = {"family": "system-ui, sans-serif", "size": 13, "color": "#64748b"}
GRID = "rgba(100,116,139,0.18)"


def groups(mine: Metrics, theirs: Metrics) -> Chart:
    """Share of each group that was got right, with 95 % intervals, the worst group on top."""
    names = sorted(mine.get("by_group", {}), key=lambda name: -float(mine["by_group"][name]["accuracy"]))
    figure = go.Figure()
    for label, colour, metrics in (("serving", SERVING, theirs), ("this version", THIS, mine)):
        there = [name for name in names if name in metrics.get("by_group", {})]
        scores = [metrics["by_group"][name] for name in there]
        figure.add_scatter(
            name=label, x=[s["accuracy"] for s in scores], y=there, mode="markers",
            marker={"color": colour, "size": 9}, customdata=[s["n"] for s in scores],
            error_x={
                "array": [s["accuracy_interval"][1] - s["accuracy"] for s in scores],
                "arrayminus": [s["accuracy"] - s["accuracy_interval"][0] for s in scores],
                "color": colour, "thickness": 1.2,
            },
            hovertemplate="%{y}: %{x:.1%}, %{customdata} pictures<extra>" + label + "</extra>",
        )  # fmt: skip
    figure.update_xaxes(tickformat=".0%", title="got right")
    figure.update_yaxes(categoryarray=names, categoryorder="array")
    worst = f"The worst group is {names[-1]}, {mine['by_group'][names[-1]]['accuracy']:.1%} right." if names else ""
    return _styled(figure, 120 + ROW_PIXELS * len(names)), worst or "This version was not scored by group."


def reliability(mine: Metrics, theirs: Metrics) -> Chart:
    """What it says of itself against what came true; an honest model lies on the diagonal."""
    figure = _lines(mine, theirs, "reliability", "confidence", "accuracy")
    figure.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"color": GRID, "dash": "dot"}, showlegend=False, hoverinfo="skip"
    )
    figure.update_xaxes(title="says it is this sure", tickformat=".0%")
    figure.update_yaxes(title="is right", tickformat=".0%")
    error = mine.get("ece")
    told = "" if error is None else f"On average its confidence is {error:.1%} away from what came true."
    return _styled(figure), told or "Not measured for this version."


def coverage(mine: Metrics, theirs: Metrics) -> Chart:
    """How much righter it is when only the surest share is answered."""
    figure = _lines(mine, theirs, "coverage", "coverage", "accuracy")
    figure.update_xaxes(title="share answered", tickformat=".0%")
    figure.update_yaxes(title="is right", tickformat=".0%")
    points = mine.get("coverage")
    if not points:
        return _styled(figure), "Not measured for this version."
    first, last = points[0], points[-1]
    return _styled(figure), (
        f"Right {first['accuracy']:.1%} of the time when all are answered, {last['accuracy']:.1%} when only the surest "
        f"{last['coverage']:.0%} are."
    )


def confusion(mine: Metrics, theirs: Metrics) -> Chart:
    """Of each true label, which shares were called what."""
    labels, table = mine.get("labels", []), mine.get("confusion", [])
    shares = [[count / max(1, sum(row)) for count in row] for row in table]
    figure = go.Figure(
        go.Heatmap(
            z=shares, x=labels, y=labels, colorscale=[[0, "rgba(15,138,126,0.04)"], [1, THIS]], zmin=0, zmax=1,
            text=[[f"{share:.0%}" for share in row] for row in shares], texttemplate="%{text}", showscale=False,
            hovertemplate="%{y} called %{x}: %{z:.1%}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(title="called", type="category")
    figure.update_yaxes(title="is", type="category", autorange="reversed")
    kept = [f"{label} {row[k]:.0%}" for k, (label, row) in enumerate(zip(labels, shares, strict=True))]
    return _styled(figure, 420), ("Got right: " + ", ".join(kept) + ".") if kept else "Not measured."


CHARTS: dict[str, Callable[[Metrics, Metrics], Chart]] = {
    "groups": groups,
    "reliability": reliability,
    "coverage": coverage,
    "confusion": confusion,
}


def _lines(mine: Metrics, theirs: Metrics, key: str, x: str, y: str) -> go.Figure:
    figure = go.Figure()
    for label, colour, metrics in (("serving", SERVING, theirs), ("this version", THIS, mine)):
        points = metrics.get(key, [])
        figure.add_scatter(
            name=label, x=[point[x] for point in points], y=[point[y] for point in points], mode="lines+markers",
            line={"color": colour}, hovertemplate="%{x:.1%}: %{y:.1%}<extra>" + label + "</extra>",
        )  # fmt: skip
    return figure


def _styled(figure: go.Figure, height: int = 360) -> go.Figure:
    figure.update_layout(
        template="none", height=height, font=FONT, margin={"l": 64, "r": 16, "t": 36, "b": 52},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", legend={"orientation": "h", "y": 1.08, "x": 0},
    )  # fmt: skip
    figure.update_xaxes(gridcolor=GRID, zeroline=False, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, automargin=True)
    return figure
