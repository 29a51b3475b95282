"""Attribute vectors fitted to the windows of some music."""

from __future__ import annotations

import numpy as np
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import attribute_vector, residuals
from musicvae_lite.models.attribute_vectors import AttributeVectors
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music import attributes
from musicvae_lite.training.windows import WindowSplit


def fit(model: MusicVAE, windows: WindowSplit, most: int = 20_000, seed: int = 0) -> AttributeVectors:
    """Vectors of every attribute from the windows of some music.

    Args:
        most: windows to fit to; of more, so many drawn at random.

    Raises:
        ConfigError: fewer than 8 windows, or the model's representation has no attributes.
    """
    if len(windows) < 8:
        raise ConfigError(
            f"{windows.name}: {len(windows)} windows are too few for quartiles; 8 are the least"
        )
    names = attributes.names(model.representation)
    rows = np.random.default_rng(seed).permutation(len(windows))[:most]  # so that ties are in no order
    tokens = windows.gather(rows)
    means = model.posterior_of_tokens(tokens, windows.gather_control(rows)).mean  # [N, Z]
    measured = attributes.measure(tokens, model.representation)
    values = torch.as_tensor(np.stack([measured[name] for name in names], 1), device=means.device)  # [N, A]
    own = residuals(values)
    kept = [n for n in range(len(names)) if values[:, n].std() > 0]
    return AttributeVectors(
        {names[n]: attribute_vector(means, values[:, n]) for n in kept},
        {names[n]: attribute_vector(means, own[:, n]) for n in kept},
    )
