"""Which programs the notes of a MIDI file are played with: tracks change them, or leave them to others."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from musicvae_lite.music.midi_writing import DRUM_CHANNEL
from musicvae_lite.music.score import ProgramChange, Track, lasting

Notes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # time, duration, pitch, velocity
Changes = Mapping[int, list[tuple[int, int]]]  # by channel, where a program is set and which
Row = tuple[int, int, int, int, int]  # time, duration, pitch, velocity, program

STRIKES = [re.compile(bytes([0x90 | channel]) + rb"[\x00-\x7f]{2}") for channel in range(16)]


def strikes(data: bytes, begin: int, end: int) -> dict[int, int]:
    """By channel, the first place in the track data[begin:end] that may strike a note; others do not."""
    found = {}
    for channel, strike in enumerate(STRIKES):
        place = data.find(0x90 | channel, begin, end)
        if place >= 0 and (match := strike.search(data, place, end)):
            found[channel] = match.start()
    return found


def are_steady(tracks: Sequence[tuple[Mapping[int, int], Changes]]) -> bool:
    """Whether all notes of a channel in a track have one program, which the track itself sets or none does.

    Args:
        tracks: of each, `strikes`, and the programs it sets by their places in the file.
    """
    anywhere: dict[int, set[int]] = defaultdict(set)
    for _, changes in tracks:
        for channel, own in changes.items():
            anywhere[channel].update(program for _, program in own)
    for struck, changes in tracks:
        for channel, first in struck.items():
            own = changes.get(channel, [])
            heard = {program for _, program in own}
            if not own or own[0][0] > first:
                heard |= {0} | anywhere[channel]
            if len(heard) > 1:
                return False
    return True


def of_all(tracks: Iterable[Changes]) -> dict[int, list[tuple[int, int]]]:
    """By channel, the ticks at which any track sets a program, in order, and which."""
    found = defaultdict(list)
    for changes in tracks:
        for channel, own in changes.items():
            found[channel] += own
    return {channel: sorted(own, key=lambda change: change[0]) for channel, own in found.items()}


def held(changes: Sequence[tuple[int, int]], tick: int) -> int:
    """The program set last at or before a tick; 0 where none is."""
    place = bisect_right(changes, tick, key=lambda change: change[0])
    return changes[place - 1][1] if place else 0


def parts(name: str, channel: int, rows: Sequence[Row]) -> list[tuple[Track, Notes]]:
    """The notes of one channel of a track: a track, which may change its program.

    Where notes are struck at once with several programs, instruments that play together share the channel:
    there is a track for each.

    Args:
        rows: in order of time.
    """
    heard = sorted({(row[0], row[4]) for row in rows})
    if len({tick for tick, _ in heard}) == len(heard):
        return [_part(name, channel, rows)]
    own: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        own[row[4]].append(row)
    return [_part(name, channel, own[program]) for program in sorted(own)]


def _part(name: str, channel: int, rows: Sequence[Row]) -> tuple[Track, Notes]:
    (_, program), *later = lasting((row[0], row[4]) for row in rows)
    changes = tuple(ProgramChange(*change) for change in later)
    time, duration, pitch, velocity, _ = np.array(rows, dtype=np.int64).T
    return Track(name, program, channel == DRUM_CHANNEL, changes), (time, duration, pitch, velocity)
