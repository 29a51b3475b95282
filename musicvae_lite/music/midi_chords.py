"""Chord symbols in MIDI files, which have no place for them: texts and markers that read like chords."""

from __future__ import annotations

from musicvae_lite.music.chords.symbols import LONGEST, is_symbol
from musicvae_lite.music.midi import ARGUMENTS, number
from musicvae_lite.music.score import Chord, lasting

TEXT, MARKER = 1, 6
MOST_TEXTS = 50_000  # of a track; a song has fewer
SHARE = 0.75  # of the texts of a track that must be chord symbols for any of them to be taken for one


def find(data: bytes, events: int = 2_000_000) -> tuple[Chord, ...]:
    """The chord symbols of a MIDI file of type 0 or 1 in ticks of quarters, in order; () when it has none.

    Args:
        events: how many events of a track are gone through, at most.

    A track's texts count if three in four of them are chord symbols; markers if besides one of them is
    more than a letter, since A, B and C are also parts of a song.
    """
    data = data[max(data.find(b"MThd", 0, 256), 0) :]  # within a RIFF wrapper
    if data[8:10] not in (b"\0\0", b"\0\1") or data[4:8] != b"\0\0\0\6" or data[12] & 0x80:
        return ()
    for texts in _tracks(data, events):
        for kind in (TEXT, MARKER):
            marks = [(tick, text) for tick, k, text in texts if k == kind and text]
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
            delta, at = number(body, at)
            now += delta
            first = body[at]
            if first == 0xFF:
                kind = body[at + 1]
                size, at = number(body, at + 2)
                if kind in (TEXT, MARKER) and 0 < size <= LONGEST:
                    if len(found) >= MOST_TEXTS:
                        break
                    found.append((now, kind, body[at : at + size].decode("utf-8", "replace").strip("\0 ")))
                at += size
            elif first in (0xF0, 0xF7):
                size, at = number(body, at + 1)
                at += size
            else:
                if first & 0x80:
                    status, at = first, at + 1
                at += ARGUMENTS[status & 0xF0]
    except (IndexError, KeyError):  # a track that breaks off has been told of elsewhere
        pass
    return found
