"""Multiplications and additions of an exported network joined to normalisations, which ONNX Runtime runs faster.

A normalisation in front of an activation cannot be folded into a convolution. The export writes it as two steps over
the whole picture; as one, the runtime keeps it in the convolutions' own layout and takes the activation along.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class Pair(NamedTuple):
    """A multiplication by one number per channel, and the addition of one that alone uses its product."""

    product: Any
    total: Any
    source: str  # what is multiplied
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]


def join(model: Any) -> int:
    """Join what can be joined in an ONNX model, in place; returns how many pairs there were."""
    pairs = {pair.product.output[0]: pair for pair in _pairs(model.graph)}
    totals = {pair.total.output[0] for pair in pairs.values()}
    nodes, values = [], []
    for node in model.graph.node:
        if pair := pairs.get(node.output[0]):
            joined, numbers = _normalisation(pair)
            nodes.append(joined)
            values.extend(numbers)
        elif node.output[0] not in totals:
            nodes.append(node)
    used = {name for node in nodes for name in node.input}
    values.extend(value for value in model.graph.initializer if value.name in used)
    for kept, present in ((nodes, model.graph.node), (values, model.graph.initializer)):
        del present[:]
        present.extend(kept)
    return len(pairs)


def _pairs(graph: Any) -> list[Pair]:
    from onnx import numpy_helper

    constants = {value.name: numpy_helper.to_array(value) for value in graph.initializer}
    users = defaultdict(list)
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    told = {output.name for output in graph.output}
    products = (node for node in graph.node if node.op_type == "Mul" and node.output[0] not in told)
    found = (_pair(product, users[product.output[0]], constants) for product in products)
    return [pair for pair in found if pair]


def _pair(product: Any, users: list[Any], constants: dict[str, NDArray[np.float32]]) -> Pair | None:
    if len(users) != 1 or users[0].op_type != "Add":
        return None
    scale, shift = (_per_channel(node, constants) for node in (product, users[0]))
    if scale is None or shift is None or len(scale) != len(shift):
        return None
    [source] = (name for name in product.input if name not in constants)
    return Pair(product, users[0], source, scale, shift)


def _per_channel(node: Any, constants: dict[str, NDArray[np.float32]]) -> NDArray[np.float32] | None:
    """The one constant a node takes, (channels,), if it is a number for each channel of a picture (n, c, h, w)."""
    found = [constants[name] for name in node.input if name in constants]
    if len(found) != 1 or found[0].ndim != 4 or found[0].size != found[0].shape[1]:
        return None
    return found[0].ravel()


def _normalisation(pair: Pair) -> tuple[Any, list[Any]]:
    """The node that does both, and its numbers."""
    from onnx import helper, numpy_helper

    name = pair.total.output[0]
    nothing, one = np.zeros_like(pair.scale), np.ones_like(pair.scale)
    numbers = {"scale": pair.scale, "shift": pair.shift, "mean": nothing, "variance": one}
    values = [numpy_helper.from_array(value, f"{name}/{key}") for key, value in numbers.items()]
    inputs = [pair.source, *(value.name for value in values)]
    return helper.make_node("BatchNormalization", inputs, [name], epsilon=0.0), values
