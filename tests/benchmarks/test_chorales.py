"""The converter of the chorales on a few steps made by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import chorales
from musicvae_lite.music import midi
from musicvae_lite.music.representations.trio import TrioRepresentation

STEPS = [[67, 62, 59, 43]] * 4 + [[67, 60, -1, 48]] * 4 + [[69, 60, 57, 48]] * 24


def test_voices_are_tracks_and_repeated_pitches_one_note():
    score = chorales.chorale(STEPS)
    notes = {
        voice.name: [
            (s // chorales.STEP, e // chorales.STEP, p)
            for s, e, p, t in zip(score.start, score.end, score.pitch, score.track, strict=True)
            if t == number
        ]
        for number, voice in enumerate(score.tracks)
    }
    assert notes["Soprano"] == [(0, 8, 67), (8, 32, 69)]
    assert notes["Tenor"] == [(0, 4, 59), (8, 32, 57)]  # a rest of four steps
    assert notes["Bass"] == [(0, 4, 43), (4, 32, 48)]


def test_soprano_and_bass_are_parts_of_a_trio():
    found = TrioRepresentation(bars=2, max_rest_bars=2).windows(chorales.chorale(STEPS))
    assert len(found) == 1
    assert [int(token) for token in found.tokens[0, 8]][1:] == [0, 0] and found.tokens[0, 4, 1] > 0


def test_a_folder_a_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    file = tmp_path / "all.json"
    file.write_text(json.dumps({"train": [STEPS, STEPS], "test": [STEPS]}))
    monkeypatch.setattr(sys, "argv", ["chorales", str(file), str(tmp_path / "out")])
    chorales.main()
    assert len(list((tmp_path / "out/train").glob("*.mid"))) == 2
    assert len(midi.read(tmp_path / "out/test/000.mid")) == 8
