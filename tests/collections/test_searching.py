from __future__ import annotations

from pathlib import Path

import pytest

from musicvae_lite.collections import searching
from musicvae_lite.models.music_vae import MusicVAE


def test_the_nearest_window_is_the_music_itself(model: MusicVAE, folder: Path):
    found = searching.search(model, folder / "1.mid", folder, count=2)
    assert found[0].song == "1.mid" and found[0].distance == pytest.approx(0, abs=1e-4)
    assert found[0].distance <= found[1].distance and found[1].song != "1.mid"
