"""Colours: one a track, paler the softer a note is; and a scale from one end of a walk to the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from musicvae_lite.music.score import Score

TRACKS = (
    "#2f6fb3", "#d1601f", "#2b8a5c", "#8d4fa8", "#b8323f", "#8a6d1d",
    "#1b8f9e", "#6b6f76", "#c2488f", "#66811f", "#4b4fa3", "#9a5a3c",
)  # fmt: skip
FIRST, MIDDLE, LAST = TRACKS[0], "#7a5aa6", TRACKS[1]  # of an interpolation
FULL = 110  # the velocity from which on a colour is as strong as it gets
FAINTEST = 0.3  # strength at velocity 0


def of_tracks(score: Score) -> list[str]:
    """A colour for each track; the thirteenth has the first one's again."""
    return [TRACKS[index % len(TRACKS)] for index in range(len(score.tracks))]


def between(count: int) -> list[str]:
    """So many colours from FIRST to LAST."""
    from matplotlib.colors import LinearSegmentedColormap, to_hex

    scale = LinearSegmentedColormap.from_list("ends", [FIRST, MIDDLE, LAST])
    return [to_hex(scale(index / max(count - 1, 1))) for index in range(count)]


def shaded(colours: Sequence[str], velocity: np.ndarray) -> np.ndarray:
    """RGB float64 [N, 3] within 0 and 1: N colours mixed with white, the softer the more.

    Args:
        velocity: [N], 1 to 127.
    """
    from matplotlib.colors import to_rgb

    base = np.array([to_rgb(colour) for colour in colours]).reshape(-1, 3)
    strength = FAINTEST + (1 - FAINTEST) * np.clip(velocity / FULL, 0, 1)
    return 1 - (1 - base) * strength[:, None]
