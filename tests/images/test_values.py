"""Arrays as pictures, and labels by their names."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from musicvae_lite.errors import ConfigError
from musicvae_lite.images import sets
from musicvae_lite.images.values import one_of_array
from tests.images.made import drawings

COLOUR = np.random.default_rng(0).integers(0, 256, (3, 9, 7), dtype=np.uint8)


def test_arrays_of_every_usual_order_are_one_picture():
    assert np.array_equal(one_of_array(COLOUR), COLOUR)
    assert np.array_equal(one_of_array(COLOUR.transpose(1, 2, 0)), COLOUR)
    assert np.array_equal(one_of_array(COLOUR[0]), COLOUR[:1])
    assert np.array_equal(one_of_array(COLOUR[0][:, :, None]), COLOUR[:1])
    assert np.array_equal(one_of_array(COLOUR.astype(np.float32) / 255), COLOUR)
    clear = np.concatenate([COLOUR.transpose(1, 2, 0), np.zeros((9, 7, 1), np.uint8)], 2)
    assert (one_of_array(clear) == 255).all()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros((4, 9, 7), np.uint8), "holds no picture"),
        (np.zeros((1, 0, 5), np.uint8), "holds no picture"),
        (np.zeros(5, np.uint8), "holds no picture"),
        (np.zeros((9, 7), np.uint16), "values of type uint16"),
        (np.full((9, 7), 200.0), "must lie in 0..1"),
    ],
)
def test_arrays_that_are_no_picture(values: np.ndarray, words: str):
    with pytest.raises(ValueError, match=words):
        one_of_array(values)


def test_palettes_of_a_dataset_become_colours():
    image = Image.fromarray(np.full((8, 8, 3), (250, 10, 90), np.uint8)).convert(
        "P", palette=Image.Palette.ADAPTIVE
    )
    clear = Image.new("RGBA", (8, 8), (0, 0, 0, 0))
    assert sets.from_dataset([(image, 0)] * 4).train.pixels[0, :, 0, 0].tolist() == [250, 10, 90]
    assert (sets.from_dataset([clear] * 4).train.pixels == 255).all()


def test_labels_are_found_by_name():
    pixels, labels = drawings(24)
    found = sets.from_arrays(pixels, labels, ("b", "c", "d"), name="mine")
    known = found.numbered_as(("a", "d", "c", "b"))
    wanted = np.array([3, 2, 1])
    for one, other in zip(found.parts, known.parts, strict=True):
        assert one.labels is not None and other.labels is not None
        assert np.array_equal(wanted[one.labels], other.labels)
    assert known.classes == ("a", "d", "c", "b")
    with pytest.raises(ConfigError, match="mine: the model knows no c, d; its labels are a, b"):
        found.numbered_as(("a", "b"))
    unused = sets.from_arrays(pixels, labels, ("b", "c", "d", "never"))
    assert unused.numbered_as(("d", "c", "b")).classes == ("d", "c", "b")
