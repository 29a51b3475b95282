"""Weights made smaller for keeping: float16, or int8 or int6 with a scale for every few columns of every row.

A model is always run in float32; this is about its file only. Whole numbers are symmetric (Jacob et al. 2018,
arXiv:1712.05877, without its zero points): a matrix becomes numbers of -127..127 or -31..31 and a float16
scale for each group of `GROUP` numbers of a row. int8 has 0.26 of the size with errors of at most 0.4 % of a
group's largest weight, int6, four numbers in three bytes, 0.20 of it with 1.6 %. Small matrices stay int8
there: they take little room, and some of them (those that music goes through alone) lose most.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, get_args

from musicvae_lite.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

Storage = Literal["float32", "float16", "int8", "int6"]
LARGEST = {"int8": 127, "int6": 31}  # numbers of each kind
SMALL = 2**16  # numbers of a matrix up to which int6 stores it as int8
SCALE = "#scale"  # after the name of a matrix: the name of its scales
SHAPE = "#shape"  # after the name of a matrix of int6: the name of its shape
GROUP = 64  # numbers that share a scale


def pack(weights: dict[str, Tensor], storage: Storage = "float32") -> dict[str, Tensor]:
    """Weights as they are stored. Raises ConfigError for a storage that there is not."""
    if storage not in get_args(Storage):
        raise ConfigError(f"weights are stored as {', '.join(get_args(Storage))}, not '{storage}'")
    import torch

    packed: dict[str, Tensor] = {}
    for name, tensor in weights.items():
        if storage in LARGEST and tensor.dim() > 1:
            kind = "int8" if tensor.numel() <= SMALL else storage
            numbers, packed[name + SCALE] = _quantised(tensor.float(), LARGEST[kind])
            if kind == "int6":
                packed[name + SHAPE] = torch.tensor(tensor.shape)
                numbers = _dense(numbers)
            packed[name] = numbers
        else:
            packed[name] = tensor.float() if storage == "float32" else tensor.half()
    return packed


def unpack(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """Stored tensors as float32 weights.

    Raises:
        ValueError: scales or a shape without a matrix, or of another size than the matrix has.
    """
    weights: dict[str, Tensor] = {}
    for name, tensor in stored.items():
        if not name.endswith((SCALE, SHAPE)):
            shape = stored.get(name + SHAPE)
            if shape is not None and (shape.dim() != 1 or shape.is_floating_point()):
                raise ValueError(f"'{(name + SHAPE)[:80]}' holds no sizes")
            weights[name] = tensor.float() if shape is None else _loose(tensor, shape.tolist(), name)
    for name, scale in stored.items():
        if name.endswith(SHAPE) and name.removesuffix(SHAPE) not in weights:
            raise ValueError(f"'{name[:80]}' is the shape of no matrix")
        if not name.endswith(SCALE):
            continue
        matrix = weights.get(name.removesuffix(SCALE))
        if matrix is None or matrix.dim() < 2 or tuple(scale.shape) != _groups(matrix):
            found = "no matrix" if matrix is None else f"a matrix {list(matrix.shape)}"
            raise ValueError(f"'{name[:80]}' has the shape {list(scale.shape)}, for {found}")
        weights[name.removesuffix(SCALE)] = matrix * _spread(scale, matrix)
    return weights


def count(shapes: dict[str, tuple[int, ...]]) -> int:
    """How many weights stored tensors of these shapes hold; of int6 with what fills its rows up to fours."""
    return sum(
        math.prod(shape) * 4 // 3 if name + SHAPE in shapes else math.prod(shape)
        for name, shape in shapes.items()
        if not name.endswith((SCALE, SHAPE))
    )


def half(matrices: Tensor) -> Tensor:
    """What says all of symmetric matrices [K, Z, Z]: their upper half [K, Z * (Z + 1) / 2].

    Of matrices that are nothing off their diagonals it is the diagonals [K, Z].
    """
    import torch

    diagonal = matrices.diagonal(dim1=1, dim2=2)
    if torch.equal(torch.diag_embed(diagonal), matrices):
        return diagonal
    rows, columns = torch.triu_indices(matrices.shape[-1], matrices.shape[-1])
    return matrices[:, rows, columns]


def symmetric(halves: Tensor, size: int) -> Tensor:
    """The inverse of `half` for matrices of `size` rows. Raises ValueError when they have other sizes."""
    import torch

    rows, columns = torch.triu_indices(size, size)
    if halves.dim() == 2 and halves.shape[1] == size:
        return torch.diag_embed(halves)
    if halves.dim() != 2 or halves.shape[1] != len(rows):
        raise ValueError(f"halves of matrices {[size, size]} can not have the shape {list(halves.shape)}")
    found = halves.new_empty(len(halves), size, size)
    found[:, rows, columns] = halves
    found[:, columns, rows] = halves
    return found


def _quantised(matrix: Tensor, largest: int) -> tuple[Tensor, Tensor]:
    """Whole numbers of the matrix's shape as int8, and the scales [R, G] of the groups of its rows."""
    import torch
    import torch.nn.functional as F

    rows = matrix.flatten(1)  # [R, C]
    padded = F.pad(rows, (0, -rows.shape[1] % GROUP)).unflatten(1, (-1, GROUP))  # [R, G, GROUP]
    scale = (padded.abs().amax(2) / largest).half().clamp_min(2**-24)  # the least that float16 holds
    numbers = (matrix / _spread(scale, matrix)).round().clamp(-largest, largest)
    return numbers.to(torch.int8), scale


def _dense(numbers: Tensor) -> Tensor:
    """Whole numbers of -31..31 [R, ...] as bytes [R, 3 for each 4 of a row]."""
    import torch
    import torch.nn.functional as F

    rows = numbers.flatten(1).int() + LARGEST["int6"]
    fours = F.pad(rows, (0, -rows.shape[1] % 4)).unflatten(1, (-1, 4))  # [R, N, 4]
    words = (fours << torch.tensor([0, 6, 12, 18])).sum(2, keepdim=True)
    return (words >> torch.tensor([0, 8, 16]) & 255).to(torch.uint8).flatten(1)


def _loose(packed: Tensor, shape: list[int], name: str) -> Tensor:
    """The inverse of `_dense` as float32 of a shape. Raises ValueError when the bytes are not as many."""
    import torch

    columns = math.prod(shape[1:])
    if len(shape) < 2 or min(shape) < 1 or tuple(packed.shape) != (shape[0], -(-columns // 4) * 3):
        raise ValueError(f"'{name[:80]}' has the bytes {list(packed.shape)} for a matrix {shape[:8]}")
    threes = packed.int().unflatten(1, (-1, 3))
    words = (threes << torch.tensor([0, 8, 16], device=packed.device)).sum(2, keepdim=True)
    fours = words >> torch.tensor([0, 6, 12, 18], device=packed.device) & 63  # [R, N, 4]
    return (fours.flatten(1)[:, :columns] - LARGEST["int6"]).float().reshape(shape)


def _groups(matrix: Tensor) -> tuple[int, int]:
    """Rows R and groups G of a matrix [R, ...]."""
    rows = matrix.shape[0]
    return rows, -(-math.prod(matrix.shape[1:]) // GROUP)


def _spread(scale: Tensor, matrix: Tensor) -> Tensor:
    """Scales [R, G] to one for each number of the matrix."""
    columns = math.prod(matrix.shape[1:])
    return scale.float().repeat_interleave(GROUP, 1)[:, :columns].reshape(matrix.shape)
