"""An exported network's steps, joined and put in another order: the same answers, sooner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from training.joining import join
from training.networks import compact, mirrored
from training.serving import Network, to_onnx

PICTURE: list[str | int | None] = ["n", 3, 4, 4]


def network(scale: Any, shift: Any, *, told: bool = False) -> Any:
    """x times `scale` plus `shift`; `told`: the product is an output of its own."""
    values = {"scale": np.asarray(scale, np.float32), "shift": np.asarray(shift, np.float32)}
    nodes = [helper.make_node("Mul", ["scale", "x"], ["product"]), helper.make_node("Add", ["product", "shift"], ["y"])]
    outputs = ["y", "product"] if told else ["y"]
    graph = helper.make_graph(
        nodes,
        "drawn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, PICTURE)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, PICTURE) for name in outputs],
        [numpy_helper.from_array(value, name) for name, value in values.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)


def answer(model: Any, x: Any) -> Any:
    import onnxruntime

    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(["y"], {"x": x})[0]


def per_channel(*values: float) -> Any:
    return np.reshape(values, (1, -1, 1, 1))


def test_a_factor_and_a_term_per_channel_become_one_normalisation() -> None:
    model = network(per_channel(2, -3, 0.5), per_channel(1, 0, -1))
    x = np.random.default_rng(0).random((2, 3, 4, 4), np.float32)
    before = answer(model, x)
    assert join(model) == 1
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["BatchNormalization"]
    assert not {"scale", "shift"} & {value.name for value in model.graph.initializer}
    np.testing.assert_allclose(answer(model, x), before, atol=1e-6)


@pytest.mark.parametrize(
    "model",
    [
        network(2.0, per_channel(1, 0, -1)),
        network(np.ones((1, 3, 4, 4)), per_channel(1, 0, -1)),
        network(per_channel(2, -3, 0.5), per_channel(1)),
        network(per_channel(2, -3, 0.5), per_channel(1, 0, -1), told=True),
    ],
    ids=["one factor for all", "a factor per pixel", "one term for all", "the product is an output"],
)
def test_what_is_no_normalisation_stays(model: Any) -> None:
    before = model.SerializeToString()
    assert join(model) == 0 and model.SerializeToString() == before


def test_a_grey_picture_is_scaled_after_its_change_of_layout() -> None:
    values = {"two": np.float32(2), "one": np.float32(-1), "shape": np.array([-1, 1, 4, 4])}
    steps = (("Mul", ["x", "two"]), ("Add", ["one", "Mul"]), ("Reshape", ["Add", "shape"]), ("Relu", ["Reshape"]))
    nodes = [helper.make_node(kind, inputs, ["y" if kind == "Relu" else kind]) for kind, inputs in steps]
    graph = helper.make_graph(
        nodes,
        "drawn",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4, 4, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 1, 4, 4])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    x = np.random.default_rng(0).random((2, 4, 4, 1), np.float32)
    before = answer(model, x)
    join(model)
    onnx.checker.check_model(model)
    assert [node.op_type for node in model.graph.node] == ["Reshape", "Mul", "Add", "Relu"]
    np.testing.assert_array_equal(answer(model, x), before)


def test_an_exported_network_has_no_pair_left_and_says_the_same(tmp_path: Path) -> None:
    trained = compact(48, 3, {"gender": 2})
    random = np.random.default_rng(0)
    for layer in trained.layers:  # normalisations that do something, as after a training
        if layer.__class__.__name__ == "BatchNormalization":
            layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
    to_onnx(mirrored(trained), tmp_path / "network.onnx")
    exported = onnx.load(tmp_path / "network.onnx")
    assert join(exported) == 0
    assert "BatchNormalization" in {node.op_type for node in exported.graph.node}
    faces = np.random.default_rng(1).random((3, 48, 48, 3), np.float32)
    served = Network(tmp_path / "network.onnx", "").run(faces)["gender"]
    expected = (np.asarray(trained(faces)["gender"]) + np.asarray(trained(faces[:, :, ::-1])["gender"])) / 2
    np.testing.assert_allclose(served, expected, atol=1e-5)
