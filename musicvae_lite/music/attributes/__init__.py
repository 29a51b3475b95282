"""Attributes of music: numbers that say what a window is like, for windows of any count at once.

Those of melodies are the five of Roberts et al. 2018 (arXiv:1803.05428), appendix, and three more.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.attributes import drums, melody
from musicvae_lite.music.representations.drums import DrumsRepresentation
from musicvae_lite.music.representations.melody import MelodyRepresentation

TOGETHER = {"syncopation": ("syncopation16", "syncopation8")}  # one name for several attributes


def written_out(amounts: dict[str, float]) -> dict[str, float]:
    """Amounts by attribute, where a name may stand for several; one that is named itself keeps its own."""
    found = {one: amount for name, amount in amounts.items() for one in TOGETHER.get(name, (name,))}
    return found | {name: amount for name, amount in amounts.items() if name not in TOGETHER}


def names(representation: Any) -> tuple[str, ...]:
    """The attributes that windows of a representation have.

    Raises:
        ConfigError: none are defined for it.
    """
    return _kind(representation).NAMES


def measure(tokens: np.ndarray, representation: Any) -> dict[str, np.ndarray]:
    """Every attribute of windows [W, T, ...], float64 [W] each.

    Raises:
        ConfigError: none are defined for the representation.
    """
    return _kind(representation).measure(np.asarray(tokens), representation)


def _kind(representation: Any) -> Any:
    if isinstance(representation, MelodyRepresentation):
        return melody
    if isinstance(representation, DrumsRepresentation):
        return drums
    raise ConfigError(
        f"attributes are measured on melodies and drums, not on {getattr(representation, 'name', 'this')}"
    )
