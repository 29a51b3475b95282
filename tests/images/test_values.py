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
    for values in (COLOUR, COLOUR.transpose(1, 2, 0), COLOUR.astype(np.float32) / 255):
        assert np.array_equal(one_of_array(values).pixels, COLOUR)
    for values in (COLOUR[0], COLOUR[0][:, :, None]):
        assert np.array_equal(one_of_array(values).pixels, COLOUR[:1])
    clear = np.concatenate([COLOUR.transpose(1, 2, 0), np.zeros((9, 7, 1), np.uint8)], 2)
    assert (one_of_array(clear).pixels == 255).all()
    assert one_of_array(clear).notes == ("transparent parts are made white",)
    clear[:, :, 3] = 255
    assert np.array_equal(one_of_array(clear).pixels, COLOUR) and one_of_array(clear).notes == ()


@pytest.mark.parametrize(
    "shape", [(4, 28), (4, 4), (4, 9, 1), (4, 9, 3), (4, 9, 4), (4, 4, 4), (3, 4, 9), (1, 4, 4)]
)
def test_pictures_four_pixels_high_are_pictures(shape: tuple[int, ...]):
    height, width = shape[1:] if shape[0] in (1, 3) else shape[:2]
    assert one_of_array(np.full(shape, 255, np.uint8)).size == (height, width)


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


def test_labels_without_names_are_the_models_own_numbers():
    pixels, labels = drawings(24)
    mine = sets.from_arrays(pixels, labels % 2 * 2, name="mine")  # 0 and 2
    known = mine.numbered_as(("cat", "dog", "owl"))
    for one, other in zip(mine.parts, known.parts, strict=True):
        assert one.labels is not None and other.labels is not None
        assert np.array_equal(one.labels * 2, other.labels)
    assert known.classes == ("cat", "dog", "owl")
    assert known.notes == ("mine names no labels; they are taken for the model's, 0 to 2: cat, dog, owl",)
    with pytest.raises(ConfigError, match="the model knows no 2; its labels are 0 to 1: cat, dog"):
        mine.numbered_as(("cat", "dog"))


@pytest.mark.parametrize("names", [(), ("0", "1", "2")])
def test_numbers_that_are_names_are_not_taken_for_others(names: tuple[str, ...]):
    pixels, labels = drawings(24)
    mine = sets.from_arrays(pixels, labels, names, name="mine")
    with pytest.raises(ConfigError, match="the model knows no 0; its labels are 1, 2, 7"):
        mine.numbered_as(("1", "2", "7"))
    if names:  # a source that calls its labels so
        with pytest.raises(ConfigError, match="the model knows no 0, 1, 2; its labels are a, b, c"):
            mine.numbered_as(("a", "b", "c"))
    shifted = sets.from_arrays(pixels, labels + 1, name="mine").numbered_as(("0", "1", "2", "3"))
    assert shifted.notes == () and shifted.train.labels is not None
    assert set(shifted.train.labels.tolist()) == {1, 2, 3}
