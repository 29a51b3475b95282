"""The variational autoencoder: encode, sample, decode, and what the loss is made of.

Knows no notes and no pixels. A family (music, images) hands in an encoder and a decoder.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import NATS_PER_BIT, Point, Posterior, free_bits, walk
from musicvae_lite.prior import CodePrior


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What a decoder says of a target when it is shown z.

    Attributes:
        nats: [B], negative log-probability of the target, summed over all its parts.
        metrics: scalars to log, such as accuracy.
    """

    nats: Tensor
    metrics: dict[str, Tensor] = field(default_factory=dict)


class Batch(NamedTuple):
    """Examples to learn from.

    Attributes:
        x: [B, ...], what the encoder reads.
        target: [B, ...], what the decoder is to write; None for x itself. They differ when a model cleans,
            enlarges or completes what it is given.
        control: [B, ...], what encoder and decoder are told besides, such as a label or chords.
    """

    x: Tensor
    target: Tensor | None = None
    control: Tensor | None = None


class Encoder(Protocol):
    def __call__(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        """What is known of z [B, Z] from examples x [B, ...]."""
        ...


class Decoder(Protocol):
    """What every decoder has; one that reads its own earlier outputs may have more."""

    z_size: int

    def reconstruction(
        self,
        z: Tensor,
        target: Tensor,
        control: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Reconstruction:
        """Scores the target [B, ...]. Draws noise (dropout, blanked inputs) only while training."""
        ...

    def sample(
        self,
        z: Tensor,
        control: Tensor | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """z [B, Z] -> examples [B, ...], the likeliest values at temperature 0."""
        ...


class Penalty(NamedTuple):
    """What a regulariser adds to the loss.

    Attributes:
        cost: scalar, nats an example.
        terms: scalars to log.
    """

    cost: Tensor
    terms: dict[str, Tensor]


class Regulariser(Protocol):
    """Asks something of the codes besides the KL: that they be sparse, or that an adversary be deceived.

    It may have parameters of its own; they are trained with the rest.
    """

    def __call__(
        self, posterior: Posterior, z: Tensor, generator: torch.Generator | None = None
    ) -> Penalty: ...


class Loss(NamedTuple):
    """The loss of one batch and its terms, averaged over the batch.

    Attributes:
        total: scalar, what is minimised: reconstruction + beta * (KL after free bits) + the regulariser's
            cost, nats.
        terms: scalars: reconstruction_nats, kl_nats, kl_bits, kl_cost (after free bits), beta, and the
            metrics of decoder and regulariser.
        units: [Z], KL of each latent unit in nats, for those who watch units collapse.
    """

    total: Tensor
    terms: dict[str, Tensor]
    units: Tensor


class VAE(nn.Module):
    """encoder -> posterior -> z -> decoder.

    An encoder that answers with a `Point` makes it a plain autoencoder. `prior`, when there is one, is
    what new codes are drawn from; training and KL know only N(0, I).
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, regulariser: nn.Module | None = None):
        super().__init__()
        self.encoder, self.decoder, self.regulariser = encoder, decoder, regulariser
        self.prior: CodePrior | None = None

    @property
    def z_size(self) -> int:
        return self.decoder.z_size  # type: ignore[return-value]

    @property
    def device(self) -> torch.device:
        return next(self.parameters()).device

    def encode(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        """x [B, ...] -> posterior over z, in float32 whatever the encoder computes in."""
        return self.encoder(x, control).in_float32()

    def decode(
        self,
        z: Tensor,
        control: Tensor | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """z [B, Z] -> x [B, ...]; temperature 0 takes the likeliest value each time."""
        return self.decoder.sample(z, control, temperature, generator)  # type: ignore[operator]

    def loss(
        self,
        batch: Batch,
        beta: float = 1.0,
        free: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Loss:
        """The beta-VAE loss of a batch.

        Args:
            beta: weight of the KL.
            free: bits of KL per example that cost nothing.
        """
        x, target, control = batch
        posterior = self.encode(x, control)
        z = posterior.rsample(generator)
        target = x if target is None else target
        said: Reconstruction = self.decoder.reconstruction(z, target, control, generator)  # type: ignore[operator]
        units = posterior.kl_per_unit()  # [B, Z]
        reconstruction, kl = said.nats.mean(), units.sum(-1)
        cost = free_bits(kl, free).mean()
        terms = {
            "reconstruction_nats": reconstruction,
            "kl_nats": kl.mean(),
            "kl_bits": kl.mean() / NATS_PER_BIT,
            "kl_cost": cost,
            "beta": torch.tensor(beta),
        }
        terms |= said.metrics
        total = reconstruction + beta * cost if beta else reconstruction
        if self.regulariser is not None:
            penalty: Penalty = self.regulariser(posterior, z, generator)
            total, terms = total + penalty.cost, terms | penalty.terms
        return Loss(total, {name: value.detach() for name, value in terms.items()}, units.detach().mean(0))

    forward = loss  # what wrappers such as DDP call

    @torch.no_grad()
    def log_prob(
        self,
        posterior: Posterior,
        target: Tensor,
        control: Tensor | None = None,
        samples: int = 1,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """A lower bound on log p(target) [B], nats: the ELBO, tighter with more samples.

        Burda et al. 2015 (arXiv:1509.00519), equation 8; codes follow N(0, I), whatever `prior` there is.

        Args:
            posterior: where codes are drawn from, that of the targets.
            target: [B, ...], what the decoder is to write.
            control: [B, ...], what the decoder is told besides.
            samples: draws of z for each target.

        Raises:
            ConfigError: `samples` is below 1, or the posterior has no width.
        """
        if samples < 1:
            raise ConfigError(f"samples is {samples}; the bound needs at least 1")
        if isinstance(posterior, Point):
            raise ConfigError("a plain autoencoder has codes without a probability: there is no bound")
        mean, scale, bounds = posterior.mean, posterior.scale, []
        for _ in range(samples):
            z = posterior.rsample(generator)
            log_ratio = 0.5 * ((z - mean) / scale).square() - 0.5 * z.square() + scale.log()
            said: Reconstruction = self.decoder.reconstruction(z, target, control)  # type: ignore[operator]
            bounds.append(log_ratio.sum(-1) - said.nats)  # log p(z) - log q(z) + log p(target|z)
        return torch.logsumexp(torch.stack(bounds), 0) - math.log(samples)

    def draw(self, count: int, generator: torch.Generator | None = None, spread: float = 1.0) -> Tensor:
        """New codes [count, Z]: from `prior`, or from N(0, I) where there is none.

        Args:
            spread: how far from their means, beside what they are (see `CodePrior.narrowed`).
        """
        noise = torch.randn((count, self.z_size), generator=generator, device=self.device)
        if self.prior is None:
            return spread * noise
        prior = self.prior if spread == 1.0 else self.prior.narrowed(spread)
        return prior.colour(noise)

    @torch.no_grad()
    def sample(
        self,
        count: int,
        control: Tensor | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Decodes `count` new codes."""
        return self.decode(self.draw(count, generator), control, temperature, generator)

    @torch.no_grad()
    def reconstruct(
        self,
        x: Tensor,
        control: Tensor | None = None,
        temperature: float = 0.0,
        sample_z: bool = False,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """x [B, ...] through z and back; z is the posterior mean unless `sample_z`."""
        posterior = self.encode(x, control)
        z = posterior.rsample(generator) if sample_z else posterior.mean
        return self.decode(z, control, temperature, generator)

    @torch.no_grad()
    def interpolate(
        self,
        a: Tensor,
        b: Tensor,
        steps: int = 9,
        control: Tensor | None = None,
        temperature: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Decodes a path between the posterior means of a and b (see `latent.walk`).

        Args:
            a, b: [B, ...].

        Returns:
            [steps, B, ...]; the first and last are the reconstructions of a and b.
        """
        means = self.encode(torch.cat([a, b]), _twice(control)).mean
        codes = walk(means[: len(a)], means[len(a) :], steps)  # [steps, B, Z]
        return torch.stack([self.decode(z, control, temperature, generator) for z in codes])


def _twice(control: Tensor | None) -> Tensor | None:
    return None if control is None else torch.cat([control, control])
