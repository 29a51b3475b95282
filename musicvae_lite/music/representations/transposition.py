"""How windows move by semitones, described so that training can do it on any device.

A representation says which of its values are pitches; the numpy of this file and the tensor code of the
training loop both follow that description.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Span:
    """A run of neighbouring semitones.

    Attributes:
        low, high: the lowest and the highest of them: token values when they move "by value", columns
            when they move "by place".
        column: of tokens [T, P], the column these values stand in; None for tokens [T].
    """

    low: int
    high: int
    column: int | None = None


@dataclass(frozen=True)
class Transposition:
    """What moves.

    Attributes:
        spans: runs of values or columns that move, all by the same number of semitones; none: nothing does.
        by: "value": tokens within a span have the semitones added. "place": the flags in the columns
            of a span shift that many columns up.
        segment, still: when `segment` is above 0, windows are cut into segments of that many steps, and
            one that begins with the token `still` (drums) does not move.
    """

    spans: tuple[Span, ...] = ()
    by: str = "value"
    segment: int = 0
    still: int = -1

    def apply(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Windows [W, T, ...] moved by semitones [W]; a pitch that would leave its span stays."""
        tokens = np.asarray(tokens)
        result = tokens.copy()
        amount = np.asarray(semitones, dtype=np.int64)
        if self.by == "place":
            for span in self.spans:
                for shift in np.unique(amount[amount != 0]):
                    rows = np.flatnonzero(amount == shift)
                    result[rows, :, span.low : span.high + 1] = _rolled(
                        tokens[rows, :, span.low : span.high + 1], int(shift)
                    )
            return result
        moving = self._moving(tokens)
        for span in self.spans:
            at = ... if span.column is None else (..., span.column)
            old = tokens[at].astype(np.int64)  # [W, T]
            new = old + amount[:, None]
            fits = (old >= span.low) & (old <= span.high) & (new >= span.low) & (new <= span.high) & moving
            result[at] = np.where(fits, new, result[at])
        return result

    def lowest(self, tokens: np.ndarray) -> np.ndarray:
        """The lowest pitch int64 [W] of windows [W, T, ...], in semitones above that of their spans; 0 where
        nothing moves."""
        tokens = np.asarray(tokens)
        none = max((span.high - span.low + 1 for span in self.spans), default=0)
        low = np.full(len(tokens), none, np.int64)
        for span in self.spans:
            if self.by == "place":
                height = np.arange(span.high - span.low + 1)
                used = tokens[:, :, span.low : span.high + 1].any(axis=1)  # [W, semitones]
                found = np.where(used, height, none).min(axis=1)
            else:
                values = tokens if span.column is None else tokens[..., span.column]  # [W, T]
                moving = (values >= span.low) & (values <= span.high) & self._moving(tokens)
                found = np.where(moving, values, span.low + none).min(axis=1).astype(np.int64) - span.low
            low = np.minimum(low, found)
        return np.where(low == none, 0, low)

    def _moving(self, tokens: np.ndarray) -> np.ndarray:
        """bool [W, T] or [1, 1]: steps that are not of a segment that stands still."""
        if not self.segment:
            return np.ones((1, 1), dtype=bool)
        return np.repeat(tokens[:, :: self.segment] != self.still, self.segment, axis=1)


def _rolled(flags: np.ndarray, shift: int) -> np.ndarray:
    """Flags [W, T, C] shifted up by so many columns; those that would fall off the edge stay."""
    count = flags.shape[-1]
    place = np.arange(count) + shift
    fits = (place >= 0) & (place < count)
    result = np.where(fits, 0, flags)
    result[..., place[fits]] |= flags[..., fits]
    return result
