"""What the kernels compute, against PyTorch in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from musicvae_lite.native import lstm, transpose
from tests.compiling import needs_compiler

pytestmark = needs_compiler

TYPES = [torch.float32, torch.bfloat16]
SIZES = [(1, 1), (3, 5), (2, 16), (4, 67)]  # batch and size: less, as much and more than is done at once
ROUNDING = {torch.float32: 5e-7, torch.bfloat16: 2.0**-8}


def made(*shape: int, kind: torch.dtype = torch.float32, scale: float = 1.0) -> Tensor:
    return (scale * torch.randn(shape)).to(kind)


def exact_step(said: Tensor, before: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Squashed gates, cell and h, in float64."""
    i, f, g, o = said.chunk(4, -1)
    i, f, g, o = i.sigmoid(), f.sigmoid(), g.tanh(), o.sigmoid()
    after = f * before + i * g
    return torch.cat([i, f, g, o], -1), after, o * after.tanh()


def assert_near(found: Tensor, wanted: Tensor, within: float) -> None:
    torch.testing.assert_close(found.double(), wanted, atol=within, rtol=within)


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize(("batch", "size"), SIZES)
@pytest.mark.parametrize("rows", ["one", "each"])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_a_step_forward_and_back(kind: torch.dtype, batch: int, size: int, rows: str, scale: float):
    torch.manual_seed(0)
    product, gates = (made(batch, 4 * size, kind=kind, scale=scale) for _ in range(2))
    constant = made(1 if rows == "one" else batch, 4 * size, kind=kind, scale=scale)
    before, d_cell = made(batch, size), made(batch, size)
    behind, output = made(batch, size, kind=kind), made(batch, size, kind=kind)
    after, hidden = torch.empty(batch, size), torch.empty(batch, size, dtype=kind)

    said = (product.float() + gates.float() + constant.float()).double().requires_grad_()
    cell = before.double().requires_grad_()
    squashed, wanted_after, wanted_hidden = exact_step(said, cell)
    wanted = torch.autograd.grad(
        [wanted_after, wanted_hidden], [said, cell], [d_cell.double(), behind.double() + output.double()]
    )

    lstm.forward(product, constant, None, gates, before, after, hidden)
    rounding = ROUNDING[kind]
    assert_near(gates, squashed.detach(), rounding)
    assert_near(hidden, wanted_hidden.detach(), rounding)
    assert_near(after, wanted_after.detach(), 1e-6)

    d_constant = torch.ones(constant.shape)
    lstm.backward(behind, output, gates, before, after, d_cell, d_constant, None)
    assert_near(gates, wanted[0], 10 * rounding)
    assert_near(d_cell, wanted[1], 10 * rounding)
    gathered = wanted[0].sum(0, keepdim=True) if rows == "one" else wanted[0]
    assert_near(d_constant, 1 + gathered, 10 * rounding)


@pytest.mark.parametrize("kind", TYPES)
def test_what_is_no_number_stays_none_and_what_is_infinite_is_squashed(kind: torch.dtype):
    said = torch.zeros(1, 4 * 3, dtype=kind)
    said[0, ::3] = torch.nan
    said[0, 1::3] = torch.inf
    said[0, 2::3] = -torch.inf
    after, hidden = torch.empty(1, 3), torch.empty(1, 3, dtype=kind)
    lstm.forward(torch.zeros_like(said), torch.zeros_like(said), None, said, torch.ones(1, 3), after, hidden)
    assert after[0, 0].isnan()
    assert hidden[0, 0].isnan()
    assert after[0, 1:].tolist() == pytest.approx([2.0, 0.0], abs=1e-6)
    assert said[0, 1::3].tolist() == pytest.approx([1.0] * 4, abs=1e-6)


@pytest.mark.parametrize("shape", [(1, 1), (32, 32), (33, 31), (100, 7), (64, 96), (5, 130)])
def test_rows_become_columns(shape: tuple[int, int]):
    torch.manual_seed(0)
    x = made(*shape, kind=torch.bfloat16)
    assert transpose.serves(x)
    assert torch.equal(transpose.transposed(x), x.t())
    assert transpose.transposed(x).is_contiguous()


def test_float32_is_left_to_pytorch():
    assert not transpose.serves(torch.zeros(2, 2))
