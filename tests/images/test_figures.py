from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.images import figures
from musicvae_lite.images.page import Section, Table, page
from tests.images.made import drawings

PICTURES = drawings(6)[0].astype(np.float32) / 255


def test_a_grid_lays_pictures_row_by_row():
    sheet = figures.grid(PICTURES, 3, scale=1, gap=2)
    assert sheet.shape == (1, 26, 40)
    assert np.array_equal(sheet[0, :12, 14:26], np.round(PICTURES[1, 0] * 255))
    assert np.array_equal(sheet[0, 14:, 28:], np.round(PICTURES[5, 0] * 255))
    assert (sheet[0, 12:14] == 255).all()
    assert figures.grid(PICTURES, 3, scale=3, gap=0).shape == (1, 72, 108)
    for draw in (lambda: figures.grid(PICTURES[:0], 3), lambda: figures.labelled_grid(PICTURES[:0])):
        with pytest.raises(NothingUsableError, match="no pictures"):
            draw()


def test_names_make_room_beside_and_above():
    bare = figures.labelled_grid(PICTURES, per_row=3)
    named = figures.labelled_grid(PICTURES, ["first row", "second"], ["a", "b", "c"], "Title")
    assert named.width > bare.width and named.height > bare.height
    colour = figures.labelled_grid(np.repeat(PICTURES, 3, axis=1), per_row=3)
    assert colour.size == bare.size


def test_an_animation_goes_there_and_back(tmp_path):
    path = figures.save_animation(PICTURES[:4], tmp_path / "a.gif", seconds=2.0)
    with Image.open(path) as image:
        assert getattr(image, "n_frames", 0) == 6 and image.info["loop"] == 0


def test_a_page_holds_its_pictures_and_escapes_words():
    picture = figures.labelled_grid(PICTURES, per_row=3)
    text = page(
        "A & <b>", "about",
        Table(("preset", "loss"), [("one", 0.5), ("two", 0.25), ("x", 0.1), ("y", None)], ("loss",), ("x",)),
        [Section("one", "said", [("caption", picture)])],
    )  # fmt: skip
    assert "A &amp; &lt;b&gt;" in text and "<td class=best>0.2500" in text and 'href="#one"' in text
    assert "http" not in text.replace("http-equiv", "")
    inside = re.findall(r"data:image/png;base64,([^\"]+)", text)
    assert len(inside) == 1
    with Image.open(io.BytesIO(base64.b64decode(inside[0]))) as image:
        assert image.size == picture.size
