"""A score as MIDI messages, each with its moment in seconds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.midi_writing import channels
from musicvae_lite.music.score import ProgramChange, Score, Track

NOTE_ON, NOTE_OFF, PROGRAM = 0x90, 0x80, 0xC0


@dataclass(frozen=True, eq=False)
class Timeline:
    """What is sent when.

    Attributes:
        programs: channel and General MIDI program, of drums the kit, to be set before the first note.
        seconds: float64 [E], the moment of each message, in order.
        messages: uint8 [E, 3], status, pitch and velocity; of program changes status, program and 0.
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
    numbers = channels(score.tracks)
    players = {numbers[index]: score.tracks[index] for index in reversed(np.unique(score.track).tolist())}
    at, changes = _changes(players)
    messages = np.concatenate([off, on, changes])
    ticks = np.concatenate([end, start, at])
    seconds = np.minimum(score.seconds(ticks), bars[-1])
    # At one moment, what ends, ends first, and programs are set before notes are struck.
    rank = np.select([messages[:, 0] < NOTE_ON, messages[:, 0] >= PROGRAM], [0, 1], 2)
    sorting = np.lexsort((rank, seconds))
    return Timeline(
        tuple(sorted((channel, part.program) for channel, part in players.items())),
        seconds[sorting],
        messages[sorting].astype(np.uint8),
        bars,
    )


def _changes(players: dict[int, Track]) -> tuple[np.ndarray, np.ndarray]:
    """Ticks [C] and messages [C, 3] of program changes, with the first programs of tracks that have some.

    Args:
        players: the track that sets the programs of each channel.
    """
    found = [
        (change.tick, PROGRAM | channel, change.program, 0)
        for channel, part in players.items()
        if part.program_changes
        for change in (ProgramChange(0, part.program), *part.program_changes)
    ]
    rows = np.array(found, dtype=np.int64).reshape(-1, 4)
    return rows[:, 0], rows[:, 1:]
