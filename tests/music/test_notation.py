"""Written music: ABC tunes and MusicXML scores."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite.errors import ReadError
from musicvae_lite.music import abc_fields, abc_notation, musicxml, notation
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import Score

Q = 480  # ticks of a quarter


def abc(body: str, head: str = "M:4/4\nL:1/4\nK:C") -> Score:
    (song,) = notation.read_bytes(f"X:1\nT:Test\n{head}\n{body}\n".encode(), "t.abc")
    assert isinstance(song, Score), song
    return song


def sound(score: Score) -> list[tuple[float, int, float]]:
    """Start in quarters, pitch, length in quarters."""
    columns = (score.start / Q, score.pitch, (score.end - score.start) / Q)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def pitches(score: Score) -> list[int]:
    return score.pitch.tolist()


def meters(score: Score) -> list[tuple[float, str]]:
    return [(change.tick / Q, str(change.meter)) for change in score.meters]


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
        ("", [65]),
    ],
)
def test_keys_and_modes(key: str, expected: list[int]):
    assert pitches(abc("F", f"L:1/4\nK:{key}")) == expected


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


def test_chords_of_notes_and_symbols():
    score = abc('"Bb7"[CE]2 "F#m7b5"G "^slow"A | "C/E"[C2E2] "D.C."E2 "C/E"G2')
    assert [(c.tick / Q, c.symbol) for c in score.chords] == [(0, "Bb7"), (2, "F#m7b5"), (4, "C/E")]
    assert sound(score)[:2] == [(0, 60, 2), (0, 64, 2)]
    assert sound(score)[-1] == (8, 67, 2)


def test_graces_decorations_lyrics_and_comments_make_no_sound():
    score = abc("{cd}C !trill!D +fermata+E ~.F % G A\nw:la la\n%%text A B c\nTG4")
    assert pitches(score) == [60, 62, 64, 65, 67]
    assert score.warnings == ()


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


def test_program_and_title():
    score = abc("%%MIDI program 73\nC")
    assert score.title == "Test"
    assert score.tracks[0].program == 73


BOOK = """%abc-2.1
M:3/4
L:1/4

Some words about the book.

X:1
T:One
K:G
FGA |

between tunes: more words

X:2
T:Two
M:4/4
K:C
C4 |

X:3
T:No key, no tune

X:7
T:Three
K:D
f3 |
"""


def test_tune_books():
    songs = [song for song in notation.read_bytes(BOOK.encode(), "book.abc") if isinstance(song, Score)]
    assert [song.source for song in songs] == ["book.abc#1", "book.abc#2", "book.abc#3"]
    assert [song.title for song in songs] == ["One", "Two", "Three"]
    assert [meters(song) for song in songs] == [[(0, "3/4")], [(0, "4/4")], [(0, "3/4")]]
    assert pitches(songs[2]) == [78]


def test_bad_tune_costs_itself_alone():
    results = list(notation.read_bytes(BOOK.encode(), "book.abc", Limits(max_quarters=3)))
    assert [type(result) for result in results] == [Score, ReadError, Score]
    assert "book.abc#2" in str(results[1])


def test_what_is_no_abc():
    for data in (b"Dear reader", b"\x00\x01", b"X:1\nT:only a head\n"):
        (error,) = notation.read_bytes(data, "t.abc")
        assert isinstance(error, ReadError)
        assert error.code == "not-abc"


def test_repeats_that_explode_are_refused():
    for body, limits in (("|: C4 " + ":" * 60 + "|", Limits(max_notes=50)), ("C9999" * 999, Limits())):
        (result,) = notation.read_bytes(f"X:1\nK:C\n{body}\n".encode(), "t.abc", limits)
        assert isinstance(result, ReadError)
        assert result.code == "limit"


@pytest.mark.parametrize(
    "unit", ["[", "[A:", "[C", ":", "(3", '"', "!a", "+a", "{", "|1", ">", "&", "C/", "^"]
)
def test_no_line_takes_forever(unit: str):
    (result,) = notation.read_bytes(f"X:1\nK:C\n{unit * 40_000}\n".encode(), "t.abc")
    assert isinstance(result, ReadError | Score)


def test_no_field_takes_forever():
    fields = (
        "Q:"
        + "1/11" * 5_000
        + "\nQ:C"
        + "9" * 5_000
        + "=1"
        + "\nM:"
        + "1+" * 5_000
        + "\nK:"
        + "C ^" * 5_000
        + "\n"
    )
    (result,) = notation.read_bytes(f'X:1\n{fields}"{"Cmajmin" * 5_000}"C\n'.encode(), "t.abc")
    assert isinstance(result, Score)
    assert pitches(result) == [61]


@given(st.text(alphabet="ABCabcz|:[]()123/<>-^_=\"{}&!+.~ \nKVMLQ%#'", max_size=120))
def test_any_text_reads_or_gives_an_error(body: str):
    for result in notation.read_bytes(f"X:1\nK:G\n{body}\n".encode(), "t.abc"):
        assert isinstance(result, ReadError) or (result.end > result.start).all()


def note(step: str, duration: int, extra: str = "", octave: int = 4, before: str = "") -> str:
    alter = f"<alter>{step.count('#') - step.count('b')}</alter>" if len(step) > 1 else ""
    pitch = f"<pitch><step>{step[0]}</step>{alter}<octave>{octave}</octave></pitch>"
    return f"<note>{before}{pitch}<duration>{duration}</duration>{extra}</note>"


def harmony(root: str, kind: str, extra: str = "") -> str:
    alter = f"<root-alter>{root.count('#') - root.count('b')}</root-alter>" if len(root) > 1 else ""
    return (
        f"<harmony><root><root-step>{root[0]}</root-step>{alter}</root><kind>{kind}</kind>{extra}</harmony>"
    )


ATTRIBUTES = (
    "<attributes><divisions>2</divisions><time><beats>4</beats><beat-type>4</beat-type></time></attributes>"
)
FORWARD = '<barline location="left"><repeat direction="forward"/></barline>'
BACKWARD = '<barline location="right"><repeat direction="backward"/></barline>'


def ending(number: str, kind: str, repeat: str = "") -> str:
    return f'<barline><ending number="{number}" type="{kind}"/>{repeat}</barline>'


def document(*bars: str, parts: str = "", more: str = "") -> bytes:
    measures = "".join(f'<measure number="{i}">{bar}</measure>' for i, bar in enumerate(bars, 1))
    about = parts or '<score-part id="P1"><part-name>Flute</part-name></score-part>'
    return (
        '<?xml version="1.0" encoding="UTF-8"?><!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML '
        '4.0 Partwise//EN" "http://www.musicxml.org/dtds/partwise.dtd">'
        "<score-partwise><work><work-title>Air</work-title></work>"
        f"<part-list>{about}</part-list><part id='P1'>{measures}</part>{more}</score-partwise>"
    ).encode()


def xml(*bars: str, **kw: str) -> Score:
    return musicxml.read(document(*bars, **kw), "t.musicxml", Limits())


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


def zipped(*files: tuple[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return stream.getvalue()


CONTAINER = b"<container><rootfiles><rootfile full-path='%s'/></rootfiles></container>"


@pytest.mark.parametrize("full_path", [b"song.xml", b"gone.xml", b"it's.xml"])
def test_zipped_musicxml(full_path: bytes):
    music = document(ATTRIBUTES + note("C", 8))
    data = zipped(("META-INF/container.xml", CONTAINER % full_path), ("song.xml", music))
    assert pitches(musicxml.read(data, "t.mxl", Limits())) == [60]


def code_of(data: bytes) -> str:
    (result,) = notation.read_bytes(data, "t.mxl")
    assert isinstance(result, ReadError)
    assert str(result).startswith("t.mxl: ")
    return result.code


def test_zip_bombs_and_entities_are_refused():
    bomb = zipped(("song.xml", b" " * (17 * 2**20)))
    assert len(bomb) < 2**16
    assert code_of(bomb) == "limit"
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><score-partwise>&b;</score-partwise>'
    assert code_of(laughs) == "entities"
    assert code_of(laughs.decode().encode("utf-16")) == "entities"
    outside = b'<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/hostname">]><score-partwise>&a;</score-partwise>'
    assert code_of(outside) == "entities"


def test_malformed_musicxml():
    music = document(ATTRIBUTES + note("C", 8))
    archive = zipped(("song.xml", music))
    assert code_of(b"Dear reader") == "damaged"
    assert code_of(b"<html/>") == "not-musicxml"
    assert code_of(b"<score-timewise/>") == "not-musicxml"
    assert code_of(b"<a>" * 200_000) in ("damaged", "truncated")
    assert code_of(zipped(("readme.txt", b"hello"))) == "damaged"
    assert code_of(document("<attributes><divisions>0</divisions></attributes>")) == "damaged"
    assert code_of(document(note("C", 10**9))) == "damaged"
    assert code_of(document(note("H", 1))) == "damaged"
    for data in (music, archive):
        for length in range(1, len(data), 7):
            (result,) = notation.read_bytes(data[:length], "t.mxl")
            assert isinstance(result, ReadError)


def test_flipped_bits_in_musicxml_read_or_give_an_error():
    chance = random.Random(3)
    music = document(ATTRIBUTES + harmony("C", "major") + note("C", 8), FORWARD + note("D", 8) + BACKWARD)
    for data in (music, zipped(("song.xml", music))):
        for _ in range(200):
            damaged = bytearray(data)
            damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            for result in notation.read_bytes(bytes(damaged), "t.mxl"):
                assert isinstance(result, Score | ReadError)


def test_empty_musicxml_is_an_empty_score():
    assert len(xml()) == 0


def test_splitting_keeps_lines():
    assert list(abc_fields.split("X:1\nK:C\nC\n\nX:2\nK:D\nD")) == [["X:1", "K:C", "C"], ["X:2", "K:D", "D"]]
    assert len(abc_notation.read_tune(["K:C", "CDE"], "t", Limits())) == 3
