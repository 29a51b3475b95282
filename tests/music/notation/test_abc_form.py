"""ABC: bars, repeats, jumps, meters, tempo, voices and overlays."""

from __future__ import annotations

import pytest

from tests.music.notation.written import Q, abc, meters, pitches, sound


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("C4 :|", "CC"),
        ("|: C4 | D4 :| E4 |", "CDCDE"),
        ("C4 :: D4 :|", "CCDD"),
        ("C4 :|: D4 :|", "CCDD"),
        ("C4 :||: D4 :|", "CCDD"),
        ("|: C4 |1 D4 :|2 E4 || F4", "CDCEF"),
        ("|: C4 |[1 D4 :| [2 E4 |] F4", "CDCEF"),
        ("|: C4 |1,2 D4 :|3 E4 |]", "CDCDCE"),
        ("|: C4 |1-2 D4 :|3 E4 |]", "CDCDCE"),
        ("|: C4 |1 D4 :|2 E4 :|3 F4 |]", "CDCECF"),
        ("|: C4 |1 D4 :|2 E4 :| F4 :|", "CDCEFF"),
        ("C4 |1 D4 :|2 E4 | F4 | G4 :|", "CDCEFGFG"),  # the second ending is as long as the first
        ("C4 || D4 :|", "CDD"),
        ("|: C4 || D4 :|", "CDCD"),
        ("C4 |\n1 D4 :|2 E4 |]", "CDCE"),
        ("C4 ||\n:D4 :|", "CDD"),
        ("|:: C4 ::|", "CCC"),
        ("|: C4 | D4 |: E4 :|", "CDEE"),
        ("C4 |1 D4 |]", "CD"),
    ],
)
def test_repeats_are_played_out(body: str, order: str):
    names = {60: "C", 62: "D", 64: "E", 65: "F", 67: "G"}
    assert "".join(names[pitch] for pitch in pitches(abc(body))) == order


def test_bar_lines_of_plain_bars():
    assert meters(abc("C4 | D4 | E4 |]")) == [(0, "4/4")]


def test_pickup_is_a_short_first_bar():
    assert meters(abc("G | C4 | D4 | E3 |]")) == [(0, "1/4"), (1, "4/4")]
    assert meters(abc("G/ | C3 | D3 |]", "M:6/8\nL:1/4\nK:C")) == [(0, "1/8"), (0.5, "6/8")]


def test_short_bars_at_a_repeat_are_one():
    assert meters(abc("G | C4 | E3 :|: F | D4 | E3 :|")) == [(0, "1/4"), (1, "4/4")]
    assert meters(abc("C4 | E3 || G | C4 |]")) == [(0, "4/4")]


def test_odd_bar_has_changes_around_it():
    assert meters(abc("C4 | D4 E2 | F4 | G4")) == [(0, "4/4"), (4, "6/4"), (10, "4/4")]
    assert meters(abc("C4 | D3 | F4 | G4")) == [(0, "4/4"), (4, "3/4"), (7, "4/4")]


def test_bar_that_no_meter_fits_still_ends_where_it_ends():
    assert meters(abc("C4 | (3CDE C | F4 | G4"))[-1] == (7, "4/4")
    odd = meters(abc("C4 | (3:2:1C D3 | F4 | G4"))
    assert odd[1][0] == 4
    assert odd[-1] == (pytest.approx(4 + 2 / 3 + 3, abs=1 / Q), "4/4")


def test_meter_key_length_and_tempo_change_within_the_tune():
    score = abc("F4 |\nM:3/4\nK:G\nL:1/8\nF6 | [K:D] c2 [Q:1/4=90] [M:2/4] c4 |", "M:C\nL:1/4\nQ:1/2=60\nK:C")
    assert sound(score)[1] == (4, 66, 3)
    assert pitches(score) == [65, 66, 73, 73]
    assert meters(score)[:2] == [(0, "4/4"), (4, "3/4")]
    assert [(t.tick / Q, t.qpm) for t in score.tempos] == [(0, 120), (8, 90)]
    assert [(k.tick / Q, k.name) for k in score.keys] == [(0, "C major"), (4, "G major"), (7, "D major")]


@pytest.mark.parametrize(
    ("field", "qpm"), [("1/4=100", 100), ("3/8=60", 90), ('"Allegro" 1/4=99', 99), ("80", 40), ("1/4=0", 120)]
)
def test_tempo(field: str, qpm: float):
    assert abc("C", f"L:1/8\nQ:{field}\nK:C").tempos[0].qpm == qpm


@pytest.mark.parametrize(("field", "meter"), [("C", "4/4"), ("C|", "2/2"), ("2+3/8", "5/8"), ("what", "4/4")])
def test_meters(field: str, meter: str):
    bar = {"5/8": "C5/2"}.get(meter, "C4")
    assert meters(abc(f"{bar} | {bar}", f"M:{field}\nL:1/4\nK:C")) == [(0, meter)]


def test_free_meter_has_bars_as_long_as_written():
    assert meters(abc("C2 D | E3 | F3", "M:none\nL:1/4\nK:C")) == [(0, "3/4")]


def test_rests_of_whole_bars():
    assert abc("Z2 | C4").start[0] == 8 * Q


def test_first_voice_is_taken():
    score = abc("V:1\nC4 |\nV:2\nG4 |\nV:1\nD4 |")
    assert pitches(score) == [60, 62]
    assert score.warnings == ("the first of 2 voices was taken",)


def test_what_another_voice_says_of_itself_is_not_said_of_the_first():
    score = abc(
        "V:1\n%%MIDI program 73\nG2AB c2d2|\n"
        "V:2 clef=bass\n%%MIDI program 32\n[L:1/4] [M:3/4] G,2D,2|\nK:C octave=-2\nQ:1/4=200\n"
        "V:1\nB2Af A4|\n[V:2] G,4|",
        "M:4/4\nL:1/8\nV:1\nV:2\nK:G",
    )
    assert sound(score) == [
        (0, 67, 1), (1, 69, 0.5), (1.5, 71, 0.5), (2, 72, 1), (3, 74, 1),
        (4, 71, 1), (5, 69, 0.5), (5.5, 78, 0.5), (6, 69, 2),
    ]  # fmt: skip
    assert meters(score) == [(0, "4/4")] and score.tracks[0].program == 73
    assert [k.name for k in score.keys] == ["G major"] and [t.qpm for t in score.tempos] == [120]


@pytest.mark.parametrize(
    ("head", "program"),
    [
        ("V:1\n%%MIDI program 73\nV:2\n%%MIDI program 32\nK:C", 73),
        ("%%MIDI program 73\nV:1\nV:2\n%%MIDI program 32\nK:C", 73),
        ("V:1\nV:2\nK:C\n%%MIDI program 73", 73),
    ],
)
def test_the_program_is_that_of_the_first_voice(head: str, program: int):
    assert abc("V:1\nC|\nV:2\nD|", f"M:4/4\nL:1/4\n{head}").tracks[0].program == program


@pytest.mark.parametrize("head", ["M:4/4", "M:2/4", "M:C|\nQ:120"])
def test_a_change_of_meter_changes_no_length(head: str):
    unit = "L:1/16" if head == "M:2/4" else "L:1/8"
    body = "CDEFGABc|[M:2/4]cBAG|\nM:3/4\nQ:90\nC6|[M:4/4]C8|"
    short, written = (abc(body, f"{head}{more}\nK:C") for more in ("", f"\n{unit}"))
    assert sound(short) == sound(written) and short.tempos == written.tempos
    assert meters(short) == meters(written)


def test_program_and_title():
    score = abc("%%MIDI program 73\nC")
    assert score.title == "Test"
    assert score.tracks[0].program == 73


@pytest.mark.parametrize("mark", ["!D.C.alfine!", "!D.S.!", "+dacapo+", "!dacoda!", '"^D.C. al Fine"'])
def test_jumps_are_told_of(mark: str):
    score = abc(f"CDEF | GABc !fine! | {mark} cBAG |")
    assert score.warnings == ("jumps (D.C., D.S.) are not played",) and len(score) == 12
    assert not abc('CDEF | GABc !fine! | "Dm" "^slow" cBAG |').warnings


def test_overlays_sound_at_the_same_time():
    score = abc("A4 & C2 E2 | G4 |")
    assert sound(score) == [(0, 60, 2), (0, 69, 4), (2, 64, 2), (4, 67, 4)]
    assert meters(score) == [(0, "4/4")] and not score.warnings


def test_the_longest_voice_of_a_bar_ends_it():
    assert sound(abc("A2 & C2 E2 & z G | F4 |"))[-1] == (4, 65, 4)


def test_an_overlay_has_accidentals_of_its_own_and_leaves_the_tie_before_it():
    score = abc("^c4- & ^C2 C2 & C4 | c4 |")
    assert sound(score) == [(0, 60, 4), (0, 61, 2), (0, 73, 8), (2, 61, 2)]


def test_an_overlay_of_several_bars_is_told_of():
    assert abc("A4 | G4 && C4 | C4 |").warnings == (
        "overlays (&&) of several bars are read as if they were of one",
    )
