"""Some bars of a score as a score of their own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from musicvae_lite.errors import ConfigError, NothingUsableError, counted
from musicvae_lite.music import naming
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.reading import read_song
from musicvae_lite.music.score import Chord, KeyChange, MeterChange, ProgramChange, Score, TempoChange, Track

Change = TypeVar("Change", MeterChange, TempoChange, KeyChange, Chord, ProgramChange)


def excerpt(score: Score, first: int, last: int) -> Score:
    """Bars `first` to `last`, moved to tick 0, with meter, tempo, key, chord and programs that hold there.

    A note belongs to the bar whose step its onset is nearest to: a downbeat played early comes along,
    that of the bar behind does not. Pitched notes that ring in from before are cut at the bar line, and so
    are all that ring out.

    Args:
        first, last: counted from 1; `last` may lie behind the end.

    Raises:
        ConfigError: the bars are in no order.
        NothingUsableError: the song ends before them.
    """
    if not 1 <= first <= last:
        raise ConfigError(f"bars {first}-{last} are none: write the first and the last, counted from 1")
    grid = Grid.of(score)
    where, lines = score.source or "the score", grid.bar_ticks
    if first > grid.bars:
        raise NothingUsableError(
            f"{where}: it has {counted(grid.bars, 'bar')}, and bar {first} is none of them"
        )
    begin, end = round(lines[first - 1]), round(lines[min(last, grid.bars)])
    bar, _ = grid.bar_of_step(grid.quantise(score.start)[0])
    is_drum = np.array([track.is_drum for track in score.tracks], dtype=bool)[score.track]
    rings_in = (score.start < begin) & (score.end > begin) & ~is_drum
    kept = np.flatnonzero((bar <= last) & ((bar >= first) | rings_in))
    start = np.maximum(score.start[kept], begin)
    stop = np.maximum(np.minimum(score.end[kept], end), start + 1)
    order = np.lexsort((score.pitch[kept], start))
    return replace(
        score.select(kept[order]),
        start=(start[order] - begin).astype(np.int32),
        end=(stop[order] - begin).astype(np.int32),
        tracks=tuple(_track(part, begin, end) for part in score.tracks),
        meters=_moved(score.meters, begin, end),
        tempos=_moved(score.tempos, begin, end),
        keys=_moved(score.keys, begin, end),
        chords=_moved(score.chords, begin, end),
    )


def read_bars(file: str | Path, bars: tuple[int, int] | None) -> Score:
    """A song, or an excerpt of it. Raises ReadError besides what `excerpt` raises."""
    song = read_song(file)
    return excerpt(song, *bars) if bars else song


def _moved(changes: tuple[Change, ...], begin: int, end: int) -> tuple[Change, ...]:
    """What holds from `begin` on, and what changes before `end`, with ticks counted from `begin`."""
    before = [replace(change, tick=0) for change in changes if change.tick <= begin][-1:]
    within = [replace(c, tick=c.tick - begin) for c in changes if begin < c.tick < end]
    return (*before, *within)


def _track(part: Track, begin: int, end: int) -> Track:
    first, *later = _moved((ProgramChange(0, part.program), *part.program_changes), begin, end)
    return replace(part, program=first.program, program_changes=tuple(later))


def parts(score: Score, bars: int, first_bar: int = 1) -> list[tuple[str, Score]]:
    """The score cut every so many bars, each part with its place, such as "bars 5-6".

    Args:
        first_bar: the number of the score's first bar, where it is an excerpt itself.

    Raises:
        ConfigError: less than one bar.
    """
    count = Grid.of(score).bars
    if bars < 1:
        raise ConfigError(f"parts of {bars} bars are none: 1 is the least")
    cut = [(first, min(first + bars - 1, count)) for first in range(1, count + 1, bars)]
    more = first_bar - 1
    return [(naming.bars(a + more, b + more), excerpt(score, a, b)) for a, b in cut]
