"""More or less of an attribute: denser, wider, less syncopated."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import torch

from musicvae_lite.models.attributes import table
from musicvae_lite.models.attributes.moving import MOST, check
from musicvae_lite.models.moves.writing import Writing, control_of, write
from musicvae_lite.music import attributes

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.attributes.moving import Way
    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.takes import Takes

SAMPLES = 512  # that tell how much attributes vary
STRENGTHS = tuple(step / 10 for step in range(1, 41))  # of the move, that are tried
OTHERS = 0.5  # what a change of an attribute that was not asked for weighs beside one that was
LEAST_NOTES = 0.5  # share of its notes that music keeps unless its density was asked for, where it can

_KNOWN: WeakKeyDictionary[MusicVAE, np.ndarray] = WeakKeyDictionary()  # `_deviations` of models at hand


def adjust(
    model: MusicVAE,
    music: Music,
    amounts: dict[str, float],
    way: Way | None = None,
    how: Writing | None = None,
) -> Takes:
    """One take: the music with attributes added, such as {"density": 1, "syncopation": -0.5}.

    "syncopation" is that of 16ths and of 8ths. How far a code has to go for that is not the same everywhere:
    codes of music, which are means, keep to their notes for long. So several strengths of each way are tried,
    and the one comes back whose likeliest notes change by what was asked for and otherwise little. Unless
    "density" is asked for, at least half of the notes are kept where that can be.

    The take's record says under "changed" by how much every attribute did before temperature, those asked for
    first, and under "way" and "strength" by what. An attribute that only a model's own vectors know cannot be
    measured: its move is made as it is, in the best way.

    Args:
        amounts: in standard deviations over the model's samples.
        way: how the code is moved: by the guide, or along decorrelated vectors or the paper's plain ones;
            None tries all of these that the model has.

    Raises:
        ConfigError: the model cannot change an attribute of that name in this way, or an amount is out of
            range.
    """
    picked, how = model.pick(music), how or Writing()
    amounts, kept = attributes.written_out(amounts), model.attributes
    check(amounts, kept.choose(way).names)
    ways = kept.ways_for(amounts) if way is None else (way,)
    start = model.posterior(picked).mean
    tried: list[tuple[Way, float]] = [(each, strength) for each in ways for strength in STRENGTHS]
    moved = [kept.choose(each).move(start, _times(amounts, strength)) for each, strength in tried]
    best, changes = STRENGTHS.index(1.0), {}
    if any(name in table.measured(model) for name in amounts):
        best, changes = _nearest(model, torch.cat([start, *moved]), amounts, control_of(model, picked, how))
    way, strength = tried[best]
    record = {"attributes": amounts, "changed": changes, "way": way, "strength": strength}
    return write(model, "attributes", moved[best], [picked], [picked.stem], how, record)


def _times(amounts: dict[str, float], strength: float) -> dict[str, float]:
    """Amounts times a strength, as far as any may go."""
    return {name: max(-MOST, min(strength * amount, MOST)) for name, amount in amounts.items()}


def _nearest(
    model: MusicVAE, z: Tensor, amounts: dict[str, float], control: np.ndarray | None
) -> tuple[int, dict[str, float]]:
    """Which of the codes [1 + S, Z] behind the first differs from it by what was asked, and little else, and
    by how much every attribute does, where all are written under a control [T, ...]."""
    names = table.measured(model)
    values = table.values(model, z, control=control)  # [1 + S, A]
    wanted = np.array([amounts.get(name, 0.0) for name in names])
    weight = np.array([1.0 if name in amounts else OTHERS for name in names])
    changes = (values[1:] - values[0]) / _deviations(model)
    misses = np.square((changes - wanted) * weight).sum(1)
    if "density" not in amounts:
        notes = values[:, names.index("density")]
        misses[notes[1:] < LEAST_NOTES * notes[0]] = np.inf
    best = int(misses.argmin())
    found = dict(zip(names, np.round(changes[best], 2).tolist(), strict=True))
    return best, {name: found[name] for name in sorted(names, key=lambda name: name not in amounts)}


def _deviations(model: MusicVAE) -> np.ndarray:
    """How much each attribute of `table.measured` varies over samples: standard deviations [A]."""
    if model not in _KNOWN:
        samples = model.vae.draw(SAMPLES, model.generator(0))
        _KNOWN[model] = table.deviations(table.values(model, samples))
    return _KNOWN[model]
