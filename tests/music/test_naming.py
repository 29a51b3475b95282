"""What tunes of a book, bars and tracks of a song are called."""

from __future__ import annotations

import pytest

from musicvae_lite.music.naming import bars, parted, recorded, span, stem, tune

NAMES = ("book.abc", "C#/book.abc", "a#b.abc", "a#3", "no suffix", "#", "two\nlines.abc")


@pytest.mark.parametrize("number", [1, 3, 50_000])
@pytest.mark.parametrize("name", NAMES)
def test_a_tune_is_told_from_its_name(name: str, number: int):
    assert parted(tune(name, number)) == (name, number)


@pytest.mark.parametrize("name", ["book.abc", "a#b.abc", "C#/book.abc", "#3", "", "book.abc#", "book.abc#-1"])
def test_a_file_is_no_tune(name: str):
    assert parted(name) == (name, None)


def test_a_tune_is_kept_in_the_stem_of_its_name():
    stems = {
        "x/a.mid": "a",
        "x/book.abc#3": "book-3",
        "odd#name.mid": "odd#name",
        "/home/me/C#/book.abc#3": "book-3",
        "a#b.abc#3": "a#b-3",
        "": "",
    }
    assert {name: stem(name) for name in stems} == stems


def test_one_bar_and_several():
    assert (bars(5, 5), bars(5, 6), span(5, 5), span(5, 6)) == ("bar 5", "bars 5-6", "5", "5-6")


def test_a_record_counts_tracks_from_1():
    assert recorded((2,)) == {"track": 3}
    assert recorded((0, 2)) == {"tracks": [1, 3]}
    assert recorded(()) == {"tracks": []}
