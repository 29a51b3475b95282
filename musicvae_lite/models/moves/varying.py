"""Variations: music that is like some music, as much as one likes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import toward
from musicvae_lite.models.moves.writing import Writing, write

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.takes import Takes

MOST = 1000
EVENNESS = 0.65  # a model keeps to the music for a third of the way: `share_of` goes through it fast


def vary(
    model: MusicVAE, music: Music, amount: float = 0.5, count: int = 8, how: Writing | None = None
) -> Takes:
    """Variations: from the music's code towards new draws of the prior, on the sphere (`latent.toward`).

    Args:
        amount: 0 gives the reconstruction, 1 music that has nothing to do with it; between them ever fewer
            steps agree with the music, about evenly (`share_of`).
        count: how many, 1 to 1000. The same seed goes the same ways whatever the amount.

    Raises:
        ConfigError: amount or count is out of range.
    """
    how = how or Writing()
    if not 0 <= amount <= 1:
        raise ConfigError(f"amount is {amount}; it goes from 0 (the same) to 1 (anything)")
    if not 1 <= count <= MOST:
        raise ConfigError(f"count is {count}; it goes from 1 to {MOST}")
    picked = model.pick(music)
    mean = model.posterior(picked).mean.expand(count, -1)
    z = toward(mean, model.vae.draw(count, model.generator(how.seed)), share_of(amount))  # [count, Z]
    labels = [f"variation {n + 1}" for n in range(count)]
    return write(model, "vary", z, [picked], labels, how, {"amount": amount})


def share_of(amount: float) -> float:
    """How far along the great circle an amount lies: `amount ** EVENNESS`.

    Measured on the shipped melody models by the pitch that sounds at each step, which hardly changes over
    the first third of the circle. With this power half of it is left halfway.
    """
    return amount**EVENNESS
