"""The serving form of a network: ONNX, run by ONNX Runtime, so that a worker needs no TensorFlow.

Of TensorFlow (compiled), LiteRT, ONNX Runtime and OpenVINO it is as fast as any on one core for age and gender, and for
mood within a fifth of the fastest; `python -m tests.benchmarks.forms` measures them side by side.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from threading import Lock
from typing import Any, Final
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray

from training.joining import join

LARGEST_BATCH: Final = 64
# How far a probability of the serving form may lie from the Keras model's.
TOLERANCE: Final = 1e-3


class Network:
    """One network, loaded on its first run; `key` is the same for equal files, wherever they lie."""

    def __init__(self, file: Path, key: str) -> None:
        self.file = file
        self.key = key
        self._session: Any = None
        self._loading = Lock()  # several threads may want it first

    def run(self, inputs: NDArray[np.float32], wanted: set[str] | None = None) -> dict[str, NDArray[np.float64]]:
        """Outputs' softmaxes (n, classes) for prepared inputs (n, size, size, channels) in 0..1.

        Of the outputs there are, only the `wanted` ones are computed; all, if none are named.
        """
        session = self._loaded()
        names = [output.name for output in session.get_outputs() if wanted is None or output.name in wanted]
        parts = [
            session.run(names, {session.get_inputs()[0].name: inputs[start : start + LARGEST_BATCH]})
            for start in range(0, max(1, len(inputs)), LARGEST_BATCH)
        ]
        return {name: np.concatenate([part[k] for part in parts]).astype(np.float64) for k, name in enumerate(names)}

    def _loaded(self) -> Any:
        with self._loading:
            if self._session is None:
                import onnxruntime

                options = onnxruntime.SessionOptions()
                # Callers run as many batches side by side as they have cores.
                options.intra_op_num_threads = options.inter_op_num_threads = 1
                self._session = onnxruntime.InferenceSession(
                    str(self.file), options, providers=["CPUExecutionProvider"]
                )  # fmt: skip
            return self._session


# Networks in use, by the content of their files; one that no version holds any longer is forgotten.
_in_use: WeakValueDictionary[str, Network] = WeakValueDictionary()


def serving_network(file: Path) -> Network:
    """The network of a file. Versions that were trained together carry equal files and get the same one."""
    with file.open("rb") as content:
        key = hashlib.file_digest(content, "sha256").hexdigest()
    network = _in_use.get(key) or Network(file, key)
    _in_use[key] = network
    return network


def to_onnx(network: Any, file: Path) -> None:
    """Export a Keras model, and check on random inputs that the export says the same. Raises ValueError otherwise."""
    import onnx

    inputs = np.random.default_rng(0).random((4, *network.input_shape[1:]), np.float32)
    theirs = network.predict_on_batch(inputs)  # before the export, which wants a model that has been called
    network.export(str(file), format="onnx", verbose=False)
    exported = onnx.load(file)
    join(exported)
    onnx.save(exported, file)
    for name, mine in Network(file, "").run(inputs).items():
        apart = float(np.abs(mine - np.asarray(theirs[name])).max())
        if apart > TOLERANCE:
            raise ValueError(f"The exported network’s “{name}” differs from the trained one’s by {apart:.4f}.")
