"""Songs longer than a window: which windows cover one, and how what becomes of them is joined again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.music.representations.base import Extraction, Representation
from musicvae_lite.music.score import Score


@dataclass(frozen=True, eq=False)
class Covering:
    """Windows that cover a song from its first full bar on, one behind the other.

    Attributes:
        tokens: [W, T, ...].
        control: [W, T, ...], what conditions them; None when nothing does.
        skip: int [W], steps at the start of each window that the one before it holds already.
        first, last: the bars covered, counted from 1.
        track: index of the track taken.
        choice: which track was taken, and why.
    """

    tokens: np.ndarray
    control: np.ndarray | None
    skip: np.ndarray
    first: int
    last: int
    track: int
    choice: str


def cover(score: Score, representation: Representation, track: int | None = None, **options: Any) -> Covering:
    """The windows that cover a song. Where bars are left at its end, the last window overlaps.

    Bars that no window can hold, such as those of another meter, are left out.

    Args:
        track: index of the track to take; by default the representation chooses.
        options: more arguments of the representation's `windows`.

    Raises:
        NothingUsableError: no window fits anywhere; the message says why.
    """
    lenient = representation.lenient()
    found: Extraction = lenient.windows(score, None, track, **options)
    rows = np.flatnonzero(found.step == 0)
    if not len(rows):
        reasons = "; ".join(dict.fromkeys(r.detail for r in found.rejections)) or "it holds no full bars"
        raise NothingUsableError(f"{score.source or 'the music'}: {reasons}")
    starts, length = found.bar[rows], representation.bars
    chosen, skips, reached = [], [], int(starts[0])
    while reached < starts[-1] + length:
        fits = np.flatnonzero((starts <= reached) & (starts + length > reached))
        if len(fits):
            chosen.append(int(rows[fits[-1]]))
            skips.append(reached - int(starts[fits[-1]]))
            reached = int(starts[fits[-1]]) + length
        else:
            reached = int(starts[starts > reached].min())
    bar_steps = representation.steps // length
    control = None if found.control is None else found.control[chosen]
    bars = (int(starts[0]), reached - 1)
    return Covering(
        found.tokens[chosen], control, np.array(skips) * bar_steps, *bars, found.track, found.choice
    )


def join(
    windows: np.ndarray, skip: np.ndarray, representation: Representation
) -> tuple[np.ndarray, Representation]:
    """Windows [W, T, ...] one behind the other as one long window [1, L, ...], and its representation.

    Args:
        skip: int [W], steps to leave out at the start of each.
    """
    parts = [window[first:] for window, first in zip(windows, skip, strict=True)]
    tokens = np.concatenate(parts)[None]
    bar_steps = representation.steps // representation.bars
    return tokens, replace(representation, bars=tokens.shape[1] // bar_steps)  # type: ignore[type-var]
