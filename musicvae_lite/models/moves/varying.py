"""Variations: music that is like some music, as much as one likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import toward
from musicvae_lite.models.moves.hearing import apart, heard
from musicvae_lite.models.moves.writing import Writing, write

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.takes import Takes

MOST = 1000
PARTS = 8  # of every way that are looked at ...
WITHIN = 7  # ... and points in the part where enough has changed
AT_ONCE = 32  # ways: a point of each is a code to decode


def vary(
    model: MusicVAE, music: Music, amount: float = 0.25, count: int = 8, how: Writing | None = None
) -> Takes:
    """Variations: from the music's code towards new draws of the prior, on the sphere (`latent.toward`).

    Args:
        amount: 0 gives the reconstruction, 1 music that has nothing to do with it. Between them, the share of
            what parts the two that has changed, by likeliest notes, as near as the way allows; never nothing.
        count: how many, 1 to 1000. The same seed goes the same ways whatever the amount. Sixteen codes are
            decoded for each.

    Raises:
        ConfigError: amount or count is out of range.
    """
    how = how or Writing()
    if not 0 <= amount <= 1:
        raise ConfigError(f"amount is {amount}; it goes from 0 (the same) to 1 (anything)")
    count = runtime.whole("count", count)
    if not 1 <= count <= MOST:
        raise ConfigError(f"count is {count}; it goes from 1 to {MOST}")
    picked = model.pick(music)
    mean = model.posterior(picked).mean  # [1, Z]
    generator = model.generator(how.seed)
    drawn = model.vae.draw(count, generator)  # [count, Z]

    def shares_towards(some: Tensor) -> np.ndarray:
        def written(shares: np.ndarray) -> np.ndarray:
            t = torch.from_numpy(shares).to(some)[..., None]  # [N, P, 1]
            found = heard(model, toward(mean, some[:, None], t).flatten(0, 1), picked, how)
            return found.reshape(*shares.shape, *found.shape[1:])

        return shares_of(written, amount, len(some))

    shares = np.concatenate([shares_towards(some) for some in drawn.split(AT_ONCE)])
    z = toward(mean, drawn, torch.from_numpy(shares).to(drawn)[:, None])
    labels = [f"variation {n + 1}" for n in range(count)]
    notes = replace(how, seed=runtime.drawn_seed(generator))
    return write(model, "vary", z, [picked], labels, notes, {"amount": amount, "seed": how.seed})


def shares_of(written: Callable[[np.ndarray], np.ndarray], amount: float, count: int) -> np.ndarray:
    """How far along each of `count` ways an amount of what changes on it has changed, float64 [count].

    Args:
        written: what is written at shares [count, P] of the ways, [count, P, T, ...].
        amount: 0 to 1.
    """
    if amount in (0, 1):
        return np.full(count, float(amount))
    shares = np.tile(np.linspace(0, 1, PARTS + 1), (count, 1))
    tokens = written(shares)
    begin = tokens[:, :1]
    gone = apart(tokens, begin, axes=2)  # [count, PARTS + 1]
    wanted = amount * gone[:, -1:]
    part = np.maximum((gone >= wanted).argmax(1), 1)[:, None]  # enough has changed at its end
    left, right = (np.take_along_axis(shares, end, 1) for end in (part - 1, part))
    inner = left + np.arange(1, WITHIN + 1) / (WITHIN + 1) / PARTS
    closer = apart(written(inner), begin, axes=2)
    shares = np.concatenate([left, inner, right], axis=1)
    gone = np.concatenate(
        [np.take_along_axis(gone, part - 1, 1), closer, np.take_along_axis(gone, part, 1)], axis=1
    )
    off = np.where(gone > 0, np.abs(gone - wanted), np.inf)
    return np.take_along_axis(shares, off.argmin(1, keepdims=True), 1)[:, 0]
