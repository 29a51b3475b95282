"""How a model changes attributes: fitted to the windows of some music, and to how the model answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.collections import guiding
from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import attribute_vector, lone_vectors
from musicvae_lite.models.attributes import table
from musicvae_lite.models.attributes.guide import AttributeGuide
from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.attributes.moving import Mover
from musicvae_lite.models.attributes.vectors import AttributeVectors
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music import attributes
from musicvae_lite.training.windows import WindowSplit

ANSWERS, MOST_ANSWERS = 60_000, 1_000_000
AT_ONCE = 1000
STRAYED = (0.6, 1.2)  # of the draws' deviation: how far half of them, and codes of windows, go astray at most
CHECKED = 1024  # samples that a move proves itself on
LENGTHS = (1.0, 0.5)  # of decorrelated vectors, tried in turn: far out, some do more to other attributes
CLEAR = 1.1  # how far the own cell of its row must stand above the largest other
LEAST = 0.05  # standard deviations that a move must change its attribute by, up and down


def fit(
    model: MusicVAE,
    windows: WindowSplit,
    most: int = 20_000,
    seed: int = 0,
    answers: int = ANSWERS,
    progress: Callable[[int], None] = lambda count: None,
) -> Attributes:
    """Every way to change attributes.

    Plain vectors are the paper's, of the windows' codes. The others ask the decoder: codes are decoded, and
    their attributes tell what leads where. A decorrelated vector, fitted to draws from the prior, moves its
    attribute by about a standard deviation, or by half of one. The guide is a network taught to read
    attributes off such draws and off codes of the windows, many of both gone astray. What does move its
    attribute, and clearly more than any other, on draws that it was not fitted to, is kept.

    Args:
        most: windows to fit to; of more, so many drawn at random.
        answers: draws to decode, beside the windows' codes; 8 to 1,000,000.
        progress: told how many more were decoded.

    Raises:
        ConfigError: fewer than 8 windows, `answers` out of range, or the model's representation has no
            attributes.
    """
    if len(windows) < 8:
        raise ConfigError(f"{windows.name}: {len(windows)} windows are too few; 8 are the least")
    answers = runtime.whole("answers", answers)
    if not 8 <= answers <= MOST_ANSWERS:
        raise ConfigError(f"answers is {answers}; it goes from 8 to {MOST_ANSWERS}")
    names = attributes.names(model.representation)
    rows = np.random.default_rng(seed).permutation(len(windows))[:most]  # so that ties are in no order
    tokens = windows.gather(rows)
    means = model.posterior_of_tokens(tokens, windows.gather_control(rows)).mean  # [N, Z]
    measured = attributes.measure(tokens, model.representation)
    plain = {
        name: attribute_vector(means, torch.from_numpy(measured[name]))
        for name in names
        if measured[name].std() > 0
    }
    drawn, astray = _codes(model, means, answers, seed + 1)
    z = torch.cat([drawn, astray])
    values = _answers(model, z, progress)
    decorrelated = _decorrelated(model, names, drawn, values[: len(drawn)], seed + 2)
    guide = _guide(model, names, z, values, seed + 2)
    return Attributes(AttributeVectors(plain), AttributeVectors(decorrelated), guide)


def _codes(model: MusicVAE, means: Tensor, draws: int, seed: int) -> tuple[Tensor, Tensor]:
    """Half of so many draws, and codes gone astray: the other half, and the means [N, Z], further."""
    generator = model.generator(seed)
    drawn = model.vae.draw(draws, generator)
    half = (draws + 1) // 2
    parts, spread = (drawn[half:], means), drawn.std(0)
    astray = []
    for part, most in zip(parts, STRAYED, strict=True):
        far = most * torch.rand(len(part), 1, generator=generator, device=part.device)
        noise = torch.randn(part.shape, generator=generator, device=part.device)
        astray.append(part + far * spread * noise)
    return drawn[:half], torch.cat(astray)


def _answers(model: MusicVAE, z: Tensor, progress: Callable[[int], None]) -> Tensor:
    """The attributes of what codes [N, Z] decode to, float64 [N, A] on the CPU."""
    parts = []
    for part in z.split(AT_ONCE):
        parts.append(table.values(model, part))
        progress(len(part))
    return torch.from_numpy(np.concatenate(parts))


def _decorrelated(
    model: MusicVAE, names: tuple[str, ...], z: Tensor, values: Tensor, seed: int
) -> dict[str, Tensor]:
    found = lone_vectors(z, values)
    vectors = {name: v for name, v in zip(names, found, strict=True) if v.any()}
    kept: dict[str, Tensor] = {}
    for length in LENGTHS:
        left = {name: length * v for name, v in vectors.items() if name not in kept}
        good = _good(model, AttributeVectors(left), seed)
        kept |= {name: left[name] for name in good}
    return {name: kept[name] for name in names if name in kept}


def _guide(
    model: MusicVAE, names: tuple[str, ...], z: Tensor, values: Tensor, seed: int
) -> AttributeGuide | None:
    if not (values.std(0) > 0).any():
        return None
    guide = guiding.train(names, z, values, seed)
    guide.names = _good(model, guide, seed)
    return guide if guide.names else None


def _good(model: MusicVAE, mover: Mover, seed: int) -> tuple[str, ...]:
    """What a mover changes, and clearly more than it changes anything else."""
    if not mover.names:
        return ()
    found = table.measure(model, mover, CHECKED, seed)
    return tuple(name for name in mover.names if found.margin[name] >= CLEAR and found.moved[name] >= LEAST)
