from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musicvae_lite.errors import ConfigError
from musicvae_lite.plot import draw_matrices, matrices


def test_tables_stand_side_by_side_with_their_numbers(tmp_path: Path):
    grids = [np.array([[1.0, 0.1], [-0.2, 0.9]]), np.array([[-1.0, 0.0], [0.3, -0.8]])]
    figure = draw_matrices(grids, ["added", "subtracted"], ["a", "b"], ["a", "b"])
    written = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert written == ["+1.00", "+0.10", "-0.20", "+0.90", "-1.00", "+0.00", "+0.30", "-0.80"]
    assert [len(axis.patches) for axis in figure.axes] == [2, 2]  # the frames of a row's own cells
    path = matrices(grids, ["added", "subtracted"], ["a", "b"], ["a", "b"], tmp_path / "t.png", "a title")
    with Image.open(path) as picture:
        assert picture.width > picture.height > 100
    names = ["x$y$z", "a_b$ \\frac$"]
    assert matrices(grids, names, names, names, tmp_path / "formulas.png").exists()
    with pytest.raises(ConfigError, match="must end in"):
        matrices(grids, ["", ""], ["a", "b"], ["a", "b"], tmp_path / "t.bmp")
