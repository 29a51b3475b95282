from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.music.score import Meter, MeterChange, Score, Track
from musicvae_lite.plot import piano_roll, strip

MELODY = (Track("melody"),)


def score(notes: list[tuple[int, int, int, int, int]], tracks: tuple[Track, ...] = MELODY, **more) -> Score:
    """Notes as (start, end, pitch, velocity, track) in ticks, 480 a quarter."""
    table = np.array(notes, dtype=np.int32).reshape(-1, 5)
    return Score(480, *table.T, tracks=tracks, **more)


def scale(first: int = 60, bars: int = 2) -> Score:
    return score([(i * 480, i * 480 + 480, first + i % 8, 40 + 10 * (i % 8), 0) for i in range(bars * 4)])


def pixels(path) -> np.ndarray:
    """The picture as floats [height, width, 3 or 4] within 0 and 1."""
    from matplotlib.image import imread

    return imread(path)


def area(path, colour: str) -> int:
    """How many pixels have exactly this colour."""
    from matplotlib.colors import to_rgb

    return int((np.abs(pixels(path)[..., :3] - to_rgb(colour)).max(axis=-1) < 0.02).sum())


def test_a_longer_note_covers_more(tmp_path):
    short = score([(0, 240, 64, 127, 0), (1800, 1920, 60, 1, 0)])
    long = score([(0, 960, 64, 127, 0), (1800, 1920, 60, 1, 0)])
    blue = "#2f6fb3"
    few = area(piano_roll(short, tmp_path / "short.png"), blue)
    many = area(piano_roll(long, tmp_path / "long.png"), blue)
    assert many > 3 * few > 0


def test_soft_notes_are_paler(tmp_path):
    loud = pixels(piano_roll(score([(0, 1920, 64, 127, 0)]), tmp_path / "loud.png"))
    soft = pixels(piano_roll(score([(0, 1920, 64, 20, 0)]), tmp_path / "soft.png"))
    assert loud.shape == soft.shape
    assert soft[..., 0].mean() > loud[..., 0].mean()


def test_tracks_and_drums_have_their_own_colours(tmp_path):
    band = score(
        [(0, 960, 72, 127, 0), (0, 960, 40, 127, 1), (0, 960, 36, 127, 2)],
        (Track("melody"), Track("bass", 33), Track("drums", is_drum=True)),
    )
    path = piano_roll(band, tmp_path / "band.png")
    assert all(area(path, colour) > 100 for colour in ("#2f6fb3", "#d1601f", "#2b8a5c"))


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_formats(tmp_path, suffix):
    path = piano_roll(scale(), tmp_path / f"roll{suffix}")
    begins = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert path.read_bytes().startswith(begins[suffix])


def test_odd_scores_are_drawn(tmp_path):
    changing = score(
        [(i * 480, i * 480 + 480, 60, 90, 0) for i in range(20)],
        meters=(MeterChange(0, Meter(1, 4)), MeterChange(480, Meter(3, 4)), MeterChange(3360, Meter(6, 8))),
        title="costs $5 & more_than $6 中",
    )
    everything = score([(i, i + 480, i % 128, 1 + i % 127, 0) for i in range(300)], (Track("_hidden $x"),))
    only_drums = score([(0, 10, p, 90, 0) for p in range(27, 88)], (Track(is_drum=True),))
    for index, odd in enumerate((changing, everything, only_drums, scale(bars=200))):
        assert piano_roll(odd, tmp_path / f"{index}.png").stat().st_size > 5000


@pytest.mark.parametrize("count", [1, 5, 9, 13])
def test_strip_runs_from_one_colour_to_the_other(tmp_path, count):
    scores = [scale(55 + i) for i in range(count)]
    path = strip(scores, [f"{i}" for i in range(count)], tmp_path / "strip.png", "from A to B")
    assert area(path, "#2f6fb3") > 50
    assert (area(path, "#d1601f") > 50) == (count > 1)
    height, width = pixels(path).shape[:2]
    assert width <= 2300
    assert height <= 2300


def test_strip_takes_long_scores_drums_and_gaps(tmp_path):
    beat = score([(i * 240, i * 240 + 60, 36 + i % 3, 90, 0) for i in range(16)], (Track(is_drum=True),))
    nothing = score([], ())
    for index, scores in enumerate(([scale(bars=16)] * 3, [beat, nothing, beat], [scale(), nothing])):
        path = strip(scores, ["x"] * len(scores), tmp_path / f"{index}.png")
        assert area(path, "#2f6fb3") > 20 or index == 1
        assert path.stat().st_size > 5000


def test_what_cannot_be_drawn_is_said(tmp_path):
    with pytest.raises(NothingUsableError, match=r"empty\.mid"):
        piano_roll(score([], (), source="empty.mid"), tmp_path / "a.png")
    with pytest.raises(NothingUsableError):
        strip([score([], ())], ["A"], tmp_path / "a.png")
    with pytest.raises(ConfigError, match=r"a\.bmp.*\.png"):
        piano_roll(scale(), tmp_path / "a.bmp")
    with pytest.raises(ConfigError, match="2 scores need as many labels, not 1"):
        strip([scale(), scale()], ["A"], tmp_path / "a.png")
    assert not list(tmp_path.iterdir())


def test_pyplot_is_left_alone(tmp_path):
    import sys

    sys.modules.pop("matplotlib.pyplot", None)
    piano_roll(scale(), tmp_path / "a.png")
    assert "matplotlib.pyplot" not in sys.modules
