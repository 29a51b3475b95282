"""Choosing the one window of a song that a model works on, and saying which."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.music.representations.base import Extraction, Representation
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Style

if TYPE_CHECKING:
    import pretty_midi


@dataclass(frozen=True, eq=False)
class Pick:
    """One window and where it lies.

    Attributes:
        tokens: [T].
        bars: first and last bar, counted from 1.
        score: the song it was taken from.
        tick: where it starts.
        choice: which track was taken, and why.
        track: index of that track.
    """

    tokens: np.ndarray
    bars: tuple[int, int]
    score: Score
    tick: int
    choice: str
    track: int

    def style(self) -> Style:
        """Tempo, program and loudness at this place of the song."""
        mine = self.score.velocity[self.score.track == self.track]
        velocity = int(np.clip(np.median(mine), 1, 127)) if len(mine) else 80
        track = self.score.tracks[self.track]
        return Style(self.score.qpm_at(self.tick), track.program, velocity)

    def describe(self) -> str:
        """ "a.mid, bars 5-6 (track 2 'Flute': ...)"."""
        return f"{self.score.source}, bars {self.bars[0]}-{self.bars[1]} ({self.choice})"


def load(music: str | Path | Score | pretty_midi.PrettyMIDI) -> Score:
    """Anything that holds a song, as a Score. Raises ReadError."""
    if isinstance(music, Score):
        return music
    if isinstance(music, (str, Path)):
        from musicvae_lite.music.reading import read_song

        return read_song(music)
    return Score.from_pretty_midi(music)


def pick(
    music: str | Path | Score | pretty_midi.PrettyMIDI,
    representation: Representation,
    bars: tuple[int, int] | None = None,
) -> Pick:
    """The window at certain bars, or the first one that holds notes.

    Args:
        bars: first and last bar, counted from 1, as many as the representation spans.

    Raises:
        NothingUsableError: no window there; the message names file, bars and rule.
        ReadError: the file cannot be read.
    """
    score = load(music)
    found = representation.windows(score)
    if bars is not None:
        _check_count(bars, representation.bars, score)
        rows = np.flatnonzero((found.bar == bars[0]) & (found.step == 0))
    else:
        rows = np.arange(len(found))
    if not len(rows):
        raise NothingUsableError(_why_not(score, representation, found, bars))
    row = int(rows[0])
    first = int(found.bar[row])
    return Pick(
        found.tokens[row],
        (first, first + representation.bars - 1),
        score,
        int(found.tick[row]),
        found.choice,
        found.track,
    )


def _check_count(bars: tuple[int, int], wanted: int, score: Score) -> None:
    count = bars[1] - bars[0] + 1
    if bars[0] < 1 or count != wanted:
        raise NothingUsableError(
            f"{score.source}: bars {bars[0]}-{bars[1]} are {max(count, 0)} bars; this model takes {wanted}: "
            f"try {max(bars[0], 1)}-{max(bars[0], 1) + wanted - 1}"
        )


def _why_not(score: Score, r: Representation, found: Extraction, bars: tuple[int, int] | None) -> str:
    where = f"bars {bars[0]}-{bars[1]}" if bars else f"no {r.bars} bars of {r.meter} {r.name}"
    reasons = [x for x in found.rejections if bars is None or x.bar == 0 or x.bar <= bars[1]]
    lines = [f"  bar {x.bar}: {x.detail}" if x.bar else f"  {x.detail}" for x in reasons[:5]]
    more = [f"  ... and {len(reasons) - 5} more; `mvae inspect` shows them all"] if len(reasons) > 5 else []
    start = f"{score.source}: {where} cannot be used" if bars else f"{score.source}: {where} in it"
    if bars and len(found):
        lines.append(f"  windows start at bars {', '.join(map(str, sorted(set(found.bar.tolist()))[:12]))}")
    return "\n".join([start + (":" if lines or more else ""), *lines, *more])
