import numpy as np
import pytest

from benchmarks.round_trip import emitted, lost
from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import RhythmRepresentation
from tests.music.representations.songs import beat, song, told

TWO_BARS, TRIO = RhythmRepresentation(), RhythmRepresentation(voices="trio")
MELODY = [(4 * n, 3, 72 + n % 5) for n in range(8)]
BASS = [(8 * n, 6, 36 + n) for n in range(4)]


def steps_of(flags: np.ndarray) -> list[int]:
    return np.flatnonzero(flags).tolist()


def test_onsets_of_a_melody():
    found = TWO_BARS.windows(song(beat(2), MELODY, drums=[0]))
    assert found.tokens.shape == (1, 32, 1)
    assert steps_of(found.tokens[0, :, 0]) == list(range(0, 32, 4))
    assert found.choice == "track 2: the only pitched track" and found.track == 1


def test_onsets_of_a_trio():
    score = song(MELODY, BASS, beat(2), programs=(0, 33), drums=[2])
    (window,) = TRIO.windows(score).tokens
    assert [steps_of(window[:, n]) for n in range(3)] == [
        list(range(0, 32, 4)),
        list(range(0, 32, 8)),
        list(range(0, 32, 2)),
    ]
    assert told(TRIO.windows(song(MELODY))) == [(0, "no-bass", 0)]


def test_a_song_of_drums_alone_is_a_rhythm():
    found = TWO_BARS.windows(song([(0, 1, 36), (6, 1, 38), (6, 1, 12), (20, 1, 42)], drums=[0]))
    assert steps_of(found.tokens[0]) == [0, 6, 20]
    assert TWO_BARS.candidates(song(beat(2), drums=[0])) == [None]
    under_chords = RhythmRepresentation(chords="triads")
    assert told(under_chords.windows(song(beat(2), drums=[0]))) == [(0, "drums", 0)]


def test_what_they_are_written_as():
    flags = np.zeros((32, 1), dtype=np.uint8)
    flags[[0, 6]] = 1
    score = TWO_BARS.to_score(flags, program=40)
    assert score.pitch.tolist() == [38, 38] and score.start.tolist() == [0, 720]
    assert score.tracks[0].is_drum and (score.end - score.start == 120).all()
    flags = np.zeros((32, 3), dtype=np.uint8)
    flags[0], flags[3, 1] = 1, 1
    score = TRIO.to_score(flags, program=20)
    assert score.pitch.tolist() == [36, 38, 72, 36] and score.track.tolist() == [1, 2, 0, 1]
    assert [(t.program, t.is_drum) for t in score.tracks] == [(20, False), (32, False), (0, True)]


def test_pitches_that_could_not_be_read_again_are_not_written():
    drums = {"name": "x", "classes": {"kick": [36], "hat": [42]}}
    r = RhythmRepresentation(voices="trio", lowest=40, highest=60, drum_map=drums)
    windows = emitted(r, 20, np.random.default_rng(0))
    assert lost(r, windows) == 0
    assert set(r.to_score(windows).pitch.tolist()) == {60, 40, 36}


def test_settings_are_checked():
    with pytest.raises(ConfigError, match="melody or trio, not 'duo'"):
        RhythmRepresentation(voices="duo")
    with pytest.raises(ConfigError, match="no range"):
        RhythmRepresentation(lowest=80, highest=63)
