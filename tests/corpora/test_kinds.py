"""Datasets of every representation: stored as they are extracted, with what conditions them beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.errors import DatasetError
from musicvae_lite.music.chords import triad_of
from musicvae_lite.music.midi import read
from musicvae_lite.music.representations import choose
from musicvae_lite.music.score import Chord
from musicvae_lite.training.dataset import WindowDataset, windows_of
from tests.music.representations.songs import STEP, beat, song

KINDS = {
    "melody-2bar": {"chords": "triads"},
    "drums-2bar": {},
    "drums-2bar-nade-full": {},
    "groove-2bar-humanize": {},
    "trio-4bar": {"chords": "pitches"},
    "pianoroll-2bar": {"chords": "triads"},
    "multitrack-1bar-chords": {},
}


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six bands in two folders, each in a key of its own, with chord symbols."""
    root = tmp_path_factory.mktemp("music")
    for number in range(6):
        chance = np.random.default_rng(number)
        melody = [(4 * n, 4, 60 + number + int(chance.integers(0, 24))) for n in range(32)]
        bass = [(8 * n, 8, 36 + int(chance.integers(0, 12))) for n in range(16)]
        drums = [(s, 1, int(chance.choice([36, 38, 42, 46, 49]))) for s in range(0, 128, 2)]
        chords = [Chord(16 * bar * STEP, symbol) for bar, symbol in enumerate(["C", "Am7", "F/A", "G7"] * 2)]
        place = root / ("rock" if number % 2 else "folk")
        place.mkdir(exist_ok=True)
        score = song(melody, bass, drums, programs=(0, 33), drums=[2], chords=chords)
        score.save(str(place / f"{number}.mid"))
    return root


@pytest.mark.parametrize("name", KINDS)
def test_windows_and_conditions_come_back(name: str, music: Path, tmp_path: Path):
    rep = choose(name, **KINDS[name])
    split = (0.6, 0.2, 0.2)
    manifest = build_dataset([music], rep, tmp_path / "data", hop="bar", split=split, workers=0)
    dataset = WindowDataset(tmp_path / "data")
    dataset.verify()
    assert manifest.window_shape == (rep.steps, *rep.step.shape)
    assert np.dtype(manifest.dtype) == rep.step.dtype
    for part in ("train", "validation", "test"):
        windows = dataset.split(part)
        rows = np.arange(len(windows))
        tokens, control = windows.gather(rows), windows.gather_control(rows)
        assert (control is None) == (rep.control is None)
        songs = {song.id: song for song in windows.songs}
        assert {s.label for s in songs.values()} <= {"folk", "rock"}
        for row in rows:
            number, bar, step = windows.origins[row]
            found = rep.windows(read(music / songs[number].source))
            (there,) = np.flatnonzero((found.bar == bar) & (found.step == step))
            assert np.array_equal(tokens[row], found.tokens[there])
            if control is not None and found.control is not None:
                assert np.array_equal(control[row], found.control[there])


def test_chords_stand_beside_melodies(music: Path):
    windows = windows_of([music], choose("melody-2bar-chords"), keep_duplicates=True)
    control = windows.gather_control(np.arange(len(windows)))
    assert control is not None and control.dtype == np.uint8
    assert control[0].tolist() == [triad_of("C")] * 16 + [triad_of("Am")] * 16
    assert control[1].tolist() == [triad_of("Am")] * 16 + [triad_of("F")] * 16


def test_one_dataset_of_grooves_serves_every_task(music: Path, tmp_path: Path):
    build_dataset(
        [music], choose("groove-2bar", drum_map="roland-td11"), tmp_path / "data", hop="bar", workers=0
    )
    dataset = WindowDataset(tmp_path / "data")
    for name in ("groove-2bar-humanize", "groove-2bar-tap", "groove-2bar-hits-control"):
        dataset.check(choose(name).to_config(), name)
    with pytest.raises(DatasetError, match="bars: 4 wanted, the dataset has 2"):
        dataset.check(choose("groove-4bar").to_config(), "groove-4bar")


def test_what_conditions_a_model_must_be_in_the_dataset(music: Path, tmp_path: Path):
    build_dataset([music], choose("melody-2bar"), tmp_path / "data", hop="bar", workers=0)
    with pytest.raises(DatasetError, match="chords: triads wanted, the dataset has None"):
        WindowDataset(tmp_path / "data").check(choose("melody-2bar-chords").to_config(), "melody-2bar-chords")


def test_all_tracks_of_a_band(music: Path, tmp_path: Path):
    rep = choose("trio-4bar", max_rest_bars=2.0)
    one = build_dataset([music], rep, tmp_path / "one", workers=0)
    every = build_dataset([music], rep, tmp_path / "all", tracks="all", workers=0)
    assert every.extracted == one.extracted  # there is one melody in each song
    drums = build_dataset([music], choose("drums-2bar"), tmp_path / "drums", tracks="all", workers=0)
    assert drums.windows > 0


@pytest.mark.parametrize(
    ("program", "tracks", "is_taken"), [(0, "chosen", True), (73, "chosen", False), (73, "all", True)]
)
def test_of_trios_only_usual_leads_are_learnt_from(program: int, tracks: str, is_taken: bool, tmp_path: Path):
    melody, bass = [(4 * n, 4, 60 + n % 7) for n in range(32)], [(8 * n, 8, 36 + n % 5) for n in range(16)]
    for number, lead in enumerate((0, program)):
        score = song(melody[number:], bass, beat(8), programs=(lead, 33), drums=[2])
        (tmp_path / "music").mkdir(exist_ok=True)
        score.save(str(tmp_path / "music" / f"{number}.mid"))
    options = {"hop": "bar", "split": (1, 0, 0), "workers": 0, "tracks": tracks}
    manifest = build_dataset([tmp_path / "music"], choose("trio-4bar"), tmp_path / "data", **options)
    assert len(WindowDataset(tmp_path / "data").songs) == 1 + is_taken
    assert ("no-melody" in [reason.code for reason in manifest.rejections]) == (not is_taken)
