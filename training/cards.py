"""The card that travels with a model version: what it was made of, how well it does, what it is not for."""

from __future__ import annotations

from typing import Any

from training.labels import Task
from training.recipes import Recipe

LICENCES = {
    "utkface": "UTKFace: non-commercial research only. A model trained on it carries that restriction.",
    "fer2013": "FER2013: research only. A model trained on it carries that restriction.",
    "ckplus": "CK+: academic research only. A model trained on it carries that restriction.",
    "folders": "Pictures brought by the operator, who must have the right to use them.",
}
INTENDED = """\
Sums over many visitors of one shop: who comes in, by age group, gender and mood, with intervals that allow for this
version's confusions."""
FORBIDDEN = """\
Not for decisions about single people, not for identification, admission, pricing, policing or employment. An age group
and a gender are guesses from a face's looks; a mood is the expression of one moment, not what somebody feels. Use sums
over many visits, with their intervals."""
FAILURES: dict[Task, str] = {
    "age": """\
Neighbouring groups are mistaken for each other, most of all around 21 and 28, where a few months change the group. Old
people come out too young and children of about ten too old. Heavy make-up, beards and bad light add years. The data
set's ages are guesses themselves and heap at round numbers.""",
    "gender": """\
Babies and small children are close to undecidable. Short hair on women and long hair on men, hats, veils and turned
heads are the commonest mistakes. The table by group says for whom it errs most.""",
    "mood": """\
People agree with this data set's labels about two times in three. A calm face is often called negative and a faint
frown neutral; fear and surprise are confused; an open mouth that talks or chews looks like surprise. It sees the
expression of one moment.""",
}


def write(recipe: Recipe, task: Task, version: str, metrics: dict[str, Any], data: dict[str, Any]) -> str:
    """The card as Markdown."""
    sections = [
        f"# {version}",
        f"Task: {task}. Recipe: `{recipe.name}`. Input: {recipe.input.size}×{recipe.input.size}, "
        f"{'grey' if recipe.input.channels == 1 else 'colour'}, "
        f"face aligned by five landmarks ({recipe.input.framing}).",
        "## Data and licence",
        _data(data["format"], data),
        *(_data(name, counts) for name, counts in data["others"].items()),
        f"Split fingerprint `{data['split'][:16]}`; `split.json` has the names.",
        "## On the test part, seen by neither training nor calibration",
        _overall(metrics),
        "## On other looks at the test part, and other data",
        _elsewhere(metrics),
        "## How far its own confidence can be believed",
        _reliability(metrics),
        "## When only the surest are answered",
        _coverage(metrics),
        "## By group, worst first",
        _groups(metrics),
        "## Known failures",
        FAILURES[task],
        "## Made for",
        INTENDED,
        "## Not for",
        FORBIDDEN,
    ]
    return "\n\n".join(sections) + "\n"


def _data(name: str, counts: dict[str, Any]) -> str:
    return (
        f"{LICENCES.get(name, '')} {counts['examples']} pictures, {counts['refused']} refused; "
        f"{counts['near_equal_pairs']} near-equal pairs kept on one side, {counts['contradicting_dropped']} pictures "
        f"with contradicting labels dropped. Training {counts['train']}, validation {counts['validation']}, test "
        f"{counts['test']}; {counts['detected']} were learnt from as a detector cuts them out, too."
    )


def _overall(metrics: dict[str, Any]) -> str:
    low, high = metrics["accuracy_interval"]
    lines = [
        f"- accuracy {metrics['accuracy']:.1%} (95 % interval {low:.1%} to {high:.1%}, {metrics['n']} pictures)",
        f"- mean recall over the labels {metrics['macro_recall']:.1%}",
        f"- expected calibration error {metrics['ece']:.3f}, negative log likelihood {metrics['nll']:.3f}",
    ]
    if "mae" in metrics:
        lines.append(
            f"- mean absolute error {metrics['mae']:.2f} years, within five years {metrics['cs5']:.1%}, within one "
            f"group {metrics['within_one_group']:.1%}"
        )
    if "expression_accuracy" in metrics:
        lines.append(f"- {metrics['expressions']} expressions, before they are summed {_rate(metrics, 'expression_')}")
    return "\n".join(lines)


def _rate(scores: dict[str, Any], prefix: str = "") -> str:
    low, high = scores[f"{prefix}accuracy_interval"]
    return f"{scores[f'{prefix}accuracy']:.1%} ({low:.1%} to {high:.1%})"


def _elsewhere(metrics: dict[str, Any]) -> str:
    names = {"at_32_px": "faces of 32 pixels", "through_the_detector": "as the detector cuts them out"}
    looks = {key: value for key, value in metrics.items() if isinstance(value, dict) and "accuracy_interval" in value}
    lines = [f"- {names.get(key, key)}: {_rate(scores)}, {scores['n']} pictures" for key, scores in looks.items()]
    if unsure := metrics.get("unsure"):
        lines.append(
            f"- called unsure: {unsure['of_faces']:.1%} of the faces, "
            f"{unsure['of_no_faces']:.1%} of pictures of no face"
        )
    return "\n".join(lines) or "Not measured."


def _reliability(metrics: dict[str, Any]) -> str:
    rows = ["| says | is right | pictures |", "|---|---|---|"]
    rows += [f"| {b['confidence']:.0%} | {b['accuracy']:.0%} | {b['n']} |" for b in metrics["reliability"]]
    return "\n".join(rows)


def _coverage(metrics: dict[str, Any]) -> str:
    rows = ["| answered | right | least confidence |", "|---|---|---|"]
    rows += [f"| {c['coverage']:.0%} | {c['accuracy']:.1%} | {c['confidence']:.2f} |" for c in metrics["coverage"]]
    return "\n".join(rows)


def _groups(metrics: dict[str, Any]) -> str:
    rows = ["| group | pictures | accuracy | 95 % interval |", "|---|---|---|---|"]
    for name, group in sorted(metrics["by_group"].items(), key=lambda item: item[1]["accuracy"]):
        low, high = group["accuracy_interval"]
        rows.append(f"| {name} | {group['n']} | {group['accuracy']:.1%} | {low:.1%}–{high:.1%} |")
    return "\n".join(rows)
