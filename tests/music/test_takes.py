"""Takes and their styles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import MelodyRepresentation, MultitrackRepresentation
from musicvae_lite.music.representations.line import FIRST_NOTE
from musicvae_lite.music.score import KeyChange
from musicvae_lite.music.takes import Style, Takes, key
from tests.corpora.tunes import tune

R = MelodyRepresentation(2, chords="triads")
E_FLAT_MINOR = KeyChange(0, -6, True)


def takes(count: int, bars: int = 2, style: Style | None = None) -> Takes:
    """Takes of a note a beat, the first of them higher than the second and so on, under C in all bars."""
    tokens = np.ones((count, 16 * bars), np.uint8)
    tokens[:, ::4] = FIRST_NOTE + 20 - np.arange(count)[:, None]
    return Takes(R.canonical(tokens), R, style, control=np.ones_like(tokens))


def test_takes_are_numbered_from_one():
    assert takes(3).labels == ["1", "2", "3"]
    assert takes(3)[1:].labels == ["2", "3"]


def test_the_key_of_a_style_is_written():
    made = takes(2, style=Style(key=E_FLAT_MINOR))
    assert made[0].keys == made[1:][0].keys == made.joined().keys == (E_FLAT_MINOR,)
    assert takes(1)[0].keys == ()
    with pytest.raises(ConfigError, match="-7"):
        Style(key=KeyChange(0, 8))


def test_the_key_at_a_place():
    song = replace(tune(1), keys=(KeyChange(480, 2), KeyChange(1920, -6, True)))
    assert [key(song, tick) for tick in (0, 480, 1919, 1920)] == [
        *(None, KeyChange(0, 2), KeyChange(0, 2), E_FLAT_MINOR)
    ]


@pytest.mark.parametrize("style", [Style(), Style(90.0, 40, 64, E_FLAT_MINOR), Style(key=KeyChange(0, 0))])
def test_a_style_survives_its_record(style: Style):
    assert Style.from_record(style.to_record()) == style


def test_a_slice_may_be_empty():
    for made in (takes(2), Takes(takes(2).tokens, R)):
        empty = made[2:]
        assert len(empty) == 0 and list(empty) == [] and empty.tokens.shape == (0, 32)
        assert empty.agreement(made.tokens[0]).shape == (0,) and len(empty.joined()) == 0
        assert len(empty[:]) == 0


def test_takes_end_with_a_bar():
    long = takes(2, bars=4)
    three = long.until(3)
    assert three.representation.bars == 3 and three.control is not None and three.control.shape == (2, 48)
    np.testing.assert_array_equal(three.tokens, long.tokens[:, :48])
    assert [len(score) for score in three] == [12, 12]
    assert three.joined().start[12] == 3 * 4 * three[0].ticks_per_quarter  # the second behind three bars
    assert long.until(4) is long and long.until(9) is long


def test_windows_of_events_cannot_be_cut():
    r = MultitrackRepresentation(bars=2)
    band = Takes(np.zeros((1, 2 * r.steps), np.uint16), r)
    assert band.until(3) is band
