"""A new level over trained ones: it starts by keeping what matters most of what they tell it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from musicvae_lite.latent import covariance
from musicvae_lite.models.decoders import HierarchicalDecoder
from musicvae_lite.models.encoders import HierarchicalEncoder
from musicvae_lite.models.waves import WavesIn, WavesOut
from musicvae_lite.vae import VAE, Batch

SHAKEN = 0.6  # of the spread of parts: how far off they are where what errors cost is asked
DAMPED = 0.3  # of the average cost, that every direction is taken to cost at least
ASKED = 1024  # examples by which what errors cost is measured


def is_grown(vae: VAE, fresh: Iterable[str]) -> bool:
    """Whether the highest of several levels is new, by the names of tensors that no earlier model had."""
    if not isinstance(vae.encoder, HierarchicalEncoder) or not isinstance(vae.decoder, HierarchicalDecoder):
        return False
    top, new = len(vae.encoder.levels) - 1, set(fresh)
    names = (f"encoder.levels.{top}.straight.weight", f"decoder.levels.{top}.plan.weight")
    up: Any = vae.encoder.levels[top]
    down: Any = vae.decoder.levels[top]
    alike = isinstance(up.straight, WavesIn) == isinstance(down.plan, WavesOut)
    return top > 0 and alike and all(name in new for name in names)


@torch.no_grad()
def begin(vae: VAE, batches: Iterable[Batch]) -> None:
    """Lets the direct ways of the highest level go along the principal components of its parts.

    The Z directions of most variance are what a linear autoencoder would come to in the end (Baldi and
    Hornik 1989, doi:10.1016/0893-6080(89)90014-2), here of parts that are measured by what an error in them
    costs the decoder. Where Z is as many as the parts have numbers, nothing is lost.

    Args:
        vae: a hierarchical one, for which `is_grown` holds.
        batches: music as it is trained on, some times Z windows of it.
    """
    encoder: Any = vae.encoder
    heard, asked, cost = [], 0, torch.zeros(())
    for batch in batches:
        parts = encoder.below(batch.x, batch.control).float()  # [B, P, D]
        heard.append(parts)
        if asked < ASKED:
            cost, asked = cost + cost_of_errors(vae, parts, batch), asked + len(parts)
    up: Any = encoder.levels[-1]
    down: Any = vae.decoder.levels[-1]  # type: ignore[index]
    told = torch.cat(heard).cpu().double()  # [N, P, D]; Apple's GPUs know no float64
    stretch, shrink = _roots(cost.cpu().double())  # [D, D] each
    down.plan.bias.copy_(told.mean(0).flatten())
    if isinstance(up.straight, WavesIn):
        told = up.straight.waves(told)
    else:
        stretch, shrink = (torch.block_diag(*[m] * told.shape[1]) for m in (stretch, shrink))
        told = told.flatten(1)[:, None]  # all parts as one: [N, 1, P * D]
    maps = zip(
        told.unbind(1),
        *(w.zero_().view(told.shape[1], -1, w.shape[-1]) for w in (up.straight.weight, down.plan.weight)),
        up.mean.bias.zero_().view(told.shape[1], -1),
        strict=True,
    )
    for heard_of, into, out, bias in maps:  # [N, D'], [K, D'], [D', K], [K]
        _, found = torch.linalg.eigh(stretch @ covariance(heard_of) @ stretch)
        found = found.flip(1)[:, : len(bias)]  # [D', K or fewer]
        kept = found.T @ stretch
        into[: len(kept)] = kept.to(into)
        out[:, : len(kept)] = (shrink @ found).to(out)
        bias[: len(kept)] = (-kept @ heard_of.mean(0)).to(bias)


def cost_of_errors(vae: VAE, parts: Tensor, batch: Batch) -> Tensor:
    """What small errors in parts [B, P, D] cost the decoder that writes from them, as a matrix [D, D].

    The mean of the outer product of gradients (as in Fisher's information), taken at parts that are already
    off: at the right ones a trained decoder is so sure that all gradients are nothing.
    """
    decoder: Any = vae.decoder
    noise = torch.randn(parts.shape, generator=torch.Generator().manual_seed(0)).to(parts)
    off = parts + SHAKEN * parts.flatten(0, 1).std(0) * noise
    target = batch.x if batch.target is None else batch.target
    was_training = vae.training
    vae.eval()
    with torch.enable_grad():
        off.requires_grad_()
        hook = decoder.levels[-1].register_forward_hook(lambda *_: off)  # in place of what it says itself
        nothing = parts.new_zeros(len(parts), decoder.z_size)
        nats = decoder.reconstruction(nothing, target, batch.control).nats.sum()
        (gradient,) = torch.autograd.grad(nats, off)
    hook.remove()
    vae.train(was_training)
    gradient = gradient.flatten(0, 1)  # [B * P, D]
    return gradient.T @ gradient / len(gradient)


def _roots(cost: Tensor) -> tuple[Tensor, Tensor]:
    """The square root of a matrix of costs [D, D], damped and of average 1, and its inverse."""
    values, vectors = torch.linalg.eigh(cost)
    values = (values.clamp_min(0) / values.mean().clamp_min(1e-12) + DAMPED) / (1 + DAMPED)
    return vectors * values.sqrt() @ vectors.T, vectors * values.rsqrt() @ vectors.T
