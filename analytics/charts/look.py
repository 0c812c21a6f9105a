"""How all charts look: colours that read on light and dark, thin lines, no clutter."""

from __future__ import annotations

import plotly.graph_objects as go

INK = "#64748b"  # legible on white and on near-black
ACCENT = "#0f8a7e"
SECOND = "#d9822b"
GRID = "rgba(100,116,139,0.18)"
HEIGHT = 320
FEMALE, MALE = "#b4559f", "#3f7fbf"
SCALE = [[0, "rgba(15,138,126,0.06)"], [1, ACCENT]]


def styled(figure: go.Figure, *, height: int = HEIGHT) -> go.Figure:
    """Give a figure the common look; sizes follow the page."""
    figure.update_layout(
        template="none",
        height=height,
        margin={"l": 56, "r": 16, "t": 8, "b": 44},
        font={"family": "system-ui, sans-serif", "size": 13, "color": INK},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        hoverlabel={"font": {"family": "system-ui, sans-serif"}},
        legend={"orientation": "h", "y": 1.12, "x": 0},
        separators=".,",
        bargap=0.35,
    )
    figure.update_xaxes(showgrid=False, zeroline=False, linecolor=GRID, tickcolor=GRID, automargin=True)
    figure.update_yaxes(gridcolor=GRID, zeroline=False, rangemode="tozero", automargin=True)
    return figure


def empty(sentence: str) -> go.Figure:
    """A figure that says why there is nothing to see."""
    figure = styled(go.Figure())
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(text=sentence, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 15})
    return figure


def say_withheld(figure: go.Figure, labels: list[str]) -> None:
    """Write “too few” where a bar would stand; never draw one."""
    for label in labels:
        figure.add_annotation(
            x=label, y=0, yanchor="bottom", text="too<br>few", showarrow=False, font={"size": 11}, yshift=4
        )
