"""What an image model is worth on pictures it was not trained on."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.images.sets import Pictures
from musicvae_lite.latent import NATS_PER_BIT, active_units
from musicvae_lite.models.image.assembly import ImageConfig
from musicvae_lite.models.image.examples import check_labels, examples
from musicvae_lite.vae import VAE

BATCH = 250
SMALLEST = 1e-7  # the closest a probability comes to 0 or 1 in a cross entropy, as in Keras


@dataclass(frozen=True)
class ImageEvaluation:
    """All figures over one set of pictures. Those with a posterior are None for plain autoencoders.

    Attributes:
        pictures: how many.
        bce: binary cross entropy a value, z the mean: what the lesson's notebooks print.
        squared_error: mean a value, z the mean.
        psnr: of the whole set, decibels.
        reconstruction_nats: a picture, under the model's own likelihood, z drawn.
        bernoulli_nats: a picture, x log p + (1 - x) log(1 - p) turned round, z drawn.
        squared_nats: a picture, the sum of squared errors, z drawn.
        kl_nats, kl_bits: a picture.
        elbo_nats: -(reconstruction_nats + kl_nats): under squared errors less the constant of their Gaussian.
        bernoulli_elbo_nats: -(bernoulli_nats + kl_nats), by which models of any likelihood compare.
        squared_loss: squared_nats + kl_nats, which is 784 MSE + KL on 28 x 28 pictures.
        active_units: units whose mean varies by more than 0.01.
        zero_share: share of codes that are 0, for codes that cannot be negative.
    """

    pictures: int
    bce: float
    squared_error: float
    psnr: float
    reconstruction_nats: float
    bernoulli_nats: float
    squared_nats: float
    kl_nats: float | None = None
    kl_bits: float | None = None
    elbo_nats: float | None = None
    bernoulli_elbo_nats: float | None = None
    squared_loss: float | None = None
    active_units: int | None = None
    zero_share: float | None = None

    def to_json(self) -> dict:
        return dataclasses.asdict(self)


def evaluate(vae: VAE, config: ImageConfig, pictures: Pictures, seed: int = 0) -> ImageEvaluation:
    """Figures over all pictures. Puts the model in eval mode. Raises as `measure`."""
    return measure(vae, config, pictures, seed)[0]


@torch.no_grad()
def measure(
    vae: VAE, config: ImageConfig, pictures: Pictures, seed: int = 0
) -> tuple[ImageEvaluation, Tensor]:
    """Figures over all pictures, and the KL of each [N], nats. Puts the model in eval mode.

    Raises:
        NothingUsableError: there are none.
        ConfigError: the model conditions on labels and the pictures have none, or others; their shape is
            another; or the seed is out of range.
    """
    if not len(pictures):
        raise NothingUsableError("there are no pictures to measure on")
    check_labels(config, pictures.labels)
    p = config.picture
    if pictures.pixels.shape[1:] != (p.channels, p.height, p.width):
        raise ConfigError(
            f"pictures {list(pictures.pixels.shape[1:])} (channels, height, width) for a model of "
            f"{[p.channels, p.height, p.width]}"
        )
    vae.eval()
    is_bernoulli = config.likelihood == "bernoulli"
    generator = runtime.generator(seed, vae.device)
    sums: dict[str, float] = {}
    means, kls = [], []
    for begin in range(0, len(pictures), BATCH):
        part = pictures.part(slice(begin, begin + BATCH))
        labels = None if part.labels is None else torch.from_numpy(part.labels).to(vae.device)
        batch = examples(config, torch.from_numpy(part.pixels).to(vae.device), labels, generator)
        posterior = vae.encode(batch.x, batch.control)
        drawn = posterior.rsample(generator)
        target: Tensor = batch.target  # type: ignore[assignment]
        of_mean = vae.decode(posterior.mean, batch.control, 0.0)
        of_drawn = of_mean if config.is_plain else vae.decode(drawn, batch.control, 0.0)
        said = vae.decoder.reconstruction(drawn, target, batch.control)  # type: ignore[operator]
        found = {
            "bce": cross_entropy(of_mean, target),
            "squared": (of_mean - target).square().sum(),
            "reconstruction": said.nats.sum(),
            "bernoulli": said.nats.sum() if is_bernoulli else cross_entropy(of_drawn, target),
            "squared_drawn": (of_drawn - target).square().sum(),
            "zeros": (posterior.mean == 0).float().mean() * len(target),
        }
        for name, value in found.items():
            sums[name] = sums.get(name, 0.0) + float(value)
        means.append(posterior.mean)
        kls.append(posterior.kl())
    count, values = len(pictures), p.channels * p.height * p.width
    each = {name: value / count for name, value in sums.items()}
    squared_error = each["squared"] / values
    kl = torch.cat(kls)
    evaluation = ImageEvaluation(
        pictures=count,
        bce=each["bce"] / values,
        squared_error=squared_error,
        psnr=-10 * math.log10(max(squared_error, 1e-12)),
        reconstruction_nats=each["reconstruction"],
        bernoulli_nats=each["bernoulli"],
        squared_nats=each["squared_drawn"],
    )
    if config.is_plain:
        zeros = each["zeros"] if config.is_positive else None
        return dataclasses.replace(evaluation, zero_share=zeros), kl
    nats = float(kl.cpu().double().mean())
    of_posterior = {
        "kl_nats": nats,
        "kl_bits": nats / NATS_PER_BIT,
        "elbo_nats": -(each["reconstruction"] + nats),
        "bernoulli_elbo_nats": -(each["bernoulli"] + nats),
        "squared_loss": each["squared_drawn"] + nats,
        "active_units": active_units(torch.cat(means)),
    }
    return dataclasses.replace(evaluation, **of_posterior), kl


def cross_entropy(pictures: Tensor, target: Tensor) -> Tensor:
    """Summed binary cross entropy, nats, of pictures in 0..1 taken for probabilities; NaN of NaN."""
    p = pictures.clamp(SMALLEST, 1 - SMALLEST)  # not torch's own cross entropy, which refuses NaN
    return -(target * p.log() + (1 - target) * (-p).log1p()).sum()
