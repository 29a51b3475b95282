from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musicvae_lite.errors import ConfigError, MusicVAEError, ReadError
from musicvae_lite.images import reading
from tests.images.made import drawings, save

GREY = drawings(1)[0][0]
COLOUR = np.random.default_rng(0).integers(0, 256, (3, 9, 7), dtype=np.uint8)


def test_grey_and_colour_come_back(tmp_path: Path):
    assert np.array_equal(reading.read_picture(save(tmp_path / "g.png", GREY)).pixels, GREY)
    assert np.array_equal(reading.read_picture(save(tmp_path / "c.png", COLOUR)).pixels, COLOUR)
    assert reading.read_picture(tmp_path / "c.png").size == (9, 7)


def test_grey_saved_as_colour_is_grey(tmp_path: Path):
    path = save(tmp_path / "g.png", np.repeat(GREY, 3, axis=0))
    assert np.array_equal(reading.read_picture(path).pixels, GREY)


def test_a_palette_becomes_colours(tmp_path: Path):
    image = Image.new("P", (4, 2))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1, 0, 1, 1, 0, 1, 0])
    image.save(tmp_path / "p.png")
    found = reading.read_picture(tmp_path / "p.png").pixels
    assert found.shape == (3, 2, 4) and found[:, 0, 0].tolist() == [255, 0, 0] and found[2, 0, 1] == 255


def test_sixteen_bits_become_eight(tmp_path: Path):
    values = np.array([[0, 257, 65535], [32896, 12850, 300]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "d.png")
    assert reading.read_picture(tmp_path / "d.png").pixels.tolist() == [[[0, 1, 255], [128, 50, 1]]]


def test_what_a_grey_picture_of_16_bits_leaves_clear_is_white(tmp_path: Path):
    values = np.array([[0, 257, 65535], [32896, 300, 300]], dtype=np.uint16)
    Image.fromarray(values).save(tmp_path / "c.png", transparency=300)
    found = reading.read_picture(tmp_path / "c.png")
    assert found.pixels.tolist() == [[[0, 1, 255], [128, 255, 255]]]
    assert found.notes == ("transparent parts are made white",)
    Image.fromarray(values).save(tmp_path / "o.png", transparency=301)
    assert reading.read_picture(tmp_path / "o.png").notes == ()


def test_of_an_animation_the_first_picture_is_taken_and_said(tmp_path: Path):
    first, second = (Image.new("L", (6, 5), shade) for shade in (40, 200))
    for name in ("a.gif", "a.png"):
        first.save(tmp_path / name, save_all=True, append_images=[second], duration=100)
        found = reading.read_picture(tmp_path / name)
        assert abs(int(found.pixels.max()) - 40) < 3 and "animation of 2" in found.notes[0]


def test_transparent_parts_are_white_and_bits_are_bytes(tmp_path: Path):
    Image.new("RGBA", (3, 3), (0, 0, 0, 0)).save(tmp_path / "t.png")
    clear = reading.read_picture(tmp_path / "t.png")
    assert (clear.pixels == 255).all() and clear.notes == ("transparent parts are made white",)
    Image.new("RGBA", (3, 3), (9, 0, 0, 255)).save(tmp_path / "o.png")
    assert reading.read_picture(tmp_path / "o.png").notes == ()
    Image.new("1", (3, 3), 1).save(tmp_path / "b.png")
    assert (reading.read_picture(tmp_path / "b.png").pixels == 255).all()
    Image.new("CMYK", (3, 3), (0, 255, 255, 0)).save(tmp_path / "c.jpg")
    assert reading.read_picture(tmp_path / "c.jpg").pixels.shape == (3, 3, 3)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [("t.png", b"not a picture", "no picture"), ("e.png", b"", "empty"), ("m.png", None, "missing")],
)
def test_what_is_no_picture_is_said(name: str, data: bytes | None, code: str, tmp_path: Path):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(ReadError) as error:
        reading.read_picture(tmp_path / name)
    assert error.value.code == code and str(tmp_path / name) in str(error.value)


def test_a_cut_file_a_folder_and_a_huge_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    whole = save(tmp_path / "c.png", np.repeat(COLOUR, 20, axis=1)).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    for name, code in (("cut.png", "damaged"), (".", "folder")):
        with pytest.raises(ReadError) as error:
            reading.read_picture(tmp_path / name)
        assert error.value.code == code
    monkeypatch.setattr(reading, "MAX_PIXELS", 50)
    with pytest.raises(ReadError, match="limit of 50"):
        reading.read_picture(tmp_path / "c.png")


def test_luma_is_what_pillow_calls_grey():
    ours = reading.in_channels(COLOUR, 1)[0].astype(int)
    theirs = np.asarray(reading.to_image(COLOUR).convert("L")).astype(int)
    assert np.abs(ours - theirs).max() <= 1
    assert reading.in_channels(GREY, 3).shape == (3, 12, 12)
    assert reading.luma(COLOUR[None].astype(np.float32)).shape == (1, 9, 7)


def test_pictures_are_not_stretched():
    block = np.full((1, 10, 20), 7, np.uint8)
    block[:, 3:7, 8:12] = 250  # a square in a wide picture
    found = reading.fitted(block, 40, 40)[0]
    assert found.shape == (40, 40) and found[0, 0] == found[-1, -1] == 7
    tall, wide = (found.max(axis) > 128 for axis in (1, 0))
    assert tall.sum() == wide.sum() == 8 and found[20, 20] > 220
    same = reading.fitted(COLOUR, 9, 7)
    assert np.array_equal(same, COLOUR)


def test_pictures_are_written_and_odd_names_refused(tmp_path: Path):
    path = reading.write_picture(tmp_path / "w.png", COLOUR)
    assert np.array_equal(reading.read_picture(path).pixels, COLOUR)
    with pytest.raises(ConfigError, match="must end in"):
        reading.write_picture(tmp_path / "w.txt", COLOUR)
    (tmp_path / "f.png").mkdir()
    with pytest.raises(ConfigError, match="is a folder"):
        reading.write_picture(tmp_path / "f.png", COLOUR)


def test_written_pictures_keep_their_detail(tmp_path: Path):
    """Colours that change from pixel to pixel, which halved chroma would mix."""
    stripes = np.zeros((3, 32, 32), np.uint8)
    stripes[0, :, ::2], stripes[2, :, 1::2] = 200, 200
    for name, most in (("w.png", 0), ("w.webp", 0), ("w.jpg", 12), ("w.JPEG", 12)):
        for pixels in (stripes, stripes[:1]):
            read = reading.read_picture(reading.write_picture(tmp_path / name, pixels)).pixels
            assert np.abs(read.astype(int) - pixels).max() <= most, name


def test_a_picture_beyond_what_its_kind_holds_is_refused(tmp_path: Path):
    for name, width in (("w.webp", 16_384), ("w.jpg", 65_536)):
        with pytest.raises(MusicVAEError, match=rf"{name}: cannot be written"):
            reading.write_picture(tmp_path / name, np.zeros((1, 1, width), np.uint8))
