"""A line: one track of a song on the grid, as one voice. What windows of a melody are cut from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musicvae_lite.music import voices
from musicvae_lite.music.grid import Grid, common_shift
from musicvae_lite.music.score import Score

HOLD, OFF, FIRST_NOTE = 0, 1, 2
OUTSIDE = 255  # stands for the token of a pitch that has none
SUSPECT = 0.1  # mean distance from the grid, in steps, from which a common shift is looked for


@dataclass(frozen=True, eq=False)
class Line:
    """One voice of a song on the grid, N notes over L steps: the song's, and some behind its end.

    Attributes:
        tokens: uint8 [L], the song as one long window.
        sound: uint8 [L], the token of the note that sounds, 0 in silence.
        step, offset, pitch, outside: [N] onset steps, distance from them, MIDI numbers, out of range.
        clashes: steps, ascending, at which two notes sound at once.
        overlaps: how many of the track's notes begin over another one.
        shift: by how much of a step the whole track lay behind the grid, and was moved onto it.
    """

    tokens: np.ndarray
    sound: np.ndarray
    step: np.ndarray
    offset: np.ndarray
    pitch: np.ndarray
    outside: np.ndarray
    clashes: np.ndarray
    overlaps: int
    shift: float

    @classmethod
    def of(cls, score: Score, grid: Grid, track: int, lowest: int, highest: int, spare: int) -> Line:
        """The line of one track, of which only the upper voice is taken where it is polyphonic.

        Args:
            score, grid: the song and its grid.
            track: index of the track.
            lowest, highest: MIDI numbers that have a token.
            spare: silent steps to add behind the song.
        """
        start, end, pitch = score.start, score.end, score.pitch
        mine = score.track == track
        if not mine.all():
            start, end, pitch = start[mine], end[mine], pitch[mine]
        step, offset = grid.quantise(start)
        shift = 0.0
        if len(offset) and np.abs(offset).mean() > SUSPECT:
            shift = common_shift(offset)
            ticks = round(shift * grid.step_ticks)
            start, end = np.maximum(start - ticks, 0), np.maximum(end - ticks, 1)
            step, offset = grid.quantise(start)
        stop = np.maximum(grid.quantise(end)[0], step + 1)
        clash = voices.overlapping(start, end, grid.step_ticks)
        overlaps = int(np.count_nonzero(clash))
        clashes = step[clash]
        if overlaps or (step[1:] == step[:-1]).any():
            brief = (end - start) * 2 < grid.step_ticks
            keep = voices.skyline(step, stop, pitch, brief, shade=overlaps > 0)
            step, stop, offset, pitch = step[keep], stop[keep], offset[keep], pitch[keep]

        np.minimum(stop[:-1], step[1:], out=stop[:-1])  # the next onset cuts a note
        edges = np.empty(2 * len(step) + 2, dtype=np.int64)  # of silence, note, silence, ..., silence
        edges[0], edges[-1] = 0, grid.steps + spare
        edges[1:-1:2], edges[2:-1:2] = step, stop
        outside = (pitch < lowest) | (pitch > highest)
        note = np.where(outside, OUTSIDE, pitch - (lowest - FIRST_NOTE)).astype(np.uint8)
        values = np.zeros(2 * len(step) + 1, dtype=np.uint8)
        values[1::2] = note
        sound = np.repeat(values, np.diff(edges))
        tokens = np.zeros(len(sound), dtype=np.uint8)
        tokens[stop] = OFF
        tokens[step] = note
        return cls(tokens, sound, step, offset, pitch, outside, clashes, overlaps, shift)


def sound_on(tokens: np.ndarray, step: int) -> None:
    """In one long window [L], the note struck at `step` sounds on when the same one sounds before it."""
    before = tokens[:step][tokens[:step] != HOLD]
    if len(before) and before[-1] >= FIRST_NOTE and tokens[step] == before[-1]:
        tokens[step] = HOLD


def fall_silent(tokens: np.ndarray, step: int) -> None:
    """In a window [T], what may sound before it ends at `step`, if nothing sounds there in the window."""
    said = tokens[: step + 1][tokens[: step + 1] != HOLD]
    if not len(said) or said[-1] == OFF:
        tokens[step] = OFF
