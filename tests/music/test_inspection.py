import json
from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.music.inspection import compress, inspect_score
from musicvae_lite.music.representations import PRESETS, MelodyRepresentation
from musicvae_lite.music.score import (
    Chord,
    KeyChange,
    Meter,
    MeterChange,
    ProgramChange,
    Score,
    TempoChange,
    Track,
)


@pytest.fixture
def song():
    """Six bars: four of 4/4 with a flute, chords and drums, two of 3/4 with the flute alone."""
    flute = [(s * 480, s * 480 + 480, 72 + s % 3, 0) for s in range(22)]
    piano = [(s * 960, s * 960 + 960, p, 1) for s in range(8) for p in (48, 55)]
    drums = [(s * 480 + 48, s * 480 + 100, 36, 2) for s in range(16)]
    rows = np.array(sorted(flute + piano + drums, key=lambda r: (r[0], r[2])), dtype=np.int32)
    start, end, pitch, track = rows.T
    return Score(
        480,
        start,
        end,
        pitch,
        np.full(len(rows), 80, dtype=np.int32),
        track,
        (Track("Flute", 73), Track("", 0), Track("Kit", 0, True), Track("nobody", 40)),
        meters=(MeterChange(0, Meter(4, 4)), MeterChange(4 * 1920, Meter(3, 4))),
        tempos=(TempoChange(0, 120), TempoChange(3840, 60), TempoChange(99_999, 80)),
        keys=(KeyChange(0, -2), KeyChange(5 * 480, 1, True), KeyChange(99_999, 0)),
        chords=(Chord(0, "C"), Chord(1920, "G7"), Chord(3840, "C")),
        title="A song",
        source="song.mid",
        warnings=("a hanging note was ended",),
    )


def test_it_tells_what_the_song_holds(song):
    found = inspect_score(song, {})
    assert (found.source, found.title, found.bars, found.notes) == ("song.mid", "A song", 6, 54)
    assert found.seconds == 8 * 0.5 + 14 * 1.0
    assert [(t.bar, t.value) for t in found.tempos] == [(1, 120), (3, 60)]
    assert [(m.bar, m.value) for m in found.meters] == [(1, "4/4"), (5, "3/4")]
    assert [(k.bar, k.value) for k in found.keys] == [(1, "Bb major"), (2, "E minor")]
    assert found.chords == ("C", "G7")
    assert found.warnings == ("a hanging note was ended",)


def test_it_tells_what_the_tracks_hold(song):
    flute, piano, kit, nobody = inspect_score(song, {}).tracks
    assert (flute.number, flute.name, flute.program_name) == (1, "Flute", "Flute")
    assert (flute.notes, flute.lowest, flute.highest) == (22, 72, 74)
    assert (flute.polyphony, flute.off_grid) == (0, 0)
    assert (piano.program_name, piano.polyphony) == ("Acoustic Grand Piano", 0.5)
    assert (kit.is_drum, kit.program_name, kit.off_grid) == (True, "drums", 1)
    assert (nobody.notes, nobody.lowest, nobody.highest, nobody.off_grid) == (0, None, None, 0)


def test_it_tells_all_programs_of_a_track(song):
    changes = (ProgramChange(960, 40), ProgramChange(1920, 73), ProgramChange(2880, 0))
    flute, kit = (replace(song.tracks[n], program_changes=changes) for n in (0, 2))
    found = inspect_score(replace(song, tracks=(flute, song.tracks[1], kit, song.tracks[3])), {}).tracks
    assert (found[0].program, found[0].program_name, found[0].programs) == (73, "Flute", (73, 40, 0))
    assert found[0].program_names == ("Flute", "Violin", "Acoustic Grand Piano")
    assert (found[2].programs, found[2].program_names) == ((0, 40, 73), ("drums",))
    assert [track.program_names for track in found[1::2]] == [("Acoustic Grand Piano",), ("Violin",)]


def test_it_tells_what_representations_take(song):
    found = inspect_score(song, {**PRESETS, "refusing": MelodyRepresentation(polyphony="refuse")})
    takes = {take.label: take for take in found.takes}
    two = takes["melody-2bar"]
    assert (two.track, two.windows, two.bars_covered) == (1, 3, "1-3")
    assert two.choice == "track 1 'Flute': the only mostly monophonic track"
    assert [(r.code, r.bars) for r in two.rejections] == [("meter", "5-6")]
    assert takes["melody-2bar-waltz"].bars_covered == "5"
    assert takes["melody-2bar-waltz"].meter == "3/4"
    assert [(r.code, r.bars) for r in takes["melody-16bar"].rejections] == [
        ("short", "1-4"),
        ("meter", "5-6"),
    ]
    assert takes["melody-2bar-jig"].windows == 0
    assert found.usable


def test_it_can_be_written_as_json(song):
    found = json.loads(json.dumps(inspect_score(song, PRESETS).to_json()))
    assert found["usable"] is True
    assert found["takes"][0]["rejections"] == [
        {"code": "meter", "bars": "5-6", "detail": "bars of 3/4 do not fill the 4/4 bars of this model"}
    ]


def test_a_song_without_notes(song):
    found = inspect_score(song.select(np.zeros(len(song), dtype=bool)), PRESETS)
    assert (found.bars, found.notes, found.seconds, found.usable) == (0, 0, 0, False)
    rule = found.takes[0].rejections[0]
    assert (rule.code, rule.bars, rule.detail) == ("empty", "", "no notes")


@pytest.mark.parametrize(
    ("bars", "short"),
    [([], ""), ([7], "7"), ([3, 4, 5, 6, 9], "3-6, 9"), ([2, 1, 2, 4], "1-2, 4"), (range(1, 90), "1-89")],
)
def test_compressing_bars(bars, short):
    assert compress(bars) == short
