from __future__ import annotations

import sys

import pytest

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.music.score import Chord, Meter, MeterChange, Track
from musicvae_lite.plot import draw_roll, draw_strip, piano_roll
from tests.plot.scores import area, band, pixels, scale, score, words


def test_a_longer_note_covers_more(tmp_path):
    short = score([(0, 240, 64, 127, 0), (1800, 1920, 60, 1, 0)])
    long = score([(0, 960, 64, 127, 0), (1800, 1920, 60, 1, 0)])
    blue = "#2f6fb3"
    few = area(piano_roll(short, tmp_path / "short.png"), blue)
    many = area(piano_roll(long, tmp_path / "long.png"), blue)
    assert many > 3 * few > 0


def test_soft_notes_are_paler_and_the_shades_are_explained(tmp_path):
    loud = pixels(piano_roll(score([(0, 1920, 64, 127, 0)]), tmp_path / "loud.png"))
    soft = pixels(piano_roll(score([(0, 1920, 64, 20, 0)]), tmp_path / "soft.png"))
    assert loud.shape == soft.shape
    assert soft[..., 0].mean() > loud[..., 0].mean()
    assert {"soft", "loud"} <= set(words(draw_roll(scale())))
    assert "soft" not in words(draw_roll(band()))  # all alike


def test_tracks_and_drums_have_their_own_colours_and_a_legend(tmp_path):
    path = piano_roll(band(), tmp_path / "band.png")
    assert all(area(path, colour) > 100 for colour in ("#2f6fb3", "#d1601f", "#2b8a5c"))
    shown = words(draw_roll(band()))
    assert {"melody", "bass", "drums"} <= set(shown)
    assert "melody" not in words(draw_roll(scale()))  # one track needs no legend


def test_bars_notes_drums_chords_and_the_title_are_named():
    song = band(3)
    figure = draw_roll(
        score([*zip(song.start, song.end, song.pitch, song.velocity, song.track, strict=True)], song.tracks,
              chords=(Chord(0, "Am"), Chord(1920, "F#m7b5")), title="costs $5 & more_than $6 中")
    )  # fmt: skip
    shown = words(figure)
    assert {"1", "2", "3", "C4", "kick", "Am", "F#m7b5", "costs $5 & more_than $6 中"} <= set(shown)
    assert draw_roll(song, title="other").texts[0].get_text() == "other"


def test_an_excerpt_keeps_its_numbers():
    shown = words(draw_roll(scale(), first_bar=9))
    assert {"9", "10"} <= set(shown)
    assert "1" not in shown


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_formats(tmp_path, suffix):
    path = piano_roll(scale(), tmp_path / f"roll{suffix}")
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert path.read_bytes().startswith(begins[suffix])


def test_odd_scores_are_drawn(tmp_path):
    changing = score(
        [(i * 480, i * 480 + 480, 60, 90, 0) for i in range(20)],
        meters=(MeterChange(0, Meter(1, 4)), MeterChange(480, Meter(3, 4)), MeterChange(3360, Meter(6, 8))),
        title="$x$",
    )
    everything = score([(i, i + 480, i % 128, 1 + i % 127, 0) for i in range(300)], (Track("_hidden $x"),))
    only_drums = score([(0, 10, p, 90, 0) for p in range(27, 88)], (Track(is_drum=True),))
    orchestra = score([(0, 480, 40 + t, 90, t) for t in range(40)], (Track("a long name of one"),) * 40)
    for index, odd in enumerate((changing, everything, only_drums, orchestra)):
        assert piano_roll(odd, tmp_path / f"{index}.png").stat().st_size > 3000


def test_a_very_long_song_stays_one_picture():
    width, height = draw_roll(scale(bars=400)).get_size_inches()
    assert width <= 16.5
    assert height <= 40.01


def test_long_names_are_cut_and_each_has_its_line():
    tracks = tuple(Track(f"{i}\n{'x' * 800}") for i in range(16))
    crowd = score([(0, 480, 50 + i, 90, i) for i in range(16)], tracks)
    figure = draw_roll(crowd)
    names = [text for text in figure.texts if text.get_text().endswith("…")]
    assert [text.get_text()[:3] for text in names] == [f"{i} x"[:3] for i in range(16)]
    assert max(len(text.get_text()) for text in names) == 40
    assert all(text.get_position()[1] > 0 for text in figure.texts)  # none lies below the page


@pytest.mark.parametrize(
    "name",
    ["ヴァイオリン第一パート", "W" * 40, "\u2031" * 40, "i" * 40],
    ids=["Japanese", "capitals", "widest", "narrowest"],
)
@pytest.mark.parametrize("bars", [1, 16])
def test_legends_stay_on_the_page_in_any_script(name: str, bars: int):
    tracks = tuple(Track(f"{name}{i}") for i in range(16))
    crowd = score(
        [(b * 1920, b * 1920 + 480, 50 + i, 20 + 6 * i, i) for i in range(16) for b in range(bars)], tracks
    )
    panels = draw_strip([crowd.select(crowd.start < 1920)] * 9, [str(i) for i in range(9)])
    for figure in (draw_roll(crowd), panels):
        inside = figure.bbox
        for text in figure.texts:
            box = text.get_window_extent()
            assert 0 <= box.x0 <= box.x1 <= inside.x1 and 0 <= box.y0 <= box.y1 <= inside.y1, text
        places = {text.get_position() for text in figure.texts}
        assert len(places) == len(figure.texts)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_the_same_score_gives_the_same_file(tmp_path, suffix):
    first, again = (piano_roll(scale(), tmp_path / f"{i}{suffix}").read_bytes() for i in range(2))
    assert first == again
    assert b"CreationDate" not in first
    assert b"<dc:date>" not in first


def test_what_cannot_be_drawn_is_said(tmp_path):
    with pytest.raises(NothingUsableError, match=r"empty\.mid"):
        piano_roll(score([], (), source="empty.mid"), tmp_path / "a.png")
    with pytest.raises(ConfigError, match=r"a\.bmp.*\.png"):
        piano_roll(scale(), tmp_path / "a.bmp")
    assert not list(tmp_path.iterdir())


def test_pyplot_is_left_alone(tmp_path):
    sys.modules.pop("matplotlib.pyplot", None)
    piano_roll(scale(), tmp_path / "a.png")
    assert "matplotlib.pyplot" not in sys.modules
