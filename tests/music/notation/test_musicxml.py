"""MusicXML: what a score says is what is heard."""

from __future__ import annotations

import pytest

from musicvae_lite.music.soundness import checked
from tests.music.notation.written import Q, meters, pitches, sound
from tests.music.notation.xml_parts import ATTRIBUTES, BACKWARD, FORWARD, ending, harmony, note, xml


def test_musicxml_notes_chords_and_voices():
    backup = "<backup><duration>8</duration></backup>"
    score = xml(
        ATTRIBUTES + note("C", 8) + note("E", 8, before="<chord/>") + backup + note("Bb", 4, octave=3)
    )
    assert sound(score) == [(0, 58, 2), (0, 60, 4), (0, 64, 4)]
    assert score.title == "Air"
    assert score.tracks[0].name == "Flute"


def test_musicxml_graces_rests_and_ties():
    rest = "<note><rest/><duration>4</duration></note>"
    grace = "<note><grace/><pitch><step>A</step><octave>4</octave></pitch></note>"
    tie = ('<tie type="start"/>', '<tie type="stop"/>')
    score = xml(ATTRIBUTES + rest + grace + note("C", 4, tie[0]), note("C", 8, tie[1]))
    assert sound(score) == [(2, 60, 6)]


def test_a_tie_at_a_repeat_leads_to_the_note_behind_it_alone():
    start, stop = '<tie type="start"/>', '<tie type="stop"/>'
    score = xml(ATTRIBUTES + note("C", 8, start) + BACKWARD, note("C", 8, stop))
    assert sound(score) == [(0, 60, 4), (4, 60, 8)]


def test_a_tie_into_both_endings():
    start, stop = '<tie type="start"/>', '<tie type="stop"/>'
    first = ending("1", "start") + note("C", 8, stop) + ending("1", "stop", '<repeat direction="backward"/>')
    second = ending("2", "start") + note("C", 8, stop) + ending("2", "stop")
    assert sound(xml(ATTRIBUTES + note("C", 8, start), first, second)) == [(0, 60, 8), (8, 60, 8)]


def test_a_tie_goes_on_beside_another_voice_of_its_pitch():
    start, stop = '<tie type="start"/>', '<tie type="stop"/>'
    backup = "<backup><duration>8</duration></backup>"
    hymn = ATTRIBUTES + note("G", 8, start) + backup + note("E", 2) + note("G", 2) + note("E", 4)
    score = xml(hymn, note("G", 8, stop) + backup + note("E", 8))
    assert [row for row in sound(score) if row[1] == 67] == [(0, 67, 8), (1, 67, 1)]
    both = ATTRIBUTES + note("E", 4) + note("G", 4, start) + backup + note("E", 6) + note("G", 2, start)
    score = xml(both, note("G", 8, stop) + backup + note("G", 4, stop))
    assert {start for start, pitch, _ in sound(score) if pitch == 67} == {2, 3}


def test_musicxml_repeats_and_endings():
    bars = [
        ATTRIBUTES + FORWARD + note("C", 8),
        ending("1", "start") + note("D", 8) + ending("1", "stop", '<repeat direction="backward"/>'),
        ending("2", "start") + note("E", 8) + ending("2", "discontinue"),
        note("F", 8) + BACKWARD,
    ]
    assert pitches(xml(*bars)) == [60, 62, 60, 64, 65, 65]


def test_musicxml_pickup_tempo_and_meter_change():
    waltz = "<attributes><time><beats>3</beats><beat-type>4</beat-type></time></attributes>"
    tempo = '<direction><sound tempo="90"/></direction>'
    metronome = (
        "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
        "<per-minute>40</per-minute></metronome></direction-type></direction>"
    )
    score = xml(ATTRIBUTES + tempo + note("G", 2), note("C", 8), waltz + metronome + note("D", 6))
    assert meters(score) == [(0, "1/4"), (1, "4/4"), (5, "3/4")]
    assert [(t.tick / Q, t.qpm) for t in score.tempos] == [(0, 90), (5, 60)]


def test_a_tempo_may_stand_in_any_part():
    def tempo(qpm: int) -> str:
        return f'<direction><sound tempo="{qpm}"/></direction>'

    parts = "".join(f'<score-part id="P{n}"/>' for n in (1, 2))
    below = f"<part id='P2'><measure>{ATTRIBUTES}{tempo(60)}{note('C', 4)}{tempo(90)}{note('C', 4)}"
    score = xml(ATTRIBUTES + tempo(70) + note("C", 8), parts=parts, more=f"{below}</measure></part>")
    assert [(t.tick / Q, t.qpm) for t in score.tempos] == [(0, 70), (2, 90)]
    score = xml(ATTRIBUTES + note("C", 8), parts=parts, more=f"{below}</measure></part>")
    assert [(t.tick / Q, t.qpm) for t in score.tempos] == [(0, 60), (2, 90)]


@pytest.mark.parametrize(
    ("direction", "place"),
    [
        ('<offset>4</offset><sound tempo="60"/>', 0),  # says where it is printed, not where it sounds
        ('<offset sound="yes">4</offset><sound tempo="60"/>', 2),
        ('<offset sound="yes">4</offset><sound tempo="60"><offset>6</offset></sound>', 3),
        ('<offset sound="yes">-4</offset><sound tempo="60"/>', 0),
        ('<offset sound="yes">1e300</offset><sound tempo="60"/>', None),
    ],
)
def test_the_offset_of_a_tempo(direction: str, place: int | None):
    score = xml(ATTRIBUTES + f"<direction>{direction}</direction>" + note("C", 8))
    assert [t.tick / Q for t in score.tempos if t.qpm == 60] == ([] if place is None else [place])


@pytest.mark.parametrize(
    ("written", "symbol"),
    [
        (harmony("Bb", "dominant"), "Bb7"),
        (harmony("F#", "half-diminished"), "F#m7b5"),
        (harmony("C", "major", "<bass><bass-step>E</bass-step></bass>"), "C/E"),
        (harmony("G", "none"), "N.C."),
        (
            harmony(
                "A",
                "dominant",
                "<degree><degree-value>9</degree-value><degree-alter>-1</degree-alter>"
                "<degree-type>add</degree-type></degree>",
            ),
            "A7b9",
        ),
        (
            harmony("D", "suspended-fourth", "<degree><degree-value>7</degree-value></degree>"),
            "D7sus4",
        ),
    ],
)
def test_musicxml_chord_symbols(written: str, symbol: str):
    score = xml(ATTRIBUTES + note("C", 4) + written + note("C", 4))
    assert [(c.tick / Q, c.symbol) for c in score.chords] == [(2, symbol)]


def test_musicxml_transposing_instrument_sounds_as_it_does():
    clarinet = "<attributes><transpose><chromatic>-2</chromatic></transpose></attributes>"
    score = xml(ATTRIBUTES + clarinet + harmony("D", "minor") + note("D", 8))
    assert pitches(score) == [60]
    assert score.chords[0].symbol == "Cm"


def test_musicxml_keys_are_those_that_sound():
    key = "<attributes><key><fifths>{}</fifths><mode>{}</mode></key>{}</attributes>"
    clarinet = "<transpose><chromatic>-2</chromatic></transpose>"
    assert [k.name for k in xml(ATTRIBUTES + key.format(-3, "minor", "") + note("C", 8)).keys] == ["C minor"]
    assert [k.name for k in xml(ATTRIBUTES + key.format(2, "", clarinet) + note("D", 8)).keys] == ["C major"]
    for fifths in ("8", "many", ""):
        assert xml(ATTRIBUTES + key.format(fifths, "major", "") + note("C", 8)).keys == ()


def test_musicxml_parts_and_drums():
    parts = (
        '<score-part id="P1"><midi-instrument id="a"><midi-program>74</midi-program></midi-instrument>'
        "</score-part>"
        '<score-part id="P2"><midi-instrument id="b"><midi-channel>10</midi-channel>'
        "<midi-unpitched>39</midi-unpitched></midi-instrument></score-part>"
    )
    stroke = "<note><unpitched/><duration>8</duration>"
    drums = f"<part id='P2'><measure>{ATTRIBUTES}{stroke}<instrument id='b'/></note></measure></part>"
    score = xml(ATTRIBUTES + note("C", 8), parts=parts, more=drums)
    assert [(t.program, t.is_drum) for t in score.tracks] == [(73, False), (0, True)]
    assert list(zip(score.pitch.tolist(), score.track.tolist(), strict=True)) == [(38, 1), (60, 0)]


def test_empty_musicxml_is_an_empty_score():
    assert len(xml()) == 0


def test_chords_before_one_note_share_its_length():
    offset = "<offset>6</offset>"
    two = harmony("D", "minor-seventh") + harmony("G", "dominant") + note("C", 8)
    placed = harmony("C", "major") + harmony("F", "major", offset) + note("C", 8)
    split = harmony("A", "minor") + note("C", 4) + harmony("E", "major") + note("C", 4)
    chords = xml(ATTRIBUTES + two, placed, split).chords
    assert [(c.tick / Q, c.symbol) for c in chords] == [
        (0, "Dm7"), (2, "G7"), (4, "C"), (7, "F"), (8, "Am"), (10, "E"),
    ]  # fmt: skip


def test_a_chord_may_be_set_behind_the_end_of_its_bar():
    late = harmony("Eb", "major", "<offset>9</offset>")
    bars = (ATTRIBUTES + late + note("C", 8), harmony("Bb", "major") + note("C", 4) + harmony("F", "major"))
    score = checked(xml(*bars))
    assert [(c.tick / Q, c.symbol) for c in score.chords] == [(4, "Bb"), (4.5, "Eb"), (6, "F")]


def test_chords_are_those_of_the_first_part_that_has_any():
    parts = "".join(f'<score-part id="P{n}"/>' for n in (1, 2, 3))
    more = "".join(
        f"<part id='P{n}'><measure>{ATTRIBUTES}{harmony(root, 'major')}{note('C', 8)}</measure></part>"
        for n, root in ((2, "C#"), (3, "Db"))
    )
    assert [c.symbol for c in xml(ATTRIBUTES + note("C", 8), parts=parts, more=more).chords] == ["C#"]


def test_cue_notes_take_their_time_in_silence():
    assert sound(xml(ATTRIBUTES + note("C", 2) + note("D", 2, before="<cue/>") + note("E", 4))) == [
        (0, 60, 1),
        (2, 64, 2),
    ]


def test_strokes_of_a_part_of_one_drum_need_not_name_it():
    drum = (
        '<score-part id="P1"><midi-instrument id="a"><midi-channel>10</midi-channel>'
        "<midi-unpitched>39</midi-unpitched></midi-instrument></score-part>"
    )
    stroke = "<note><unpitched/><duration>8</duration></note>"
    score = xml(ATTRIBUTES + stroke, parts=drum)
    assert pitches(score) == [38] and score.warnings == ()


def test_key_and_tempo_are_those_of_the_place_that_is_repeated():
    def change(fifths: int, qpm: int) -> str:
        key = f"<attributes><key><fifths>{fifths}</fifths></key></attributes>"
        return f'{key}<direction><sound tempo="{qpm}"/></direction>'

    score = xml(
        ATTRIBUTES + change(0, 100) + note("C", 8),
        FORWARD + note("D", 8),
        change(2, 60) + note("E", 8) + BACKWARD,
        note("F", 8),
    )
    assert [(k.tick / Q, k.name) for k in score.keys] == [
        (0, "C major"), (8, "D major"), (12, "C major"), (16, "D major"),
    ]  # fmt: skip
    assert [(t.tick / Q, t.qpm) for t in score.tempos] == [(0, 100), (8, 60), (12, 100), (16, 60)]
