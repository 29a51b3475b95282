"""The windows of a song or a tune book, and what the page is told of songs that cannot be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from musicvae_lite.errors import MusicVAEError
from musicvae_lite.music import picking
from musicvae_lite.music.files import Limits
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.studio import songs
from musicvae_lite.studio.songs import Offer, Window, for_page, read

WALTZ = b"X:9\nT:A waltz\nM:3/4\nL:1/4\nK:C\n" + b"CDE|" * 8 + b"\n"


def offer(data: bytes, most: int = 24) -> Offer:
    return read(data, "book.abc", MelodyRepresentation(bars=2).to_config(), Limits(), most)


def windows(data: bytes, most: int = 24) -> list[Window]:
    return offer(data, most).windows


@pytest.fixture
def tunes(examples: Path) -> list[bytes]:
    return [(examples / f"{name}.abc").read_bytes() for name in ("twinkle", "ode-to-joy", "frere-jacques")]


def test_all_tunes_of_a_book_are_offered_by_their_names(tunes: list[bytes]):
    found = windows(b"\n\n".join(tunes))
    names = list(dict.fromkeys(window.tune for window in found))
    assert len(names) == 3 and names[1] == "Ode to Joy"
    assert len(found) <= 24
    assert next(window.bars for window in found if window.tune == names[2]) == (1, 2)


def test_a_file_of_one_song_needs_no_name_in_it(tunes: list[bytes]):
    assert {window.tune for window in windows(tunes[0])} == {""}


def test_tunes_that_cannot_be_used_are_passed_over(tunes: list[bytes]):
    assert {window.tune for window in windows(WALTZ + b"\n\n" + tunes[1])} == {"Ode to Joy"}
    with pytest.raises(MusicVAEError, match="no 2 bars of 4/4"):
        windows(WALTZ + b"\n\n" + WALTZ)


def test_a_book_gives_no_more_windows_than_a_song(tunes: list[bytes]):
    found = windows(b"\n\n".join(tunes * 10), most=12)
    assert len(found) == 12
    nameless = tunes[1].replace(b"T:Ode to Joy", b"T:")
    assert {window.tune for window in windows(b"\n\n".join([nameless] * 2))} == {"Tune 1", "Tune 2"}


def test_how_many_tunes_of_a_book_are_offered_is_told(tunes: list[bytes], monkeypatch):
    assert offer(b"\n\n".join(tunes)).share == offer(tunes[0]).share == ""
    assert offer(b"\n\n".join(tunes * 10), most=12).share == "12 of 30 tunes"
    assert offer(b"\n\n".join([WALTZ, *tunes])).share == "3 of 4 tunes"
    monkeypatch.setattr(songs, "SECONDS", 0.0)
    assert offer(b"\n\n".join(tunes * 10), most=12).share == "12 of over 13 tunes"


def test_the_page_is_told_nothing_of_options_and_commands():
    refused = "a.mid: none:\n  bars of 3/4\n  another model is needed; `mvae models` lists what there is"
    assert for_page(refused) == "a.mid: none:\n  bars of 3/4\n  another model is needed"
    assert for_page("a--b.mid: none:\n  none here; --track says which") == "a--b.mid: none:\n  none here"
    assert for_page("a.mid: none\n  name other bars with --bars") == "a.mid: none"
    assert for_page("too many, more than 5; --bars names fewer") == "too many, more than 5"


@pytest.mark.parametrize("advice", [picking._advice(code, True) for code in (*picking.ADVICE, "rest")])
def test_advice_of_the_library_is_told_to_the_page_in_whole_sentences(advice: str):
    told = for_page(f"a.mid: none\n  {advice}").removeprefix("a.mid: none").strip()
    assert told.count("(") == told.count(")") and "`" not in told and "--" not in told
    assert told in advice and not told.endswith((",", ";"))
