"""Chord symbols in MIDI files, which have no place for them: texts and markers that read like chords."""

from __future__ import annotations

from musicvae_lite.music.chords.symbols import LONGEST, is_symbol
from musicvae_lite.music.score import Chord, lasting

TEXT, MARKER = 1, 6
MOST_TEXTS = 50_000  # of a track; a song has fewer
SHARE = 0.75  # of the texts of a track that must be chord symbols for any of them to be taken for one
LENGTHS = {0x80: 2, 0x90: 2, 0xA0: 2, 0xB0: 2, 0xC0: 1, 0xD0: 1, 0xE0: 2}  # data bytes of a message


def find(data: bytes, events: int = 2_000_000) -> tuple[Chord, ...]:
    """The chord symbols of a sound MIDI file of type 0 or 1, in order; () when it has none.

    Args:
        events: how many events of a track are gone through, at most.

    A track's texts count if three in four of them are chord symbols; markers if besides one of them is
    more than a letter, since A, B and C are also parts of a song.
    """
    if b"\xff\x01" not in data and b"\xff\x06" not in data:
        return ()
    for texts in _tracks(data, events):
        for kind in (TEXT, MARKER):
            marks = [(tick, text) for tick, k, text in texts if k == kind]
            chords = [Chord(tick, text) for tick, text in marks if is_symbol(text)]
            telling = kind == TEXT or any(len(chord.symbol) > 1 for chord in chords)
            if chords and telling and len(chords) >= SHARE * len(marks):
                at = {chord.tick: chord.symbol for chord in sorted(chords, key=lambda chord: chord.tick)}
                return tuple(Chord(*change) for change in lasting(at.items()))
    return ()


def _tracks(data: bytes, events: int) -> list[list[tuple[int, int, str]]]:
    """(tick, kind, text) of the short texts and markers of each track that may have some."""
    tracks, at = [], 14
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        body = data[at + 8 : at + 8 + length]
        if data[at : at + 4] == b"MTrk" and (b"\xff\x01" in body or b"\xff\x06" in body):
            tracks.append(_texts(body, events))
        at += 8 + length
    return tracks


def _texts(body: bytes, events: int) -> list[tuple[int, int, str]]:
    found: list[tuple[int, int, str]] = []
    at = now = status = 0
    try:
        for _ in range(events):
            delta, at = _number(body, at)
            now += delta
            first = body[at]
            if first == 0xFF:
                kind = body[at + 1]
                size, at = _number(body, at + 2)
                if kind in (TEXT, MARKER) and 0 < size <= LONGEST:
                    if len(found) >= MOST_TEXTS:
                        break
                    found.append((now, kind, body[at : at + size].decode("utf-8", "replace").strip("\0 ")))
                at += size
            elif first in (0xF0, 0xF7):
                size, at = _number(body, at + 1)
                at += size
            else:
                if first & 0x80:
                    status, at = first, at + 1
                at += LENGTHS[status & 0xF0]
    except (IndexError, KeyError):  # a track that breaks off has been told of elsewhere
        pass
    return found


def _number(body: bytes, at: int) -> tuple[int, int]:
    """A variable-length number of at most four bytes, and the place behind it."""
    value = 0
    for _ in range(4):
        byte = body[at]
        value, at = value << 7 | byte & 0x7F, at + 1
        if byte < 0x80:
            break
    return value, at
