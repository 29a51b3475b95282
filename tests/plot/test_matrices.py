from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musicvae_lite.errors import ConfigError
from musicvae_lite.plot import draw_matrices, matrices
from musicvae_lite.plot.matrices import signed


def test_tables_stand_side_by_side_with_their_numbers(tmp_path: Path):
    grids = [np.array([[1.0, 0.1], [-0.2, 0.9]]), np.array([[-1.0, 0.0], [0.3, -0.8]])]
    figure = draw_matrices(grids, ["added", "subtracted"], ["a", "b"], ["a", "b"])
    written = [text.get_text() for axis in figure.axes for text in axis.texts]
    assert written == ["+1.00", "+0.10", "-0.20", "+0.90", "-1.00", "0.00", "+0.30", "-0.80"]
    assert [len(axis.patches) for axis in figure.axes] == [2, 2]  # the frames of a row's own cells
    path = matrices(grids, ["added", "subtracted"], ["a", "b"], ["a", "b"], tmp_path / "t.png", "a title")
    with Image.open(path) as picture:
        assert picture.width > picture.height > 100
    names = ["x$y$z", "a_b$ \\frac$"]
    assert matrices(grids, names, names, names, tmp_path / "formulas.png").exists()
    with pytest.raises(ConfigError, match="must end in"):
        matrices(grids, ["", ""], ["a", "b"], ["a", "b"], tmp_path / "t.bmp")


def test_it_is_said_what_rows_and_columns_are():
    words = {"rows_are": "asked for", "columns_are": "what changed, in standard deviations"}
    figure = draw_matrices([np.eye(1)], ["more"], ["a"], ["a"], **words)
    assert set(words.values()) <= {text.get_text() for text in figure.texts}
    for text in figure.texts:
        box = text.get_window_extent()
        assert box.x0 >= 0 and box.x1 <= figure.bbox.x1 and box.y1 <= figure.bbox.y1
    plain = draw_matrices([np.eye(1)], ["more"], ["a"], ["a"])
    assert plain.get_figheight() < figure.get_figheight()


@pytest.mark.parametrize(
    ("value", "text"), [(-0.004, "0.00"), (0.004, "0.00"), (-0.0, "0.00"), (-0.006, "-0.01")]
)
def test_what_rounds_to_nothing_has_no_sign(value: float, text: str):
    assert signed(value) == text
