from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.images import charts, figures, lettering
from tests.images.made import drawings

PICTURES = drawings(4)[0].astype(np.float32) / 255
ARC, SEGMENT = "⌒", "⌓"  # in STIX, which comes with matplotlib, and not in DejaVu Sans


@pytest.fixture
def with_signs(monkeypatch: pytest.MonkeyPatch):
    """One more font, with letters that the first lacks."""
    monkeypatch.setattr(lettering, "OTHERS", ("STIXGeneral",))
    found = lettering.others.__wrapped__()
    monkeypatch.setattr(lettering, "others", lambda: found)


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lettering, "others", tuple)


@pytest.mark.usefixtures("with_signs")
def test_letters_come_from_the_first_installed_font_that_has_them():
    assert lettering.families() == [lettering.OWN, "STIXGeneral"]
    assert lettering.readable([ARC, "dog"]) == ([ARC, "dog"], [])
    assert lettering.font("dog", 15).getname()[0] == lettering.OWN
    assert lettering.font(ARC, 15).getname()[0] == "STIXGeneral"
    first, second = (
        np.asarray(figures.labelled_grid(PICTURES, [name], per_row=4)) for name in (ARC, SEGMENT)
    )
    assert not np.array_equal(first, second)


@pytest.mark.usefixtures("with_signs")
@pytest.mark.filterwarnings("error")
def test_charts_take_letters_from_all_fonts():
    points = np.random.default_rng(0).normal(size=(40, 2))
    labels = np.arange(40) % 2
    first, second = (charts.scatter([("one", points)], labels, ("dog", 3 * sign)) for sign in (ARC, SEGMENT))
    assert not np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.usefixtures("alone")
@pytest.mark.filterwarnings("error")
def test_names_without_a_font_are_numbered_and_told():
    names, notes = lettering.readable(["猫", "dog", "犬"])
    assert names == ["class 1", "dog", "class 3"]
    assert len(notes) == 1 and notes[0].endswith("class 1 is 猫, class 3 is 犬")
    numbered = figures.labelled_grid(PICTURES, ["class 1", "class 2"], per_row=2)
    drawn = figures.labelled_grid(PICTURES, ["猫", "犬"], per_row=2)
    assert np.array_equal(np.asarray(drawn), np.asarray(numbered))
    charts.scatter([("one", np.random.default_rng(0).normal(size=(40, 2)))], np.arange(40) % 2, ("猫", "犬"))


def test_words_of_several_scripts_and_spaces_need_no_number():
    names = ["", "pull over", "Ελλάδα", "Книга"]
    assert lettering.readable(names) == (names, [])


def test_names_of_several_lines_are_shown_on_one():
    assert lettering.readable(["pull\nover", " a\tb "])[0] == ["pull over", "a b"]
    assert figures.labelled_grid(PICTURES, ["pull\nover"], per_row=4).width > 300
