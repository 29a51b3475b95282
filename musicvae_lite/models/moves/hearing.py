"""What codes say when the likeliest notes are written, and how much that differs: the measure of moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.models.moves.writing import Writing, decoded

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.picking import Pick


def heard(model: MusicVAE, z: Tensor, pick: Pick, how: Writing) -> np.ndarray:
    """Windows [B, W * T, ...] that codes [B, Z] write at temperature 0, under the chords of `how` or of a
    pick."""
    return decoded(model, z, pick, replace(how, temperature=0.0)).tokens


def apart(a: np.ndarray, b: np.ndarray, axes: int = 1) -> np.ndarray:
    """How much windows differ: how many of their whole numbers do, or by how much all their floats do.

    Args:
        a, b: [..., T, ...], which broadcast.
        axes: how many axes of both count windows; one number for each is given back.
    """
    differ = np.abs(a - b) if np.issubdtype(a.dtype, np.floating) else a != b
    return differ.reshape(*differ.shape[:axes], -1).sum(-1)
