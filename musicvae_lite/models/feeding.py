"""What every decoder that reads its own earlier steps shares: which of them training shows it."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from musicvae_lite.vae import Reconstruction


class FeedingDecoder(nn.Module):
    """A decoder whose steps read the steps before them.

    `blank` is the share of earlier steps hidden from the decoder, which makes it rely on z.
    `own_share` is scheduled sampling: the share replaced by what the model itself would have written
    there, drawn in a first parallel pass (Mihaylova and Martins 2019, arXiv:1906.07651). Both act only
    in training mode; the training loop sets them.
    """

    head: Any  # a `Head`
    z_size: int

    def __init__(self) -> None:
        super().__init__()
        self.blank = 0.0
        self.own_share = 0.0

    def hidden(self, z: Tensor, shown: Tensor, control: Tensor | None = None) -> Tensor:
        """Hidden states [B, T, H] from z [B, Z] and steps [B, T, ...], each knowing only those before it."""
        raise NotImplementedError

    def hide(self, shown: Tensor, mask: Tensor) -> Tensor:
        """Steps [B, T, ...] with nothing where mask [B, T] is true."""
        raise NotImplementedError

    def silent(self, target: Tensor) -> Tensor | None:
        """Where the target [B, T, ...] holds nothing to be scored, bool [B, T]; None when nowhere."""
        return None

    def reconstruction(
        self,
        z: Tensor,
        target: Tensor,
        control: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Reconstruction:
        shown = target
        if self.training and self.own_share > 0:
            with torch.no_grad():
                guess = self.head.sample(self.hidden(z, target, control), 1.0, generator)
            own = _chance(target, self.own_share, generator)
            shown = torch.where(own if target.dim() == 2 else own[..., None], guess.to(target.dtype), shown)
        if self.training and self.blank > 0:
            shown = self.hide(shown, _chance(target, self.blank, generator))
        hidden, silent = self.hidden(z, shown, control), self.silent(target)
        if silent is None:
            nats, metrics = self.head.score(hidden, target)
            return Reconstruction(nats.sum(-1), metrics)
        told = ~silent
        each, metrics = self.head.score(hidden[told][None], target[told][None])  # [1, N]
        nats = each.new_zeros(told.shape).masked_scatter(told, each)
        return Reconstruction(nats.sum(-1), metrics)


def _chance(x: Tensor, share: float, generator: torch.Generator | None) -> Tensor:
    return torch.rand(x.shape[:2], generator=generator, device=x.device) < share
