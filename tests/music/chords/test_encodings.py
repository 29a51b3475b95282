import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.chords import encode, parse, progression, symbol_of, triad_of
from musicvae_lite.music.chords.encodings import (
    TRIADS,
    line_of,
    pitches_of,
    simplified,
    tones_of,
    tones_table,
    transposed,
    transposition_table,
)


def test_triads_have_magentas_numbers():
    assert encode(["N.C.", "C", "B7", "Cm", "Am7", "C+", "Bo7"], "triads").tolist() == [
        0,
        1,
        12,
        13,
        22,
        25,
        48,
    ]


def test_every_triad_is_written_and_read_again():
    for triad in range(TRIADS):
        chord = parse(symbol_of(triad))
        assert triad_of(chord) == triad
        assert chord.pitch_classes == tuple(sorted(tones_of(triad)))
        assert tones_table()[triad].sum() == len(tones_of(triad))
    with pytest.raises(ConfigError):
        symbol_of(49)


def test_transposing():
    assert symbol_of(int(transposed(np.array(triad_of("A#m")), np.array(3)))) == "Dbm"
    table = transposition_table()
    assert table.shape == (12, 49) and (table[:, 0] == 0).all()
    assert np.array_equal(table[7][table[5]], np.arange(49))
    assert np.array_equal(transposed(np.arange(49), np.array(-5)), table[7])


def test_pitches():
    flags = pitches_of("Am7/G")
    assert np.flatnonzero(flags).tolist() == [1 + 9, 13 + 0, 13 + 4, 13 + 7, 13 + 9, 25 + 7]
    assert np.flatnonzero(pitches_of("N.C.")).tolist() == [0]
    assert encode(["C", "N.C."], "pitches").shape == (2, 37)
    with pytest.raises(ConfigError):
        encode(["C"], "colours")


def test_progressions():
    assert progression("C Am F G", 2, 4) == ["C", "C", "Am", "Am", "F", "F", "G", "G"]
    assert progression("C, G7 |", 1, 4) == ["C", "C", "G7", "G7"]
    assert progression("| C | Am F | % |", 3, 2) == ["C", "C", "Am", "F", "Am", "F"]
    assert progression("C | G", 4, 1) == ["C", "G", "C", "G"]


def test_progressions_longer_than_a_window_fill_several():
    assert progression("C Am F", 1, 2) == ["C", "C", "Am", "Am", "F", "F"]  # a bar each
    assert progression("C | Am | F", 2, 2) == ["C", "C", "Am", "Am", "F", "F", "C", "C"]


@pytest.mark.parametrize(
    ("symbols", "bars", "text"),
    [
        (["C"] * 8, 2, "C | C"),
        (["C", "C", "G", "G", "F", "F", "F", "Am"], 2, "C G | F F F Am"),
        (["C"] * 12 + ["G7"] * 4, 1, "| C C C G7 |"),
        (["C", "C", "G", "G"], 1, "| C G |"),
        (["C", "G", "F"], 1, "| C G F |"),
        (["C", "C", "C", "G", "G", "F", "F", "F"], 1, "| C C C G G F F F |"),
        (["N.C."] * 4, 1, "N.C."),
    ],
)
def test_symbols_of_steps_are_told_as_a_line(symbols: list[str], bars: int, text: str):
    assert line_of(symbols, bars) == text
    assert progression(text, bars, len(symbols) // bars) == symbols


def test_chords_that_triads_say_less_of():
    line = "Bbmaj7 | F#m7b5/A C/C Caug | N.C. | Gsus4, Am | % | Bbmaj7"
    assert simplified(line) == {"Bbmaj7": "Bb", "F#m7b5/A": "F#dim", "Gsus4": "G"}
    assert simplified("C | Am F | %") == {}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no chords are given"),
        ("C D E F G A B C D", "9 chords, and there are 8"),
        ("C" + " | D" * 256, "257 bars of chords; 256 are the most"),
        ("C || D", "bar 2 holds no chord"),
        ("% | C", "bar 1 holds no chord"),
        ("C Q", "'Q' is no chord symbol"),
    ],
)
def test_bad_progressions(text, words):
    with pytest.raises(ConfigError, match=words):
        progression(text, 2, 4)
