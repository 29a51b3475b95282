"""Pictures as they are given: files, arrays, tensors and Pillow images, brought to a model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImages

from musicvae_lite.errors import ConfigError, NothingUsableError, ReadError
from tests.images.made import drawings, save
from tests.models.image import small

PIXELS, _ = drawings(12)
COLOUR = np.random.default_rng(0).integers(0, 256, (3, 12, 12), dtype=np.uint8)


def test_pictures_are_brought_to_the_model_and_it_is_said(tmp_path: Path):
    model = small.model(small.DENSE)
    x, notes = model.take(PIXELS[0])
    assert torch.equal(x, torch.from_numpy(PIXELS[0]) / 255) and notes == []
    x, notes = model.take(save(tmp_path / "large.png", drawings(1, size=30)[0][0]))
    assert x.shape == (1, 12, 12) and "30 x 30 pixels, resized to the model's 12 x 12" in notes[0]
    with pytest.raises(NothingUsableError, match="is in colour, and this model takes grey pictures"):
        model.take(save(tmp_path / "c.png", COLOUR))
    x, notes = model.take(tmp_path / "c.png", convert=True)
    assert x.shape == (1, 12, 12) and "made grey" in notes[0]
    assert small.model(small.DENSE, channels=3).take(PIXELS[0])[0].shape == (3, 12, 12)
    with pytest.raises(ReadError):
        model.take(tmp_path / "none.png")


def test_pictures_are_taken_as_paths_arrays_and_tensors(tmp_path: Path):
    model = small.model(small.CONV)
    paths = [save(tmp_path / f"{number}.png", PIXELS[number]) for number in range(2)]
    x = torch.from_numpy(PIXELS[:2]) / 255
    codes = model.encode(x)
    for one in (paths[0], str(paths[0]), PIXELS[0], x[0], x[:1], model.take(paths[0])[0]):
        assert np.allclose(model.encode(one), codes[:1], atol=1e-5)
    for two in (paths, PIXELS[:2], [paths[0], PIXELS[1]], x.numpy(), list(x), [x[0], paths[1]]):
        assert np.allclose(model.encode(two), codes, atol=1e-5)
        assert np.allclose(model.reconstruct(two), model.reconstruct(x), atol=1e-5)
    path = model.interpolate(paths[0], PIXELS[1], 3)
    assert np.allclose(path, model.interpolate(x[0], x[1], 3), atol=1e-5)
    with pytest.raises(ConfigError, match=r"\[2, 1, 9, 12\]; this model reads \[N, 1, 12, 12\]"):
        model.encode(x[:, :, :9])
    with pytest.raises(ConfigError, match="between 2 pictures, not 3"):
        model.interpolate(x, x[0])
    with pytest.raises(ConfigError, match="an array"):
        model.encode(np.zeros(3))


def test_arrays_are_taken_as_the_model_gives_them():
    model = small.model(small.DENSE, channels=3)
    given = model.sample(1)[0]
    assert np.abs(model.take(given)[0].numpy() - given).max() <= 0.5 / 255 + 1e-6
    assert torch.equal(model.take(COLOUR.transpose(1, 2, 0))[0], model.take(COLOUR)[0])
    assert torch.equal(model.take(COLOUR[0])[0], model.take(COLOUR[:1])[0])
    clear = np.concatenate([COLOUR, np.full((1, 12, 12), 90, np.uint8)]).transpose(1, 2, 0)
    assert model.take(clear)[1] == ["the picture: transparent parts are made white"]
    for odd in (COLOUR.astype(np.uint16), np.zeros((3, 0, 0), np.uint8), np.zeros((2, 9, 9), np.uint8)):
        with pytest.raises(ConfigError, match="the picture: "):
            model.take(odd)
    with pytest.raises(ConfigError, match="holds no picture"):
        small.model(small.GRID).repair(np.zeros((1, 0, 7), np.uint8))


def test_tensors_are_numbers_in_0_to_1_or_bytes_as_arrays_are():
    model = small.model(small.CONV)
    x = torch.from_numpy(PIXELS[:2]) / 255
    codes = model.encode(x)
    for same in (x.double(), torch.from_numpy(PIXELS[:2]), x.bfloat16().double()):
        assert np.allclose(model.encode(same), codes, atol=1e-2)
    assert np.array_equal(model.encode(x.double()), codes)
    assert np.array_equal(model.encode(x > 0.5), model.encode((x > 0.5).float()))
    for odd, words in (
        (x * 255, "numbers must lie in 0..1"),
        (x - 0.1, "values from -0.1"),
        (x * float("nan"), "values from nan to nan"),
        (x.long(), "values of type torch.int64"),
    ):
        with pytest.raises(ConfigError, match=words):
            model.encode(odd)


def test_pillow_images_are_pictures():
    model = small.model(small.CONV)
    image = PillowImages.fromarray(PIXELS[0, 0])
    for one in (image, [image], image.convert("P"), image.convert("RGB")):
        assert np.allclose(model.encode(one), model.encode(PIXELS[:1]), atol=1e-5)
    clear = PillowImages.new("RGBA", (12, 12), (200, 10, 10, 90))
    taken, notes = model.take(clear, convert=True)
    assert taken.shape == (1, 12, 12) and notes[0] == "the picture: transparent parts are made white"
    assert small.model(small.NOISY).repair(image)[0].shape == (1, 12, 12)
    with pytest.raises(ConfigError, match="not of type int"):
        model.encode([3])  # type: ignore[list-item]


@pytest.mark.parametrize("count", [1, 2, 4, 5, 12])
def test_grey_pictures_need_no_channel(count: int):
    """[N, H, W] as Keras has MNIST."""
    model = small.model(small.CONV)
    bytes_ = PIXELS[:count, 0]
    codes = model.encode(PIXELS[:count])
    for given in (bytes_, bytes_ / 255, torch.from_numpy(bytes_), torch.from_numpy(bytes_).float() / 255):
        assert np.allclose(model.encode(given), codes, atol=1e-5)
    assert np.allclose(model.encode(torch.from_numpy(bytes_[0])), codes[:1], atol=1e-5)
    assert model.log_prob(bytes_).shape == (count,)
    assert model.encode(bytes_[:0]).shape == (0, 2)


def test_grey_pictures_without_a_channel_have_the_models_size():
    model = small.model(small.GRID)  # reads 6 x 6, writes 12 x 12
    x = torch.from_numpy(PIXELS[:5, 0, :6, :6])
    assert np.allclose(model.encode(x), model.encode(x[:, None]))
    with pytest.raises(ConfigError, match=r"\[3, 12, 12\]; this model reads \[N, 1, 6, 6\] or \[N, 6, 6\]"):
        model.encode(torch.from_numpy(PIXELS[:3, 0]))
    with pytest.raises(ConfigError, match=r"\[5, 6, 6\]; this model writes \[N, 1, 12, 12\]"):
        model.log_prob(x)
    with pytest.raises(ConfigError, match="holds no picture"):
        model.encode(PIXELS[:5, 0])
    colour = small.model(small.DENSE, channels=3)
    with pytest.raises(ConfigError, match=r"this model reads \[N, 3, 12, 12\]$"):
        colour.encode(torch.from_numpy(PIXELS[:5, 0]))
    assert colour.encode(torch.from_numpy(COLOUR)).shape == (1, 4)


def test_three_grey_pictures_are_told_from_one_in_colour():
    model = small.model(small.CONV)
    three, codes = PIXELS[:3, 0], model.encode(PIXELS[:3])
    for given in (three, three / 255, torch.from_numpy(three), COLOUR):
        for use in (model.encode, model.log_prob, model.reconstruct):
            with pytest.raises(
                ConfigError, match=r"\[3, 12, 12\], which may be .* as \[3, 1, 12, 12\], or .* `take`"
            ):
                use(given)
    for given in (
        three[:, None],
        torch.from_numpy(three[:, None]),
        list(three),
        list(torch.from_numpy(three)),
    ):
        assert np.allclose(model.encode(given), codes, atol=1e-5)
    assert model.encode(model.take(COLOUR, convert=True)[0]).shape == (1, 2)


def test_colour_pictures_are_not_several_grey_ones():
    model = small.model(small.CONV)
    two = np.stack([COLOUR, COLOUR])
    for given in (two, two / 255, two.transpose(0, 2, 3, 1), [COLOUR], [PIXELS[0], COLOUR]):
        for use in (model.encode, model.log_prob):
            with pytest.raises(NothingUsableError, match="is in colour, and this model takes grey pictures"):
                use(given)
    with pytest.raises(ConfigError, match=r"\[2, 3, 12, 12\]; this model reads \[N, 1, 12, 12\]"):
        model.encode(torch.from_numpy(two))
    with pytest.raises(ConfigError, match=r"\[3, 12, 12\]; this model reads \[1, 12, 12\] or \[12, 12\]$"):
        model.encode([torch.from_numpy(COLOUR)])
    for a, b in ((COLOUR, PIXELS[0]), (PIXELS[0], torch.from_numpy(COLOUR))):
        with pytest.raises(ConfigError, match="three grey ones or one in colour"):
            model.interpolate(a, b)


@pytest.mark.parametrize("shape", [(5, 12, 12), (2, 1, 12, 12), (1, 1, 12, 12)])
def test_what_a_sequence_holds_is_one_picture_each(shape: tuple[int, ...]):
    model, several = small.model(small.CONV), np.zeros(shape, np.uint8)
    with pytest.raises(ConfigError, match="holds no picture"):
        model.encode([several])
    with pytest.raises(ConfigError, match=r"a picture has the shape .*; this model reads \[1, 12, 12\]"):
        model.encode([torch.from_numpy(several)])
    with pytest.raises(ConfigError, match="not of type list"):
        model.encode([[PIXELS[0]]])  # type: ignore[list-item]


def test_a_colour_picture_is_made_grey_by_what_python_takes():
    model = small.model(small.CONV)
    for use in (model.take, model.encode):
        with pytest.raises(NothingUsableError, match="make it grey with convert=True"):
            use(COLOUR[:, :9])
    grey, _ = model.take(COLOUR[:, :9], convert=True)
    assert model.encode(grey).shape == (1, 2)
