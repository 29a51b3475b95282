"""Which programs the notes of a MIDI file are played with: tracks change them, or leave them to others."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from musicvae_lite.music.midi_check import first_strike
from musicvae_lite.music.midi_writing import DRUM_CHANNEL
from musicvae_lite.music.score import ProgramChange, Track, lasting

Notes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # time, duration, pitch, velocity
Changes = Mapping[int, list[tuple[int, int]]]  # by channel, where a program is set and which
Row = tuple[int, int, int, int, int]  # time, duration, pitch, velocity, program


class Chunk(NamedTuple):
    """A sound track in the bytes of a file, without its header."""

    begin: int
    end: int
    channels: Sequence[int]  # that may strike notes in it; others do not
    changes: Changes  # the programs it sets by their places in the file


def are_steady(data: bytes, chunks: Sequence[Chunk]) -> bool:
    """Whether all notes of a channel in a track have one program, which the track itself or none sets."""
    anywhere: dict[int, set[int]] = defaultdict(set)
    for chunk in chunks:
        for channel, own in chunk.changes.items():
            anywhere[channel].update(program for _, program in own)
    return all(
        _is_steady(data, chunk, channel, anywhere[channel])
        for chunk in chunks
        for channel in chunk.channels
        if anywhere.get(channel, {0}) != {0}  # none begins with 0
    )


def _is_steady(data: bytes, chunk: Chunk, channel: int, anywhere: set[int]) -> bool:
    own = chunk.changes.get(channel, ())
    first = first_strike(data, chunk.begin, own[-1][0] if own else chunk.end, channel)
    if first < 0:  # all notes, if there are any, come behind the last change
        return True
    before = [program for place, program in own if place < first]
    heard = {program for place, program in own if place > first}
    heard |= set(before[-1:]) if before else {0} | anywhere
    return len(heard) == 1


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
