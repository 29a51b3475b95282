"""Songs longer than a window: which windows cover one, and how what becomes of them is joined again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations.base import Extraction, Representation, SoundsOn
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Style, loudness
from musicvae_lite.music.timeline import Timeline


@dataclass(frozen=True, eq=False)
class Covering:
    """Windows that cover a song from its first full bar on, one behind the other.

    Attributes:
        tokens: [W, T, ...].
        control: [W, T, ...], what conditions them; None when nothing does.
        skip: int [W], steps of time at the start of each window that the one before it holds already.
        places: int [W], ticks of the song where what is new in each window begins.
        tied: bool [W], whether a note of the song sounds on where a window follows the one before it.
        first, last: the bars covered, counted from 1.
        left_out: bars of the song that no window holds.
        track: index of the track taken.
        choice: which track was taken, and why.
    """

    tokens: np.ndarray
    control: np.ndarray | None
    skip: np.ndarray
    places: np.ndarray
    tied: np.ndarray
    first: int
    last: int
    left_out: int
    track: int
    choice: str

    def style(self, score: Score) -> Style:
        """Program and loudness of the track taken of a score, and the tempo of the first bar covered."""
        program = score.tracks[self.track].program if self.track >= 0 else 0
        return Style(
            score.qpm_at(int(self.places[0])), program, loudness(score.velocity[score.track == self.track])
        )

    def to_record(self, score: Score) -> dict[str, Any]:
        """Plain values that say what was taken of a score; tracks counted from 1."""
        bars = [self.first, self.last]
        taken = {"file": score.source, "bars": bars, "track": self.track + 1, "choice": self.choice}
        return taken | ({"bars_left_out": self.left_out} if self.left_out else {})


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
    grid, length = Grid.of(score, representation.steps_per_quarter), representation.grid_steps
    starts = grid.step_of_bar(found.bar[rows])
    chosen, skips, begins, ends, tied, reached = [], [], [], [], [], int(starts[0])
    while reached < starts[-1] + length:
        fits = np.flatnonzero((starts <= reached) & (starts + length > reached))
        if len(fits):
            chosen.append(int(rows[fits[-1]]))
            skips.append(reached - int(starts[fits[-1]]))
            begins.append(reached)
            tied.append(_sounds_over(score, grid, reached, found.track))
            reached = int(starts[fits[-1]]) + length
            ends.append(reached)
        else:
            reached = int(starts[starts > reached].min())
    firsts, lasts = (grid.bar_of_step(np.array(steps))[0] for steps in (begins, np.array(ends) - 1))
    held = np.minimum(lasts, grid.bars) - firsts + 1
    return Covering(
        found.tokens[chosen],
        None if found.control is None else found.control[chosen],
        np.array(skips),
        grid.tick_of_step(np.array(begins)),
        np.array(tied),
        int(firsts[0]),
        int(lasts[-1]),
        grid.bars - int(held.sum()),
        found.track,
        found.choice,
    )


def _sounds_over(score: Score, grid: Grid, step: int, track: int) -> bool:
    """Whether a note of the track, or of any when it is -1, sounds on into a step that begins a bar."""
    tick, slack = grid.tick_of_step(np.array([step]))[0], grid.step_ticks / 2
    over = (score.start < tick - slack) & (score.end > tick + slack)
    return bool((over if track < 0 else over & (score.track == track)).any())


def timeline(
    covered: Covering, score: Score, representation: Representation, tempos: bool = True
) -> Timeline:
    """Where windows that `join` joined lie in their song.

    Args:
        tempos: whether what is made keeps the song's tempo.
    """
    kept = covered.skip == 0 if not representation.is_gridded else np.full(len(covered.skip), True)
    lengths = representation.grid_steps - covered.skip[kept]
    begins = (np.cumsum(lengths) - lengths) / representation.steps_per_quarter
    places, near = covered.places[kept] / score.ticks_per_quarter, 0.5 / representation.steps_per_quarter
    return Timeline(begins, places, near, score, tempos)


def join(
    windows: np.ndarray, covered: Covering, representation: Representation
) -> tuple[np.ndarray, Representation]:
    """Windows [W, T, ...] one behind the other as one long window [1, L, ...], and its representation.

    Where a note of the song sounds on from window to window, one that both windows hold sounds on too.
    Of windows of events, which have no place for every step, the representation stays as it is.

    Args:
        covered: what they were made from, window by window; it may hold more of them.
    """
    if not representation.is_gridded:  # no part of such a window can be left out
        kept = windows[covered.skip[: len(windows)] == 0]
        return kept.reshape(1, -1, *kept.shape[2:]), representation
    parts = [window[skip:] for window, skip in zip(windows, covered.skip, strict=False)]
    tokens = np.concatenate(parts)
    if isinstance(representation, SoundsOn):
        for step, tied in zip(np.cumsum([len(part) for part in parts])[:-1], covered.tied[1:], strict=False):
            if tied:
                representation.sound_on(tokens, int(step))
    bar_steps = representation.steps // representation.bars
    return tokens[None], replace(representation, bars=len(tokens) // bar_steps)  # type: ignore[type-var]
