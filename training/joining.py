"""The steps of an exported network that ONNX Runtime is slow at, put so that it is fast; the answers stay the same.

- A normalisation in front of an activation cannot be folded into a convolution, and is exported as a multiplication and
  an addition over the whole picture. As one step, the runtime keeps it in the convolutions' own layout and takes the
  activation along: a sixteenth of a network's time.
- A picture whose last axis is its one channel is scaled number by number, twenty times as slowly as after the change of
  layout that follows anyway.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

LAYOUTS = ("Reshape", "Transpose")


def join(model: Any) -> int:
    """Rewrite an ONNX model in place; returns how many normalisations were joined."""
    while found := next(_scalings_before_layouts(model.graph), None):
        _swap(*found)
    pairs = list(_pairs(model.graph))
    _replace(model.graph, pairs)
    del model.graph.value_info[:]  # shapes of what is there no longer
    return len(pairs)


def _constants(graph: Any) -> dict[str, NDArray[np.float32]]:
    from onnx import numpy_helper

    return {value.name: numpy_helper.to_array(value) for value in graph.initializer}


def _with_only_user(graph: Any) -> Iterator[tuple[Any, Any]]:
    """Each step that serves one other alone, and that one."""
    users = defaultdict(list, {output.name: [None] for output in graph.output})
    for node in graph.node:
        for name in node.input:
            users[name].append(node)
    for node in graph.node:
        served = [user for name in node.output for user in users[name]]
        if len(served) == 1 and served[0] is not None:
            yield node, served[0]


# Scalings ---------------------------------------------------------------------------------------------------------


def _scalings_before_layouts(graph: Any) -> Iterator[tuple[Any, str, Any]]:
    """A step that scales by a single number, what it scales, and the change of layout behind it."""
    numbers = {name for name, value in _constants(graph).items() if value.ndim == 0}
    for node, user in _with_only_user(graph):
        scaled = [name for name in node.input if name not in numbers]
        if node.op_type in ("Mul", "Add") and len(scaled) == 1 and user.op_type in LAYOUTS:
            yield node, scaled[0], user


def _swap(scaling: Any, scaled: str, layout: Any) -> None:
    between, result = scaling.output[0], layout.output[0]
    first, second = type(layout)(), type(scaling)()
    first.CopyFrom(layout)
    second.CopyFrom(scaling)
    first.input[0], first.output[0] = scaled, between
    second.input[list(scaling.input).index(scaled)], second.output[0] = between, result
    scaling.CopyFrom(first)
    layout.CopyFrom(second)


# Normalisations ---------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    """A multiplication by one number per channel, and an addition of one that alone uses the product."""

    product: Any
    total: Any
    source: str  # what is multiplied
    scale: NDArray[np.float32]
    shift: NDArray[np.float32]


def _pairs(graph: Any) -> Iterator[Pair]:
    constants = _constants(graph)
    per_channel = {
        name: value.ravel() for name, value in constants.items() if value.ndim == 4 and value.size == value.shape[1]
    }
    for product, total in _with_only_user(graph):
        scale, shift = ([per_channel[name] for name in node.input if name in per_channel] for node in (product, total))
        source = [name for name in product.input if name not in constants]
        same = len(source) == len(scale) == len(shift) == 1 and len(scale[0]) == len(shift[0])
        if same and (product.op_type, total.op_type) == ("Mul", "Add"):
            yield Pair(product, total, source[0], scale[0], shift[0])


def _replace(graph: Any, pairs: list[Pair]) -> None:
    """Put one node for each pair where its multiplication was, and drop the constants that nobody takes any longer."""
    joined = {pair.product.output[0]: _normalisation(pair) for pair in pairs}
    totals = {pair.total.output[0] for pair in pairs}
    nodes = [
        joined[node.output[0]][0] if node.output[0] in joined else node
        for node in graph.node
        if node.output[0] not in totals
    ]
    used = {name for node in nodes for name in node.input}
    values = [value for _, numbers in joined.values() for value in numbers]
    values += [value for value in graph.initializer if value.name in used]
    for kept, present in ((nodes, graph.node), (values, graph.initializer)):
        del present[:]
        present.extend(kept)


def _normalisation(pair: Pair) -> tuple[Any, list[Any]]:
    """The node that does both, and its constants."""
    from onnx import helper, numpy_helper

    name = pair.total.output[0]
    nothing, one = np.zeros_like(pair.scale), np.ones_like(pair.scale)
    numbers = {"scale": pair.scale, "shift": pair.shift, "mean": nothing, "variance": one}
    values = [numpy_helper.from_array(value, f"{name}/{key}") for key, value in numbers.items()]
    inputs = [pair.source, *(value.name for value in values)]
    return helper.make_node("BatchNormalization", inputs, [name], epsilon=0.0), values
