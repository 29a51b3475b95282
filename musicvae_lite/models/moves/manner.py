"""What the last windows of some music are like: their codes, how many notes they have, and which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from musicvae_lite.music.representations.base import Representation

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.score import Score

RECENT = 8  # windows of the music before that new ones are to be like
LIVELINESS = 10.0  # nats that e times too many or too few notes weigh
STRANGENESS = 10.0  # nats that one nat a note weighs by which new pitches are less or more probable
REGISTER = 4.0  # semitones, standard deviation: how near to pitches that were played others are expected
UNHEARD = 0.5  # notes of each pitch class beside those heard
ANYWHERE = 0.02  # share of notes that may have any pitch


@dataclass(frozen=True, eq=False)
class Manner:
    """What new bars are to be like.

    Attributes:
        codes: [W, Z], of the last windows of the music before that hold notes.
        notes: how many begin in a bar of these, where any do.
        strange: float [tracks, 128], by how many nats a note of each pitch is less probable than the notes
            of these windows are in the mean; 0 of drums.
    """

    codes: Tensor
    notes: float
    strange: np.ndarray

    @classmethod
    def of(cls, model: MusicVAE, before: np.ndarray, known: np.ndarray | None) -> Manner:
        """That of music [L, ...] with a control [L, ...], in windows counted back from its end."""
        r = model.representation
        ends = [max(end, r.steps) for end in range(len(before), 0, -r.steps)]
        windows = r.canonical(np.stack([last(before[:end], r.steps) for end in ends]))
        each = np.stack([begins(window, r) for window in windows])  # [W, bars]
        rows = np.flatnonzero(each.any(1))[:RECENT]
        control = None if known is None else np.stack([last(known[: ends[row]], r.steps) for row in rows])
        codes = model.posterior_of_tokens(windows[rows], control).mean
        return cls(codes, float(each[rows][each[rows] > 0].mean()), strangeness(r.to_score(windows[rows])))

    def farness(self, tokens: np.ndarray, r: Representation) -> float:
        """Nats by which some bars of tokens [bars * S, ...] differ from it.

        They count how far the number of notes is from its own, as a logarithm of their proportion, and how
        far the probability of their pitches is: bars out of its key are as little like it as one note again
        and again.
        """
        part = _bars(tokens, r)
        score = part.to_score(tokens)
        lively = abs(np.log((begins(tokens, r).sum() + 0.5) / (self.notes * part.bars + 0.5)))
        pitched = ~np.array([track.is_drum for track in score.tracks])[score.track]
        nats = self.strange[score.track, score.pitch][pitched]
        strange = abs(float(nats.mean())) if len(nats) else 0.0
        return LIVELINESS * float(lively) + STRANGENESS * strange


def strangeness(score: Score) -> np.ndarray:
    """By how many nats a note of each pitch is less probable than a track's own in the mean, [tracks, 128].

    A pitch is as probable as its pitch class is common and as pitches played lie near to it; all are
    improbable in a track that does not play.
    """
    pitches = np.arange(128)
    near = np.exp(-0.5 * ((pitches[:, None] - pitches) / REGISTER) ** 2)
    strange = np.zeros((len(score.tracks), 128))
    for number, track in enumerate(score.tracks):
        counts = np.bincount(score.pitch[score.track == number], minlength=128)
        if track.is_drum:
            continue
        classes = np.bincount(pitches % 12, counts) + UNHEARD
        weight = classes[pitches % 12] * (counts @ near)
        nats = -np.log((1 - ANYWHERE) * weight / max(weight.sum(), 1) + ANYWHERE / 128)
        strange[number] = nats - counts @ nats / max(counts.sum(), 1)
    return strange


def begins(tokens: np.ndarray, r: Representation) -> np.ndarray:
    """How many notes begin in each bar of some bars of tokens [bars * S, ...]: int [bars]."""
    part = _bars(tokens, r)
    return (part.pianoroll(tokens) == 2).reshape(part.bars, -1).sum(1)


def last(tokens: np.ndarray, steps: int) -> np.ndarray:
    """The last steps of tokens [L, ...], silence in front of them where they are fewer: [steps, ...]."""
    missing = max(steps - len(tokens), 0)
    return np.concatenate([np.zeros((missing, *tokens.shape[1:]), tokens.dtype), tokens[-steps:]])


def _bars(tokens: np.ndarray, r: Representation) -> Representation:
    """The representation of as many bars as tokens [bars * S, ...] are."""
    return replace(r, bars=len(tokens) // (r.steps // r.bars))  # type: ignore[type-var]
