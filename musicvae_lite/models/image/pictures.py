"""What every image encoder and decoder shares: how features become a code, and outputs a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from musicvae_lite.latent import Point, Posterior
from musicvae_lite.models.image.likelihoods import LIKELIHOODS
from musicvae_lite.vae import Reconstruction

Code = Literal["gaussian", "plain", "positive"]


@dataclass(frozen=True)
class Shape:
    """What a picture model reads and writes.

    Attributes:
        channels, height, width: of a picture; 1 channel is grey, 3 are red, green, blue.
        z: size of the code.
        classes: how many labels condition the model; 0 for none.
        target_height, target_width: of what it writes; larger than what it reads when it enlarges.
    """

    channels: int
    height: int
    width: int
    z: int
    classes: int = 0
    target_height: int = 0
    target_width: int = 0

    @property
    def target(self) -> tuple[int, int, int]:
        """[C, H, W] of what the model writes."""
        return (self.channels, self.target_height or self.height, self.target_width or self.width)


class ToCode(nn.Module):
    """Two numbers a unit to a Gaussian with scale exp(log sigma); one to a plain or a positive code."""

    def __init__(self, code: Code):
        super().__init__()
        self.code = code

    @property
    def outputs(self) -> int:
        """Numbers needed for each unit of z."""
        return 2 if self.code == "gaussian" else 1

    def forward(self, features: Tensor) -> Posterior:
        """Features [B, outputs * Z]."""
        if self.code == "gaussian":
            mean, log_scale = features.chunk(2, 1)
            return Posterior(mean, log_scale.clamp(-8, 8).exp())
        return Point(features.relu() if self.code == "positive" else features)


class PictureDecoder(nn.Module):
    """A network from z (and a label) to outputs [B, C, H, W], read through a likelihood."""

    def __init__(self, network: nn.Module, z: int, likelihood: str):
        super().__init__()
        self.network, self.z_size, self.likelihood = network, z, LIKELIHOODS[likelihood]

    def reconstruction(
        self,
        z: Tensor,
        target: Tensor,
        control: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Reconstruction:
        """Scores the target [B, C, H, W], values in 0..1."""
        outputs = self.network(z, control)
        with torch.no_grad():
            squared = (self.likelihood.mean(outputs) - target).square().mean()
        return Reconstruction(self.likelihood.nats(outputs, target), {"squared_error": squared})

    def sample(
        self,
        z: Tensor,
        control: Tensor | None = None,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Pictures [B, C, H, W] in 0..1: at temperature 0 the expected ones, else with drawn pixels."""
        outputs = self.network(z, control)
        if temperature == 0:
            return self.likelihood.mean(outputs)
        return self.likelihood.draw(outputs, temperature, generator)


def with_label(x: Tensor, control: Tensor | None) -> Tensor:
    """Features [B, F] and, if there is one, the label [B, K] beside them."""
    return x if control is None else torch.cat([x, control], 1)
