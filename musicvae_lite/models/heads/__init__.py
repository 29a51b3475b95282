"""Heads: what a decoder's hidden state says about the next step. One class a file.

All have `score(hidden [B, T, H], target) -> nats [B, T], metrics` and
`sample(hidden [..., H], temperature, generator) -> values`.
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.heads.bernoulli import BernoulliHead
from musicvae_lite.models.heads.categorical import CategoricalHead
from musicvae_lite.models.heads.drawing import draw, flip
from musicvae_lite.models.heads.groove import GrooveHead
from musicvae_lite.models.heads.nade import NADEHead
from musicvae_lite.models.heads.product import ProductHead, SplitHead
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step


class Head(Protocol):
    def score(self, hidden: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]: ...

    def sample(
        self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None
    ) -> Tensor: ...


def head_for(step: Step, hidden: int, nade: int = 0, precision: float = 1.0) -> nn.Module:
    """The head that writes steps of a kind.

    Args:
        hidden: H, size of the hidden state it reads.
        nade: for `Binary` steps, the size of a NADE; 0 takes independent outputs.
        precision: for `Groove` steps, what squared errors of velocities and offsets weigh.

    Raises:
        ConfigError: steps of this kind have no use for `nade` or `precision`.
    """
    if nade and not isinstance(step, Binary):
        raise ConfigError(
            f"[decoder]: 'nade' is {nade}, and writes zeros and ones alone, not steps of the kind "
            f'{type(step).__name__}: leave it out, or choose form = "hits" of drums in [representation]'
        )
    if precision != 1.0 and not isinstance(step, Groove):
        raise ConfigError(
            f"[decoder]: 'precision' is {precision}, and weighs velocities and offsets of grooves alone, "
            f"which steps of the kind {type(step).__name__} have not: leave it out"
        )
    match step:
        case Categorical(depth=depth):
            return CategoricalHead(hidden, depth)
        case Product(depths=depths):
            return ProductHead(hidden, depths)
        case Binary(size=size):
            return NADEHead(hidden, size, nade) if nade else BernoulliHead(hidden, size)
        case Groove(classes=classes):
            return GrooveHead(hidden, classes, precision)


__all__ = [
    "BernoulliHead",
    "CategoricalHead",
    "GrooveHead",
    "Head",
    "NADEHead",
    "ProductHead",
    "SplitHead",
    "draw",
    "flip",
    "head_for",
]
