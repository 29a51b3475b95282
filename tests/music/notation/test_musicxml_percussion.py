"""MusicXML: which parts are drums."""

from __future__ import annotations

import pytest

from tests.music.notation.xml_parts import ATTRIBUTES, note, xml

CLEF = "<attributes><clef><sign>percussion</sign></clef></attributes>"
TREBLE = "<attributes><clef><sign>G</sign></clef></attributes>"
STROKE = "<note><unpitched/><duration>8</duration><instrument id='a'/></note>"


def part(about: str) -> str:
    return f'<score-part id="P1"><midi-instrument id="a">{about}</midi-instrument></score-part>'


@pytest.mark.parametrize(
    ("about", "bars", "is_drum"),
    [
        ("<midi-unpitched>39</midi-unpitched>", STROKE, True),
        ("<midi-channel>3</midi-channel><midi-unpitched>39</midi-unpitched>", STROKE, True),
        ("<midi-unpitched>39</midi-unpitched>", STROKE + note("C", 8), False),
        ("", CLEF + note("C", 8), True),
        ("", CLEF + note("C", 4) + TREBLE + note("C", 4), False),
        ("<midi-channel>3</midi-channel>", CLEF + note("C", 8), False),  # a woodblock has pitches, too
        ("<midi-channel>10</midi-channel>", note("C", 8), True),
        ("", TREBLE + note("C", 8), False),
        ("", note("C", 8), False),
    ],
)
def test_parts_that_are_drums(about: str, bars: str, is_drum: bool):
    (track,) = xml(ATTRIBUTES + bars, parts=part(about)).tracks
    assert track.is_drum == is_drum


def test_names_and_titles_are_of_one_line():
    about = '<score-part id="P1"><part-name>Snare&#10;drum&#x85;</part-name></score-part>'
    assert xml(ATTRIBUTES + note("C", 8), parts=about).tracks[0].name == "Snare drum"
