from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.images.sets import Pictures
from musicvae_lite.models import image_figures
from tests.images.made import drawings
from tests.models.image import small


def test_many_pictures_are_shown_in_bands():
    given, written = (np.arange(45.0).reshape(45, 1, 1, 1) + start for start in (0, 100))
    sheet, per_row = image_figures.banded([given, written])
    assert per_row == 15 and sheet.shape == (90, 1, 1, 1)
    bands = sheet.reshape(3, 2, 15)
    assert np.array_equal(bands[:, 0].ravel(), np.arange(45)) and np.array_equal(
        bands[:, 1], bands[:, 0] + 100
    )


def test_the_last_band_is_filled_up_with_white():
    sheet, per_row = image_figures.banded([np.zeros((21, 1, 1, 1))] * 2)
    assert per_row == 11
    assert sheet.reshape(2, 2, 11).tolist() == [[[0] * 11] * 2, [[0] * 10 + [1]] * 2]
    assert image_figures.banded([np.zeros((20, 1, 1, 1))])[1] == 20


@pytest.mark.parametrize("kind", ["dense", "noisy"])
def test_a_figure_of_many_reconstructions_is_no_strip(kind: str):
    pictures = Pictures(drawings(600)[0])
    figure = image_figures.reconstruction(small.model(small.ALL[kind]), pictures)
    assert 0.5 < figure.width / figure.height < 2


def test_of_no_pictures_there_is_no_figure():
    model, none = small.model(small.CONV), Pictures(np.zeros((0, 1, 12, 12), np.uint8))
    for draw in (
        lambda: image_figures.samples(np.zeros((0, 1, 28, 28))),
        lambda: image_figures.codes(model, none),
        lambda: image_figures.reconstruction(model, none),
    ):
        with pytest.raises(NothingUsableError, match="there are no pictures to draw"):
            draw()
