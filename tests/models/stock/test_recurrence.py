"""The recurrence against torch's own LSTM, values and gradients."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from musicvae_lite.models.stock.recurrence import run, step


def inputs() -> tuple[Any, torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    return nn.LSTM(3, 5, batch_first=True), torch.randn(2, 7, 3), torch.randn(2, 5), torch.randn(2, 5)


def ours(lstm: Any, x: torch.Tensor, h: torch.Tensor, c: torch.Tensor):
    gates = nn.functional.linear(x, lstm.weight_ih_l0, lstm.bias_ih_l0 + lstm.bias_hh_l0)
    return run(gates, lstm.weight_hh_l0, h, c)


def test_values_and_gradients_are_those_of_nn_lstm():
    lstm, x, h, c = inputs()
    grads = []
    for is_ours in (False, True):
        leaves = [t.clone().requires_grad_() for t in (x, h, c)]
        lstm.zero_grad()
        if is_ours:
            out, cell = ours(lstm, *leaves)
        else:
            out, (_, cell) = lstm(leaves[0], (leaves[1][None], leaves[2][None]))
            cell = cell[0]
        (out.square().sum() + (cell * torch.arange(5)).sum()).backward()
        grads.append([out, cell, *[t.grad for t in leaves], *[p.grad.clone() for p in lstm.parameters()]])  # type: ignore[union-attr]
    for theirs, mine in zip(*grads, strict=True):
        torch.testing.assert_close(theirs, mine, atol=1e-5, rtol=1e-5)


def test_one_step_at_a_time_is_the_same():
    lstm, x, h, c = inputs()
    with torch.no_grad():
        out, cell = ours(lstm, x, h, c)
        for t in range(x.shape[1]):
            gates = nn.functional.linear(x[:, t], lstm.weight_ih_l0, lstm.bias_ih_l0 + lstm.bias_hh_l0)
            h, c = step(gates, lstm.weight_hh_l0, h, c)
            torch.testing.assert_close(h, out[:, t], atol=1e-6, rtol=1e-6)
    torch.testing.assert_close(c, cell, atol=1e-6, rtol=1e-6)


@pytest.mark.skipif(not torch.amp.is_autocast_available("cpu"), reason="no autocast here")
def test_autocast_stays_close():
    lstm, x, h, c = inputs()
    with torch.no_grad():
        exact, _ = ours(lstm, x, h, c)
        with torch.autocast("cpu", torch.bfloat16):
            rough, _ = ours(lstm, x, h, c)
    torch.testing.assert_close(rough.float(), exact, atol=0.03, rtol=0.03)
