"""From codes that a move made to takes with labels and a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.music.takes import Takes

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.picking import Pick


@dataclass(frozen=True)
class Writing:
    """How codes become notes.

    Attributes:
        temperature: 0 writes the likeliest notes; 1 draws them as probable as the model finds them.
        seed: of all chance.
        chords: what all takes follow in place of the first input's chords.
    """

    temperature: float = 0.0
    seed: int = 0
    chords: str | None = None


def control_of(model: MusicVAE, pick: Pick, how: Writing) -> np.ndarray | None:
    """What conditions one window [T, ...] that stands for a pick: the chords asked for, else its own."""
    return pick.control if how.chords is None else model.representation.chords_of(how.chords)[0]


def decoded(model: MusicVAE, z: Tensor, pick: Pick, how: Writing, known: np.ndarray | None = None) -> Takes:
    """Codes [B, Z] as they are written under the chords asked for, or those of a pick.

    Args:
        known: what they have been heard to say, [B, W * T, ...]; otherwise they are decoded.
    """
    control = None if pick.control is None else np.repeat(pick.control[None], len(z), 0)
    return model.decode(z, how.temperature, how.seed, chords=how.chords, control=control, known=known)


def write(
    model: MusicVAE,
    command: str,
    z: Tensor,
    picks: Sequence[Pick],
    labels: Sequence[str],
    how: Writing,
    told: dict[str, Any],
    known: np.ndarray | None = None,
) -> Takes:
    """Codes [B, Z] to takes in the style and under the chords of the first pick.

    Args:
        told: more values for the record.
        known: as of `decoded`.
    """
    first = picks[0]
    takes = decoded(model, z, first, how, known)
    record = {**takes.record, "command": command, "inputs": [p.to_record() for p in picks], **told}
    return Takes(takes.tokens, model.representation, first.style(), labels, record, takes.control)
