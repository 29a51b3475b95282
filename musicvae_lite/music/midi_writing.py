"""Scores as Standard MIDI Files of type 1, byte by byte."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from musicvae_lite.music.score import Score, Track

DRUM_CHANNEL = 9  # the tenth, counted from 0
END_OF_TRACK = b"\xff\x2f\x00"
NOTHING = b"\xff\x01\x00"  # a text without letters
LONGEST_WAIT = 2**28 - 1  # ticks that can lie between two events


def to_bytes(score: Score) -> bytes:
    """A type 1 MIDI file: title, tempo, meter, key and chord symbols (as text) first, then the tracks.

    Drum tracks share channel 10, others the fifteen remaining (see `channels`). Two notes of one pitch
    that sound at once in one track end in the order in which they began: MIDI has no other way.
    """
    chunks = [conductor(score)]
    for index, (part, used) in enumerate(zip(score.tracks, channels(score.tracks), strict=True)):
        mine = score.track == index
        events = [(0, 0, _meta(3, part.name.encode(errors="replace")))] if part.name else []
        events.append((0, 1, bytes([0xC0 | used, part.program])))
        columns = (score.start[mine], score.end[mine], score.pitch[mine], score.velocity[mine])
        for start, end, pitch, velocity in zip(*(column.tolist() for column in columns), strict=True):
            events.append((start, 3, bytes([0x90 | used, pitch, velocity])))
            events.append((end, 2, bytes([0x80 | used, pitch, 0])))
        chunks.append(_chunk(events))
    return struct.pack(">4sIHHH", b"MThd", 6, 1, len(chunks), score.ticks_per_quarter) + b"".join(chunks)


def channels(tracks: Sequence[Track]) -> list[int]:
    """The channel of each track, counted from 0: drums share the tenth, others take the rest in turn.

    Where there are more tracks than channels, those of one program share channels, so that no track sounds
    like another as long as there are channels enough for the programs.
    """
    free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    tracks_of = Counter(track.program for track in tracks if not track.is_drum)
    if tracks_of.total() <= len(free):
        rest = iter(free)
        return [DRUM_CHANNEL if track.is_drum else next(rest) for track in tracks]
    turns = {program: cycle(own) for program, own in _shared(tracks_of, free).items()}
    return [DRUM_CHANNEL if track.is_drum else next(turns[track.program]) for track in tracks]


def _shared(tracks_of: Counter[int], free: Sequence[int]) -> dict[int, list[int]]:
    """Channels of each program: one at least, and more where many tracks have it."""
    own = {program: [free[place % len(free)]] for place, program in enumerate(tracks_of)}
    for channel in free[len(own) :]:
        fullest = max(own, key=lambda program: tracks_of[program] / len(own[program]))
        own[fullest].append(channel)
    return own


def conductor(score: Score) -> bytes:
    events = [(0, 0, _meta(3, score.title.encode(errors="replace")))] if score.title else []
    for tempo in score.tempos:
        events.append((tempo.tick, 1, _meta(0x51, microseconds(tempo.qpm).to_bytes(3, "big"))))
    for change in score.meters:
        under = change.meter.denominator.bit_length() - 1
        events.append((change.tick, 1, _meta(0x58, bytes([change.meter.numerator, under, 24, 8]))))
    for key in score.keys:
        events.append((key.tick, 1, _meta(0x59, struct.pack(">bB", key.fifths, key.minor))))
    events += [(chord.tick, 2, _meta(1, chord.symbol.encode(errors="replace"))) for chord in score.chords]
    return _chunk(events)


def microseconds(qpm: float) -> int:
    return min(max(round(60e6 / qpm), 1), 2**24 - 1)


def _meta(kind: int, payload: bytes) -> bytes:
    return bytes([0xFF, kind]) + _variable(len(payload)) + payload


def _chunk(events: list[tuple[int, int, bytes]]) -> bytes:
    """A track of (tick, rank, message); lower ranks come first within a tick."""
    body, now = bytearray(), 0
    for tick, _, message in sorted(events, key=lambda event: event[:2]):
        while tick - now > LONGEST_WAIT:
            body += _variable(LONGEST_WAIT) + NOTHING
            now += LONGEST_WAIT
        body += _variable(tick - now) + message
        now = tick
    body += b"\x00" + END_OF_TRACK
    return b"MTrk" + len(body).to_bytes(4, "big") + bytes(body)


def _variable(number: int) -> bytes:
    """MIDI's variable-length number: seven bits a byte, the high bit set on all but the last."""
    out = [number & 127]
    while number := number >> 7:
        out.append(number & 127 | 128)
    return bytes(reversed(out))
