"""What a model gives back: takes that are scores one by one, or one joined piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.score import Score


@dataclass(frozen=True)
class Style:
    """What the grid does not hold, taken from the input so that the output sounds like it.

    Attributes:
        qpm: tempo, quarter notes a minute.
        program: General MIDI program.
        velocity: loudness of every note, 1 to 127.
    """

    qpm: float = 120.0
    program: int = 0
    velocity: int = 80


class Takes(Sequence[Score]):
    """A list of scores that also knows its tokens, and can be joined into one piece.

    Attributes:
        tokens: [n, T] in the representation's form.
        style: tempo, program and velocity of the scores.
    """

    def __init__(self, tokens: np.ndarray, representation: Representation, style: Style | None = None):
        self.tokens, self.representation, self.style = tokens, representation, style or Style()

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index):  # type: ignore[override]
        if isinstance(index, slice):
            return Takes(self.tokens[index], self.representation, self.style)
        s = self.style
        return self.representation.to_score(self.tokens[index], s.qpm, s.program, s.velocity)

    def joined(self) -> Score:
        """All takes one after another, each as long as its bars."""
        s = self.style
        return self.representation.to_score(self.tokens, s.qpm, s.program, s.velocity)
