"""Songs longer than a window: which windows cover one, and how what becomes of them is joined again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.music import naming
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.inspection import compress
from musicvae_lite.music.representations.base import (
    Extraction,
    FallsSilent,
    Representation,
    SoundsOn,
)
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Style
from musicvae_lite.music.timeline import Timeline


@dataclass(frozen=True, eq=False)
class Covering:
    """Windows that cover a song from its first full bar on, one behind the other.

    Attributes:
        tokens: [W, T, ...].
        control: [W, T, ...], what conditions them; None when nothing does.
        skip: int [W], steps of time at the start of each window that the one before it holds already.
        places: int [W], ticks of the song where what is new in each window begins.
        ends: int [W], ticks of the song where each window ends.
        bars: int [W, 2], first and last bar of what is new in each window, counted from 1.
        tied: of each window, the pitches that sound on into it in the song, in tracks that were taken.
        steps: of time of all windows joined.
        left_out: bars of the song that no window holds.
        late: ticks by which the song's notes lie behind the steps they were taken for.
        track: index of the (first) track taken.
        tracks: indices of all of them.
        choice: which track was taken, and why.
        warnings: what the user should know of the song and the tracks taken.
        percussive: whether drums alone were taken.
    """

    tokens: np.ndarray
    control: np.ndarray | None
    skip: np.ndarray
    places: np.ndarray
    ends: np.ndarray
    bars: np.ndarray
    tied: tuple[frozenset[int], ...]
    steps: int
    left_out: int
    late: int
    track: int
    tracks: tuple[int, ...]
    choice: str
    warnings: tuple[str, ...] = ()
    percussive: bool = False

    @property
    def first(self) -> int:
        """The first bar covered, counted from 1."""
        return int(self.bars[0, 0])

    @property
    def last(self) -> int:
        """The last bar covered."""
        return int(self.bars[-1, 1])

    def until(self, score: Score, representation: Representation, bars: int) -> Covering:
        """What lies within so many bars of the windows joined, which has an end of its own.

        Args:
            bars: bars of the representation.
        """
        bar = representation.grid_steps // representation.bars
        lengths = representation.grid_steps - self.skip
        begins = np.cumsum(lengths) - lengths
        kept = begins < bars * bar
        grid = Grid.of(score, representation.steps_per_quarter)
        end = round(self.places[kept][-1] + (bars * bar - begins[kept][-1]) * grid.step_ticks)
        last = int(grid.bar_of_tick(np.array([max(end - 1, 0)]))[0])
        ends, spans = self.ends[kept].copy(), self.bars[kept].copy()
        ends[-1], spans[-1, 1] = end, last
        out = last - int((spans[:, 1] - spans[:, 0] + 1).sum())
        rows: dict[str, Any] = {name: getattr(self, name)[kept] for name in ("tokens", "skip", "places")}
        tied = tuple(pitches for pitches, is_in in zip(self.tied, kept, strict=True) if is_in)
        control = None if self.control is None else self.control[kept]
        return replace(
            self, **rows, tied=tied, control=control, ends=ends, bars=spans, steps=bars * bar, left_out=out
        )

    def style(self, score: Score) -> Style:
        """Program and loudness of the track taken of a score, and tempo and key of the first bar covered."""
        mine = score.track == self.track
        return Style.at(score, self.track, int(self.places[0]), mine, self.percussive)

    def to_record(self, score: Score) -> dict[str, Any]:
        """Plain values that say what was taken of a score; tracks counted from 1."""
        bars = [self.first, self.last]
        taken = {"file": score.source, "bars": bars, **naming.recorded(self.tracks), "choice": self.choice}
        more = {"whole": True, "bars_left_out": self.left_out, "warnings": list(self.warnings)}
        return taken | {name: value for name, value in more.items() if value}


def cover(score: Score, representation: Representation, track: int | None = None, **options: Any) -> Covering:
    """The windows that cover a song. Where bars are left at its end, the last window overlaps.

    Bars that no window can hold, such as those of another meter, are left out. Notes off the grid are read as
    moved onto it, and a warning says in which bars the representation would refuse them.

    Args:
        track: index of the track to take; by default the representation chooses.
        options: more arguments of the representation's `windows`.

    Raises:
        NothingUsableError: no window fits anywhere, or none of drums holds a hit; the message says why.
    """
    if not len(score):
        raise NothingUsableError(f"{score.source or 'the music'}: there are no notes in it")
    lenient = representation.lenient()
    found: Extraction = lenient.windows(score, None, track, **options)
    rows = np.flatnonzero(found.step == 0)
    if not len(rows):
        reasons = "; ".join(dict.fromkeys(r.with_advice for r in found.rejections)) or "it holds no full bars"
        raise NothingUsableError(f"{score.source or 'the music'}: {reasons}")
    if representation.percussive and not lenient.pianoroll(found.tokens[rows]).any():
        raise NothingUsableError(
            f"{score.source or 'the music'}: no drum that the model knows is struck in bars it can read "
            f"({found.choice})"
        )
    grid, length = Grid.of(score, representation.steps_per_quarter), representation.grid_steps
    starts = grid.step_of_bar(found.bar[rows])
    chosen, skips, begins, ends, tied, reached = [], [], [], [], [], int(starts[0])
    while reached < starts[-1] + length:
        fits = np.flatnonzero((starts <= reached) & (starts + length > reached))
        if len(fits):
            chosen.append(int(rows[fits[-1]]))
            skips.append(reached - int(starts[fits[-1]]))
            begins.append(reached)
            tied.append(_sounding_over(score, grid, reached, found.tracks))
            reached = int(starts[fits[-1]]) + length
            ends.append(reached)
        else:
            reached = int(starts[starts > reached].min())
    firsts, lasts = (grid.bar_of_step(np.array(steps))[0] for steps in (begins, np.array(ends) - 1))
    lasts = np.minimum(lasts, grid.bars)
    off_grid = _off_grid(score, representation, track, options, found.tick[chosen], firsts, lasts)
    return Covering(
        found.tokens[chosen],
        None if found.control is None else found.control[chosen],
        np.array(skips),
        grid.tick_of_step(np.array(begins)),
        np.rint(grid.tick_of_step(np.array(ends) - 1) + grid.step_ticks).astype(np.int64),
        np.stack([firsts, lasts], axis=1),
        tuple(tied),
        int((length - np.array(skips)).sum()),
        grid.bars - int((lasts - firsts + 1).sum()),
        found.late,
        found.track,
        found.tracks,
        found.choice,
        (*score.warnings, *found.warnings, *off_grid),
        representation.percussive,
    )


def _off_grid(
    score: Score,
    representation: Representation,
    track: int | None,
    options: dict[str, Any],
    ticks: np.ndarray,
    firsts: np.ndarray,
    lasts: np.ndarray,
) -> list[str]:
    """What to say of windows whose notes lie too far off the grid, if any do.

    Args:
        ticks: where the windows begin [W].
        firsts, lasts: first and last bar of what is new in each [W].
    """
    share = getattr(representation, "off_grid_share", None)
    if share is None:
        return []
    strict = replace(representation.lenient(), off_grid_share=share)  # type: ignore[type-var]
    refused = ~np.isin(ticks, strict.windows(score, None, track, **options).tick)
    bars = [
        b for first, last in zip(firsts[refused], lasts[refused], strict=True) for b in range(first, last + 1)
    ]
    if not bars:
        return []
    return [f"{'bars' if len(bars) > 1 else 'bar'} {compress(bars)}: off the grid, read as moved onto it"]


def _sounding_over(score: Score, grid: Grid, step: int, tracks: tuple[int, ...]) -> frozenset[int]:
    """The pitches that sound on into a step that begins a bar, in some tracks."""
    tick, slack = grid.tick_of_step(np.array([step]))[0], grid.step_ticks / 2
    over = (score.start < tick - slack) & (score.end >= tick + slack) & np.isin(score.track, tracks)
    return frozenset(score.pitch[over].tolist())


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
    ticks, near = score.ticks_per_quarter, 0.5 / representation.steps_per_quarter
    places, late = covered.places[kept] / ticks, covered.late / ticks
    return Timeline(begins, places, near, score, late, tempos, covered.track)


def join(
    windows: np.ndarray, covered: Covering, representation: Representation
) -> tuple[np.ndarray, Representation]:
    """Windows [W, T, ...] one behind the other as one long window [1, L, ...], and its representation.

    Where a note of the song sounds on from window to window, one that both windows hold sounds on too; what
    sounds at the end of a window ends where the next one is silent. Of windows of events, which have no place
    for every step, the representation stays as it is.

    Args:
        covered: what they were made from, window by window; it may hold more of them.
    """
    if not representation.is_gridded:
        return laid_out(windows, covered, representation), representation
    places = zip(windows, covered.skip, strict=False)
    windows = np.stack([ending(window, int(skip), representation) for window, skip in places])
    tokens = laid_out(windows, covered, representation)[0]
    if isinstance(representation, SoundsOn):
        lengths = representation.steps - covered.skip[: len(windows)]
        for step, pitches in zip(np.cumsum(lengths)[:-1], covered.tied[1:], strict=False):
            if pitches:
                representation.sound_on(tokens, int(step), pitches)
    bar_steps = representation.steps // representation.bars
    long = replace(representation, bars=len(tokens) // bar_steps)  # type: ignore[type-var]
    return long.canonical(tokens[None]), long


def ending(window: np.ndarray, step: int, representation: Representation) -> np.ndarray:
    """A window [T, ...] to be laid behind other music from `step` on: where it is silent, that ends."""
    if not isinstance(representation, FallsSilent):
        return window
    window = window.copy()
    representation.fall_silent(window, step)
    return window


def laid_out(windows: np.ndarray, covered: Covering, representation: Representation) -> np.ndarray:
    """Windows [W, T, ...], of tokens or of what conditions them, one behind the other: [1, L, ...]."""
    if not representation.is_gridded:  # no part of such a window can be left out
        kept = windows[covered.skip[: len(windows)] == 0]
        return kept.reshape(1, -1, *kept.shape[2:])
    parts = [window[skip:] for window, skip in zip(windows, covered.skip, strict=False)]
    return np.concatenate(parts)[None, : covered.steps]
