"""MusicXML: jumps are not played, which a warning says."""

from __future__ import annotations

import pytest

from tests.music.notation.xml_parts import ATTRIBUTES, note, xml

TOLD = ("jumps (D.C., D.S.) are not played",)


def words(text: str) -> str:
    return f"<direction><direction-type><words>{text}</words></direction-type></direction>"


@pytest.mark.parametrize("text", ["D.S. al Coda", "D.C. al Fine", "Da Capo", "To Coda", "D. S.", "Dal Segno"])
def test_jumps_in_words_are_told_of(text: str):
    score = xml(ATTRIBUTES + note("C", 8), note("D", 8) + words(text))
    assert score.warnings == TOLD and len(score) == 2


def test_jumps_among_other_directions_are_told_of():
    several = (
        "<direction><direction-type><words>slow</words></direction-type>"
        "<direction-type><words/><words>D.S.</words></direction-type></direction>"
    )
    assert xml(ATTRIBUTES + several + note("C", 8)).warnings == TOLD
    assert xml(ATTRIBUTES + "<sound dalsegno='yes'/>" + note("C", 8)).warnings == TOLD


@pytest.mark.parametrize("text", ["Fine", "Segue", "Coda", "cresc.", "D.", "Old C.D."])
def test_other_words_are_no_jumps(text: str):
    assert xml(ATTRIBUTES + words(text) + note("C", 8)).warnings == ()
