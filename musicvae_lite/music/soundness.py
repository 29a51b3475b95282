"""Whether a score that somebody made holds what a score is to hold."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.music.score import MOST_FIFTHS, Score

COLUMNS = ("start", "end", "pitch", "velocity", "track")
MOST_TICKS = 2**15 - 1  # a quarter: what a MIDI file can say
MOST_NUMERATOR = 255
DENOMINATORS = (1, 2, 4, 8, 16, 32)


def checked(score: Score) -> Score:
    """The score as it is.

    Raises:
        ConfigError: which field holds what no music does, and at which note.
    """
    where = score.source or "the score"
    fault = _of_notes(score) or _of_tracks(score) or _of_maps(score)
    if fault:
        raise ConfigError(f"{where}: {fault}")
    return score


def _of_notes(score: Score) -> str | None:
    size = len(score.start)
    for name in COLUMNS:
        column = getattr(score, name)
        if not isinstance(column, np.ndarray) or column.dtype.kind not in "iu" or column.shape != (size,):
            return f"'{name}' is to be an array of {size} whole numbers, one a note"
    if not size:
        return None
    for name, least, most in (
        ("start", 0, 2**31 - 1),
        ("pitch", 0, 127),
        ("velocity", 1, 127),
        ("track", 0, len(score.tracks) - 1),
    ):
        column = getattr(score, name)
        low, high = int(column.min()), int(column.max())
        if low < least or high > most:
            note = int(np.argmax((column < least) | (column > most)))
            return f"note {note} has '{name}' {int(column[note])}; it is {least} to {most}"
    ends = score.end <= score.start
    if ends.any():
        note = int(np.argmax(ends))
        return (
            f"note {note} ends at tick {int(score.end[note])}, not behind its start, {int(score.start[note])}"
        )
    return None


def _of_tracks(score: Score) -> str | None:
    for number, track in enumerate(score.tracks):
        for program in track.programs:
            if not _is_whole(program) or not 0 <= program <= 127:
                return f"track {number} has program {shown(program)}; it is 0 to 127"
        fault = _order(
            [change.tick for change in track.program_changes], f"program changes of track {number}"
        )
        if fault:
            return fault
    return None


def _of_maps(score: Score) -> str | None:
    per_quarter = score.ticks_per_quarter
    if not _is_whole(per_quarter) or not 1 <= per_quarter <= MOST_TICKS:
        return f"'ticks_per_quarter' is {shown(per_quarter)}; it is 1 to {MOST_TICKS:,}"
    maps = {
        name: [each.tick for each in getattr(score, name)] for name in ("meters", "tempos", "keys", "chords")
    }
    for name, ticks in maps.items():
        if fault := _order(ticks, f"'{name}'"):
            return fault
        if name in ("meters", "tempos") and ticks[:1] != [0]:
            return f"'{name}' does not begin at tick 0"
    for tempo in score.tempos:
        if not 0 < tempo.qpm < math.inf:
            return f"tempo {shown(tempo.qpm)} at tick {tempo.tick} is none: it is quarter notes a minute"
    for change in score.meters:
        over, under = change.meter.numerator, change.meter.denominator
        if not 0 < over <= MOST_NUMERATOR or under not in DENOMINATORS:
            return f"{over}/{under} at tick {change.tick} is not a meter"
    for key in score.keys:
        if abs(key.fifths) > MOST_FIFTHS:
            return f"a key of {key.fifths} sharps at tick {key.tick}: it is -{MOST_FIFTHS} to {MOST_FIFTHS}"
    return None


def _order(ticks: Sequence[int], what: str) -> str | None:
    if ticks and min(ticks) < 0:
        return f"{what} hold one at tick {min(ticks)}, before the music begins"
    return None if list(ticks) == sorted(ticks) else f"{what} are not in the order of their ticks"


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
