"""PrettyMIDI objects: what becomes of a score in them, and back."""

from __future__ import annotations

import numpy as np
import pretty_midi
import pytest

from musicvae_lite.errors import ConfigError, ReadError
from musicvae_lite.music.score import Score, TempoChange, Track
from tests.music.test_midi import notes, song


def test_pretty_midi_and_back_keeps_every_tick():
    there = song().to_pretty_midi()
    assert there.resolution == 480
    assert [i.name for i in there.instruments] == ["Flûte", "Kit", "Bass"]
    assert there.time_signature_changes[1].numerator == 6
    back = Score.from_pretty_midi(there)
    assert notes(back) == notes(song())
    assert back.tracks == song().tracks
    assert back.meters == song().meters
    assert [(k.tick, k.name) for k in back.keys] == [(0, "B major"), (960, "F# minor")]
    assert [t.tick for t in back.tempos] == [0, 960]


def test_pretty_midi_agrees_on_seconds_of_a_written_file(tmp_path):
    path = str(tmp_path / "song.mid")
    song().save(path)
    theirs = sorted(n.start for i in pretty_midi.PrettyMIDI(path).instruments for n in i.notes)
    ours = sorted(n.start for i in song().to_pretty_midi().instruments for n in i.notes)
    assert theirs == pytest.approx(ours, abs=1e-9)


def test_long_song_keeps_its_ticks_through_pretty_midi():
    start = np.arange(0, 400_000, 997, dtype=np.int32)
    full = np.full(len(start), 64, np.int32)
    tempos = tuple(TempoChange(t, 71.3 + t / 9_999) for t in range(0, 400_000, 50_000))
    score = Score(220, start, start + 7, full, full, full * 0, (Track(),), tempos=tempos)
    assert notes(Score.from_pretty_midi(score.to_pretty_midi())) == notes(score)


@pytest.mark.parametrize("music", [3, None, b"MThd"])
def test_what_is_no_music_is_told_with_what_is(music):
    with pytest.raises(ConfigError, match=f"a Score or a PrettyMIDI object, not {type(music).__name__}"):
        Score.from_pretty_midi(music)


def test_pretty_midi_out_of_range_is_refused():
    bad = pretty_midi.PrettyMIDI()
    bad.instruments.append(pretty_midi.Instrument(0))
    bad.instruments[0].notes.append(pretty_midi.Note(64, 200, 0.0, 1.0))
    with pytest.raises(ReadError, match="0 to 127"):
        Score.from_pretty_midi(bad)
    bad.instruments[0].notes[0] = pretty_midi.Note(64, 60, 0.0, float("nan"))
    with pytest.raises(ReadError):
        Score.from_pretty_midi(bad)
