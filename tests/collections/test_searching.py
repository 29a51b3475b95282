from __future__ import annotations

from pathlib import Path

import pytest

from musicvae_lite.collections import searching
from musicvae_lite.models.music_vae import MusicVAE


def test_the_nearest_window_is_the_music_itself(model: MusicVAE, folder: Path):
    found = searching.search(model, folder / "1.mid", folder, count=2)
    assert found[0].song == "1.mid" and found[0].distance == pytest.approx(0, abs=1e-4)
    assert found[0].distance <= found[1].distance and found[1].song != "1.mid"


def test_a_tune_of_a_book_can_be_named(model: MusicVAE, tmp_path: Path):
    heads = "X:{}\nT:Tune {}\nM:4/4\nL:1/8\nK:C\n"
    tunes = ["c2e2 g2e2|c2e2 g4|", "z8|z8|", "g2f2 e2d2|c4 g4|"]
    book = tmp_path / "book.abc"
    book.write_text("\n".join(heads.format(n, n) + notes + "\n" for n, notes in enumerate(tunes, 1)))
    (tmp_path / "one.abc").write_text(heads.format(1, 1) + "a2g2 e2g2|a2g2 e4|\n")
    found = searching.search(model, f"{book}#3", tmp_path)
    assert found[0].song == "book.abc#3" and found[0].distance == pytest.approx(0, abs=1e-4)
    assert {near.song for near in found} == {"book.abc#1", "book.abc#3", "one.abc"}
