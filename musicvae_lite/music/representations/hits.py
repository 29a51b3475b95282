"""Drum hits of a song on the grid: which tracks are drums, and which drum each note is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.drum_maps import NONE
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.score import Score
from musicvae_lite.music.voices import hints_at_drums, label


@dataclass(frozen=True)
class Choice:
    """Which tracks were taken for drums.

    Attributes:
        tracks: their indices; empty when there are none.
        words: which and why, one sentence.
        warning: what is odd about them, "" when nothing is.
        trouble: code and sentence of why there are none.
    """

    tracks: tuple[int, ...]
    words: str = ""
    warning: str = ""
    trouble: tuple[str, str] | None = None


def choose_drums(score: Score, track: int | None = None) -> Choice:
    """The tracks of a song that hold its drums: all on channel 10, else one whose name says drums.

    Args:
        track: index of the track to take, whatever its channel.

    Raises:
        ConfigError: there is no such track.
    """
    held = np.bincount(score.track, minlength=len(score.tracks))
    if track is not None:
        if not 0 <= track < len(score.tracks):
            raise ConfigError(f"there is no track {track + 1}: the song has {len(score.tracks)}")
        name = label(score, track)
        if not held[track]:
            return Choice((), trouble=("empty", f"{name} holds no notes"))
        odd = "" if score.tracks[track].is_drum else f"{name} is read as drums, but lies off channel 10"
        return Choice((track,), f"{name}: as asked", odd)
    if not len(score):
        return Choice((), trouble=("empty", "no notes"))
    drums = tuple(k for k, part in enumerate(score.tracks) if part.is_drum and held[k])
    if drums:
        words = ", ".join(label(score, k) for k in drums)
        return Choice(drums, f"{words}: {'it lies' if len(drums) == 1 else 'they lie'} on channel 10")
    named = [k for k, part in enumerate(score.tracks) if held[k] and hints_at_drums(part.name)]
    if named:
        best = max(named, key=lambda k: int(held[k]))
        name = label(score, best)
        return Choice(
            (best,), f"{name}: its name says drums", f"{name} is read as drums, but lies off channel 10"
        )
    advice = "no track lies on channel 10, or is named like drums; --track says which to read as drums"
    return Choice((), trouble=("no-drums", advice))


@dataclass(frozen=True, eq=False)
class Hits:
    """Drum hits, N of them, in order of steps.

    Attributes:
        step: int64 [N], song-wide steps.
        late: float64 [N], how far behind its step each lies, as a fraction of a step, exact in ticks.
        drum: int64 [N], number of the drum in the map.
        velocity: int64 [N], 1 to 127.
        unknown: how many notes have a pitch that the map lacks.
        unknown_pitches: which pitches those are.
    """

    step: np.ndarray
    late: np.ndarray
    drum: np.ndarray
    velocity: np.ndarray
    unknown: int
    unknown_pitches: tuple[int, ...]

    @classmethod
    def of(cls, score: Score, grid: Grid, tracks: tuple[int, ...], classes: np.ndarray) -> Hits:
        """The hits of these tracks; `classes` uint8 [128] says which drum a pitch is (`DrumMap.classes`)."""
        mine = np.isin(score.track, tracks)
        drum = classes[score.pitch[mine]]
        known = drum != NONE
        step, late = grid.quantise(score.start[mine][known])
        ticks = grid.ticks_per_quarter  # a step may be no whole number of ticks, but ticks * steps is
        late = np.rint(late * ticks) / ticks
        return cls(
            step,
            late,
            drum[known].astype(np.int64),
            score.velocity[mine][known].astype(np.int64),
            int((~known).sum()),
            tuple(np.unique(score.pitch[mine][~known]).tolist()),
        )

    def told(self) -> str:
        """What to add to the choice of tracks about notes left out."""
        if not self.unknown:
            return ""
        pitches = ", ".join(map(str, self.unknown_pitches[:6])) + (", ..." * (len(self.unknown_pitches) > 6))
        return f"; {self.unknown} notes of pitches the drum map lacks ({pitches}) are left out"
