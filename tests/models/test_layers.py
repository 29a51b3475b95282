"""Initialisations and small parts."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite.models.layers import SMALLEST_SCALE, lstm, lstm_state, orthonormal, posterior_from


def test_an_lstm_remembers_at_first_and_turns_without_stretching():
    module = lstm(5, 8, layers=2, bidirectional=True)
    for name, weight in module.named_parameters():
        if name.startswith("weight_hh"):
            for gate in weight.chunk(4):
                torch.testing.assert_close(gate @ gate.T, torch.eye(8), atol=1e-5, rtol=0)
        elif name.startswith("bias_ih"):
            assert torch.equal(weight[8:16], torch.ones(8)) and weight.sum() == 8
        elif name.startswith("bias_hh"):
            assert weight.abs().sum() == 0


@pytest.mark.parametrize(("rows", "columns"), [(4, 4), (3, 7), (7, 3)])
def test_orthonormal_maps_undo_each_other(rows: int, columns: int):
    one, back = orthonormal(rows, columns), orthonormal(columns, rows)
    assert one.shape == (rows, columns) and torch.equal(one, back.T)
    small = one @ back if rows < columns else back @ one
    torch.testing.assert_close(small, torch.eye(min(rows, columns)), atol=1e-5, rtol=0)


def test_states_are_hidden_and_cell_of_each_layer():
    vector = torch.arange(12.0).view(1, 12) / 20  # c0, h0, c1, h1 of three units
    hidden, cell = lstm_state(vector, layers=2)
    assert hidden.shape == cell.shape == (2, 1, 3)
    torch.testing.assert_close(cell[0, 0], torch.tanh(vector[0, :3]))
    torch.testing.assert_close(hidden[0, 0], torch.tanh(vector[0, 3:6]))
    torch.testing.assert_close(cell[1, 0], torch.tanh(vector[0, 6:9]))
    torch.testing.assert_close(hidden[1, 0], torch.tanh(vector[0, 9:]))


def test_scales_stay_off_zero_in_float32():
    q = posterior_from(torch.zeros(1, 2).bfloat16(), torch.tensor([[-200.0, 0.0]]).bfloat16())
    assert q.scale.dtype == torch.float32 and q.kl().isfinite().all()
    torch.testing.assert_close(
        q.scale, torch.tensor([[SMALLEST_SCALE, 0.6931 + SMALLEST_SCALE]]), atol=1e-3, rtol=0
    )
