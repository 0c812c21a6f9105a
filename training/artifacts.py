"""A model version on disk: a folder that is written aside, renamed into place and never changed."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from training.labels import LABELS, Task
from training.preprocessing import InputSpec, Pixels, prepare
from training.recipes import Outputs

# 1: first form.
FORMAT_VERSION: Final = 1
PRETRAINED: Final = Path(__file__).parent / "pretrained"
FILES: Final = ("model.keras", "labels.json", "config.json", "metrics.json", "data.json", "card.md")
LARGEST_BATCH: Final = 64


@dataclass(frozen=True)
class Prediction:
    """probabilities (n, labels), rows sum to 1, in the order of training.labels; years (n,) for age, else None."""

    probabilities: NDArray[np.float64]
    years: NDArray[np.float64] | None
    classes: NDArray[np.float64]  # (n, classes): what the network itself tells apart


class Artifact:
    """A loaded model version; Keras and the weights are loaded on the first prediction."""

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
        self.temperature: float = config["temperature"]
        self.input = InputSpec(**config["input"])
        self.outputs = Outputs(tuple(labels["classes"]), tuple(labels["label_of"]), tuple(labels["years"]))
        self.metrics: dict[str, Any] = _read(path / "metrics.json")
        self._network: Any = None

    def predict(self, crops: list[Pixels] | Pixels) -> Prediction:
        """Classify canonical RGB crops, each (h, w, 3) uint8, aligned to this artifact's `input.framing`."""
        return interpret(self.run(prepare(crops, self.input)), self.outputs, self.task, self.temperature)

    def run(self, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        """The network's softmax (n, classes) for prepared inputs (n, size, size, channels) in 0..1."""
        if self._network is None:
            import keras

            self._network = keras.models.load_model(self.path / "model.keras", compile=False)
        return run_network(self._network, inputs, len(self.outputs.classes))


def run_network(network: Any, inputs: NDArray[np.float32], classes: int) -> NDArray[np.float64]:
    """Predict in batches padded to powers of two, so that the network is traced for a few shapes only."""
    parts = [np.zeros((0, classes))]
    for start in range(0, len(inputs), LARGEST_BATCH):
        part = inputs[start : start + LARGEST_BATCH]
        padded = 1 << (len(part) - 1).bit_length()
        filled = np.concatenate([part, np.zeros((padded - len(part), *part.shape[1:]), part.dtype)])
        parts.append(np.asarray(network.predict_on_batch(filled), np.float64)[: len(part)])
    return np.concatenate(parts)


def interpret(softmax: NDArray[np.float64], outputs: Outputs, task: Task, temperature: float) -> Prediction:
    """Calibrate class probabilities by one temperature and sum them to labels."""
    sharpened = np.clip(softmax, 1e-12, 1) ** (1 / temperature)
    classes = sharpened / sharpened.sum(axis=1, keepdims=True)
    probabilities = np.zeros((len(classes), len(LABELS[task])))
    np.add.at(probabilities.T, np.array(outputs.label_of), classes.T)
    years = classes @ np.array(outputs.years) if outputs.years else None
    return Prediction(probabilities, years, classes)


def save(
    network: Any, folder: Path, *, task: Task, outputs: Outputs, config: dict[str, Any], metrics: dict[str, Any],
    data: dict[str, Any], card: str,
) -> Path:  # fmt: skip
    """Write an artifact folder; it appears whole or not at all. Raises FileExistsError: artifacts never change."""
    import keras

    if folder.exists():
        raise FileExistsError(f"{folder} exists already; artifacts are never changed.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        # A model made anew from its ends has no optimizer, whose moments would make the file four times as large.
        keras.Model(network.inputs, network.outputs).save(aside / "model.keras")
        _write(aside / "labels.json", {"task": task, "labels": LABELS[task], **asdict(outputs)})
        _write(aside / "config.json", {"format": FORMAT_VERSION, **config})
        _write(aside / "metrics.json", metrics)
        _write(aside / "data.json", data)
        (aside / "card.md").write_text(card)
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
        places = [Path(ref), PRETRAINED / ref] + ([models_dir / task / ref] if models_dir else [])
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
