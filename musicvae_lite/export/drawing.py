"""Drawing steps of which each value depends on those before it, from numbers of one's own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from musicvae_lite.models.heads import NADEHead, SplitHead


class DrawFlags(nn.Module):
    """What the step says, temperatures and chances -> zeros and ones of NADEs, each knowing those before it.

    A value is one where its chance [B, D], a number of 0..1, is less than how probable a one is.
    """

    def __init__(self, heads: list[NADEHead]):
        super().__init__()
        self.heads = nn.ModuleList(heads)

    def forward(self, logits: Tensor, temperature: Tensor, chance: Tensor) -> Tensor:
        written = []
        for head, said in zip(self.heads, logits.split([sum(h.sizes) for h in self.heads], -1), strict=True):  # type: ignore[arg-type, misc]
            inner, bias = said.split(head.sizes, -1)  # type: ignore[arg-type]
            for d in range(bias.shape[-1]):
                logit = bias[:, d] + (inner.sigmoid() * head.decode[d]).sum(-1)  # type: ignore[index]
                one = (chance[:, len(written)] < (logit / temperature).sigmoid()).float()
                inner = inner + one[:, None] * head.encode[d]  # type: ignore[index]
                written.append(one)
        return torch.stack(written, -1)


def flags_of(head: nn.Module) -> DrawFlags | None:
    """How the steps of a head are drawn; None where the logits say it by themselves."""
    heads = list(head.parts) if isinstance(head, SplitHead) else [head]
    nades = [part for part in heads if isinstance(part, NADEHead)]
    return DrawFlags(nades) if nades else None
