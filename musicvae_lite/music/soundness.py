"""Whether a score that somebody made holds what a score is to hold."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.music.score import MOST_FIFTHS, Score

COLUMNS = ("start", "end", "pitch", "velocity", "track")
LAST_TICK = 2**31 - 1
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
        ("start", 0, LAST_TICK),
        ("end", 0, LAST_TICK),
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
        start, end = int(score.start[note]), int(score.end[note])
        return f"note {note} ends at tick {end}, not behind its start, {start}"
    return None


def _of_tracks(score: Score) -> str | None:
    for number, track in enumerate(score.tracks):
        if not isinstance(track.name, str):
            return f"the name of track {number} is {shown(track.name)}; it is a text"
        for program in track.programs:
            if not _is_whole(program) or not 0 <= program <= 127:
                return f"track {number} has program {shown(program)}; it is 0 to 127"
        ticks = [change.tick for change in track.program_changes]
        if fault := _of_ticks(ticks, f"program changes of track {number}"):
            return fault
    return None


def _of_maps(score: Score) -> str | None:
    per_quarter = score.ticks_per_quarter
    if not _is_whole(per_quarter) or not 1 <= per_quarter <= MOST_TICKS:
        return f"'ticks_per_quarter' is {shown(per_quarter)}; it is 1 to {MOST_TICKS:,}"
    for name in ("meters", "tempos", "keys", "chords"):
        ticks = [each.tick for each in getattr(score, name)]
        if fault := _of_ticks(ticks, f"'{name}'"):
            return fault
        if name in ("meters", "tempos") and ticks[:1] != [0]:
            return f"'{name}' does not begin at tick 0"
    for tempo in score.tempos:
        if not isinstance(tempo.qpm, (int, float, np.number)) or not 0 < tempo.qpm < math.inf:
            return f"tempo {shown(tempo.qpm)} at tick {tempo.tick} is none: it is quarter notes a minute"
    for change in score.meters:
        over, under = change.meter.numerator, change.meter.denominator
        are_whole = _is_whole(over) and _is_whole(under)
        if not are_whole or not 0 < over <= MOST_NUMERATOR or under not in DENOMINATORS:
            return f"{over}/{under} at tick {change.tick} is not a meter"
    for key in score.keys:
        if not _is_whole(key.fifths) or abs(key.fifths) > MOST_FIFTHS or key.minor not in (False, True):
            most = MOST_FIFTHS
            return f"{shown(key)} is no key: it has -{most} to {most} fifths, and is minor or is not"
    for chord in score.chords:
        if not isinstance(chord.symbol, str):
            return f"the chord at tick {chord.tick} is {shown(chord.symbol)}; it is a text"
    return None if isinstance(score.title, str) else f"'title' is {shown(score.title)}; it is a text"


def _of_ticks(ticks: Sequence[object], what: str) -> str | None:
    for tick in ticks:
        if not _is_whole(tick) or not 0 <= tick <= LAST_TICK:  # type: ignore[operator]
            return f"{what} hold one at tick {shown(tick)}; ticks are whole numbers from 0"
    return None if list(ticks) == sorted(ticks) else f"{what} are not in the order of their ticks"  # type: ignore[type-var]


def _is_whole(value: object) -> bool:
    return isinstance(value, (int, np.integer)) and not isinstance(value, bool)
