"""Blends: a grid of music between four corners, and the middle of many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import blend as blended
from musicvae_lite.models.moves.writing import Writing, write

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.takes import Takes

MOST = 64  # along either side


def blend(
    model: MusicVAE, corners: Sequence[Music], width: int = 4, height: int = 4, how: Writing | None = None
) -> Takes:
    """A grid between four pieces, row by row (`latent.blend`); its corners are their reconstructions.

    Args:
        corners: top left, top right, bottom left, bottom right.
        width, height: takes in a row, and rows; 2 to 64.

    Returns:
        width * height takes in the style of the first corner.

    Raises:
        ConfigError: not four corners, or a side is out of range.
    """
    if len(corners) != 4:
        raise ConfigError(f"a blend has four corners, not {len(corners)}")
    width, height = runtime.whole("width", width), runtime.whole("height", height)
    for name, size in (("width", width), ("height", height)):
        if not 2 <= size <= MOST:
            raise ConfigError(f"{name} is {size}; it goes from 2 to {MOST}")
    picks = [model.pick(music) for music in corners]
    z = blended(model.posterior(*picks).mean, width, height).flatten(0, 1)  # [height * width, Z]
    labels = [f"row {y + 1}, column {x + 1}" for y in range(height) for x in range(width)]
    return write(model, "blend", z, picks, labels, how or Writing(), {"width": width, "height": height})


def average(model: MusicVAE, music: Sequence[Music], how: Writing | None = None) -> Takes:
    """One take: the mean of the codes of many pieces, as far out as they are on average.

    The mean of codes lies nearer the middle than any of them, where music is dull.

    Raises:
        ConfigError: no music was given.
    """
    if not music:
        raise ConfigError("no music was given")
    picks = [model.pick(m) for m in music]
    codes = model.posterior(*picks).mean
    mean = codes.mean(0, keepdim=True)
    length = mean.norm().clamp_min(1e-12)
    z = mean * (codes.norm(dim=1).mean() / length)
    return write(model, "average", z, picks, ["average"], how or Writing(), {"of": len(picks)})
