"""Scores as PrettyMIDI objects and back."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.errors import ConfigError, ReadError
from musicvae_lite.music.files import DEFAULT_LIMITS, Limits
from musicvae_lite.music.midi import Notes, assemble
from musicvae_lite.music.midi_writing import conductor, microseconds
from musicvae_lite.music.score import Score, TempoChange, Track, spelt
from musicvae_lite.music.soundness import checked
from musicvae_lite.music.texts import printable

if TYPE_CHECKING:
    import pretty_midi


def to_pretty_midi(score: Score) -> pretty_midi.PrettyMIDI:
    """The score as a PrettyMIDI with the same resolution, tempo map, meters and keys; no chords.

    Its instruments have one program each: a track that changes its program becomes several.

    Raises:
        ConfigError: the score holds what no music does.
    """
    import pretty_midi

    checked(score)
    header = struct.pack(">4sIHHH", b"MThd", 6, 1, 1, score.ticks_per_quarter)
    song = pretty_midi.PrettyMIDI(io.BytesIO(header + conductor(score)))
    tempos = tuple(TempoChange(t.tick, 60e6 / microseconds(t.qpm)) for t in score.tempos)
    exact = Score(score.ticks_per_quarter, *[np.zeros(0, np.int32)] * 5, tracks=(), tempos=tempos)
    begin, finish = exact.seconds(score.start), exact.seconds(score.end)
    players = {
        (number, program): pretty_midi.Instrument(program, part.is_drum, part.name)
        for number, part in enumerate(score.tracks)
        for program in part.programs
    }
    song.instruments = list(players.values())
    for i in range(len(score)):
        note = pretty_midi.Note(
            int(score.velocity[i]), int(score.pitch[i]), float(begin[i]), float(finish[i])
        )
        players[int(score.track[i]), int(score.programs[i])].notes.append(note)
    return song


def from_pretty_midi(song: pretty_midi.PrettyMIDI, limits: Limits = DEFAULT_LIMITS) -> Score:
    """A score of a PrettyMIDI: seconds become ticks of its own resolution by its own tempo map.

    Raises:
        ReadError: notes out of range, or more than the limits allow.
        ConfigError: it is no PrettyMIDI.
    """
    if not hasattr(song, "get_tempo_changes"):
        raise ConfigError(f"music is a path, a Score or a PrettyMIDI object, not {type(song).__name__}")
    source = "PrettyMIDI object"
    times, qpms = song.get_tempo_changes()
    rate = np.asarray(qpms) * song.resolution / 60  # ticks a second
    corner = np.concatenate([[0.0], np.cumsum(np.diff(times) * rate[:-1])])

    def ticks(seconds) -> np.ndarray:
        values = np.asarray(seconds, dtype=np.float64)
        index = np.maximum(np.searchsorted(times, values, side="right") - 1, 0)
        found = np.rint(corner[index] + (values - times[index]) * rate[index])
        if not np.isfinite(found).all() or (found >= 2**31).any() or (found < 0).any():
            raise ReadError(source, "a note or meter lies before 0 or beyond any length", "damaged")
        return found.astype(np.int64)

    groups: list[tuple[Track, Notes]] = []
    for part in song.instruments:
        begin = ticks([note.start for note in part.notes])
        length = ticks([note.end for note in part.notes]) - begin
        pitch = np.array([note.pitch for note in part.notes], dtype=np.int64)
        velocity = np.array([note.velocity for note in part.notes], dtype=np.int64)
        if ((pitch < 0) | (pitch > 127) | (velocity < 0) | (velocity > 127)).any():
            raise ReadError(source, "a pitch or velocity lies outside 0 to 127", "damaged")
        if not 0 <= part.program <= 127:
            raise ReadError(source, f"program {part.program} lies outside 0 to 127", "damaged")
        track = Track(printable(part.name), part.program, part.is_drum)
        groups.append((track, (begin, length, pitch, np.maximum(velocity, 1))))
    tempos = [(int(t), 60e6 / q) for t, q in zip(np.rint(corner), qpms, strict=True)]
    meters = [(int(ticks(m.time)), m.numerator, m.denominator) for m in song.time_signature_changes]
    keys = [
        (int(ticks(k.time)), _fifths(k.key_number), k.key_number // 12) for k in song.key_signature_changes
    ]
    return assemble(source, limits, song.resolution, groups, tempos, meters, keys, "", ())


def _fifths(key_number: int) -> int:
    """Sharps of one of the 24 keys as pretty_midi counts them: major ones from C, then minor ones."""
    major = key_number if key_number < 12 else key_number + 3
    return spelt(7 * major)
