"""Standard MIDI Files to scores and back.

Healthy files go through symusic. Everything it refuses or silently repairs (SMPTE time, type 2,
wrong lengths, notes that never end), and tracks that change their programs, go to `midi_rescue`, which
also finds the words for what is wrong. A file without notes is no error here: it gives an empty score.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from musicvae_lite.music.files import DEFAULT_LIMITS, Limits, read_file
from musicvae_lite.music.midi_check import is_sound
from musicvae_lite.music.midi_programs import Chunk, Notes, are_steady
from musicvae_lite.music.midi_writing import END_OF_TRACK, to_bytes
from musicvae_lite.music.score import (
    DEFAULT_QPM,
    MOST_FIFTHS,
    KeyChange,
    Meter,
    MeterChange,
    Score,
    TempoChange,
    Track,
    lasting,
)
from musicvae_lite.music.texts import LONGEST as LONGEST_TEXT
from musicvae_lite.music.texts import printable
from musicvae_lite.music.texts import read as text
from musicvae_lite.writing import write_file

__all__ = ["Limits", "read", "read_bytes", "write", "to_bytes"]

MAX_TICK = 2**27  # above it a note is one that only the offs of `_closed` ended
# For each channel, 128 note-offs 2^28 ticks after the end of the track.
FAR_OFFS = [
    b"\xff\xff\xff\x7f" + bytes([0x90 | channel, 0, 0]) + b"".join(bytes([0, p, 0]) for p in range(1, 128))
    for channel in range(16)
]
MOST_ALIKE = 5  # warnings
ARGUMENTS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}  # data bytes of a message
DENOMINATORS = (1, 2, 4, 8, 16, 32)


def read(path: str | os.PathLike[str], limits: Limits = DEFAULT_LIMITS) -> Score:
    """Reads a MIDI file of type 0, 1 or 2.

    The patterns of a type 2 file follow one another, each from a bar line on. Notes that never end
    are closed at the next strike of their pitch or at the end of their track; notes of no length
    last one tick. Missing tempo means 120, missing meter 4/4.

    Raises:
        ReadError: whatever is wrong with the file.
    """
    return read_bytes(read_file(path, limits), str(path), limits)


def read_bytes(data: bytes, source: str = "", limits: Limits = DEFAULT_LIMITS) -> Score:
    """Reads a MIDI file from memory; `source` is its name in messages. Raises ReadError."""
    limits.check("bytes", len(data), limits.max_bytes, source)
    score = _read_fast(data, source, limits)
    if score is None:
        from musicvae_lite.music import midi_rescue

        raw = midi_rescue.parse(data, source, limits)
        score = assemble(source, limits, *raw)
    if b"\xff\x01" not in data and b"\xff\x06" not in data:
        return score
    from musicvae_lite.music import midi_chords

    chords = midi_chords.find(data, limits.max_events)
    limits.check("chord symbols", len(chords), limits.max_changes, source)
    return replace(score, chords=chords)


def _read_fast(data: bytes, source: str, limits: Limits) -> Score | None:
    """The score of a healthy file; None for any that needs a closer look."""
    closed = _closed(data, source, limits)
    if closed is None:
        return None
    import symusic

    try:
        song: Any = symusic.Score.from_midi(closed)
        groups = []
        known: dict[Any, str] = _names(data) if any("\ufffd" in part.name for part in song.tracks) else {}
        for part in song.tracks:
            note = part.notes.numpy()
            groups.append(
                (
                    Track(known.get(part.name) or printable(part.name), part.program, part.is_drum),
                    (note["time"], note["duration"], note["pitch"], note["velocity"]),
                )
            )
        tempos = [(int(t.time), t.mspq) for t in song.tempos]
        meters = [(int(m.time), m.numerator, m.denominator) for m in song.time_signatures]
        keys = [(int(k.time), k.key, k.tonality) for k in song.key_signatures]
    except (RuntimeError, ValueError, MemoryError, OverflowError, UnicodeError):
        return None
    if groups:
        time, duration, pitch, velocity = _joined([notes for _, notes in groups])
        if len(time) and (
            int(time.min()) < 0
            or int(time.max()) >= MAX_TICK
            or int(duration.max()) >= MAX_TICK
            or int(pitch.min()) < 0
            or int(velocity.min()) < 1
        ):
            return None
    title = _title(data)
    first = data[22 : 22 + int.from_bytes(data[18:22], "big")]  # track
    if groups and groups[0][0].name == title and _channels(first):
        title = ""  # the name of a track that may have notes of its own
    ticks = struct.unpack_from(">H", data, 12)[0]
    return assemble(source, limits, ticks, groups, tempos, meters, keys, title, ())


def _closed(data: bytes, source: str, limits: Limits) -> bytes | None:
    """The file with note-offs for every pitch appended to every track; None if it is not sound, or a channel
    changes its program.

    symusic drops notes that never end without a word. With these offs they come out with absurd
    lengths instead, and are noticed. It also trusts the lengths of chunks and of events, to the point of
    writing outside its memory, so they are checked here. And it parts the notes of a channel by program.
    """
    if len(data) < 14 or data[:8] != b"MThd\x00\x00\x00\x06":
        return None
    kind, count, division = struct.unpack_from(">HHH", data, 8)
    if kind > 1 or not 0 < division < 0x8000:
        return None
    pieces, chunks = [data[:14]], []
    at, size = 14, len(data)
    while at + 8 <= size:
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        end = at + 8 + length
        if end > size:
            return None
        if data[at : at + 4] == b"MTrk":
            limits.check("tracks", len(chunks) + 1, limits.max_tracks, source)  # each may grow by 6 kB
            programs: dict[int, list[tuple[int, int]]] = {}
            if data[end - 3 : end] != END_OF_TRACK or length < 4 or not is_sound(data, at + 8, end, programs):
                return None
            body = data[at + 8 : end - 3]
            channels = _channels(body)
            if channels:
                body += b"\xff\x01\x00" + b"".join([FAR_OFFS[c] for c in channels]) + b"\x00"
            body += END_OF_TRACK
            pieces += [b"MTrk", len(body).to_bytes(4, "big"), body]
            chunks.append(Chunk(at + 8, end, channels, programs))
        at = end
    if len(chunks) != count or at != size or not are_steady(data, chunks):
        return None
    return b"".join(pieces)


def _title(data: bytes) -> str:
    """Name at the start of the first of several tracks: of the song, if that track has no notes."""
    if data[8:12] == b"\0\1\0\1" or data[8:10] == b"\0\0" or data[22:25] != b"\x00\xff\x03":
        return ""
    size, at = number(data, 25)
    return text(data[at : at + size])


def _names(data: bytes) -> dict[str, str]:
    """Names of tracks as `text` reads them, by what is left of them where they are taken for UTF-8."""
    found, at = {}, data.find(b"\xff\x03")
    while 0 <= at < len(data) - 3:
        size, begin = number(data, at + 2)
        raw = data[begin : begin + min(size, LONGEST_TEXT + 1)]
        found[raw.decode("utf-8", "replace")] = text(raw)
        at = data.find(b"\xff\x03", at + 2)
    return found


def _channels(body: bytes) -> list[int]:
    """The channels that may strike notes in a track; others certainly do not."""
    return [channel for channel in range(16) if bytes([0x90 | channel]) in body]


def number(body: bytes, at: int) -> tuple[int, int]:
    """A variable-length number of at most four bytes, and the place behind it. Raises IndexError."""
    value = 0
    for _ in range(4):
        byte = body[at]
        value, at = value << 7 | byte & 0x7F, at + 1
        if byte < 0x80:
            break
    return value, at


def _joined(parts: list[Notes]) -> Notes:
    if len(parts) == 1:
        return parts[0]
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value]


def assemble(
    source: str,
    limits: Limits,
    ticks_per_quarter: int,
    groups: Sequence[tuple[Track, Notes]],
    tempos: Iterable[tuple[int, float]],
    meters: Iterable[tuple[int, int, int]],
    keys: Iterable[tuple[int, int, int]],
    title: str,
    warnings: Sequence[str],
) -> Score:
    """A score of raw parts: tracks with notes, (tick, microseconds a quarter), (tick, over, under),
    (tick, fifths, 1 for minor).
    """
    groups = [group for group in groups if len(group[1][0])]
    sizes = [len(notes[0]) for _, notes in groups]
    limits.check("notes", sum(sizes), limits.max_notes, source)
    limits.check("tracks", len(groups), limits.max_tracks, source)
    changes = sum(len(track.program_changes) for track, _ in groups)
    limits.check("program changes", changes, limits.max_changes, source)
    columns = _joined([notes for _, notes in groups]) if groups else (np.zeros(0, np.int32),) * 4
    start, duration, pitch, velocity = (column.astype(np.int32, copy=False) for column in columns)
    track = np.repeat(np.arange(len(groups), dtype=np.int32), sizes)
    order = np.argsort(start.astype(np.int64) * 128 + pitch, kind="stable")
    start = start[order]
    end = start + np.maximum(duration[order], 1)
    if len(end):
        limits.check("quarter notes long", int(end.max()) / ticks_per_quarter, limits.max_quarters, source)
    sounding = int(np.sum(end - start, dtype=np.int64)) / ticks_per_quarter
    limits.check("quarter notes in all its notes", sounding, limits.max_sounding, source)
    warned = list(warnings)
    where = limits, source, warned
    return Score(
        ticks_per_quarter=ticks_per_quarter,
        start=start,
        end=end,
        pitch=pitch[order],
        velocity=velocity[order],
        track=track[order],
        tracks=tuple(track for track, _ in groups),
        meters=tuple(MeterChange(*c) for c in _map("meter", meters, _meter, Meter(), *where)),
        tempos=tuple(TempoChange(*c) for c in _map("tempo", tempos, _tempo, DEFAULT_QPM, *where)),
        keys=tuple(KeyChange(tick, *key) for tick, key in _map("key", keys, _key, None, *where)),
        title=title,
        source=source,
        warnings=tuple(warned),
    )


def _tempo(per_quarter: float) -> float | str:
    return 60e6 / per_quarter if per_quarter > 0 else "tempo of no length"


def _meter(over: int, under: int) -> Meter | str:
    return Meter(over, under) if over > 0 and under in DENOMINATORS else f"meter {over}/{under}"


def _key(fifths: int, minor: int) -> tuple[int, bool] | str:
    return (fifths, minor == 1) if abs(fifths) <= MOST_FIFTHS else f"key signature of {fifths} sharps"


def _map(
    kind: str,
    events: Iterable[tuple],
    read: Callable[..., Any],
    first: Any,
    limits: Limits,
    source: str,
    warned: list[str],
) -> list[tuple[int, Any]]:
    """Ticks, and what holds from each on: of several at one tick the last counts; repeats are dropped.

    Args:
        kind: of the events, such as "meter"; each is a tick and what is written there.
        read: what that means, or the name of what means nothing.
        first: what holds at tick 0 where nothing is written there; None for nothing.
        warned: takes the first few sentences of what means nothing.
    """
    at, odd = {} if first is None else {0: first}, []
    for tick, *written in sorted(events, key=lambda event: event[0]):
        value = read(*written)
        if isinstance(value, str):
            odd.append(f"{value} at tick {tick} left out")
        else:
            at[max(tick, 0)] = value
    warned += odd[:MOST_ALIKE]
    if len(odd) > MOST_ALIKE:
        warned.append(f"and {len(odd) - MOST_ALIKE:,} more of that kind")
    limits.check(f"{kind} changes", len(at), limits.max_changes, source)
    return lasting(at.items())


def write(score: Score, path: str | os.PathLike[str]) -> Path:
    """Writes a type 1 MIDI file, whole or not at all, and returns its path.

    Raises:
        ConfigError: the score holds what no music does.
        MusicVAEError: the file could not be written.
    """
    return write_file(path, to_bytes(score))
