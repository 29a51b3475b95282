from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musicvae_lite import resources
from musicvae_lite.collections import searching
from musicvae_lite.errors import ConfigError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.windows import Song, WindowSplit
from tests.corpora.tunes import tune
from tests.models.small import small_chord_model


def test_the_nearest_window_is_the_music_itself(model: MusicVAE, folder: Path):
    found = searching.search(model, folder / "1.mid", folder, count=2)
    assert found[0].song == "1.mid" and found[0].distance == pytest.approx(0, abs=1e-4)
    assert found[0].distance <= found[1].distance and found[1].song != "1.mid"


@pytest.mark.parametrize("count", [2.0, True, "2"])
def test_a_count_is_a_whole_number(model: MusicVAE, folder: Path, count: Any):
    with pytest.raises(ConfigError, match=r"count is a whole number, not "):
        searching.search(model, folder / "1.mid", folder, count)


def test_songs_that_share_a_phrase_are_all_found(model: MusicVAE, tmp_path: Path):
    for name in ("a", "b", "z"):
        tune(1, bars=4).save(str(tmp_path / f"{name}.mid"))
    tune(2, bars=4).save(str(tmp_path / "c.mid"))
    found = searching.search(model, tmp_path / "z.mid", tmp_path)
    assert {near.song for near in found[:3]} == {"a.mid", "b.mid", "z.mid"} and found[3].song == "c.mid"
    assert [near.distance for near in found[:3]] == pytest.approx([0, 0, 0], abs=1e-4)


@pytest.mark.parametrize("shift", [1, 2, -5, 7, 12, -12])
def test_a_tune_is_found_in_another_key(model: MusicVAE, folder: Path, shift: int):
    found = searching.search(model, tune(1, shift=shift), folder)
    assert (found[0].song, found[0].semitones) == ("1.mid", -shift)
    assert found[0].distance <= 1e-4 < found[1].distance


def test_of_songs_equally_near_those_in_the_key_come_first(model: MusicVAE, tmp_path: Path):
    for name, shift in (("a", 3), ("b", -2), ("c", 0), ("d", 1)):
        tune(1, bars=2, shift=shift).save(str(tmp_path / f"{name}.mid"))
    found = searching.search(model, tune(1, bars=2), tmp_path)
    assert [(near.song, near.semitones) for near in found] == [
        *(("c.mid", 0), ("d.mid", 1), ("b.mid", -2), ("a.mid", 3))
    ]


def test_music_is_not_moved_beyond_the_range(model: MusicVAE, folder: Path):
    """The tunes reach from 60 to 83 and the model to 95."""
    found = searching.search(model, tune(5, bars=2, shift=12), folder, count=3)
    assert max(near.semitones for near in found) <= 95 - int(tune(5, bars=2, shift=12).pitch.max())


def test_chords_move_along(tmp_path: Path):
    head = "X:1\nM:4/4\nL:1/8\nK:{}\n"
    (tmp_path / "c.abc").write_text(head.format("C") + '"C"c2e2 g2e2|"F"f2a2 a4|\n')
    (tmp_path / "d.abc").write_text(head.format("D") + '"D"d2f2 a2f2|"G"g2b2 b4|\n')
    found = searching.search(small_chord_model(), tmp_path / "c.abc", tmp_path / "d.abc")
    assert found[0].semitones == 2 and found[0].distance == pytest.approx(0, abs=1e-4)


def test_drums_have_no_other_key():
    band = resources.data_dir() / "examples" / "drunken-sailor-band.mid"
    found = searching.search(MusicVAE.load("drums-2bar"), band, band)
    assert [(near.semitones, near.distance) for near in found] == [(0, 0)]


def test_a_tune_of_a_book_can_be_named(model: MusicVAE, tmp_path: Path):
    heads = "X:{}\nT:Tune {}\nM:4/4\nL:1/8\nK:C\n"
    tunes = ["c2e2 g2e2|c2e2 g4|", "z8|z8|", "g2f2 e2d2|c4 g4|"]
    book = tmp_path / "book.abc"
    book.write_text("\n".join(heads.format(n, n) + notes + "\n" for n, notes in enumerate(tunes, 1)))
    (tmp_path / "one.abc").write_text(heads.format(1, 1) + "a2g2 e2g2|a2g2 e4|\n")
    found = searching.search(model, f"{book}#3", tmp_path)
    assert found[0].song == "book.abc#3" and found[0].distance == pytest.approx(0, abs=1e-4)
    assert {near.song for near in found} == {"book.abc#1", "book.abc#3", "one.abc"}


@pytest.mark.parametrize("wanted", [0, 10_000, 20_000])
def test_every_window_is_looked_at(
    model: MusicVAE, folder: Path, monkeypatch: pytest.MonkeyPatch, wanted: int
):
    tokens = np.random.default_rng(0).integers(0, 50, (20_001, model.representation.steps), np.uint8)
    music = model.pick(folder / "1.mid")
    tokens[wanted] = music.tokens
    songs = [Song(n, f"{n}.mid", 1, "", "train", 0) for n in range(7)]
    origins = np.stack([np.arange(len(tokens)) % 7, np.arange(len(tokens)), np.zeros(len(tokens))], 1)
    cut = [7000, 15_000]
    windows = WindowSplit(
        np.split(tokens, cut), np.split(origins.astype(np.int32), cut), load_songs=lambda: songs
    )
    monkeypatch.setattr(searching, "open_windows", lambda *_, **__: windows)
    shown: list[tuple[int, int]] = []
    found = searching.search(model, music, folder, count=7, progress=lambda *done: shown.append(done))
    assert [near.distance for near in found] == sorted(near.distance for near in found)
    assert found[0].distance == pytest.approx(0, abs=1e-4)
    assert (found[0].song, found[0].bar) == (f"{wanted % 7}.mid", wanted)
    assert np.array_equal(found[0].tokens, music.tokens)
    assert len({near.song for near in found}) == 7 and shown[-1] == (20_001, 20_001)
