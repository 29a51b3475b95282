"""MIDI files event by event: the odd ones that are still music, and words for those that are not.

Reads what the fast reader refuses: SMPTE time, type 2, RIFF wrappers, long headers, wrong track
counts, notes that never end, channels that change their program. Several times slower. Follows the
Standard MIDI File specification 1.0 (RP-001).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from musicvae_lite.errors import ReadError
from musicvae_lite.music.files import Limits
from musicvae_lite.music.midi import ARGUMENTS, DENOMINATORS, number
from musicvae_lite.music.midi_programs import Changes, Notes, Row, held, of_all, parts
from musicvae_lite.music.score import COMMON_TIME, DEFAULT_QPM, Track
from musicvae_lite.music.texts import read as text

SMPTE_TICKS = 480  # ticks a quarter given to files that count frames
UNSET = -1  # program that a track leaves to others
COMMON = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # system messages have no place in a file, yet are found there


@dataclass
class Chunk:
    """What one track chunk says, times in ticks from its start."""

    name: str = ""
    strikes: dict = field(default_factory=lambda: defaultdict(list))  # (channel, pitch): (tick, vel, program)
    programs: dict = field(default_factory=lambda: defaultdict(list))  # channel: (tick, program)
    offs: dict = field(default_factory=lambda: defaultdict(list))  # (channel, pitch): ticks
    tempos: list[tuple[int, float]] = field(default_factory=list)
    meters: list[tuple[int, int, int]] = field(default_factory=list)
    keys: list[tuple[int, int, int]] = field(default_factory=list)  # (tick, fifths, 1 for minor)
    end: int = 0
    ended: bool = False  # by an end-of-track event
    count: int = 0
    left: int = 0  # events that the limit leaves to the tracks behind


def parse(data: bytes, source: str, limits: Limits):
    """The arguments of `midi.assemble` behind source and limits. Raises ReadError."""
    warnings: list[str] = []
    begin = data.find(b"MThd", 0, 256)  # RIFF and MacBinary wrap the file in a header of their own
    if begin < 0:
        raise _not_midi(data, source)
    if len(data) < begin + 14:
        raise ReadError(source, "the file breaks off within its header", "truncated")
    kind, count, division = (int.from_bytes(data[begin + i : begin + i + 2], "big") for i in (8, 10, 12))
    if kind > 2:
        raise ReadError(source, f"MIDI type {kind} does not exist (0, 1 and 2 do)", "damaged")
    if division == 0:
        raise ReadError(source, "the header gives 0 ticks a quarter note", "damaged")
    length = int.from_bytes(data[begin + 4 : begin + 8], "big")
    if length < 6:
        raise ReadError(source, f"the header is {length} bytes long instead of 6", "damaged")
    chunks = _chunks(data, begin + 8 + length, source, limits, warnings)
    if not chunks:
        raise ReadError(source, "there is no track behind the header", "truncated")
    if len(chunks) != count:
        warnings.append(f"the header promises {count} tracks, {len(chunks)} are there")

    ticks = division
    groups: list[tuple[Track, Notes]] = []
    tempos: list[tuple[int, float]] = []
    meters: list[tuple[int, int, int]] = []
    keys: list[tuple[int, int, int]] = []
    offset = hanging = 0
    elsewhere = of_all(chunk.programs for chunk in chunks) if kind < 2 else {}
    for chunk in chunks:
        if offset:  # a pattern begins anew
            tempos.append((offset, 60e6 / DEFAULT_QPM))
            meters.append((offset, COMMON_TIME.numerator, COMMON_TIME.denominator))
        made, lost = _notes(chunk, offset, elsewhere)
        groups += made
        hanging += lost
        tempos += [(tick + offset, value) for tick, value in chunk.tempos]
        meters += [(tick + offset, over, under) for tick, over, under in chunk.meters]
        keys += [(tick + offset, fifths, minor) for tick, fifths, minor in chunk.keys]
        if kind == 2:  # patterns of their own, which follow one another
            offset = _next_bar(chunk, offset, ticks)
    if kind == 2 and len(chunks) > 1:
        warnings.append(f"type 2 file: its {len(chunks)} patterns follow one another")
    if hanging:
        warnings.append(f"{hanging} notes never end; they last to the next of their pitch or the track's end")
    if max((int((notes[0] + notes[1]).max()) for _, notes in groups), default=0) >= 2**31 or offset >= 2**31:
        raise ReadError(source, "a note lies more than 2^31 ticks from the start", "limit")
    if division >= 0x8000:
        ticks, tempos = _from_smpte(division, groups, tempos, meters, keys, source, warnings)
    title = chunks[0].name if len(chunks) > 1 and kind == 1 and not chunks[0].count else ""
    return ticks, groups, tempos, meters, keys, title, warnings


def _not_midi(data: bytes, source: str) -> ReadError:
    if not data:
        return ReadError(source, "the file is empty", "empty")
    if b"MThd".startswith(data[:4]):
        return ReadError(source, "the file breaks off within its header", "truncated")
    sample = data[:512]
    printable = sum(byte in b"\t\n\r" or 32 <= byte < 127 for byte in sample)
    what = "text" if printable > 0.95 * len(sample) else "something else"
    return ReadError(source, f"not a MIDI file but {what}: it does not start with 'MThd'", "not-midi")


def _chunks(data: bytes, at: int, source: str, limits: Limits, warnings: list[str]) -> list[Chunk]:
    found: list[Chunk] = []
    notes, events = 0, limits.max_events
    while at + 8 <= len(data):
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "big")
        body, at = data[at + 8 : at + 8 + length], at + 8 + length
        if name == b"MTrk":
            where = f"track {len(found) + 1}"
            limits.check("tracks", len(found) + 1, limits.max_tracks, source)
            chunk = _track(body, where, source, len(body) < length, limits, notes, events)
            if len(body) < length and not chunk.ended:
                raise ReadError(source, f"the file breaks off within {where}", "truncated")
            if len(body) < length:
                warnings.append(f"{where} claims {length:,} bytes, {len(body):,} are there")
            found.append(chunk)
            notes, events = notes + chunk.count, chunk.left
            limits.check("notes", notes, limits.max_notes, source)
        elif at > len(data):
            warnings.append("the file breaks off within a chunk that is no track")
    return found


def _track(
    body: bytes, where: str, source: str, short: bool, limits: Limits, notes: int, events: int
) -> Chunk:
    """Walks through the events of a track.

    Args:
        short: the file ended before the chunk did.
        notes: of the tracks before.
        events: how many there may be.
    """
    chunk = Chunk(left=events)
    programs = [UNSET] * 16
    at, tick, running, size = 0, 0, 0, len(body)
    try:
        while at < size:
            chunk.left -= 1
            if chunk.left < 0:
                limits.check("events", limits.max_events + 1, limits.max_events, source)
            delta, at = number(body, at)
            tick += delta
            status = body[at]
            if status >= 0x80:
                at += 1
            elif running:
                status = running
            else:
                reason = f"{where}, byte {at}: data where an event should start"
                raise ReadError(source, reason, "damaged")
            if status < 0xF0:
                running = status
                kind, channel = status & 0xF0, status & 0x0F
                one = body[at]
                two = body[at + 1] if ARGUMENTS[kind] == 2 else 0
                at += ARGUMENTS[kind]
                if one > 127 or two > 127:
                    reason = f"{where}, byte {at - 1}: an event breaks off where another starts"
                    raise ReadError(source, reason, "damaged")
                if kind == 0x90 and two:
                    chunk.strikes[channel, one].append((tick, two, programs[channel]))
                    chunk.count += 1
                    if notes + chunk.count > limits.max_notes:
                        limits.check("notes", notes + chunk.count, limits.max_notes, source)
                elif kind in (0x80, 0x90):
                    chunk.offs[channel, one].append(tick)
                elif kind == 0xC0:
                    programs[channel] = one
                    chunk.programs[channel].append((tick, one))
            elif status in (0xF0, 0xF7, 0xFF):
                meta = -1
                if status == 0xFF:
                    meta, at = body[at], at + 1
                length, at = number(body, at)
                payload, at = body[at : at + length], at + length
                if at > size:
                    raise IndexError
                if meta == 0x2F:
                    chunk.ended = True
                    break
                _take_meta(chunk, tick, meta, payload)
            else:
                at += COMMON.get(status, 0)
    except IndexError:
        if short:
            raise ReadError(source, f"the file breaks off within {where}", "truncated") from None
        raise ReadError(source, f"{where} breaks off within an event", "truncated") from None
    chunk.end = tick
    return chunk


def _take_meta(chunk: Chunk, tick: int, meta: int, payload: bytes) -> None:
    if meta == 0x03 and not chunk.name:
        chunk.name = text(payload)
    elif meta == 0x51 and len(payload) >= 3:
        chunk.tempos.append((tick, int.from_bytes(payload[:3], "big")))
    elif meta == 0x58 and len(payload) >= 2:
        chunk.meters.append((tick, payload[0], 2 ** min(payload[1], 16)))
    elif meta == 0x59 and len(payload) >= 2:
        chunk.keys.append((tick, (payload[0] + 128) % 256 - 128, payload[1]))


def _notes(chunk: Chunk, offset: int, elsewhere: Changes) -> tuple[list[tuple[Track, Notes]], int]:
    """Notes by channel, and how many never ended.

    The first strike takes the first off. Where offs are missing, a note ends at the next off or the
    next strike of its pitch, whichever comes first.

    Args:
        elsewhere: the programs that all tracks set; they count where this one has set none yet.
    """
    made: dict[int, list[Row]] = defaultdict(list)
    lost = 0
    for (channel, pitch), strikes in chunk.strikes.items():
        offs = chunk.offs[channel, pitch]
        ends = _pair([strike[0] for strike in strikes], offs)
        missing = ends.count(-1)
        lost += missing
        for i, (tick, velocity, program) in enumerate(strikes):
            end = ends[i]
            if missing:
                after = bisect_right(offs, tick)
                candidates = [offs[after]] if after < len(offs) else [chunk.end]
                candidates += [strikes[i + 1][0]] if i + 1 < len(strikes) else []
                end = min(candidates)
            played = held(elsewhere.get(channel, ()), tick) if program == UNSET else program
            made[channel].append((tick + offset, end - tick, pitch, velocity, played))
    found = [parts(chunk.name, channel, sorted(rows)) for channel, rows in sorted(made.items())]
    return [part for of_channel in found for part in of_channel], lost


def _pair(strikes: list[int], offs: list[int]) -> list[int]:
    """First in, first out: the off of each strike, -1 where there is none."""
    ends, at = [], 0
    for tick in strikes:
        while at < len(offs) and offs[at] < tick:
            at += 1
        ends.append(offs[at] if at < len(offs) else -1)
        at += 1
    return ends


def _next_bar(chunk: Chunk, offset: int, ticks: int) -> int:
    """The first bar line at or behind the end of a pattern."""
    tick, over, under = 0, 4, 4
    for change in sorted(chunk.meters):
        if change[1] > 0 and change[2] in DENOMINATORS:
            tick, over, under = change
    bar = max(over * 4 * ticks // under, 1)
    return offset + tick + -(-(chunk.end - tick) // bar) * bar


def _from_smpte(
    division, groups, tempos, meters, keys, source, warnings
) -> tuple[int, list[tuple[int, float]]]:
    """Converts frames to ticks of the file's first tempo, in place. Returns resolution and tempos."""
    frames, parts = 256 - (division >> 8), division & 255
    if frames not in (24, 25, 29, 30) or not parts:
        raise ReadError(source, f"SMPTE time of {frames} frames by {parts} ticks does not exist", "damaged")
    rate = (30_000 / 1_001 if frames == 29 else frames) * parts  # ticks a second
    tempo = next((value for _, value in sorted(tempos) if value > 0), 500_000)
    scale = SMPTE_TICKS * 1e6 / tempo / rate
    for i, (track, (time, duration, pitch, velocity)) in enumerate(groups):
        end = np.rint((time + duration) * scale).astype(np.int64)
        time = np.rint(time * scale).astype(np.int64)
        groups[i] = (track.scaled(scale), (time, end - time, pitch, velocity))
        if end.max() >= 2**31:
            raise ReadError(source, "a note lies more than 2^31 ticks from the start", "limit")
    for changes in (meters, keys):
        changes[:] = [(round(tick * scale), *rest) for tick, *rest in changes]
    warnings.append(f"times in frames (SMPTE), set on beats of {60e6 / tempo:.0f} a minute")
    return SMPTE_TICKS, [(0, tempo)]
