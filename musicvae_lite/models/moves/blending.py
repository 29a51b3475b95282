"""Blends: a grid of music between four corners, and the middle of many."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import blend as blended
from musicvae_lite.models.moves.hearing import heard
from musicvae_lite.models.moves.writing import Writing, write

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.score import Score
    from musicvae_lite.music.takes import Takes

MOST = 64  # along either side
LENGTHS = 17  # of a mean of codes that are tried: its own, theirs in the middle, and as far beyond


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
    """One take: the mean of the codes of many pieces, as far out as music like theirs lies.

    The mean lies nearer the middle than any of the codes, where little is written; as far out as they are,
    what they have in common may be written over and over. So several lengths are tried, and the one comes
    back whose likeliest notes are nearest to the reconstructions of the music in how many there are, of how
    many pitches, and how much of the time they sound: to the median of each. Equal pieces give their
    reconstruction.

    The take's record says under "length" how far out the code lies: 1 is as far as codes of the inputs do.

    Raises:
        ConfigError: no music was given.
    """
    if not music:
        raise ConfigError("no music was given")
    how, picks = how or Writing(), [model.pick(m) for m in music]
    codes = model.posterior(*picks).mean
    mean = codes.mean(0, keepdim=True)
    longer = max(float(codes.norm(dim=1).mean() / mean.norm().clamp_min(1e-12)), 1.0)  # than the mean
    lengths = np.linspace(1, 2 * longer - 1, LENGTHS)
    z = mean * torch.from_numpy(lengths).to(mean)[:, None]  # [LENGTHS, Z]
    tokens = heard(model, torch.cat([z, codes]), picks[0], how)
    fullness = _fullness(model, tokens)
    best = int(np.abs(fullness[:LENGTHS] - np.median(fullness[LENGTHS:], 0)).sum(1).argmin())
    known = tokens[best : best + 1] if how.temperature == 0 else None
    told = {"of": len(picks), "length": round(float(lengths[best]) / longer, 2)}
    return write(model, "average", z[best : best + 1], picks, ["average"], how, told, known)


def _fullness(model: MusicVAE, tokens: np.ndarray) -> np.ndarray:
    """How full windows [N, T, ...] are, float64 [N, 3]: logarithms of one more than the notes and than the
    pitches there are, and the share of the time in which any sounds."""
    r = model.representation
    return np.array([_fullness_of(r.to_score(window), r.bars * r.meter.quarters) for window in tokens])


def _fullness_of(score: Score, quarters: float) -> tuple[float, float, float]:
    """The same of one score that spans so many quarter notes."""
    sounding = np.zeros(round(quarters * score.ticks_per_quarter), dtype=bool)
    for start, end in zip(score.start.tolist(), score.end.tolist(), strict=True):
        sounding[start:end] = True
    return math.log1p(len(score)), math.log1p(len(np.unique(score.pitch))), float(sounding.mean())
