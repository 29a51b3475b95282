"""Attributes of drums."""

from __future__ import annotations

import numpy as np

from musicvae_lite.music.attributes.syncopation import syncopation
from musicvae_lite.music.representations.drums import DrumsRepresentation

NAMES = ("density", "syncopation16", "syncopation8", "hats")
HATS = (42, 44, 46)  # closed, pedal and open, in General MIDI


def measure(tokens: np.ndarray, representation: DrumsRepresentation) -> dict[str, np.ndarray]:
    """Attributes of windows [W, T] or [W, T, C], float64 [W] each.

    density: hits a step, of all drums. syncopation16, syncopation8: see `syncopation`, of steps where any
    drum is struck. hats: share of the hits that are hi-hats.
    """
    hits = representation.flags(tokens).astype(bool)  # [W, T, C]
    hats = np.isin(representation.drum_map.written, HATS)
    sixteenth, eighth = syncopation(hits.max(-1), representation.steps_per_quarter)
    count = hits.sum((1, 2))
    return {
        "density": count / hits.shape[1],
        "syncopation16": sixteenth,
        "syncopation8": eighth,
        "hats": hits[..., hats].sum((1, 2)) / np.maximum(count, 1),
    }
