"""Weights made smaller for keeping: float16, or int8 with a scale for every row.

A model is always run in float32; this is about its file only. int8 is symmetric and by row (Jacob et al.
2018, arXiv:1712.05877, without its zero points): a matrix becomes whole numbers of -127..127 and a
float32 scale a row, a quarter of the size with errors of at most 0.4 % of the row's largest weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from musicvae_lite.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

Storage = Literal["float32", "float16", "int8"]
SCALE = "#scale"  # after the name of a matrix: the name of its rows' scales


def pack(weights: dict[str, Tensor], storage: Storage = "float32") -> dict[str, Tensor]:
    """Weights as they are stored. Raises ConfigError for a storage that there is not."""
    if storage not in get_args(Storage):
        raise ConfigError(f"weights are stored as {', '.join(get_args(Storage))}, not '{storage}'")
    packed: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if storage == "int8" and tensor.dim() > 1:
            packed[name], packed[name + SCALE] = _quantised(tensor.float())
        else:
            packed[name] = tensor.float() if storage == "float32" else tensor.half()
    return packed


def unpack(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """Stored tensors as float32 weights."""
    weights: dict[str, Tensor] = {}
    for name, tensor in stored.items():
        if name.endswith(SCALE):
            continue
        scale = stored.get(name + SCALE)
        weights[name] = tensor.float() if scale is None else tensor.float() * _along(scale, tensor)
    return weights


def _quantised(matrix: Tensor) -> tuple[Tensor, Tensor]:
    """int8 numbers of the matrix's shape, and a scale for each of its rows."""
    import torch

    scale = matrix.flatten(1).abs().amax(1).clamp_min(1e-12) / 127
    numbers = (matrix / _along(scale, matrix)).round().clamp(-127, 127)
    return numbers.to(torch.int8), scale


def _along(scale: Tensor, matrix: Tensor) -> Tensor:
    return scale.reshape(-1, *[1] * (matrix.dim() - 1))
