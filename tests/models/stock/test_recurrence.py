"""The recurrence against torch's own LSTM, values and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from musicvae_lite import runtime
from musicvae_lite.models.stock import cells, recurrence
from musicvae_lite.models.stock import passes as passes_
from musicvae_lite.models.stock.products import Repeated
from musicvae_lite.models.stock.recurrence import Rows, over, run, step
from musicvae_lite.native import lstm
from musicvae_lite.vae import Batch
from tests.compiling import can_compile
from tests.magenta.models import small
from tests.models.architectures import made_up


def inputs() -> tuple[Any, torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return nn.LSTM(3, 5), torch.randn(7, 2, 3), torch.randn(2, 5), torch.randn(2, 5)


def ours(lstm: Any, x: torch.Tensor, h: torch.Tensor | None, c: torch.Tensor | None, backwards: bool = False):
    gates = nn.functional.linear(x, lstm.weight_ih_l0, lstm.bias_ih_l0 + lstm.bias_hh_l0)
    return run(gates, lstm.weight_hh_l0, h, c, backwards)


def differentiated(read: Any, lstm: Any, *inputs: torch.Tensor) -> list[torch.Tensor]:
    """What `read` makes of the inputs, and the gradients of inputs and weights."""
    leaves = [t.clone().requires_grad_() for t in inputs]
    lstm.zero_grad()
    out, cell = read(*leaves)
    ((out * torch.arange(5)).square().sum() + (cell * torch.arange(5)).sum()).backward()
    grads = [p.grad.clone() for p in [*leaves, *lstm.parameters()]]  # type: ignore[union-attr]
    return [out, cell, *grads]


@pytest.fixture(params=["C", "PyTorch"])
def passes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What works on the gates."""
    if request.param == "PyTorch":
        monkeypatch.setattr(lstm, "serves", lambda device, kind: False)
    elif not can_compile():
        pytest.skip("no C compiler here")
    return request.param


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("at_once", [1, 45, 2**20])  # gates: one step, two steps, all of them
def test_values_and_gradients_are_those_of_nn_lstm(passes: str, backwards: bool, at_once: int, monkeypatch):
    monkeypatch.setattr(passes_, "IN_CACHE", at_once)
    lstm, x, h, c = inputs()

    def theirs(x: torch.Tensor, h: torch.Tensor, c: torch.Tensor):
        out, (_, cell) = lstm(x.flip(0) if backwards else x, (h[None], c[None]))
        return (out.flip(0) if backwards else out), cell[0]

    def mine(x: torch.Tensor, h: torch.Tensor, c: torch.Tensor):
        return ours(lstm, x, h, c, backwards)

    pairs = zip(differentiated(theirs, lstm, x, h, c), differentiated(mine, lstm, x, h, c), strict=True)
    for wanted, found in pairs:
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("backwards", [False, True])
def test_no_state_is_a_state_of_zeros(passes: str, backwards: bool):
    lstm, x, *_ = inputs()
    zeros = torch.zeros(2, 5)
    with_zeros = differentiated(lambda x: ours(lstm, x, zeros, zeros, backwards), lstm, x)
    without = differentiated(lambda x: ours(lstm, x, None, None, backwards), lstm, x)
    for wanted, found in zip(with_zeros, without, strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("backwards", [False, True])
def test_kernels_for_whole_layers_do_the_same(passes: str, backwards: bool, monkeypatch: pytest.MonkeyPatch):
    lstm, x, h, c = inputs()

    def read(x: torch.Tensor, h: torch.Tensor, c: torch.Tensor):
        bias = lstm.bias_ih_l0 + lstm.bias_hh_l0
        return over(x, (lstm.weight_ih_l0, lstm.weight_hh_l0, bias), h, c, backwards)

    written_out = differentiated(read, lstm, x, h, c)
    monkeypatch.setattr(recurrence, "has_kernels", lambda x: True)
    for wanted, found in zip(written_out, differentiated(read, lstm, x, h, c), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-5)


STOCK = {
    "flat": {},
    "residual": {"encoder": {"residual": True}, "decoder": {"residual": True}},
    "segments": {"encoder": {"levels": (8, 4)}, "decoder": {"levels": (4, 8)}},
    "ends": {"encoder": {"end": 1, "levels": (8, 4)}, "decoder": {"end": 1, "levels": (4, 8)}},
    "several layers": {"encoder": {"hidden": (6, 5)}},
}


@pytest.mark.parametrize("name", STOCK)
def test_whole_models_learn_the_same_with_kernels(passes: str, name: str, monkeypatch: pytest.MonkeyPatch):
    torch.manual_seed(0)
    config = small("cat-mel_2bar_small", **STOCK[name])
    vae = config.build()
    x = made_up(config.representation.step, 3, 32)

    def learnt() -> list[torch.Tensor]:
        vae.zero_grad()
        loss = vae.loss(Batch(x), 0.2, 0.0, torch.Generator().manual_seed(1))
        loss.total.backward()
        return [loss.total.detach(), *(p.grad.clone() for p in vae.parameters())]  # type: ignore[union-attr]

    written_out = learnt()
    monkeypatch.setattr(recurrence, "has_kernels", lambda x: True)
    monkeypatch.setattr(cells, "has_kernels", lambda x: True)
    for wanted, found in zip(written_out, learnt(), strict=True):
        torch.testing.assert_close(found, wanted, atol=1e-5, rtol=1e-4)
    assert all(bool(part.any()) for part in written_out[:2])


def test_bf16_differs_by_its_rounding_alone(passes: str):
    if not runtime.bfloat16_pays(torch.device("cpu")):
        pytest.skip("this processor has no bf16 products")
    torch.manual_seed(0)
    vae = small("cat-mel_2bar_small").build()
    x = made_up(small("cat-mel_2bar_small").representation.step, 4, 32)
    exact = vae.loss(Batch(x), 0.2, 0.0, torch.Generator().manual_seed(1)).total
    with torch.autocast("cpu", torch.bfloat16):
        rounded = vae.loss(Batch(x), 0.2, 0.0, torch.Generator().manual_seed(1)).total
    torch.testing.assert_close(rounded.float(), exact, atol=0, rtol=5e-3)


@pytest.mark.parametrize("rows", [1, 2])
def test_what_is_said_at_every_step_may_stand_apart(passes: str, rows: int):
    lstm_, x, h, c = inputs()

    def apart(x: torch.Tensor, constant: torch.Tensor):
        return run(nn.functional.linear(x, lstm_.weight_ih_l0), lstm_.weight_hh_l0, h, c, False, constant)

    def added(x: torch.Tensor, constant: torch.Tensor):
        return run(nn.functional.linear(x, lstm_.weight_ih_l0) + constant, lstm_.weight_hh_l0, h, c)

    constant = torch.randn(rows, 20)

    def found(read: Any) -> list[torch.Tensor]:
        leaves = [part.clone().requires_grad_() for part in (x, constant)]
        lstm_.zero_grad()
        out, cell = read(*leaves)
        (out.square().sum() + cell.sum()).backward()
        grads = [part.grad for part in leaves if part.grad is not None]
        return [out, *grads, lstm_.weight_hh_l0.grad.clone()]

    for wanted, got in zip(found(added), found(apart), strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("backwards", [False, True])
def test_rows_of_a_table_are_what_they_say_written_out(passes: str, backwards: bool):
    lstm_, _, h, c = inputs()
    table, index = torch.randn(4, 20), torch.randint(0, 3, (2, 7)).t()  # row 3 is never read

    def found(read: Any) -> list[torch.Tensor]:
        lstm_.zero_grad()
        leaf = table.clone().requires_grad_()
        out, cell = run(read(leaf), lstm_.weight_hh_l0, h, c, backwards)
        (out.square().sum() + cell.sum()).backward()
        assert leaf.grad is not None
        return [out, leaf.grad, lstm_.weight_hh_l0.grad.clone()]

    written = found(lambda table: nn.functional.embedding(index, table))
    for wanted, got in zip(written, found(lambda table: Rows(table, index)), strict=True):
        torch.testing.assert_close(got, wanted, atol=1e-6, rtol=1e-5)
    assert not written[1][3].any()


@pytest.mark.parametrize("row", [-1, 4])
def test_a_row_that_is_not_there_is_refused(passes: str, row: int):
    lstm_, *_ = inputs()
    with pytest.raises(IndexError, match="out of range"):
        run(Rows(torch.randn(4, 20), torch.tensor([[0, 1], [row, 2]])), lstm_.weight_hh_l0)


def test_no_sequences_are_no_error(passes: str):
    lstm_, *_ = inputs()
    hidden, cell = run(Rows(torch.randn(4, 20), torch.zeros(3, 0, dtype=torch.long)), lstm_.weight_hh_l0)
    assert (hidden.shape, cell.shape) == ((3, 0, 5), (0, 5))


def test_going_back_twice_is_refused(passes: str):
    lstm_, x, h, c = inputs()
    out, _ = ours(lstm_, x, h, c)
    out.sum().backward(retain_graph=True)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.sum().backward()


def test_gates_that_something_else_still_needs_are_not_overwritten_unnoticed(passes: str):
    lstm, x, h, c = inputs()
    gates = nn.functional.linear(x, lstm.weight_ih_l0)
    squares = gates.square()  # its gradient needs the gates
    out, _ = run(gates, lstm.weight_hh_l0, h, c)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        (out.sum() + squares.sum()).backward()


def test_one_step_at_a_time_is_the_same(passes: str):
    lstm, x, h, c = inputs()
    with torch.no_grad():
        out, cell = ours(lstm, x, h, c)
        for t in range(len(x)):
            gates = nn.functional.linear(x[t], lstm.weight_ih_l0, lstm.bias_ih_l0 + lstm.bias_hh_l0)
            h, c = step(gates, Repeated(lstm.weight_hh_l0), h, c)
            torch.testing.assert_close(h, out[t], atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(c, cell, atol=1e-6, rtol=1e-6)


@pytest.mark.skipif(not torch.amp.is_autocast_available("cpu"), reason="no autocast here")
def test_autocast_stays_close(passes: str):
    lstm, x, h, c = inputs()
    exact = differentiated(lambda *given: ours(lstm, *given), lstm, x, h, c)
    with torch.autocast("cpu", torch.bfloat16):
        rough = differentiated(lambda *given: ours(lstm, *given), lstm, x, h, c)
    for wanted, found in zip(exact, rough, strict=True):
        scale = float(wanted.detach().abs().max())
        torch.testing.assert_close(found.float(), wanted, atol=0.05 * scale, rtol=0.05)


def test_gradients_that_lie_by_columns_are_read_right(passes: str):
    chance = torch.Generator().manual_seed(0)
    gates, weight = torch.randn(5, 3, 16, generator=chance), torch.randn(16, 4, generator=chance)
    mask, found = torch.randn(4, 3, generator=chance), []
    for lay in (lambda d: d, lambda d: d.t().contiguous().t()):
        leaf = weight.clone().requires_grad_()
        _, last = recurrence.run(gates.clone(), leaf)
        last.backward(lay(mask.t().contiguous()))
        found.append(leaf.grad)
    torch.testing.assert_close(found[0], found[1])


def test_second_derivatives_are_refused_and_not_made_up(passes: str):
    lstm, x, h, c = inputs()
    x.requires_grad_()
    out, _ = ours(lstm, x, h, c)
    (slope,) = torch.autograd.grad(out.square().sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()
