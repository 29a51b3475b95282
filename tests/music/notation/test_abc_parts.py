"""ABC: parts, and the order that the head has them played in."""

from __future__ import annotations

import pytest

from musicvae_lite.errors import ReadError
from musicvae_lite.music import notation
from musicvae_lite.music.abc_parts import MOST, parts_of
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import Score
from tests.music.notation.written import Q, abc, pitches

NAMES = {60: "C", 62: "D", 64: "E", 65: "F", 67: "G"}


def played(body: str, order: str) -> str:
    return "".join(NAMES[pitch] for pitch in pitches(in_order(body, order)))


def in_order(body: str, order: str) -> Score:
    return abc(body, f"M:4/4\nL:1/4\nP:{order}\nK:C")


@pytest.mark.parametrize(
    ("order", "parts"),
    [
        ("AAB", "AAB"),
        ("A3", "AAA"),
        ("(AB)3", "ABABAB"),
        ("((AB)3.(CD)3)2", 2 * "ABABABCDCDCD"),
        ("(A2B)2.C", "AABAABC"),
        ("A B (C)", "ABC"),
        ("Reel", ""),
        ("(AB", ""),
        ("", ""),
        (f"A{MOST}", "A" * MOST),
        (f"A{MOST + 1}", ""),
        ("((((A99)99)99)99)99", ""),
        ("A9999", ""),
    ],
)
def test_an_order_of_parts(order: str, parts: str):
    assert parts_of(order) == parts


@pytest.mark.parametrize(
    ("body", "order", "notes"),
    [
        ("P:A\nC4 |\nP:B\nD4 |", "AAB", "CCD"),
        ("P:A\nC4 |\nP:B\nD4 |", "(AB)2", "CDCD"),
        ("[P:A] C4 | [P:B] D4 |", "BA", "DC"),
        ("G |\nP:A\nC4 |\nP:B\nD4 |", "ABA", "GCDC"),
        ("P:A\nC4 |1 D4 :|2 E4 |\nP:B\nF4 :|", "ABA", "CDCEFFCDCE"),
    ],
)
def test_parts_are_played_in_the_order_of_the_head(body: str, order: str, notes: str):
    assert played(body, order) == notes
    assert not in_order(body, order).warnings


@pytest.mark.parametrize(
    ("body", "order"),
    [
        ("C4 | D4 |", "AB"),
        ("P:A\nC4 |\nP:A\nD4 |", "AA"),
        ("P:A\nC4 |\nP:B\nD4 |", "ABC"),
        ("P:A\nC4 |\nP:B\nD4 |", "AA"),
        ("P:A\nC4 |\nP:B\nD4 |", "as you like"),
    ],
)
def test_an_order_that_cannot_be_played_is_told_of(body: str, order: str):
    assert played(body, order) == "CD"
    (warning,) = in_order(body, order).warnings
    assert f"not as {order}:" in warning


def test_without_an_order_parts_are_names_alone():
    assert pitches(abc("P:A\nC4 |\nP:B\nD4 :|")) == [60, 62, 60, 62]


def test_a_part_has_its_own_key_and_tempo_again():
    score = abc("P:A\nF4 |\nP:B\nK:G\nQ:90\nF4 |", "M:4/4\nL:1/4\nQ:60\nP:ABA\nK:C")
    assert pitches(score) == [65, 66, 65]
    assert [(t.tick / Q, t.qpm) for t in score.tempos] == [(0, 60), (4, 90), (8, 60)]
    assert [(k.tick / Q, k.name) for k in score.keys] == [(0, "C major"), (4, "G major"), (8, "C major")]


def test_an_order_of_too_many_bars_is_refused():
    tune = f"X:1\nM:4/4\nL:1/4\nP:A200\nK:C\nP:A\n{'C4 | ' * 4}"
    (error,) = notation.read_bytes(tune.encode(), "t.abc", Limits(max_quarters=100))
    assert isinstance(error, ReadError) and "bars in the order of its parts" in str(error)
