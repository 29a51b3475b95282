"""The converter of POP909 on folders made by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import pop909
from musicvae_lite.errors import NothingUsableError, ReadError
from musicvae_lite.music.chords.symbols import parse
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Score, Track

BEAT = 0.6  # seconds; the file itself says 120 beats a minute, and that must not matter


def song(folder: Path, downbeats: list[int], beats: int, notes: list[tuple[float, float, int]]) -> Path:
    """A song's folder: beats from 0.1 s on, and notes as (beat, beats, pitch)."""
    folder.mkdir(parents=True)
    lines = [f"{0.1 + BEAT * i} {float(i % 2 == 0)} {float(i in downbeats)}" for i in range(beats)]
    (folder / "beat_midi.txt").write_text("\n".join(lines) + "\n")
    at, length, pitch = (np.array(column) for column in zip(*notes, strict=True))
    ticks = 960  # a second
    start = np.round((0.1 + BEAT * at) * ticks).astype(np.int32)
    end = np.round((0.1 + BEAT * (at + length)) * ticks).astype(np.int32)
    count = len(notes)
    Score(
        ticks_per_quarter=480,
        start=np.append(start, 0).astype(np.int32),
        end=np.append(end, 5000).astype(np.int32),
        pitch=np.append(pitch, 40).astype(np.int32),
        velocity=np.full(count + 1, 90, np.int32),
        track=np.append(np.zeros(count), 1).astype(np.int32),
        tracks=(Track("MELODY"), Track("PIANO")),
    ).save(str(folder / f"{folder.name}.mid"))
    return folder


def steady(count: int, first: float = 0) -> list[tuple[float, float, int]]:
    return [(first + i, 0.9, 60 + i % 5) for i in range(count)]


def test_notes_land_on_the_beats_whatever_the_tempo_says(tmp_path: Path):
    notes = [(1, 0.97, 60), (2.02, 0.23, 62), (2.26, 0.5, 64), (5, 1, 65)]
    score = pop909.melody(song(tmp_path / "001", [1, 5, 9], 12, notes))
    assert score.pitch.tolist() == [60, 62, 64, 65]
    assert (score.start / 120).tolist() == [4, 8, 9, 20]
    assert (score.end / 120).tolist() == [8, 9, 11, 24]


def test_bars_begin_at_the_downbeats_after_a_pickup(tmp_path: Path):
    folder = song(tmp_path / "001", [1, 5, 9, 13], 17, steady(16, first=1))
    representation = MelodyRepresentation(bars=2)
    found = representation.windows(pop909.melody(folder))
    assert found.bar.tolist() == [2, 3, 4]  # the pickup is bar 1
    assert (found.tokens[0] >= 2).nonzero()[0].tolist() == list(range(0, 32, 4))
    assert found.tokens[0, 0] == 60 - 21 + 2


def test_a_bar_of_another_length_is_a_meter_change(tmp_path: Path):
    downbeat = np.isin(np.arange(20), [0, 4, 8, 10, 14, 18])
    found = [(c.tick // pop909.TICKS, str(c.meter)) for c in pop909.meters(downbeat)]
    assert found == [(0, "4/4"), (8, "2/4"), (10, "4/4")]


def test_a_pickup_is_a_meter_of_its_own():
    downbeat = np.isin(np.arange(12), [3, 7, 11])
    found = [(c.tick // pop909.TICKS, str(c.meter)) for c in pop909.meters(downbeat)]
    assert found == [(0, "3/4"), (3, "4/4")]


def test_songs_in_other_meters_are_left_out(tmp_path: Path):
    song(tmp_path / "001", [0, 4, 8, 12], 16, steady(16))
    song(tmp_path / "002", [0, 3, 6, 9], 12, steady(12))
    found = pop909.windows(tmp_path, MelodyRepresentation(bars=2))
    assert [s.source for s in found.songs] == ["001"]
    assert len(found) == len(np.unique(found.gather(np.arange(len(found))), axis=0)) > 0
    with pytest.raises(NothingUsableError, match="no song"):
        pop909.windows(tmp_path / "002", MelodyRepresentation(bars=2))


def test_what_is_missing_is_named(tmp_path: Path):
    folder = song(tmp_path / "001", [0, 4], 8, steady(8))
    (folder / "beat_midi.txt").write_text("0.1 1.0\n")
    with pytest.raises(ReadError, match=r"beat_midi\.txt: beats are lines of three numbers"):
        pop909.melody(folder)
    folder = song(tmp_path / "002", [0, 4], 8, steady(8))
    Score.save(Score(480, *(np.zeros(0, np.int32),) * 5, tracks=()), str(folder / "002.mid"))
    with pytest.raises(ReadError, match="no track MELODY"):
        pop909.melody(folder)


def test_chords_are_told_where_their_beats_are(tmp_path: Path):
    folder = song(tmp_path / "001", [0, 4, 8], 12, steady(12))
    lines = [(0, 4, "N"), (4, 6, "Bb:maj7/3"), (6, 12, "F#:hdim7")]
    text = "".join(f"{0.1 + BEAT * a}\t{0.1 + BEAT * b}\t{chord}\n" for a, b, chord in lines)
    (folder / "chord_midi.txt").write_text(text)
    score = pop909.chorded(folder)
    marks = [(chord.tick / pop909.TICKS, chord.symbol) for chord in score.chords]
    assert marks == [(0, "N.C."), (4, "Bbmaj7"), (6, "F#m7b5")]
    (folder / "chord_midi.txt").write_text("0.1 0.5\n")
    with pytest.raises(ReadError, match="no chords can be read"):
        pop909.chorded(folder)


@pytest.mark.parametrize("kind", pop909.SUFFIXES)
def test_every_kind_of_chord_is_one_that_musicians_write(kind: str):
    assert parse(pop909.symbol(f"Eb:{kind}/5")).root == 3
