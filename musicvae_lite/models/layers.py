"""Small parts shared by encoders and decoders, with initialisations that learn fast.

PyTorch's default start makes one-hot inputs nearly invisible to an LSTM: the plain music models then
sit for minutes at always answering "hold". The starts here leave that floor in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite import runtime
from musicvae_lite.latent import Posterior

SMALLEST_SCALE = 1e-4


class LSTM(nn.LSTM):
    """PyTorch's. On GPUs its products have the type that was asked for, and its gradient is also to be had
    of a model that is not being trained, which cuDNN refuses."""

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None):  # type: ignore[override]
        if x.device.type == "cpu":
            return super().forward(x, state)
        directions = 2 if self.bidirectional else 1
        if state is None:
            zeros = x.new_zeros((self.num_layers * directions, len(x), self.hidden_size))
            state = zeros, zeros
        weights: list[Tensor] = self._flat_weights  # type: ignore[assignment]
        return lstm_in(runtime.product_type(x), x, state, weights, self.num_layers, directions, True)


def lstm_in(
    kind: torch.dtype,
    x: Tensor,
    state: tuple[Tensor, Tensor],
    weights: Sequence[Tensor],
    layers: int = 1,
    directions: int = 1,
    batch_first: bool = False,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """PyTorch's kernels for whole layers of LSTM, in one type. Within autocast cuDNN would take fp16, whose
    gradients vanish, in place of bf16.

    Args:
        x: [T, B, I], or [B, T, I].
        state: h and c before, each [layers * directions, B, H].
        weights: as nn.LSTM orders them, with biases.

    Returns:
        As nn.LSTM, all of that type.
    """
    parts = [weight.to(kind) for weight in weights]
    states, trains, both = [part.to(kind) for part in state], torch.is_grad_enabled(), directions == 2
    with torch.autocast(x.device.type, enabled=False):
        out = torch.lstm(x.to(kind), states, parts, True, layers, 0.0, trains, both, batch_first)
    return out[0], (out[1], out[2])


def lstm(inputs: int, hidden: int, layers: int = 1, bidirectional: bool = False) -> LSTM:
    """A batch-first LSTM with orthogonal recurrent weights and a forget bias of 1."""
    module = LSTM(inputs, hidden, layers, batch_first=True, bidirectional=bidirectional)
    for name, weight in module.named_parameters():
        if name.startswith("weight_hh"):
            for gate in weight.data.chunk(4):
                nn.init.orthogonal_(gate)
        elif name.startswith("bias_hh"):
            nn.init.zeros_(weight)
        elif name.startswith("bias_ih"):
            nn.init.zeros_(weight)
            weight.data[hidden : 2 * hidden] = 1.0  # gates i, f, g, o: remember at first
    return module


def see_one_hot(module: nn.LSTM, depth: int) -> None:
    """Scales the columns that read a one-hot input (the first `depth`) so that it is heard: N(0, 0.5)."""
    for name, weight in module.named_parameters():
        if name.startswith("weight_ih_l0"):
            nn.init.normal_(weight.data[:, :depth], std=0.5)


class ToPosterior(nn.Module):
    """Features [B, F] to a Gaussian over z. Scales start small, so that z speaks from the first step."""

    def __init__(self, features: int, z: int, first_scale_bias: float = -3.0):
        super().__init__()
        self.mean, self.scale = nn.Linear(features, z), nn.Linear(features, z)
        self.mean.weight.data.mul_(3.0)
        nn.init.constant_(self.scale.bias, first_scale_bias)

    def forward(self, features: Tensor) -> Posterior:
        return posterior_from(self.mean(features), self.scale(features))


def posterior_from(mean: Tensor, raw_scale: Tensor) -> Posterior:
    """MusicVAE's posterior: the standard deviation is a softplus, kept off zero. In float32."""
    return Posterior(mean.float(), F.softplus(raw_scale.float()) + SMALLEST_SCALE)


def orthonormal(rows: int, columns: int) -> Tensor:
    """A fixed matrix [rows, columns] with orthonormal rows or columns; the identity when square.

    `orthonormal(n, m)` is the transpose of `orthonormal(m, n)`, so that a level of an encoder and the
    same level of a decoder start as each other's inverse.
    """
    if rows == columns:
        return torch.eye(rows)
    if rows > columns:
        return orthonormal(columns, rows).T
    generator = torch.Generator().manual_seed(rows * 100_003 + columns)
    q, _ = torch.linalg.qr(torch.randn(columns, rows, generator=generator))
    return q.T.contiguous()


def lstm_state(vector: Tensor, layers: int) -> tuple[Tensor, Tensor]:
    """Splits [B, 2 * layers * H], ordered c0, h0, c1, h1, ..., into (h, c), each [layers, B, H]."""
    parts = torch.tanh(vector).unflatten(-1, (layers, 2, -1))  # [B, layers, 2, H]
    cell, hidden = parts.unbind(2)
    return hidden.transpose(0, 1).contiguous(), cell.transpose(0, 1).contiguous()
