"""How far windows can be transposed, by looking at every pitch in them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from musicvae_lite.music.representations.transposition import Span, Transposition


def reach(how: Transposition, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far windows [W, T, ...] may go down and up without leaving a span: int64 [W] <= 0, >= 0."""
    found = [
        [(span.low - value, span.high - value) for span, value in _pitches(how, window)] or [(-127, 127)]
        for window in np.asarray(tokens)
    ]
    down = np.array([max(low for low, _ in ways) for ways in found])
    return down, np.array([min(high for _, high in ways) for ways in found])


def _pitches(how: Transposition, window: np.ndarray) -> Iterator[tuple[Span, int]]:
    """Every value of a window [T, ...] that moves, or column, with the span it is in."""
    for step, row in enumerate(window):
        if how.segment and window[step - step % how.segment] == how.still:
            continue
        for span in how.spans:
            if how.by == "place":
                yield from ((span, column) for column in np.flatnonzero(row).tolist() if _is_in(span, column))
                continue
            value = int(row if span.column is None else row[span.column])
            if _is_in(span, value):
                yield span, value


def _is_in(span: Span, value: int) -> bool:
    return span.low <= value <= span.high
