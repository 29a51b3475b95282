"""A loop's start and its body, each an ONNX model, as one model with a Scan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from musicvae_lite.export.loops import Loop

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto, ValueInfoProto


def joined(start: ModelProto, body: ModelProto, loop: Loop, output: str, shape: Sequence[int]) -> ModelProto:
    """The model whose one output [B, *shape] is what all rounds wrote.

    Args:
        start: its outputs are what the first round is handed and what each has of its own.
        body: its inputs are called `loop.carried` and `loop.given`; its outputs are the former and what
            is written.
    """
    from onnx import TensorProto, checker, helper

    _prefix(body.graph, "body/")
    _order(body.graph, [f"body/{name}" for name in (*loop.carried, *loop.given)])
    rounds = "rounds" if loop.joined else output
    graph = start.graph
    scan = helper.make_node(
        "Scan",
        [value.name for value in graph.output],
        [*(f"last_{name}" for name in loop.carried), rounds],
        body=body.graph,
        num_scan_inputs=len(loop.given),
        scan_input_axes=[1] * len(loop.given),
        scan_output_axes=[1],
    )
    graph.node.append(scan)
    if loop.joined:
        sizes = helper.make_tensor("joined_shape", TensorProto.INT64, [len(shape) + 1], [0, *shape])
        graph.initializer.append(sizes)
        graph.node.append(helper.make_node("Reshape", [rounds, "joined_shape"], [output]))
    kind = body.graph.output[-1].type.tensor_type.elem_type
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info(output, kind, ["batch", *shape]))
    checker.check_model(start)
    return start


def nodes(graph: GraphProto) -> Iterator[NodeProto]:
    """All nodes, those of bodies too."""
    for node in graph.node:
        yield node
        for inner in _bodies(node):
            yield from nodes(inner)


def _bodies(node: NodeProto) -> list[GraphProto]:
    return [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def _prefix(graph: GraphProto, prefix: str) -> None:
    """Puts a prefix before every name of a graph and of the bodies in it, which may use those outside."""
    for value in (*graph.input, *graph.output, *graph.value_info, *graph.initializer):
        value.name = prefix + value.name
    for node in graph.node:
        node.name = prefix + node.name
        for names in (node.input, node.output):
            names[:] = [name and prefix + name for name in names]  # "" leaves out an optional one
        for inner in _bodies(node):
            _prefix(inner, prefix)


def _order(graph: GraphProto, names: list[str]) -> None:
    """Puts a graph's inputs into an order."""
    found: dict[str, ValueInfoProto] = {value.name: value for value in graph.input}
    inputs = [found[name] for name in names]
    del graph.input[:]
    graph.input.extend(inputs)
