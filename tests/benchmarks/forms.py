"""`python -m tests.benchmarks.forms`: the forms a network could serve in, side by side on one core.

Milliseconds per face at batches of 1 and of 32, how far the answers lie from the Keras model's, and the memory of a
process that serves all three, after loading and after up to 20,000 faces. LiteRT and OpenVINO are
measured where they are installed (`pip install ai-edge-litert openvino`). With `--data`, int8 is judged by the
accuracy it loses on the version's own test part.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Run = Callable[[Floats], dict[str, Any]]

BATCHES = (1, 32)
ROUNDS = 15
MANY = (1, 1_000, 10_000, 20_000)  # faces after which a serving process's memory is told
SAMPLES = 256  # faces to set the ranges of int8 by


def main() -> int:
    os.environ["OMP_NUM_THREADS"] = os.environ["TF_NUM_INTRAOP_THREADS"] = os.environ["TF_NUM_INTEROP_THREADS"] = "1"
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    options = arguments()
    with tempfile.TemporaryDirectory() as folder:
        for task in ("age", "mood"):  # gender shares age's network
            compare(task, Path(folder), options.data if task == "age" else None)
    memory()
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="UTKFace's zip, for the accuracy that int8 loses on age")
    return parser.parse_args()


def compare(task: str, folder: Path, data: Path | None) -> None:
    import keras

    from training import artifacts

    version = artifacts.load(artifacts.PRETRAINED / task)
    trained = keras.models.load_model(version.path / "model.keras", compile=False)
    spec = version.input
    inputs = np.random.default_rng(1).random((max(BATCHES), spec.size, spec.size, spec.channels), np.float32)
    truth = trained.predict_on_batch(inputs)
    say(f"\n{version.version}: {trained.count_params():,} parameters")
    for name, run in forms(trained, version.path / "model.onnx", folder, inputs):
        apart = max(float(np.abs(np.asarray(run(inputs)[key]) - truth[key]).max()) for key in truth)
        times = " ".join(f"batch {size}: {per_face(run, inputs[:size]):6.2f} ms" for size in BATCHES)
        say(f"  {name:28} {times}   differs by {apart:.5f}")
    if data:
        int8_loss(version, folder / "int8.onnx", data)


def forms(trained: Any, onnx: Path, folder: Path, inputs: Floats) -> Iterator[tuple[str, Run]]:
    import tensorflow as tf

    yield "TensorFlow", tf.function(lambda x: trained(x, training=False))
    yield "TensorFlow, compiled (XLA)", tf.function(lambda x: trained(x, training=False), jit_compile=True)
    yield "ONNX Runtime", onnx_run(onnx)
    yield "ONNX Runtime, int8", onnx_run(quantised(onnx, folder / "int8.onnx", inputs))
    for name, make in (("LiteRT", litert_run), ("OpenVINO", openvino_run)):
        try:
            yield name, make(trained, onnx, folder)
        except ModuleNotFoundError as missing:
            say(f"  {name:28} skipped: {missing}")


def onnx_run(file: Path) -> Run:
    from training.serving import Network

    return Network(file, "").run


def quantised(onnx: Path, target: Path, inputs: Floats) -> Path:
    """Static int8 with ranges from these inputs (random ones where only speed is wanted)."""
    from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    prepared = target.with_suffix(".prepared.onnx")
    quant_pre_process(str(onnx), str(prepared), skip_symbolic_shape=True)
    name = __import__("onnxruntime").InferenceSession(str(onnx)).get_inputs()[0].name

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
        def __init__(self) -> None:
            self.rows = iter(inputs)

        def get_next(self) -> dict[str, Floats] | None:
            row = next(self.rows, None)
            return None if row is None else {name: row[None]}

    quantize_static(
        str(prepared), str(target), Reader(), per_channel=True,
        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
    )  # fmt: skip
    return target


def litert_run(trained: Any, onnx: Path, folder: Path) -> Run:
    from ai_edge_litert.interpreter import Interpreter

    file = folder / "model.tflite"
    trained.export(str(file), format="litert", verbose=False)
    interpreter = Interpreter(str(file), num_threads=1)
    runner = interpreter.get_signature_runner()
    [name] = runner.get_input_details()
    return lambda x: runner(**{name: x})


def openvino_run(trained: Any, onnx: Path, folder: Path) -> Run:
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_NUM_THREADS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(core.read_model(str(onnx)), "CPU", settings).create_infer_request()
    return lambda x: {key.any_name: value for key, value in request.infer([x]).items()}


def per_face(run: Run, inputs: Floats) -> float:
    """Milliseconds, the median of several rounds after a warm-up."""
    times = []
    for _ in range(ROUNDS + 3):
        start = perf_counter()
        run(inputs)
        times.append(perf_counter() - start)
    return 1000 * median(times[3:]) / len(inputs)


def memory() -> None:
    """Resident memory of a fresh process that serves all three, as faces in batches of many sizes pass."""
    import subprocess

    say("\n" + subprocess.run([sys.executable, "-c", SERVE], capture_output=True, text=True, check=True).stdout.strip())


SERVE = f"""
import sys, numpy as np, psutil
from training import artifacts
models = [artifacts.load(artifacts.PRETRAINED / task) for task in ("age", "gender", "mood")]
random, mine, done = np.random.default_rng(0), psutil.Process(), 0
for stop in {MANY}:
    while done < stop:
        crops = list(random.integers(0, 256, (int(random.integers(1, 65)) if done else 1, 96, 96, 3), np.uint8))
        for model in models:
            model.predict(crops)
        done += len(crops)
    print("MB after", done, "faces:", mine.memory_info().rss // 2**20)
print("TensorFlow loaded:", "tensorflow" in sys.modules)
"""


def int8_loss(version: Any, target: Path, data: Path) -> None:
    from training.datasets import open_data
    from training.evaluate import scores
    from training.preprocessing import prepare
    from training.serving import Network

    found = open_data(data, "utkface", version.task)
    names = version.names_of("validation")
    ranges = [found.pixels(e) for e in found.examples if e.name in names][:SAMPLES]
    quantised(version.path / "model.onnx", target, prepare(ranges, version.input))
    tested = [e for e in found.examples if e.name in version.names_of("test")]
    crops = prepare([found.pixels(e) for e in tested], version.input)
    labels = [e.label for e in tested]
    for name, network in (("float32", version.network), ("int8", Network(target, ""))):
        result = scores(version.task, labels, version.interpret(network.run(crops)))
        say(f"  {name:8} accuracy {result['accuracy']:.2%}, mean error {result['mae']:.2f} years, n {result['n']}")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # a command's output


if __name__ == "__main__":
    sys.exit(main())
