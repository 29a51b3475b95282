"""Layers one upon the other, against steps taken one by one with PyTorch's own cell."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from musicvae_lite.models.stock.cells import Cell, Stack, State


def one_by_one(cell: Cell, x: Tensor, state: State | None, backwards: bool = False) -> tuple[Tensor, Tensor]:
    """What a cell makes of x [T, B, inputs]: its output and h, [T, B, H] each."""
    if cell.project is not None:
        x = cell.project(x)
    known = nn.LSTMCell(x.shape[-1], cell.hidden)
    known.weight_ih, known.weight_hh, known.bias_ih = cell.weight_ih, cell.weight_hh, cell.bias
    nn.init.zeros_(known.bias_hh)
    said = []
    for step in x.flip(0) if backwards else x:
        h, c = known(step, state)
        state = h, c
        said.append(h)
    h = torch.stack(said[::-1] if backwards else said)
    return (h + x if cell.residual else h), h


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("begun", [False, True])
@pytest.mark.parametrize(
    ("inputs", "residual", "project"), [(5, False, False), (4, True, False), (5, True, True)]
)
@torch.no_grad()
def test_a_cell_adds_its_input_where_it_is_residual(inputs, residual, project, begun, backwards):
    torch.manual_seed(0)
    cell, x = Cell(inputs, 4, residual, project), torch.randn(6, 3, inputs)
    state = (torch.randn(3, 4), torch.randn(3, 4)) if begun else None
    for found, wanted in zip(
        cell.read(x, state, backwards), one_by_one(cell, x, state, backwards), strict=True
    ):
        torch.testing.assert_close(found, wanted)


@pytest.mark.parametrize("residual", [False, True])
@torch.no_grad()
def test_layers_climb_with_states_of_their_own(residual: bool):
    torch.manual_seed(0)
    stack = Stack(5, (4, 4, 6), residual)
    assert stack.state_size == 28
    states = stack.unpack(torch.randn(3, 28))
    x = out = torch.randn(6, 3, 5)
    for cell, state in zip(stack, states, strict=True):
        out, _ = one_by_one(cell, out, state)  # type: ignore[arg-type]
    lowest, _ = stack.lowest.read(x, states[0])
    torch.testing.assert_close(stack.climb(lowest, states), out)


def test_a_state_is_laid_out_as_tensorflow_does():
    stack = Stack(5, (2, 3))
    (h0, c0), (h1, c1) = stack.unpack(torch.arange(10.0)[None])
    assert [part[0].tolist() for part in (c0, h0, c1, h1)] == [[0, 1], [2, 3], [4, 5, 6], [7, 8, 9]]
