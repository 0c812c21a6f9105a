"""The card that travels with a model version: what it was made of, how well it does, what it is not for."""

from __future__ import annotations

from typing import Any

from training.recipes import Recipe

LICENCES = {
    "utkface": "UTKFace: non-commercial research only. A model trained on it carries that restriction.",
    "fer2013": "FER2013: research only. A model trained on it carries that restriction.",
    "ckplus": "CK+: academic research only. A model trained on it carries that restriction.",
    "folders": "Pictures brought by the operator, who must have the right to use them.",
}
FORBIDDEN = """\
Not for decisions about single people, not for identification, admission, pricing, policing or employment. An age group
and a gender are guesses from a face's looks; a mood is the expression of one moment, not what somebody feels. Use sums
over many visits, with their intervals."""


def write(recipe: Recipe, version: str, metrics: dict[str, Any], data: dict[str, Any]) -> str:
    """The card as Markdown."""
    sections = [
        f"# {version}",
        f"Task: {recipe.task}. Recipe: `{recipe.name}`. Input: {recipe.input.size}×{recipe.input.size}, "
        f"{'grey' if recipe.input.channels == 1 else 'colour'}, "
        f"face aligned by five landmarks ({recipe.input.framing}).",
        "## Data and licence",
        LICENCES.get(data["format"], ""),
        _data(data),
        "## On the test part, seen by neither training nor calibration",
        _overall(metrics),
        "## By group",
        _groups(metrics),
        "## Not for",
        FORBIDDEN,
    ]
    return "\n\n".join(sections) + "\n"


def _data(data: dict[str, Any]) -> str:
    return (
        f"{data['examples']} pictures, {data['refused']} refused; {data['near_equal_pairs']} near-equal pairs kept on "
        f"one side, {data['contradicting_dropped']} pictures with contradicting labels dropped. Training "
        f"{data['train']}, validation {data['validation']}, test {data['test']}. "
        f"Split fingerprint `{data['split'][:16]}`."
    )


def _overall(metrics: dict[str, Any]) -> str:
    low, high = metrics["accuracy_interval"]
    lines = [
        f"- accuracy {metrics['accuracy']:.1%} (95 % interval {low:.1%} to {high:.1%}, {metrics['n']} pictures)",
        f"- mean recall over the labels {metrics['macro_recall']:.1%}",
        f"- expected calibration error {metrics['ece']:.3f}, negative log likelihood {metrics['nll']:.3f}",
    ]
    if "mae" in metrics:
        lines.append(f"- mean absolute error {metrics['mae']:.2f} years, within five years {metrics['cs5']:.1%}")
    return "\n".join(lines)


def _groups(metrics: dict[str, Any]) -> str:
    rows = ["| group | pictures | accuracy | 95 % interval |", "|---|---|---|---|"]
    for name, group in sorted(metrics["by_group"].items(), key=lambda item: item[1]["accuracy"]):
        low, high = group["accuracy_interval"]
        rows.append(f"| {name} | {group['n']} | {group['accuracy']:.1%} | {low:.1%}–{high:.1%} |")
    return "\n".join(rows)
