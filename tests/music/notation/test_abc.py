"""ABC: notes, lengths, keys, chords of one tune."""

from __future__ import annotations

import pytest

from tests.music.notation.written import Q, abc, pitches, sound


def test_notes_octaves_and_rests():
    assert sound(abc("C, C z c | c'2 x2")) == [(0, 48, 1), (1, 60, 1), (3, 72, 1), (4, 84, 2)]


@pytest.mark.parametrize(
    ("written", "length"),
    [("C", 1), ("C2", 2), ("C/", 0.5), ("C//", 0.25), ("C/4", 0.25), ("C3/2", 1.5), ("C0", 0)],
)
def test_lengths(written: str, length: float):
    score = abc(f"{written} d")
    assert score.start[-1] / Q == length


@pytest.mark.parametrize(("head", "length"), [("M:2/4\nK:C", 0.25), ("M:6/8\nK:C", 0.5), ("K:C", 0.5)])
def test_default_length_follows_the_meter(head: str, length: float):
    assert sound(abc("C", head))[0][2] == length


@pytest.mark.parametrize(
    ("signs", "first", "second"),
    [(">", 1.5, 0.5), ("<", 0.5, 1.5), (">>", 1.75, 0.25), ("<<<", 0.125, 1.875)],
)
def test_broken_rhythm(signs: str, first: float, second: float):
    assert [length for _, _, length in sound(abc(f"C{signs}D E2"))] == [first, second, 2]


def test_broken_rhythm_passes_over_spaces_graces_and_slurs():
    assert [length for _, _, length in sound(abc("(C > {d}.D) E"))] == [1.5, 0.5, 1]


def test_tuplets():
    assert [round(start, 3) for start, _, _ in sound(abc("(3CDE F (3:2:2C2D z"))] == [
        0,
        0.667,
        1.333,
        2,
        3,
        4.333,
    ]
    assert abc("(5CDEFG z2").end_tick == 2 * Q
    assert abc("(3(C/D/E/)F3").start[-1] == Q


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("G", [66]),
        ("Gm", [65]),
        ("G minor", [65]),
        ("F#m", [66]),
        ("Amix", [66]),
        ("A Dorian", [66]),
        ("Ador", [66]),
        ("Bphr", [66]),
        ("none", [65]),
        ("Gb", [65]),
        ("C#", [66]),
        ("HP", [66]),
        ("D exp _f", [64]),
        ("C ^f", [66]),
        ("G clef=treble", [66]),
        ("G clef=bass middle=F", [66]),
        ("G middle=F ^c", [66]),
        ("C sound=A shift=Bf ^f", [66]),
        ('C name="Solo =F ^f" _f', [64]),
        ("D ^f_b", [66]),
        ("Dm=c^f", [66]),
        ("", [65]),
    ],
)
def test_keys_and_modes(key: str, expected: list[int]):
    assert pitches(abc("F", f"L:1/4\nK:{key}")) == expected


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("D", "D major"),
        ("Bbm", "Bb minor"),
        ("F#min", "F# minor"),
        ("Amix", "D major"),  # the key with two sharps whose third is major
        ("A Dorian", "E minor"),
        ("HP", ""),
        ("none", ""),
        ("D exp _f", ""),
        ("G#", "Ab major"),
    ],
)
def test_key_signatures(key: str, name: str):
    assert " ".join(k.name for k in abc("F", f"L:1/4\nK:{key}").keys) == name


def test_accidentals_last_to_the_bar_line_and_through_ties():
    assert pitches(abc("^F F =F F | F ^F2 f- | f f z2", "M:4/4\nL:1/4\nK:C")) == [
        66,
        66,
        65,
        65,
        65,
        66,
        78,
        77,
    ]
    assert pitches(abc("__B ^^F")) == [69, 67]


def test_ties_join_also_across_bars_and_in_chords():
    assert sound(abc("C4- | C2 [EG]2- | [EG]4")) == [(0, 60, 6), (6, 64, 6), (6, 67, 6)]
    assert sound(abc("C- D C z")) == [(0, 60, 1), (1, 62, 1), (2, 60, 1)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("^G4- | A4 | G4 | A4", [68, 69, 67, 69]),  # a sign for a slur
        ("^G4- | z4 | G4", [68, 67]),
        ("^G4- | G4- | G4 | G4", [68, 67]),
        ("|: ^G4- |1 G4 :|2 A4 | G4 |]", [68, 68, 69, 67]),
        ("[^GB]4- | [GB]4 | [GB]4", [68, 71, 67, 71]),
        ("^G2-{a}G2 | G4", [68, 67]),
    ],
)
def test_accidentals_go_with_a_tie_to_the_next_note_alone(body: str, expected: list[int]):
    assert pitches(abc(body)) == expected


def test_chords_of_notes_and_symbols():
    score = abc('"Bb7"[CE]2 "F#m7b5"G "^slow"A | "C/E"[C2E2] "D.C."E2 "C/E"G2')
    assert [(c.tick / Q, c.symbol) for c in score.chords] == [(0, "Bb7"), (2, "F#m7b5"), (4, "C/E")]
    assert sound(score)[:2] == [(0, 60, 2), (0, 64, 2)]
    assert sound(score)[-1] == (8, 67, 2)


@pytest.mark.parametrize(
    ("written", "symbols"),
    [
        ("[!fermata!CE]4", []),
        ("[+fermata+CE]4", []),
        ('["^a2"CE]4', []),
        ('["Am"CE]4', ["Am"]),
        ('["C" "_slow"CE]4', ["C"]),
        ("[C{dg}E]4", []),
        ("[TC.E]4", []),
    ],
)
def test_what_stands_beside_the_notes_of_a_chord_is_none_of_them(written: str, symbols: list[str]):
    score = abc(f"{written} | G4")
    assert sound(score) == [(0, 60, 4), (0, 64, 4), (4, 67, 4)]
    assert [(c.tick, c.symbol) for c in score.chords] == [(0, symbol) for symbol in symbols]


def test_graces_decorations_lyrics_and_comments_make_no_sound():
    score = abc("{cd}C !trill!D +fermata+E ~.F % G A\nw:la la\n%%text A B c\nTG4")
    assert pitches(score) == [60, 62, 64, 65, 67]
    assert score.warnings == ()


@pytest.mark.parametrize("sign", ["\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c"])
def test_lyrics_go_on_behind_signs_that_end_no_line(sign: str):
    assert pitches(abc(f"C D E F\nw:so{sign}abcd")) == [60, 62, 64, 65]
    assert pitches(abc(f"C D{sign}E F")) == [60, 62, 64, 65]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(end: str):
    assert pitches(abc(end.join(["C D", "w:a b", "E F"]))) == [60, 62, 64, 65]


def test_text_between_the_lines_is_no_music():
    assert pitches(abc("C D|\n%%begintext\nA bag of cabbage\n%%endtext\nE F|")) == [60, 62, 64, 65]


@pytest.mark.parametrize(
    ("key", "shift", "name"),
    [
        ("K:C transpose=-2", -2, "Bb major"),
        ("K:C clef=bass octave=-1", -12, "C major"),
        ("K:D transpose=3 octave=1", 15, "F major"),
    ],
)
def test_keys_say_how_much_lower_it_sounds(key: str, shift: int, name: str):
    head = f"M:4/4\nL:1/4\n{key}"
    plain = pitches(abc("C D E F", head.partition(" ")[0]))
    score = abc("C D E F", head)
    assert pitches(score) == [pitch + shift for pitch in plain] and score.keys[0].name == name


@pytest.mark.parametrize(
    ("key", "symbols"),
    [
        ("D transpose=-2", ["C", "Em7", "F#m7b5/Ab", "N.C."]),
        ("D octave=-1", ["D", "F#m7", "G#m7b5/Bb", "N.C."]),
    ],
)
def test_chord_symbols_sound_where_the_notes_do(key: str, symbols: list[str]):
    score = abc('"D"D "F#m7"E "G#m7b5/Bb"F "N.C."G', f"M:4/4\nL:1/4\nK:{key}")
    assert [chord.symbol for chord in score.chords] == symbols


def test_voices_of_the_head_alone_leave_the_body_to_the_first():
    assert pitches(abc("C D E F", "M:4/4\nL:1/4\nV:1\nV:2\nK:C")) == [60, 62, 64, 65]


def test_a_tempo_before_the_length_of_a_note_waits_for_it():
    assert abc("C", "M:4/4\nQ:120\nL:1/4\nK:C").tempos[0].qpm == 120
    assert abc("C", "M:4/4\nL:1/8\nQ:120\nK:C").tempos[0].qpm == 60
