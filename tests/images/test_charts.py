from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from musicvae_lite.images import charts

CHANCE = np.random.default_rng(0)
# Machado, Oliveira, Fernandes: A physiologically-based model for simulation of color vision deficiency (2009)
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)
PROTANOPIA = np.array(
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
)
XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The matplotlib figures that are drawn."""
    found: list[Any] = []
    render = charts.render
    monkeypatch.setattr(charts, "render", lambda figure: (found.append(figure), render(figure))[1])
    return found


def cloud(count: int, middles: Sequence[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Points and labels, about each of some middles."""
    labels = np.arange(count) % len(middles)
    return np.array(middles)[labels] + 0.3 * CHANCE.normal(size=(count, 2)), labels


def legend(figure: Any) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def names_on(figure: Any) -> list[str]:
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def linear(colours: Sequence[str]) -> np.ndarray:
    """Red, green and blue light [N, 3] of colours such as #2f6fb3."""
    values = np.array([[int(c[place : place + 2], 16) for place in (1, 3, 5)] for c in colours]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIE L*a*b* [N, 3], under D65."""
    t = np.clip(light, 0, 1) @ XYZ.T / [0.95047, 1, 1.08883]
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


@pytest.mark.parametrize(
    ("seen", "least"),
    [(np.eye(3), 35), (DEUTERANOPIA, 20), (PROTANOPIA, 20)],
    ids=["all", "deuteran", "protan"],
)
def test_colours_of_classes_are_told_apart_by_those_who_see_fewer(seen: np.ndarray, least: float):
    places = lab(linear(charts.CLASS_COLOURS) @ seen.T)
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert apart[np.triu_indices(len(places), 1)].min() >= least


def test_colours_of_classes_stand_out_from_the_paper():
    luminance = linear(charts.CLASS_COLOURS) @ XYZ[1]
    assert (1.05 / (luminance + 0.05) >= 3).all()


def test_points_are_drawn_and_named():
    points, labels = cloud(60, [(0, 0), (4, 0), (0, 4)])
    blank = charts.scatter([("one", points)], None, ())
    named = charts.scatter([("one", points)], labels, ("a", "b", "c"))
    assert np.asarray(blank).std() > 5 and not np.array_equal(np.asarray(blank), np.asarray(named))
    opened = charts.scatter([("one", points)], labels, ("a", "b", "c"), normal=[0])
    assert opened.size == named.size and not np.array_equal(np.asarray(opened), np.asarray(named))


def test_short_names_with_room_stand_among_the_points(drawn: list[Any]):
    points, labels = cloud(60, [(0, 0), (4, 0), (0, 4)])
    charts.scatter([("one", points), ("two", points[:, ::-1])], labels, ("a", "10", "c"))
    assert names_on(drawn[0]) == ["a", "10", "c"] * 2 and not legend(drawn[0])
    assert all(text.get_clip_on() for axis in drawn[0].axes for text in axis.texts)


def test_short_names_that_meet_are_left_out_and_told_below(drawn: list[Any]):
    points, labels = cloud(60, [(0, 0), (0, 0), (40, 0)])
    points[labels == 1] = points[labels == 0]
    charts.scatter([("one", points)], labels, ("a", "b", "c"))
    assert names_on(drawn[0]) == ["a", "c"] and legend(drawn[0]) == ["a", "b", "c"]


def test_words_stand_in_a_legend_below_panels_as_large_as_ever(drawn: list[Any]):
    names = ("T shirt & co", "dress", "_pull $over$", "trouser", "no points of it")
    points, labels = cloud(80, [(0, 0), (4, 0), (0, 4), (4, 4)])
    plain = charts.scatter([("one", points)], labels, ("a", "b", "c", "d"))
    named = charts.scatter([("one", points)], labels, names)
    assert not names_on(drawn[1]) and legend(drawn[1]) == list(names[:4])
    assert named.width == plain.width and named.height > plain.height
    before, after = (figure.axes[0].get_window_extent() for figure in drawn)
    assert after.height > 0.97 * before.height and after.width == pytest.approx(before.width)


def test_a_legend_of_many_long_names_stays_on_the_figure(drawn: list[Any]):
    names = [f"klass_with_a_long_name_{number:02}" for number in range(24)] + ["x" * 200]
    points, labels = cloud(250, [(number % 5, number // 5) for number in range(25)])
    charts.scatter([("one", points), ("two", points)], labels, names)
    assert legend(drawn[0])[:24] == names[:24] and legend(drawn[0])[24] == "x" * 39 + "…"
    drawn[0].draw_without_rendering()
    box, page = drawn[0].legends[0].get_window_extent(), drawn[0].bbox
    assert box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0
    assert box.y1 <= min(axis.get_tightbbox().y0 for axis in drawn[0].axes)


def test_classes_beyond_ten_have_another_shape(drawn: list[Any]):
    looks = {(charts.colour_of(number), charts.marker_of(number)) for number in range(80)}
    assert len(looks) == 80
    points, labels = cloud(900, [(number % 10, number // 10) for number in range(90)])
    charts.scatter([("one", points)], labels, [f"character {number}" for number in range(90)])
    assert len(legend(drawn[0])) == 81 and legend(drawn[0])[-1] == "and 10 more"
    shapes = {path.get_paths()[0].vertices.tobytes() for path in drawn[0].axes[0].collections}
    assert len(shapes) == len(charts.MARKERS)


def test_lines_over_updates_keep_their_colours_and_have_a_legend(drawn: list[Any]):
    steps, none = np.arange(10, 40, 10), np.array([])
    charts.curves({"training": (steps, steps / 7), "validation": (steps, steps / 9)}, "nats")
    charts.curves({"training": (none, none), "validation": (steps[-1:], np.array([4.0]))}, "nats")
    both, alone = (figure.axes[0] for figure in drawn)
    colours = {line.get_label(): line.get_color() for line in both.lines}
    assert len(set(colours.values())) == 2
    assert [(line.get_label(), line.get_color()) for line in alone.lines] == [
        ("validation", colours["validation"])
    ]
    assert [text.get_text() for text in alone.get_legend().get_texts()] == ["validation"]
    for axis in (both, alone):
        assert axis.get_xlim()[0] == 0 and all(place == round(place) for place in axis.get_xticks())


def test_a_line_of_losses_is_shown_from_where_its_first_fall_is_over():
    training = 46 + 500 * 0.9 ** np.arange(80)
    assert charts.heights([training]) == (training.min(), training[8])
    rising = np.array([231.0, 289.0, 320.0, 328.0])
    assert charts.heights([training, rising]) == (training.min(), 328)
