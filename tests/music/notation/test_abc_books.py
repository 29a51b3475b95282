"""ABC: tune books, what is no ABC, and text that means harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite.errors import ReadError
from musicvae_lite.music import abc_fields, abc_notation, notation
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import Score
from tests.music.notation.written import meters, pitches

BOOK = """%abc-2.1
M:3/4
L:1/4

Some words about the book.

X:1
T:One
K:G
FGA |

between tunes: more words

X:2
T:Two
M:4/4
K:C
C4 |

X:3
T:No key, no tune

X:7
T:Three
K:D
f3 |
"""


def test_tune_books():
    songs = [song for song in notation.read_bytes(BOOK.encode(), "book.abc") if isinstance(song, Score)]
    assert [song.source for song in songs] == ["book.abc#1", "book.abc#2", "book.abc#3"]
    assert [song.title for song in songs] == ["One", "Two", "Three"]
    assert [meters(song) for song in songs] == [[(0, "3/4")], [(0, "4/4")], [(0, "3/4")]]
    assert pitches(songs[2]) == [78]


def test_bad_tune_costs_itself_alone():
    results = list(notation.read_bytes(BOOK.encode(), "book.abc", Limits(max_quarters=3)))
    assert [isinstance(result, ReadError) for result in results] == [False, True, False]
    assert "book.abc#2" in str(results[1])


def test_what_is_no_abc():
    for data in (b"Dear reader", b"\x00\x01", b"X:1\nT:only a head\n"):
        (error,) = notation.read_bytes(data, "t.abc")
        assert isinstance(error, ReadError)
        assert error.code == "not-abc"


def test_repeats_that_explode_are_refused():
    for body, limits in (("|: C4 " + ":" * 60 + "|", Limits(max_notes=50)), ("C9999" * 999, Limits())):
        (result,) = notation.read_bytes(f"X:1\nK:C\n{body}\n".encode(), "t.abc", limits)
        assert isinstance(result, ReadError)
        assert result.code == "limit"


@pytest.mark.parametrize(
    "unit", ["[", "[A:", "[C", ":", "(3", '"', "!a", "+a", "{", "|1", ">", "&", "C/", "^"]
)
def test_no_line_takes_forever(unit: str):
    (result,) = notation.read_bytes(f"X:1\nK:C\n{unit * 40_000}\n".encode(), "t.abc")
    assert isinstance(result, ReadError | Score)


def test_no_field_takes_forever():
    fields = (
        "Q:"
        + "1/11" * 5_000
        + "\nQ:C"
        + "9" * 5_000
        + "=1"
        + "\nM:"
        + "1+" * 5_000
        + "\nK:"
        + "C ^" * 5_000
        + "\n"
    )
    (result,) = notation.read_bytes(f'X:1\n{fields}"{"Cmajmin" * 5_000}"C\n'.encode(), "t.abc")
    assert isinstance(result, Score)
    assert pitches(result) == [61]


@given(st.text(alphabet="ABCabcz|:[]()123/<>-^_=\"{}&!+.~ \nKVMLQ%#'", max_size=120))
def test_any_text_reads_or_gives_an_error(body: str):
    for result in notation.read_bytes(f"X:1\nK:G\n{body}\n".encode(), "t.abc"):
        assert isinstance(result, ReadError) or (result.end > result.start).all()


def test_splitting_keeps_lines():
    assert list(abc_fields.split("X:1\nK:C\nC\n\nX:2\nK:D\nD")) == [["X:1", "K:C", "C"], ["X:2", "K:D", "D"]]
    assert len(abc_notation.read_tune(["K:C", "CDE"], "t", Limits())) == 3
