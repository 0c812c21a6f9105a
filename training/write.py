"""A judged network becomes model versions, one per task, each with its card."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training import artifacts, cards
from training.judge import Verdict
from training.prepare import Prepared
from training.recipes import Recipe


def write_versions(
    network: Any, recipe: Recipe, sets: list[Prepared], verdict: Verdict, out: Path, *, epochs: int, seed: int
) -> list[Path]:  # fmt: skip
    """Write a folder per task below `out`, and return them in the order of the recipe's heads."""
    now = datetime.now(UTC)
    data = _data(recipe, sets)
    identity = hashlib.sha256(f"{data['split']}{now.isoformat()}".encode()).hexdigest()[:6]
    folders: list[Path] = []
    for head in recipe.heads:
        name = recipe.name if len(recipe.heads) == 1 else head.task
        version = f"{name}-{now:%Y%m%d-%H%M}-{identity}"
        config = {
            "version": version, "recipe": recipe.name, "epochs": epochs, "seed": seed,
            **asdict(verdict.calibrations[head.task]), "face_threshold": verdict.face_threshold,
            "input": asdict(recipe.input), "parameters": int(network.count_params()),
            "augmentation": asdict(recipe.augmentation), "trained_at": now.isoformat(timespec="seconds"),
        }  # fmt: skip
        metrics = verdict.metrics[head.task]
        contents = artifacts.Contents(
            head.task, head.outputs, config, metrics, data, _names(recipe, sets),
            cards.write(recipe, head.task, version, metrics, data),
        )  # fmt: skip
        folders.append(artifacts.save(network, out / version, contents, folders[0] if folders else None))
    return folders


def _data(recipe: Recipe, sets: list[Prepared]) -> dict[str, Any]:
    """The first data set's counts, which the scores are of, the others' by name, and one fingerprint for all."""
    prints = "".join(ready.split.fingerprint(ready.data.examples) for ready in sets)
    split = prints if len(sets) == 1 else hashlib.sha256(prints.encode()).hexdigest()
    formats = [source.format for source in recipe.sources]
    others = {name: ready.counts for name, ready in list(zip(formats, sets, strict=True))[1:]}
    return {"format": formats[0], "split": split, **sets[0].counts, "others": others}


def _names(recipe: Recipe, sets: list[Prepared]) -> dict[str, Any]:
    """Who validates and who tests, by data set; all others train or were dropped. Nothing is judged by pictures that
    have no label."""
    return {
        source.format: {
            part: sorted(ready.data.examples[i].name for i in getattr(ready.split, part))
            for part in ("validation", "test")
        }
        for source, ready in zip(recipe.sources, sets, strict=True)
        if source.labelled
    }
