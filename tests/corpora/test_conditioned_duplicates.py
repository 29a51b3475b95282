"""The same notes under other chords are no copies, and still lie in one split."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.corpora.duplicates import fingerprint
from musicvae_lite.music.representations import choose
from musicvae_lite.music.score import Chord, Score
from musicvae_lite.training.dataset import WindowDataset, windows_of
from tests.corpora.tunes import tune
from tests.music.representations.songs import STEP, song

CONDITIONED = {
    "melody triads": ("melody-2bar", {"chords": "triads"}),
    "melody pitches": ("melody-2bar", {"chords": "pitches"}),
    "trio": ("trio-4bar", {"chords": "triads"}),
    "piano-roll": ("pianoroll-2bar", {"chords": "pitches"}),
    "multitrack": ("multitrack-1bar-chords", {}),
}
PLAIN, UP_3, OTHERS = ["C", "Am7", "F/A", "G7"], ["Eb", "Cm7", "Ab/C", "Bb7"], ["F", "Dm", "C", "Em"]
MELODY = choose("melody-2bar", chords="triads")


def band(shift: int, symbols: list[str]) -> Score:
    """A melody, a bass and drums; the first two `shift` semitones up."""
    chance = np.random.default_rng(0)
    melody = [(4 * n, 4, 60 + shift + int(chance.integers(0, 24))) for n in range(32)]
    bass = [(8 * n, 8, 36 + shift + int(chance.integers(0, 12))) for n in range(16)]
    drums = [(s, 1, int(chance.choice([36, 38, 42, 46]))) for s in range(0, 128, 2)]
    chords = [Chord(16 * bar * STEP, symbol) for bar, symbol in enumerate(symbols * 2)]
    return song(melody, bass, drums, programs=(0, 33), drums=[2], chords=chords)


def under(score: Score, symbols: list[str]) -> Score:
    """A melody of eighths with a chord for each bar."""
    bars = len(score) // 8
    return replace(score, chords=tuple(Chord(1920 * n, symbols[n % len(symbols)]) for n in range(bars)))


@pytest.mark.parametrize("kind", CONDITIONED)
def test_a_fingerprint_hears_chords_but_no_key(kind: str):
    name, settings = CONDITIONED[kind]
    rep = choose(name, **settings)
    plain, up, others = (rep.windows(band(*told)) for told in ((0, PLAIN), (3, UP_3), (0, OTHERS)))
    assert len(plain) > 1

    def prints(found):
        return fingerprint(rep, found.tokens, found.control)

    assert np.array_equal(prints(plain), prints(up))
    assert np.array_equal(rep.fingerprint(plain.tokens), rep.fingerprint(others.tokens))
    assert not (prints(plain) == prints(others)).any()


def test_without_chords_a_fingerprint_is_that_of_the_notes():
    rep = choose("melody-2bar")
    tokens = rep.windows(tune(0)).tokens
    assert np.array_equal(fingerprint(rep, tokens), rep.fingerprint(tokens))


def test_where_no_note_sounds_chords_stay_as_they_are():
    rest = np.zeros((1, MELODY.steps), np.uint8)
    control = np.ones_like(rest)
    assert MELODY.transposition.lowest(rest).tolist() == [0]
    prints = fingerprint(MELODY, rest.repeat(2, 0), np.concatenate([control, 2 * control]))
    assert prints[0] != prints[1]


def test_a_melody_is_kept_under_each_of_its_chords(tmp_path: Path):
    music = tmp_path / "music"
    music.mkdir()
    for number in range(6):
        for name, shift, symbols in (("a", 0, PLAIN), ("b", 3, UP_3), ("c", 0, OTHERS), ("d", 5, PLAIN)):
            under(tune(number, shift=shift), symbols).save(str(music / f"{number}{name}.mid"))
    alone = windows_of([music], choose("melody-2bar"))
    windows = windows_of([music], MELODY)
    manifest = build_dataset([music], MELODY, tmp_path / "data", hop="bar", workers=0)
    assert manifest.windows == len(windows) == 3 * len(alone)  # those of b are copies of a
    assert len(WindowDataset(tmp_path / "data").split("train").songs) >= 3


def test_what_is_evaluated_was_not_trained_on_under_other_chords(tmp_path: Path):
    music = tmp_path / "music"
    music.mkdir()
    for number in range(12):  # every melody is also in another song, under other chords
        under(tune(number), PLAIN).save(str(music / f"{number}a.mid"))
        one, two = tune(100 + number, bars=4), tune(number)
        both = {k: np.concatenate([getattr(one, k), getattr(two, k)]) for k in ("pitch", "velocity", "track")}
        start = np.concatenate([one.start, two.start + 4 * 1920])
        joined = replace(two, start=start, end=start + 240, **both)
        under(joined, OTHERS).save(str(music / f"{number}b.mid"))
    manifest = build_dataset([music], MELODY, tmp_path / "data", workers=0, split=(0.4, 0.3, 0.3))
    notes: Counter[int] = Counter()
    most = 0
    for name in ("train", "validation", "test"):
        windows = WindowDataset(tmp_path / "data").split(name)
        rows = np.arange(len(windows))
        tokens, control = windows.gather(rows), windows.gather_control(rows)
        assert len(np.unique(fingerprint(MELODY, tokens, control))) == len(tokens) > 0
        held = Counter(MELODY.fingerprint(tokens).tolist())
        most = max(most, *held.values())
        notes.update(held.keys())
    assert set(notes.values()) == {1} and most > 1
    assert manifest.duplicates["across"] > 0
    assert manifest.windows + sum(manifest.duplicates.values()) == manifest.extracted
