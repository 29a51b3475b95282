"""LSTM layers and products in bf16 on processors with AMX: amx.c on tensors of the CPU.

What belongs to gates lies by groups of 32 units there, so that what is worked on together lies together:
gates [T, G, 4, B, 32] of i, f, g, o, and what is read by rows, such as tables, [G, V, 4, 32]. `gated` and
`grouped` go from PyTorch's order, [..., 4H], `ungated` and `ungrouped` back to it.
Sizes are multiples of `SIDE`. Nothing else is checked: who calls made the tensors himself. Rows are
contiguous; `[:, some]` of a tensor of rows will do.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch
from torch import Tensor

from musicvae_lite.native import building

SOURCE = Path(__file__).parent / "amx.c"
SIDE, GATES = 32, 4
GROUP = GATES * SIDE
TOGETHER = 256  # rows that a layer works on at once: as in tiles.h
RUN = 512  # rows that are summed up before the sums are put down: as in amx.c

Matrix = tuple[Tensor, int, int, int]  # values; from row to row, to the next 32 columns, to the next page


def serves(device: torch.device, kind: torch.dtype, *sizes: int) -> bool:
    """Whether this is there for products of a type and matrices of these sizes."""
    fits = kind is torch.bfloat16 and all(size % SIDE == 0 and size for size in sizes)
    return fits and building.serves(SOURCE, device) and _is_ready()


@cache
def _is_ready() -> bool:
    library = building.library(SOURCE)
    return library is not None and bool(library.ready())


def parts(batch: int) -> list[slice]:
    """Rows as they are worked on together."""
    return [slice(first, min(first + TOGETHER, batch)) for first in range(0, max(batch, 1), TOGETHER)]


def grouped(x: Tensor) -> Tensor:
    """x [..., B, 4H] -> [..., G, B, 4, 32]."""
    return _by_group(x).contiguous()


def ungrouped(x: Tensor) -> Tensor:
    """x [..., G, B, 4, 32] -> [..., B, 4H], a tensor of its own."""
    return x.movedim(-4, -2).clone(memory_format=torch.contiguous_format).flatten(-3)


def gated(x: Tensor) -> Tensor:
    """x [..., B, 4H] -> gates [..., G, 4, B, 32]."""
    return _by_group(x).transpose(-3, -2).contiguous()


def ungated(x: Tensor) -> Tensor:
    """Gates [..., G, 4, B, 32] -> [..., B, 4H], a tensor of its own."""
    return ungrouped(x.transpose(-3, -2))


def woven(x: Tensor) -> Tensor:
    """x [depth, wide] of bf16, contiguous -> the same values as tiles read a second factor."""
    made = torch.empty_like(x)
    building.call(SOURCE, "order", *x.shape, x, made)
    return made


def product(x: Tensor, second: Tensor, out: Tensor) -> None:
    """x times a `woven` [depth, wide] -> out, written.

    Args:
        x: [T, B, depth], or in groups of 32, such as gates [T, G, 4, B, 32].
        out: [T, B, wide], or in groups, as the columns of the second are.
    """
    shape = x.shape[0], x.shape[-2], *second.shape
    building.call(SOURCE, "product", *shape, *_matrix(x), second, *_matrix(out))


class Sums:
    """a.T @ b over all rows that are added, in float32.

    Args:
        high, wide: columns of a and b.
    """

    def __init__(self, high: int, wide: int):
        self.blocks = torch.empty((wide // SIDE, high // SIDE, SIDE, SIDE))
        self.high, self.wide = high, wide
        kind = torch.bfloat16
        self.spaces = torch.empty(RUN * high, dtype=kind), torch.empty(RUN * SIDE, dtype=kind)
        self.is_empty = True

    def add(self, a: Tensor, b: Tensor) -> None:
        """Of a [T, B, high] or [T, G, B, 32], and b [T, B, wide] or gates [T, G, 4, B, 32]."""
        pages, rows = a.shape[0], a.shape[-2]
        if pages * rows == 0:
            return
        how = pages, rows, self.high, self.wide, int(not self.is_empty)
        building.call(SOURCE, "over_rows", *how, *_matrix(a), *_matrix(b), self.blocks, *self.spaces)
        self.is_empty = False

    @property
    def product(self) -> Tensor:
        """[high, wide]."""
        return self._found.permute(1, 2, 0, 3).reshape(self.high, self.wide)

    @property
    def weight(self) -> Tensor:
        """The gradient of what multiplied a and was added to gates, [wide, high]."""
        by_gate = self._found.unflatten(0, (-1, GATES))  # [G, 4, high / 32, 32 of high, 32 units]
        return by_gate.permute(1, 0, 4, 2, 3).reshape(self.wide, self.high)

    @property
    def _found(self) -> Tensor:
        return self.blocks.zero_() if self.is_empty else self.blocks


def forward(
    weight: Tensor,
    constant: Tensor | None,
    read: tuple[Tensor, Tensor] | None,
    gates: Tensor,
    cells: Tensor,
    hidden: Tensor,
    backwards: bool,
    has_state: bool,
) -> None:
    """All steps of a layer, for as many rows as `parts` takes together. Cells are float32, all else is bf16.

    Args:
        weight: recurrent, `woven` [H, 4H] with its columns in groups.
        constant: [G, B or 1, 4, 32], what is said to the gates at every step.
        read: a table [G, V, 4, 32] and an int64 row of it for each step and sequence [T, B]: what the inputs
            say. None where `gates` holds that.
        gates: [T, G, 4, B, 32], becomes the squashed gates.
        cells: [T + 1, G, B, 32], as they follow each other in time; the initial one stands there already.
        hidden: [T + 1, B, H] or, which is quicker, [T + 1, G, B, 32], as well.
        backwards: from the last step to the first.
        has_state: the initial `hidden` is not zeros.
    """
    told = *_counted(constant), *_read(read)
    shape = len(gates), gates.shape[3], gates.shape[1] * SIDE, int(backwards), int(has_state)
    given = *shape, weight, *told, gates, cells, *_matrix(hidden)
    building.call(SOURCE, "forward", *given)


def backward(
    weight: Tensor,
    output: Tensor,
    gates: Tensor,
    cells: Tensor,
    d_cell: Tensor,
    d_constant: Tensor | None,
    read: tuple[Tensor, Tensor] | None,
    backwards: bool,
    ends: bool = False,
) -> None:
    """The same steps back.

    Args:
        weight: recurrent, `woven` [4H, H] with its rows in groups.
        output: [T, B, H], the gradient of what was given out; its last dimension is contiguous. With `ends`
            [1, B, H], of the last step that was read.
        gates: [T, G, 4, B, 32], squashed; becomes the gradient of what was said to them.
        cells: as `forward` left them.
        d_cell: [G, B, 32], float32, the gradient of the last cell; becomes that of the first.
        d_constant: [G, B or 1, 4, 32], float32; the gradient of the gates is added.
        read: the table's gradient [G, V, 4, 32], float32, to which it is added as well, and the rows.
    """
    told = *_counted(d_constant), *_read(read)
    size, strides = output.shape[-1], output.stride()[:2]
    shape = len(gates), gates.shape[3], size, int(backwards), int(ends)
    given = *shape, weight, output, *strides, gates, cells, d_cell, *told
    building.call(SOURCE, "backward", *given)


def step(product: Tensor, constant: Tensor, gates: Tensor, cell: Tensor) -> tuple[Tensor, Tensor]:
    """One step whose product stands by itself, in PyTorch's order; all tensors are contiguous.

    Args:
        product: [B, 4H], what the state before says to the gates i, f, g, o.
        constant: [B, 4H] or [1, 4H]; `gates` [B, 4H], what the inputs say.
        cell: [B, H], float32.

    Returns:
        h and the cell, [B, H] each.
    """
    after, hidden = torch.empty_like(cell), gates.new_empty(cell.shape)
    apart = 0 if len(constant) == 1 else constant.shape[1]
    building.call(SOURCE, "step", *cell.shape, product, constant, apart, gates, cell, after, hidden)
    return hidden, after


def _by_group(x: Tensor) -> Tensor:
    """x [..., B, 4H] -> a view [..., G, B, 4, 32]."""
    return x.unflatten(-1, (GATES, -1, SIDE)).movedim(-2, -4)


def _read(read: tuple[Tensor, Tensor] | None) -> tuple[int | Tensor, ...]:
    """A table, how many rows it has, and which are read."""
    return (0, 0, 0, 0) if read is None else (*_counted(read[0]), read[1], read[1].stride(0))


def _counted(x: Tensor | None) -> tuple[int, Tensor | int]:
    """How many rows, and they themselves: [G, rows, 4, 32]."""
    return (0, 0) if x is None else (x.shape[1], x)


def _matrix(x: Tensor) -> Matrix:
    """x [T, B, width], or in groups of 32, [T, ..., B, 32]."""
    if x.dim() == 3:
        return x, x.stride(1), SIDE, x.stride(0)
    return x, SIDE, x.stride(-3), x.stride(0)
