from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.music.score import Track
from musicvae_lite.plot import draw_strip, heights, strip
from tests.plot.scores import area, band, pixels, scale, score, words


@pytest.mark.parametrize("count", [1, 5, 9, 13])
def test_a_strip_runs_from_one_colour_to_the_other(tmp_path, count):
    scores = [scale(55 + i) for i in range(count)]
    path = strip(scores, [f"{i}" for i in range(count)], tmp_path / "strip.png", "from A to B")
    assert area(path, "#2f6fb3") > 50
    assert (area(path, "#d1601f") > 50) == (count > 1)
    height, width = pixels(path).shape[:2]
    assert width <= 2300
    assert height <= 2300


def test_several_tracks_keep_their_colours_and_their_drums(tmp_path):
    figure = draw_strip([band(), band()], ["A", "B"], "two bands")
    assert {"A", "B", "two bands", "melody", "bass", "drums", "kick", "C4"} <= set(words(figure))
    path = strip([band(), band()], ["A", "B"], tmp_path / "band.png")
    assert all(area(path, colour) > 100 for colour in ("#2f6fb3", "#d1601f", "#2b8a5c"))


def test_tracks_are_named_only_where_their_names_are_those_of_all_scores():
    song = band()
    waltz = replace(song, tracks=(Track("violin", 40), Track("piano"), Track("drums", is_drum=True)))
    assert not {"melody", "bass", "drums", "violin", "piano"} & set(words(draw_strip([song, waltz], "ab")))
    duets = [song.select(song.track != silent) for silent in (1, 2)]  # takes of one model
    assert {"melody", "bass", "drums"} <= set(words(draw_strip(duets, "ab")))
    unheard = replace(score([]), tracks=waltz.tracks)
    assert {"melody", "bass", "drums"} <= set(words(draw_strip([song, unheard], "ab")))


def test_tracks_without_names_keep_their_colours(tmp_path):
    other = replace(band(), tracks=(Track("violin"), Track("piano"), Track("drums", is_drum=True)))
    path = strip([band(), other], "ab", tmp_path / "two.png")
    assert all(area(path, colour) > 100 for colour in ("#2f6fb3", "#d1601f", "#2b8a5c"))


def test_bars_are_numbered_from_those_they_are():
    def numbers(first_bars: tuple[int, ...]) -> list[list[str]]:
        figure = draw_strip([scale(bars=12)] * 2, "ab", first_bars=first_bars)
        return [[label.get_text() for label in axis.get_xticklabels()] for axis in figure.axes]

    assert [panel[0] for panel in numbers((5, 17))] == ["5", "17"]
    assert [panel[-1] for panel in numbers((5, 17))] == ["16", "28"]
    assert [panel[0] for panel in numbers(())] == ["1", "1"]
    with pytest.raises(ConfigError, match="2 scores need as many first bars, not 1"):
        numbers((5,))


def test_a_grid_has_as_many_columns_as_are_asked_for():
    for columns, count in ((3, 9), (2, 3), (4, 2)):
        figure = draw_strip([scale()] * count, ["x"] * count, columns=columns)
        lefts = {round(axis.get_position().x0, 3) for axis in figure.axes}
        assert len(lefts) == min(columns, count)


def test_long_scores_drums_and_gaps(tmp_path):
    beat = score([(i * 240, i * 240 + 60, 36 + i % 3, 90, 0) for i in range(16)], (Track(is_drum=True),))
    nothing = score([], ())
    for index, scores in enumerate(([scale(bars=16)] * 3, [beat, nothing, beat], [scale(), nothing])):
        path = strip(scores, ["x"] * len(scores), tmp_path / f"{index}.png")
        assert area(path, "#2f6fb3") > 20 or index == 1
        assert path.stat().st_size > 3000


def test_all_panels_have_one_axis_of_pitches():
    figure = draw_strip([scale(40), scale(80)], ["low", "high"])
    low, high = (axis.get_ylim() for axis in figure.axes)
    assert low == high
    assert low[0] < 40
    assert low[1] > 87


def inches(figure) -> list[float]:
    """Heights of all axes."""
    return [axis.get_position().height * figure.get_figheight() for axis in figure.axes]


@pytest.mark.parametrize("made", [lambda: scale(), lambda: band(), lambda: wide()])
def test_many_lines_can_still_be_read(made):
    figure = draw_strip([made()] * 64, ["x"] * 64, columns=1)
    assert min(inches(figure)) > heights.LEAST_LANE - 0.001
    assert figure.get_figheight() <= heights.MOST_PAGE
    for axis in figure.axes[:2]:
        extents = [label.get_window_extent() for label in axis.get_yticklabels()]
        assert all(lower.y1 <= upper.y0 + 2 for lower, upper in pairwise(extents))  # pixels


def wide():
    return score([(i * 480, i * 480 + 480, 24 + i * 10, 90, 0) for i in range(8)])


def test_names_of_the_keys_of_a_narrow_tune_do_not_touch():
    tune = score(
        [(i * 480, i * 480 + 480, 60 + step, 90, 0) for i, step in enumerate((0, 2, 4, 5, 7, 9, 11))]
    )
    figure = draw_strip([tune], ["x"])
    figure.canvas.draw()
    extents = [label.get_window_extent() for label in figure.axes[0].get_yticklabels()]
    assert len(extents) >= 5
    assert all(lower.y1 <= upper.y0 for lower, upper in pairwise(extents))


def test_what_no_page_has_room_for_is_counted(monkeypatch):
    monkeypatch.setattr(heights, "MOST_PAGE", 10.0)
    figure = draw_strip([scale()] * 100, [f"number {i}" for i in range(100)], columns=1)
    assert figure.get_figheight() <= 10
    assert words(figure)[-1] != "number 99"
    assert f"and {100 - len(figure.axes)} more" in words(figure)
    assert len(draw_strip([band(16)], ["alone"]).axes) == 2  # one is always drawn
    assert not any(word.startswith("and ") for word in words(draw_strip([scale()], ["x"])))


def test_what_cannot_be_drawn_is_said(tmp_path):
    with pytest.raises(NothingUsableError):
        strip([score([], ())], ["A"], tmp_path / "a.png")
    with pytest.raises(ConfigError, match="2 scores need as many labels, not 1"):
        strip([scale(), scale()], ["A"], tmp_path / "a.png")
    with pytest.raises(ConfigError, match=r"a\.gif"):
        strip([scale()], ["A"], tmp_path / "a.gif")
    assert not list(tmp_path.iterdir())


def test_what_is_no_unicode_is_drawn_as_a_question_mark():
    assert {"caf?", "n?me"} <= set(words(draw_strip([scale()] * 2, ["n\udce9me", "b"], "caf\udce9")))
