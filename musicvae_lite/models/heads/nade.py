"""Zeros and ones that depend on each other: Larochelle and Murray 2011, in Boulanger-Lewandowski's form.

The hidden state gives the biases of a NADE (arXiv:1206.6392, section 5), which then writes the D values
of a step one after the other.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from musicvae_lite.models.heads.drawing import flag_metrics, flip

EPSILON = 1e-6  # MusicVAE's, inside the logarithms


class NADEHead(nn.Module):
    """`size` zeros and ones a step, each knowing those before it.

    Args:
        hidden: size of the decoder's hidden state.
        size: D, how many values.
        nade: Hn, size of the NADE's own hidden layer.
    """

    def __init__(self, hidden: int, size: int, nade: int = 128):
        super().__init__()
        self.sizes = (nade, size)
        self.logits = nn.Linear(hidden, nade + size)  # the biases of encoder and decoder
        self.encode, self.decode = (
            nn.Parameter(torch.empty(size, nade)),
            nn.Parameter(torch.empty(size, nade)),
        )
        nn.init.trunc_normal_(self.encode, std=1 / nade**0.5)
        nn.init.trunc_normal_(self.decode, std=1 / nade**0.5)

    def score(self, hidden: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """hidden [B, T, H], target [B, T, D] -> nats [B, T] and metrics."""
        inner, bias = self.logits(hidden).float().split(self.sizes, -1)  # [B, T, Hn], [B, T, D]
        v = target.float()
        seen = v[..., None] * self.encode  # [B, T, D, Hn]
        inner = inner[..., None, :] + seen.cumsum(-2) - seen
        p = (bias + (inner.sigmoid() * self.decode).sum(-1)).sigmoid()
        nats = -(v * (p + EPSILON).log() + (1 - v) * (1 - p + EPSILON).log()).sum(-1)
        return nats, flag_metrics((p.detach() >= 0.5) == (v > 0.5), v)

    def sample(self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """hidden [..., H] -> zeros and ones [..., D], integers."""
        inner, bias = self.logits(hidden).float().split(self.sizes, -1)
        written = []
        for d in range(self.sizes[1]):
            logit = bias[..., d] + (inner.sigmoid() * self.decode[d]).sum(-1)
            written.append(flip(logit, temperature, generator))
            inner = inner + written[-1][..., None] * self.encode[d]
        return torch.stack(written, -1).long()
