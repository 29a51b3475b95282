"""Style transfer: what one folder of music has on average is taken away, what another has is added."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.moves.writing import Writing, write
from musicvae_lite.training.dataset import windows_of

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.takes import Takes
    from musicvae_lite.training.windows import WindowSplit

STRENGTHS = 5.0


def transfer(
    model: MusicVAE,
    music: Music,
    source: Sequence[str | Path],
    target: Sequence[str | Path],
    strength: float = 1.0,
    how: Writing | None = None,
) -> Takes:
    """a - mean(source) + mean(target), of codes.

    Args:
        music: a.
        source, target: files and folders of music of the style it has, and of the one it shall have.
        strength: 0 gives the reconstruction, above 1 overdoes it; -5 to 5.

    The take's record says under "heard" how many songs and windows of each side the model could take.

    Raises:
        NothingUsableError: a folder holds no window.
        ConfigError: the strength is out of range.
    """
    if not -STRENGTHS <= strength <= STRENGTHS:
        raise ConfigError(f"strength is {strength}; it goes from {-STRENGTHS:g} to {STRENGTHS:g}")
    picked = model.pick(music)
    sides = {
        side: windows_of(paths, model.representation) for side, paths in (("from", source), ("to", target))
    }
    old, new = (codes_of(model, split).mean(0, keepdim=True) for split in sides.values())
    z = model.posterior(picked).mean + strength * (new - old)
    told: dict[str, Any] = {
        "from": [str(path) for path in source],
        "to": [str(path) for path in target],
        "strength": strength,
    }
    told["heard"] = {side: _heard(split) for side, split in sides.items()}
    return write(model, "style", z, [picked], [picked.stem], how or Writing(), told)


def _heard(split: WindowSplit) -> dict[str, int]:
    return {"songs": sum(song.windows > 0 for song in split.songs), "windows": len(split)}


def codes_of(model: MusicVAE, split: WindowSplit, draws: int = 0, seed: int = 0) -> Tensor:
    """Codes of every window of a split: means [N, Z], or draws of each [draws * N, Z]."""
    rows = torch.arange(len(split)).numpy()
    q = model.posterior_of_tokens(split.gather(rows), split.gather_control(rows))
    if not draws:
        return q.mean
    generator = model.generator(seed)
    return torch.cat([q.rsample(generator) for _ in range(draws)])
