"""A new level over trained ones: it starts by keeping what varies most in what they tell it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from musicvae_lite.models.decoders import HierarchicalDecoder
from musicvae_lite.models.encoders import HierarchicalEncoder
from musicvae_lite.vae import VAE, Batch


def is_grown(vae: VAE, fresh: Iterable[str]) -> bool:
    """Whether the highest of several levels is new, by the names of tensors that no earlier model had."""
    if not isinstance(vae.encoder, HierarchicalEncoder) or not isinstance(vae.decoder, HierarchicalDecoder):
        return False
    top, new = len(vae.encoder.levels) - 1, set(fresh)
    names = (f"encoder.levels.{top}.straight.weight", f"decoder.levels.{top}.plan.weight")
    return top > 0 and all(name in new for name in names)


@torch.no_grad()
def begin(vae: VAE, batches: Iterable[Batch]) -> None:
    """Lets the direct ways of the highest level go along the principal components of its parts.

    The Z directions of most variance are what a linear autoencoder would come to in the end (Baldi and
    Hornik 1989, doi:10.1016/0893-6080(89)90014-2). Where Z is as many as the parts have numbers, nothing is
    lost.

    Args:
        vae: a hierarchical one, for which `is_grown` holds.
        batches: music as it is trained on, some times Z windows of it.
    """
    encoder: Any = vae.encoder
    parts = torch.cat([encoder.below(b.x, b.control).flatten(1).float() for b in batches])  # [N, P * D]
    mean = parts.mean(0)
    _, directions = torch.linalg.eigh(torch.cov(parts.T.double()))
    kept = directions.flip(1).T[: encoder.scale.out_features].to(mean.dtype)  # [Z, P * D]
    up: Any = encoder.levels[-1]
    down: Any = vae.decoder.levels[-1]  # type: ignore[index]
    for weight, given in (
        (up.straight.weight, kept),
        (down.plan.weight, kept.T),
        (up.mean.bias, -kept @ mean),
    ):
        weight.zero_()[tuple(slice(size) for size in given.shape)] = given
    down.plan.bias.copy_(mean)
