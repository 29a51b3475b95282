"""The recurrence of the stock models as an operation of their ONNX graphs: a function with one Scan in it.

models/stock/recurrence.py puts the operation there by name; any runtime inlines the function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from musicvae_lite.models.stock.recurrence import OPERATION

if TYPE_CHECKING:
    from onnx import FunctionProto, GraphProto, ModelProto

DOMAIN, NAME = OPERATION.split("::")


def defined(model: ModelProto, opset: int) -> ModelProto:
    """The model with what its recurrences do, if it has any.

    Args:
        opset: of ONNX's own operations, in the model and in what is added.
    """
    used = {node.op_type for node in model.graph.node if node.domain == DOMAIN}
    names = {function.name for function in model.functions}
    for name in sorted(used - names):
        model.functions.append(_function(name, name != NAME, opset))
    return model


def _function(name: str, backwards: bool, opset: int) -> FunctionProto:
    """gates [T, B, 4H], weight [4H, H], h, c [B, H] -> every h [T, B, H] and the last c [B, H]."""
    from onnx import helper

    last = ["last_h", "last_c"]
    scan = helper.make_node(
        "Scan",
        ["h", "c", "gates"],
        [*last, "hidden"],
        body=_step(),
        num_scan_inputs=1,
        scan_input_directions=[int(backwards)],
        scan_output_directions=[int(backwards)],
    )
    nodes = [helper.make_node("Transpose", ["weight"], ["across"], perm=[1, 0]), scan]
    opsets = [helper.make_opsetid("", opset)]
    inputs, outputs = ["gates", "weight", "h", "c"], ["hidden", "last_c"]
    return helper.make_function(DOMAIN, name, inputs, outputs, nodes, opsets)


def _step() -> GraphProto:
    """h, c [B, H] and what is said to the gates [B, 4H] -> h, c, and h once more to be kept."""
    from onnx import TensorProto, helper

    nodes = [
        helper.make_node("MatMul", ["h_before", "across"], ["from_h"]),
        helper.make_node("Add", ["told", "from_h"], ["four"]),
        helper.make_node("Split", ["four"], ["i", "f", "g", "o"], axis=-1, num_outputs=4),
        *(helper.make_node("Sigmoid", [gate], [f"{gate}_open"]) for gate in "ifo"),
        helper.make_node("Tanh", ["g"], ["new"]),
        helper.make_node("Mul", ["f_open", "c_before"], ["kept"]),
        helper.make_node("Mul", ["i_open", "new"], ["added"]),
        helper.make_node("Add", ["kept", "added"], ["c_after"]),
        helper.make_node("Tanh", ["c_after"], ["squashed"]),
        helper.make_node("Mul", ["o_open", "squashed"], ["h_after"]),
        helper.make_node("Identity", ["h_after"], ["h_kept"]),
    ]

    def value(name: str):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, None)

    inputs = [value(name) for name in ("h_before", "c_before", "told")]
    outputs = [value(name) for name in ("h_after", "c_after", "h_kept")]
    return helper.make_graph(nodes, "step", inputs, outputs)
