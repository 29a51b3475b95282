"""Standard MIDI Files to scores and back.

Healthy files go through symusic. Everything it refuses or silently repairs (SMPTE time, type 2,
wrong lengths, notes that never end) goes to `midi_rescue`, which also finds the words for what is
wrong. A file without notes is no error here: it gives an empty score.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from musicvae_lite.music.files import DEFAULT_LIMITS, Limits, read_file, write_file
from musicvae_lite.music.midi_check import is_sound
from musicvae_lite.music.midi_writing import END_OF_TRACK, to_bytes
from musicvae_lite.music.score import MOST_FIFTHS, KeyChange, Meter, MeterChange, Score, TempoChange, Track

__all__ = ["Limits", "read", "read_bytes", "write", "to_bytes"]

Notes = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]  # time, duration, pitch, velocity

MAX_TICK = 2**27  # above it a note is one that only the offs of `_closed` ended
# For each channel, 128 note-offs 2^28 ticks after the end of the track.
FAR_OFFS = [
    b"\xff\xff\xff\x7f" + bytes([0x90 | channel, 0, 0]) + b"".join(bytes([0, p, 0]) for p in range(1, 128))
    for channel in range(16)
]
MOST_ALIKE = 5  # warnings
LONGEST_TEXT = 1000  # bytes of a name
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
    return score


def _read_fast(data: bytes, source: str, limits: Limits) -> Score | None:
    """The score of a healthy file; None for any that needs a closer look."""
    closed = _closed(data, source, limits)
    if closed is None:
        return None
    import symusic

    try:
        song: Any = symusic.Score.from_midi(closed)
        groups = []
        for part in song.tracks:
            note = part.notes.numpy()
            groups.append(
                (
                    Track(part.name, part.program, part.is_drum),
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
    if groups and groups[0][0].name == title:  # the name of a track with notes of its own
        title = ""
    ticks = struct.unpack_from(">H", data, 12)[0]
    score = assemble(source, limits, ticks, groups, tempos, meters, keys, title, ())
    if b"\xff\x01" in data or b"\xff\x06" in data:
        from musicvae_lite.music import midi_chords

        chords = midi_chords.find(data, limits.max_events)
        limits.check("chord symbols", len(chords), limits.max_changes, source)
        score = replace(score, chords=chords)
    return score


def _closed(data: bytes, source: str, limits: Limits) -> bytes | None:
    """The file with note-offs for every pitch appended to every track; None if it is not sound.

    symusic drops notes that never end without a word. With these offs they come out with absurd
    lengths instead, and are noticed. It also trusts the lengths of chunks and of events, to the point of
    writing outside its memory, so they are checked here.
    """
    if len(data) < 14 or data[:8] != b"MThd\x00\x00\x00\x06":
        return None
    kind, count, division = struct.unpack_from(">HHH", data, 8)
    if kind > 1 or not 0 < division < 0x8000:
        return None
    pieces = [data[:14]]
    at, tracks, size = 14, 0, len(data)
    while at + 8 <= size:
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        end = at + 8 + length
        if end > size:
            return None
        if data[at : at + 4] == b"MTrk":
            limits.check("tracks", tracks + 1, limits.max_tracks, source)  # each may grow by 6 kB
            if data[end - 3 : end] != END_OF_TRACK or length < 4 or not is_sound(data, at + 8, end):
                return None
            body = data[at + 8 : end - 3]
            channels = [c for c in range(16) if bytes([0x90 | c]) in body]
            if channels:
                body += b"\xff\x01\x00" + b"".join([FAR_OFFS[c] for c in channels]) + b"\x00"
            body += END_OF_TRACK
            pieces += [b"MTrk", len(body).to_bytes(4, "big"), body]
            tracks += 1
        at = end
    if tracks != count or at != size:
        return None
    return b"".join(pieces)


def _title(data: bytes) -> str:
    """Name at the start of the first of several tracks: of the song, if that track has no notes."""
    if data[8:12] == b"\0\1\0\1" or data[8:10] == b"\0\0" or data[22:25] != b"\x00\xff\x03" or data[25] > 127:
        return ""
    return text(data[26 : 26 + data[25]])


def text(raw: bytes) -> str:
    """Text of a meta event: UTF-8, or Latin-1 as in files of old. A very long one is cut."""
    raw = raw[:LONGEST_TEXT]
    try:
        return raw.decode("utf-8").strip("\x00 ")
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip("\x00 ")


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
    return Score(
        ticks_per_quarter=ticks_per_quarter,
        start=start,
        end=end,
        pitch=pitch[order],
        velocity=velocity[order],
        track=track[order],
        tracks=tuple(track for track, _ in groups),
        meters=_meter_map(meters, limits, source, warned),
        tempos=_tempo_map(tempos, limits, source, warned),
        keys=_key_map(keys, limits, source, warned),
        title=title,
        source=source,
        warnings=tuple(warned),
    )


def _tempo_map(events, limits: Limits, source: str, warned: list[str]) -> tuple[TempoChange, ...]:
    """The first entry lies at tick 0; of several at one tick the last counts; repeats are dropped."""
    at = {0: 120.0}
    odd: list[str] = []
    for tick, per_quarter in sorted(events, key=lambda event: event[0]):
        if per_quarter > 0:
            at[max(tick, 0)] = 60e6 / per_quarter
        else:
            odd.append(f"tempo of no length at tick {tick} left out")
    _warn(odd, warned)
    limits.check("tempo changes", len(at), limits.max_changes, source)
    changes: list[TempoChange] = []
    for tick, qpm in at.items():
        if not changes or changes[-1].qpm != qpm:
            changes.append(TempoChange(tick, qpm))
    return tuple(changes)


def _warn(odd: list[str], warned: list[str]) -> None:
    """The first few sentences of many alike."""
    warned += odd[:MOST_ALIKE]
    if len(odd) > MOST_ALIKE:
        warned.append(f"and {len(odd) - MOST_ALIKE:,} more of that kind")


def _meter_map(events, limits: Limits, source: str, warned: list[str]) -> tuple[MeterChange, ...]:
    at = {0: Meter()}
    odd: list[str] = []
    for tick, over, under in sorted(events, key=lambda event: event[0]):
        if over > 0 and under in DENOMINATORS:
            at[max(tick, 0)] = Meter(over, under)
        else:
            odd.append(f"meter {over}/{under} at tick {tick} left out")
    _warn(odd, warned)
    limits.check("meter changes", len(at), limits.max_changes, source)
    changes: list[MeterChange] = []
    for tick, meter in at.items():
        if not changes or changes[-1].meter != meter:
            changes.append(MeterChange(tick, meter))
    return tuple(changes)


def _key_map(events, limits: Limits, source: str, warned: list[str]) -> tuple[KeyChange, ...]:
    at: dict[int, tuple[int, bool]] = {}
    odd: list[str] = []
    for tick, fifths, minor in sorted(events, key=lambda event: event[0]):
        if abs(fifths) <= MOST_FIFTHS:
            at[max(tick, 0)] = (fifths, minor == 1)
        else:
            odd.append(f"key signature of {fifths} sharps at tick {tick} left out")
    _warn(odd, warned)
    limits.check("key changes", len(at), limits.max_changes, source)
    changes: list[KeyChange] = []
    for tick, key in at.items():
        if not changes or (changes[-1].fifths, changes[-1].minor) != key:
            changes.append(KeyChange(tick, *key))
    return tuple(changes)


def write(score: Score, path: str | os.PathLike[str]) -> None:
    """Writes a type 1 MIDI file, whole or not at all. Raises MusicVAEError where that fails."""
    write_file(path, to_bytes(score))
