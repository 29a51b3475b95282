"""Scores as Standard MIDI Files of type 1, byte by byte."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from itertools import cycle

from musicvae_lite.music.score import ProgramChange, Score, Track
from musicvae_lite.music.soundness import checked

Sound = tuple[int, tuple[ProgramChange, ...]]  # program and later ones of a track

DRUM_CHANNEL = 9  # the tenth, counted from 0
END_OF_TRACK = b"\xff\x2f\x00"
NOTHING = b"\xff\x01\x00"  # a text without letters
LONGEST_WAIT = 2**28 - 1  # ticks that can lie between two events


def to_bytes(score: Score) -> bytes:
    """A type 1 MIDI file: title, tempo, meter, key and chord symbols (as text) first, then the tracks.

    Drum tracks share channel 10, others the fifteen remaining (see `channels`). Two notes of one pitch
    that sound at once in one track end in the order in which they began: MIDI has no other way.

    Raises:
        ConfigError: the score holds what no music does.
    """
    checked(score)
    chunks = [conductor(score)]
    for index, (part, used) in enumerate(zip(score.tracks, channels(score.tracks), strict=True)):
        mine = score.track == index
        events = [(0, 0, _meta(3, part.name.encode(errors="replace")))] if part.name else []
        for change in (ProgramChange(0, part.program), *part.program_changes):
            events.append((change.tick, 1, bytes([0xC0 | used, change.program])))
        columns = (score.start[mine], score.end[mine], score.pitch[mine], score.velocity[mine])
        for start, end, pitch, velocity in zip(*(column.tolist() for column in columns), strict=True):
            events.append((start, 3, bytes([0x90 | used, pitch, velocity])))
            events.append((end, 2, bytes([0x80 | used, pitch, 0])))
        chunks.append(_chunk(events))
    return struct.pack(">4sIHHH", b"MThd", 6, 1, len(chunks), score.ticks_per_quarter) + b"".join(chunks)


def channels(tracks: Sequence[Track]) -> list[int]:
    """The channel of each track, counted from 0: drums share the tenth, others take the rest in turn.

    Where there are more tracks than channels, those of one program share channels, so that no track sounds
    like another as long as there are channels enough for the programs. Tracks that change their program share
    channels with those that change it alike.
    """
    free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    tracks_of = Counter(_sound(track) for track in tracks if not track.is_drum)
    if tracks_of.total() <= len(free):
        rest = iter(free)
        return [DRUM_CHANNEL if track.is_drum else next(rest) for track in tracks]
    turns = {sound: cycle(own) for sound, own in _shared(tracks_of, free).items()}
    return [DRUM_CHANNEL if track.is_drum else next(turns[_sound(track)]) for track in tracks]


def _sound(track: Track) -> Sound:
    return track.program, track.program_changes


def _shared(tracks_of: Counter[Sound], free: Sequence[int]) -> dict[Sound, list[int]]:
    """Channels of each sound: one at least, and more where many tracks have it."""
    own = {sound: [free[place % len(free)]] for place, sound in enumerate(tracks_of)}
    for channel in free[len(own) :]:
        fullest = max(own, key=lambda sound: tracks_of[sound] / len(own[sound]))
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
