"""A score as MIDI messages, each with its moment in seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.midi_writing import channels
from musicvae_lite.music.score import Score

NOTE_ON, NOTE_OFF = 0x90, 0x80


@dataclass(frozen=True, eq=False)
class Timeline:
    """What is sent when.

    Attributes:
        programs: channel and General MIDI program, to be set before the first note.
        seconds: float64 [E], the moment of each message, in order.
        messages: uint8 [E, 3], status, pitch and velocity.
        bars: float64 [bars + 1], the moments of all bar lines, the closing one included.
    """

    programs: tuple[tuple[int, int], ...]
    seconds: np.ndarray
    messages: np.ndarray
    bars: np.ndarray

    @property
    def length(self) -> float:
        """Seconds from the first bar line to the closing one."""
        return float(self.bars[-1])


def timeline(score: Score) -> Timeline:
    """The messages of a score. Instruments lie on the channels they have in a file, drums on the tenth.

    A key that is struck again while it sounds is let go first; notes that begin as one are struck once, as
    loud as the loudest, and sound as long as the longest. Notes end at the closing bar line at the latest.

    Raises:
        NothingUsableError: the score has no notes.
    """
    if not len(score):
        raise NothingUsableError(f"{score.source or 'the score'}: there are no notes to play")
    lane = np.array(channels(score.tracks))[score.track]
    bars = score.seconds(Grid.of(score).bar_ticks)
    order = np.lexsort((-score.velocity, score.start, score.pitch, lane))
    lane, pitch, velocity = lane[order], score.pitch[order], score.velocity[order]
    start, end = score.start[order], score.end[order]
    same = (lane[1:] == lane[:-1]) & (pitch[1:] == pitch[:-1])
    first = np.concatenate([[0], np.flatnonzero(~same | (start[1:] != start[:-1])) + 1])
    end = np.maximum.reduceat(end, first)
    lane, pitch, velocity, start = (x[first] for x in (lane, pitch, velocity, start))
    same = (lane[1:] == lane[:-1]) & (pitch[1:] == pitch[:-1])
    end[:-1] = np.where(same, np.minimum(end[:-1], start[1:]), end[:-1])

    on = np.stack([NOTE_ON | lane, pitch, velocity], axis=1)
    off = np.stack([NOTE_OFF | lane, pitch, np.zeros_like(pitch)], axis=1)
    ticks = np.concatenate([end, start])
    seconds = np.minimum(score.seconds(ticks), bars[-1])
    sorting = np.lexsort((np.concatenate([off, on])[:, 0] >= NOTE_ON, seconds))  # what ends, ends first
    used = [index for index in np.unique(score.track).tolist() if not score.tracks[index].is_drum]
    numbers = channels(score.tracks)
    programs = {numbers[index]: score.tracks[index].program for index in reversed(used)}
    return Timeline(
        tuple(sorted(programs.items())),
        seconds[sorting],
        np.concatenate([off, on])[sorting].astype(np.uint8),
        bars,
    )
