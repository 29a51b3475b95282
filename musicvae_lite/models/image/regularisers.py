"""What may be asked of codes besides the KL: sparse ones, or ones an adversary takes for prior draws."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.latent import Posterior
from musicvae_lite.vae import Penalty


@dataclass(frozen=True)
class SparseSettings:
    """`weight` nats for each unit of a code's L1 norm."""

    weight: float = 0.1

    def build(self, z: int) -> nn.Module:
        return Sparse(self.weight)


@dataclass(frozen=True)
class AdversarySettings:
    """A discriminator learns to tell codes from draws of N(0, I); the encoder learns to deceive it.

    Makhzani et al. 2015 (arXiv:1511.05644).

    Attributes:
        hidden: sizes of the discriminator's layers.
        weight: of what the encoder gains by deceiving it, in nats.
    """

    hidden: tuple[int, ...] = (256, 256)
    weight: float = 5.0

    def build(self, z: int) -> nn.Module:
        return Adversary(self, z)


class Sparse(nn.Module):
    def __init__(self, weight: float):
        super().__init__()
        self.weight = weight

    def forward(self, posterior: Posterior, z: Tensor, generator: torch.Generator | None = None) -> Penalty:
        size = z.abs().sum(1).mean()
        is_zero = (z.detach().abs() < 1e-6).float().mean()
        return Penalty(self.weight * size, {"code_size": size.detach(), "zero_share": is_zero})


class Adversary(nn.Module):
    """Both play in one update: the encoder is judged by a copy of the discriminator that stands still."""

    def __init__(self, settings: AdversarySettings, z: int):
        super().__init__()
        self.weight = settings.weight
        layers: list[nn.Module] = []
        inputs = z
        for hidden in settings.hidden:
            layers += [nn.Linear(inputs, hidden), nn.LeakyReLU(0.2)]
            inputs = hidden
        self.judge = nn.Sequential(*layers, nn.Linear(inputs, 1))

    def forward(self, posterior: Posterior, z: Tensor, generator: torch.Generator | None = None) -> Penalty:
        drawn = torch.randn(z.shape, generator=generator, device=z.device, dtype=z.dtype)
        said_drawn, said_codes = self.judge(drawn), self.judge(z.detach())  # [B, 1] each, logits of "drawn"
        nats = 0.5 * (F.softplus(-said_drawn).mean() + F.softplus(said_codes).mean())
        still = {name: weight.detach() for name, weight in self.judge.named_parameters()}
        deceiving = F.softplus(-torch.func.functional_call(self.judge, still, (z,))).mean()
        right = 0.5 * ((said_drawn > 0).float().mean() + (said_codes < 0).float().mean())
        terms = {
            "adversary_nats": nats.detach(),
            "adversary_accuracy": right,
            "deceiving_nats": deceiving.detach(),
        }
        return Penalty(nats + self.weight * deceiving, terms)


REGULARISERS: dict[str, type] = {"sparse": SparseSettings, "adversary": AdversarySettings}
