import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.chords.symbols import SILENCE, is_symbol, parse


@pytest.mark.parametrize(
    ("symbols", "intervals", "triad"),
    [
        ("C CM Cmaj CMaj", (0, 4, 7), "major"),
        ("Cm C- Cmin Cmi", (0, 3, 7), "minor"),
        ("C+ Caug C(#5) C+5", (0, 4, 8), "augmented"),
        ("Cdim Co C° Cm(b5)", (0, 3, 6), "diminished"),
        ("C7 Cdom7", (0, 4, 7, 10), "major"),
        ("Cmaj7 CM7 C^7 C^ CΔ CΔ7 Cma7 Cj7", (0, 4, 7, 11), "major"),
        ("Cm7 C-7 Cmin7 Cmi7", (0, 3, 7, 10), "minor"),
        ("Cm(maj7) CmM7 C-Δ7 Cm/maj7", (0, 3, 7, 11), "minor"),
        ("Cø Cø7 Cm7b5 C-7b5 Cm7(b5) Cm7-5 Chalfdim7", (0, 3, 6, 10), "diminished"),
        ("Co7 Cdim7 C°7", (0, 3, 6, 9), "diminished"),
        ("C+7 C7+ C7#5 Caug7 C7(#5) C7+5", (0, 4, 8, 10), "augmented"),
        ("C7b5 C7-5", (0, 4, 6, 10), "major"),
        ("C7(#9) C7#9 C7+9", (0, 3, 4, 7, 10), "major"),
        ("C7b9 C7(b9) C7-9", (0, 1, 4, 7, 10), "major"),
        ("C6", (0, 4, 7, 9), "major"),
        ("Cm6 C-6", (0, 3, 7, 9), "minor"),
        ("C6/9 C69 C6add9", (0, 2, 4, 7, 9), "major"),
        ("C9", (0, 2, 4, 7, 10), "major"),
        ("Cmaj9 CM9", (0, 2, 4, 7, 11), "major"),
        ("C11", (0, 2, 4, 5, 7, 10), "major"),
        ("C13", (0, 2, 4, 7, 9, 10), "major"),
        ("Csus Csus4 C4", (0, 5, 7), "major"),
        ("Csus2", (0, 2, 7), "major"),
        ("C7sus4 C7sus", (0, 5, 7, 10), "major"),
        ("Cadd9 C(add9) C2", (0, 2, 4, 7), "major"),
        ("C5 C(no3)", (0, 7), "major"),
        ("C7alt", (0, 1, 3, 4, 8, 10), "major"),
        ("C7(b9,#11) C7b9#11", (0, 1, 4, 6, 7, 10), "major"),
        ("C(b5) C-5", (0, 4, 6), "major"),
        ("C(b3)", (0, 3, 7), "minor"),
        ("Cadd3 C5add3 Cadd10", (0, 4, 7), "major"),
        ("Cadd6 C(add13)", (0, 4, 7, 9), "major"),
        ("Cadd4 C(add11)", (0, 4, 5, 7), "major"),
        ("C(add7) C(b7)", (0, 4, 7, 10), "major"),
        ("Cmaj(add7)", (0, 4, 7, 11), "major"),
        ("C13(b9) C7b9add13", (0, 1, 4, 7, 9, 10), "major"),
        ("C7(b6) C7b13", (0, 4, 7, 8, 10), "major"),
        ("C9(no7) Cadd2", (0, 2, 4, 7), "major"),
        ("C7(no5)", (0, 4, 10), "major"),
        ("Csus24", (0, 2, 5, 7), "major"),
    ],
)
def test_qualities(symbols, intervals, triad):
    for symbol in symbols.split():
        chord = parse(symbol)
        assert (chord.root, chord.intervals, chord.bass, chord.triad) == (0, intervals, 0, triad), symbol


@pytest.mark.parametrize(
    ("symbol", "root", "bass"),
    [
        ("Bb7", 10, 10),
        ("F#m7b5", 6, 6),
        ("G+", 7, 7),
        ("E♭maj7", 3, 3),
        ("B#", 0, 0),
        ("Ebb", 2, 2),
        ("C/E", 0, 4),
        ("Am7/G", 9, 7),
        ("D7/f#", 2, 6),
        ("C6/9/G", 0, 7),
    ],
)
def test_roots_and_basses(symbol, root, bass):
    assert (parse(symbol).root, parse(symbol).bass) == (root, bass)


def test_pitch_classes_hold_the_bass():
    assert parse("C/D").pitch_classes == (0, 2, 4, 7)
    assert parse("Bb7").pitch_classes == (2, 5, 8, 10)


@pytest.mark.parametrize("symbol", ["N.C.", "NC", "n.c.", "N", "", "  ", "no chord"])
def test_no_chord(symbol):
    assert parse(symbol) == SILENCE and SILENCE.pitch_classes == ()


@pytest.mark.parametrize("text", ["H7", "Chorus", "C7foo", "Cm8", "A1", "End", "C//", "7", "C" * 41])
def test_what_is_no_chord_is_refused(text):
    assert not is_symbol(text)
    with pytest.raises(ConfigError, match="no chord symbol"):
        parse(text)


def test_what_is_not_understood_is_named():
    with pytest.raises(ConfigError, match="'foo' is not understood"):
        parse("C7foo")
