"""Attribute vectors of a model: fitted to the windows of some music, and to how the model itself answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import attribute_vector, lone_vectors
from musicvae_lite.models import attribute_table
from musicvae_lite.models.attribute_vectors import AttributeVectors
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music import attributes
from musicvae_lite.training.windows import WindowSplit

ANSWERS = 20_000
AT_ONCE = 1000
CHECKED = 512  # samples that a decorrelated vector proves itself on
LENGTHS = (1.0, 0.5)  # tried in turn: far out, some directions do more to other attributes
CLEAR = 1.1  # how far the own cell of its row must stand above the largest other
LEAST = 0.2  # standard deviations that a vector must move its attribute, up and down


def fit(
    model: MusicVAE,
    windows: WindowSplit,
    most: int = 20_000,
    seed: int = 0,
    answers: int = ANSWERS,
    progress: Callable[[int], None] = lambda count: None,
) -> AttributeVectors:
    """Vectors of every attribute.

    Plain ones are the paper's, of the windows' codes. Decorrelated ones ask the decoder: draws from the
    prior are decoded, and their attributes tell what each direction does. One moves its attribute by
    about a standard deviation, or by half of one, and is kept if it does move that, and clearly more than
    any other, on draws that it was not fitted to. For some attributes a model has no such direction.

    Args:
        most: windows to fit to; of more, so many drawn at random.
        answers: draws from the prior to decode.
        progress: told how many more were decoded.

    Raises:
        ConfigError: fewer than 8 windows or answers, or the model's representation has no attributes.
    """
    if len(windows) < 8 or answers < 8:
        raise ConfigError(
            f"{windows.name}: {len(windows)} windows and {answers} answers are too few; 8 are the least"
        )
    names = attributes.names(model.representation)
    rows = np.random.default_rng(seed).permutation(len(windows))[:most]  # so that ties are in no order
    tokens = windows.gather(rows)
    means = model.posterior_of_tokens(tokens, windows.gather_control(rows)).mean  # [N, Z]
    measured = attributes.measure(tokens, model.representation)
    plain = {
        name: attribute_vector(means, torch.as_tensor(measured[name], device=means.device))
        for name in names
        if measured[name].std() > 0
    }
    return AttributeVectors(plain, _decorrelated(model, names, answers, seed, progress))


def _decorrelated(
    model: MusicVAE, names: tuple[str, ...], answers: int, seed: int, progress: Callable[[int], None]
) -> dict[str, torch.Tensor]:
    z = model.vae.draw(answers, model.generator(seed + 1))
    parts = []
    for part in z.split(AT_ONCE):
        parts.append(attribute_table.values(model, part))
        progress(len(part))
    values = torch.as_tensor(np.concatenate(parts), device=z.device)
    found = lone_vectors(z, values)
    vectors = {name: v for name, v in zip(names, found, strict=True) if v.any()}
    kept: dict[str, torch.Tensor] = {}
    for length in LENGTHS:
        left = {name: length * v for name, v in vectors.items() if name not in kept}
        if left:
            table = attribute_table.measure(model, left, CHECKED, seed + 2)
            good = {name for name in left if table.margin[name] >= CLEAR and table.moved[name] >= LEAST}
            kept |= {name: v for name, v in left.items() if name in good}
    return {name: kept[name] for name in names if name in kept}
