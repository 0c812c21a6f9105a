"""A model version on disk: a folder that is written aside, renamed into place and never changed."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from training.labels import LABELS, Task
from training.preprocessing import InputSpec, Pixels, prepare
from training.recipes import FACE, Outputs
from training.serving import Network, serving_network, to_onnx

# 1: a Keras model with one output. 2: a network with named outputs, which several versions may share, and its serving
# form beside it; the split by name.
FORMAT_VERSION: Final = 2
PRETRAINED: Final = Path(__file__).parent / "pretrained"
NETWORK_FILES: Final = ("model.keras", "model.onnx")
FILES: Final = (
    *NETWORK_FILES, "labels.json", "config.json", "metrics.json", "data.json", "split.json", "card.md",
)  # fmt: skip


@dataclass(frozen=True)
class Calibration:
    """How much to temper a network's classes, and what to add to the logarithm of each label's probability.

    `bend`, 0 or more, sets sure answers further apart than doubtful ones: a network that was taught soft labels says
    too little of what it is sure of, and no temperature mends that without making doubts look like knowledge.
    """

    temperature: float = 1.0
    bias: tuple[float, ...] = ()  # one per label, or none
    bend: float = 0.0


@dataclass(frozen=True)
class Prediction:
    """probabilities (n, labels), rows sum to 1, in the order of training.labels; years (n,) for age, else None."""

    probabilities: NDArray[np.float64]
    years: NDArray[np.float64] | None
    classes: NDArray[np.float64]  # (n, classes): what the network itself tells apart
    face: NDArray[np.float64]  # (n,): the probability that the crop shows a face at all; 1 where nothing judges that


class Artifact:
    """A loaded model version. Versions that were trained together share one network, which runs once for all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        config = _read(path / "config.json")
        if config["format"] != FORMAT_VERSION:
            raise ValueError(f"{path} has format {config['format']}; this program reads format {FORMAT_VERSION}.")
        labels = _read(path / "labels.json")
        self.task: Task = labels["task"]
        if tuple(labels["labels"]) != LABELS[self.task]:
            raise ValueError(f"{path} was trained for the labels {labels['labels']}, not {LABELS[self.task]}.")
        self.version: str = config["version"]
        self.calibration = Calibration(
            config["temperature"], tuple(config.get("bias", ())), config.get("bend", 0.0)
        )  # fmt: skip
        self.face_threshold: float = config.get("face_threshold", 0.0)
        self.input = InputSpec(**config["input"])
        self.outputs = Outputs(tuple(labels["classes"]), tuple(labels["label_of"]), tuple(labels["years"]))
        self.metrics: dict[str, Any] = _read(path / "metrics.json")

    @cached_property
    def network(self) -> Network:
        """Found on first use: knowing which network it is means reading its whole file, which no mere check needs."""
        return serving_network(self.path / "model.onnx")

    def predict(self, crops: list[Pixels] | Pixels) -> Prediction:
        """Classify canonical RGB crops, each (h, w, 3) uint8, aligned to this artifact's `input.framing`."""
        return self.interpret(self.network.run(prepare(crops, self.input)))

    def names_of(self, part: str) -> set[str]:
        """The pictures that this version's training kept apart as “validation” or “test”."""
        return {name for parts in _read(self.path / "split.json").values() for name in parts.get(part, [])}

    def interpret(self, softmax: dict[str, NDArray[np.float64]]) -> Prediction:
        """What this version makes of its network's outputs."""
        return interpret(softmax, self.outputs, self.task, self.calibration)


def interpret(
    softmax: dict[str, NDArray[np.float64]], outputs: Outputs, task: Task, calibration: Calibration
) -> Prediction:  # fmt: skip
    """Temper class probabilities, sum them to labels, and set the labels right (vector scaling, Guo et al., ICML 2017).

    So far as the crop may show no face, nothing is known: its share of probability is spread evenly.
    """
    own = softmax[task]
    face = softmax[FACE][:, 1] if FACE in softmax else np.ones(len(own))
    classes = _shares(np.clip(own, 1e-12, 1) ** (1 / calibration.temperature))
    probabilities = np.zeros((len(classes), len(LABELS[task])))
    np.add.at(probabilities.T, np.array(outputs.label_of), classes.T)
    if calibration.bend:
        probabilities = _bent(probabilities, calibration.bend)
    if calibration.bias:
        probabilities = _shares(probabilities * np.exp(calibration.bias))
    hedged = face[:, None] * probabilities + (1 - face[:, None]) / probabilities.shape[1]
    return Prediction(hedged, _median(classes, outputs.years) if outputs.years else None, classes, face)


def _bent(probabilities: NDArray[np.float64], bend: float) -> NDArray[np.float64]:
    """Probabilities (n, labels) whose centred logarithms z become z (1 + bend |z|²); their order stays."""
    logs = np.log(np.clip(probabilities, 1e-12, 1))
    centred = logs - logs.mean(axis=1, keepdims=True)
    bent = centred * (1 + bend * (centred**2).sum(axis=1, keepdims=True))
    return _shares(np.exp(bent - bent.max(axis=1, keepdims=True)))


def _shares(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)


def _median(classes: NDArray[np.float64], years: tuple[float, ...]) -> NDArray[np.float64]:
    """The age that is as likely too high as too low, (n,): it errs less in years than the mean does.

    Within the class that holds it, it is found by proportion, each class reaching half-way to its neighbours.
    """
    middles = np.array(years)
    edges = np.concatenate([[middles[0] - 0.5], (middles[1:] + middles[:-1]) / 2, [middles[-1] + 0.5]])
    below = np.hstack([np.zeros((len(classes), 1)), classes.cumsum(axis=1)])
    return np.array([np.interp(0.5, row, edges) for row in below])


@dataclass(frozen=True)
class Contents:
    """What a version's folder holds beside its network."""

    task: Task
    outputs: Outputs
    config: dict[str, Any]
    metrics: dict[str, Any]
    data: dict[str, Any]
    split: dict[str, Any]
    card: str


def save(network: Any, folder: Path, contents: Contents, beside: Path | None = None) -> Path:
    """Write an artifact folder; it appears whole or not at all. Raises FileExistsError: artifacts never change.

    `beside` is a version of the same network: its files are taken over, so that both are known to share it.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} exists already; artifacts are never changed.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        if beside:
            for name in NETWORK_FILES:
                shutil.copyfile(beside / name, aside / name)
        else:
            network.save(aside / "model.keras")
            to_onnx(network, aside / "model.onnx")
        _write(aside / "labels.json", {"task": contents.task, "labels": LABELS[contents.task],
                                       **asdict(contents.outputs)})  # fmt: skip
        _write(aside / "config.json", {"format": FORMAT_VERSION, **contents.config})
        for name in ("metrics", "data", "split"):
            _write(aside / f"{name}.json", getattr(contents, name))
        (aside / "card.md").write_text(contents.card)
        aside.chmod(0o755)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return folder


def load(path: Path) -> Artifact:
    """Raises FileNotFoundError, naming what is missing, for a folder that is no artifact."""
    missing = [name for name in FILES if not (path / name).exists()]
    if missing:
        raise FileNotFoundError(f"{path} is not a model version: {', '.join(missing)} missing.")
    return Artifact(path)


def resolve(task: str, models_dir: Path | None = None, ref: str | None = None) -> Path:
    """The folder of a model version: `ref` (a path or a version's name), else the serving one, else the shipped one."""
    if ref:
        places = [Path(ref), PRETRAINED / ref] + (sorted(models_dir.glob(f"*/{ref}")) if models_dir else [])
        for place in places:
            if (place / "config.json").exists():
                return place
        raise FileNotFoundError(f"There is no {task} model “{ref}”; looked at {', '.join(map(str, places))}.")
    if models_dir and (pointer := models_dir / task / "serving").exists():
        return Path(pointer.read_text().strip())
    return PRETRAINED / task


def point_serving(models_dir: Path, task: str, path: Path) -> None:
    """Make a version the one that serves; readers see the old or the new one, never half a path."""
    pointer = models_dir / task / "serving"
    pointer.parent.mkdir(parents=True, exist_ok=True)
    aside = pointer.with_suffix(f".{os.getpid()}")
    aside.write_text(f"{path.resolve()}\n")
    aside.replace(pointer)


def _read(file: Path) -> dict[str, Any]:
    return cast(dict[str, Any], json.loads(file.read_text()))


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n")
