from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import drum_maps, midi
from musicvae_lite.music.representations import GrooveRepresentation
from musicvae_lite.music.representations.groove_tasks import (
    dropped,
    hits_of,
    parts,
    quantised,
    tapped,
    without,
)
from musicvae_lite.music.score import TempoChange
from tests.music.representations.songs import beat, song, told

TWO_BARS = GrooveRepresentation()
KICK, SNARE, CLOSED, OPEN = range(4)


def played(bars: int = 2, seed: int = 0):
    """A beat that breathes: up to 40 ticks (a third of a step) off, of any loudness, in 480ths."""
    chance = np.random.default_rng(seed)
    rows = [
        (s + chance.integers(-40, 41) / 120, 1, p, int(chance.integers(1, 128))) for s, _, p in beat(bars)
    ]
    return song([(max(s, 0), n, p, v) for s, n, p, v in rows], drums=[0])


def test_hits_velocities_and_offsets():
    score = song([(0, 1, 36, 127), (3.75, 1, 38, 64), (8.25, 1, 42, 1), (8.4, 1, 44, 2)], drums=[0])
    (groove,) = TWO_BARS.lenient().windows(score).tokens
    hits, velocity, offset = parts(groove)
    assert np.argwhere(hits).tolist() == [[0, KICK], [4, SNARE], [8, CLOSED]]
    assert velocity[hits > 0] * 127 == pytest.approx([127, 64, 2])  # of two on one step the loudest
    assert offset[hits > 0] == pytest.approx([0, 0.5, -0.8])  # early is positive


def test_feel_survives_a_file_to_the_tick_at_any_tempo():
    score = played(2)
    (groove,) = TWO_BARS.windows(score).tokens
    for qpm in (60.0, 133.7, 240.0):
        written = TWO_BARS.to_score(groove, qpm=qpm)
        again = midi.read_bytes(midi.to_bytes(written))
        assert again.qpm_at(0) == pytest.approx(qpm, rel=1e-4)
        assert np.array_equal(TWO_BARS.windows(again).tokens[0], groove)
        quarters = np.sort(again.start / again.ticks_per_quarter)
        assert np.array_equal(quarters, np.sort(score.start / score.ticks_per_quarter))
    slower = replace(score, tempos=(TempoChange(0, 60.0),))
    assert np.array_equal(TWO_BARS.windows(slower).tokens[0], groove)


def test_the_next_window_has_the_hits_before_its_bar_line():
    found = TWO_BARS.lenient().windows(song([(0, 1, 36), (15.75, 1, 36), (40, 1, 36)], drums=[0]))
    assert parts(found.tokens[1])[0][0, KICK] == 1
    assert parts(found.tokens[1])[2][0, KICK] == pytest.approx(0.5)


def test_hits_before_the_start_fall_on_it_unless_there_is_a_silent_bar():
    groove = np.zeros((32, 27), dtype=np.float32)
    groove[[0, 31], KICK], groove[[0, 31], 9 + KICK], groove[0, 18 + KICK] = 1, 1, 0.5
    assert TWO_BARS.to_score(groove).start.tolist() == [0, 31 * 240]
    ahead = TWO_BARS.to_score(groove, lead_in=True)
    assert ahead.start.tolist() == [16 * 240 - 60, 47 * 240]
    assert np.array_equal(TWO_BARS.lenient().windows(ahead).tokens[1], TWO_BARS.canonical(groove))


def test_no_hit_is_too_soft_or_too_late_to_be_written():
    groove = np.zeros((32, 27), dtype=np.float32)
    groove[4, KICK], groove[4, 18 + KICK] = 1, -1  # half a step late would be the next step
    groove[8, 9 + SNARE] = 0.5  # a velocity without a hit
    once = TWO_BARS.canonical(groove)
    assert once[4, 9 + KICK] == pytest.approx(1 / 127)
    assert -1 < once[4, 18 + KICK] < -0.99
    assert not once[8].any()


def test_the_inputs_of_the_tasks():
    (groove,) = TWO_BARS.windows(played()).tokens
    hits = parts(groove)[0]
    flat = quantised(groove)
    assert np.array_equal(parts(flat)[0], hits) and not flat[:, 9:].any()
    taps = tapped(groove, OPEN)
    assert np.array_equal(parts(taps)[0][:, OPEN], hits.any(1)) and parts(taps)[0].sum() == hits.any(1).sum()
    loudest = parts(groove)[1][0].argmax()
    assert parts(taps)[2][0, OPEN] == parts(groove)[2][0, loudest] and not parts(taps)[1].any()
    bare = without(groove, CLOSED)
    assert not bare[:, [CLOSED, 9 + CLOSED, 18 + CLOSED]].any()
    assert np.array_equal(parts(bare)[0][:, [KICK, SNARE]], hits[:, [KICK, SNARE]])
    assert np.array_equal(hits_of(groove), hits)


@pytest.mark.parametrize("task", ["play", "humanize", "tap", "add-hihat", "hits-control"])
def test_examples_want_the_groove_back(task):
    rep = GrooveRepresentation(task=task)
    grooves = rep.windows(played(8)).tokens
    x, target, control = rep.examples(grooves, None, np.random.default_rng(0))
    assert np.array_equal(target, grooves) and x.shape == grooves.shape
    assert (control is None) == (rep.control is None)
    assert np.array_equal(x, target) == (task in ("play", "hits-control"))


def test_dropout_loses_soft_hits_first_and_only_from_the_input():
    rep = GrooveRepresentation(dropout=0.8)
    grooves = np.repeat(rep.windows(played(2)).tokens, 400, axis=0)
    x, target, _ = rep.examples(grooves, None, np.random.default_rng(0))
    assert np.array_equal(target, grooves)
    hits, velocity, _ = parts(grooves)
    lost = (hits > 0) & (parts(x)[0] == 0)
    soft, loud = (hits > 0) & (velocity < 0.3), (hits > 0) & (velocity > 0.7)
    assert 0.15 < lost[soft].mean() < 0.45 and lost[loud].mean() < lost[soft].mean() / 2
    again = dropped(grooves, 0.8, np.random.default_rng(0))
    assert np.array_equal(x, again)


def test_grooves_that_are_played_otherwise_are_no_duplicates():
    (groove,) = TWO_BARS.windows(played()).tokens
    softer, later, fewer = (groove.copy() for _ in range(3))
    softer[0, 9 + KICK] -= 1 / 127
    later[0, 18 + KICK] -= 1 / 60  # a tick of 480 a quarter
    fewer[4, [SNARE, 9 + SNARE, 18 + SNARE]] = 0
    prints = TWO_BARS.fingerprint(np.stack([groove, groove + 1e-4 * (groove > 0), softer, later, fewer]))
    assert prints[0] == prints[1] and len(set(prints.tolist())) == 4


def test_taps_may_be_any_notes():
    taps = song([(0, 1, 60, 90), (3.9, 1, 64, 80), (8, 2, 67, 70), (16, 1, 60), (24, 1, 61)])
    assert told(TWO_BARS.windows(taps)) == [(0, "no-drums", 0)]
    (groove,) = TWO_BARS.windows(taps, taps=True).tokens
    assert np.argwhere(parts(groove)[0]).tolist() == [[s, OPEN] for s in (0, 4, 8, 16, 24)]


def test_errors_of_a_groove():
    wanted = TWO_BARS.windows(played(2)).tokens
    got = wanted.copy()
    hits, velocity, offset = parts(got)
    velocity[hits > 0] = np.clip(velocity[hits > 0] - 10 / 127, 1 / 127, 1)
    offset[:] = 0
    hits[0, 0, KICK] = 0
    figures = TWO_BARS.compare(got, wanted)
    count = parts(wanted)[0].sum()
    assert figures["note_f1"] == pytest.approx(2 * (count - 1) / (2 * count - 1))
    assert figures["steps"] == pytest.approx(31 / 32)
    assert 5 < figures["velocity_error"] <= 10
    assert figures["offset_error"] == pytest.approx(figures["offset_error_quantised"])
    assert figures["offset_error"] > 0.05


def test_settings_that_do_not_fit():
    with pytest.raises(ConfigError, match="humanize"):
        GrooveRepresentation(task="dance")
    two = drum_maps.DrumMap("two", ("boom", "tick"), ((36,), (38,)))
    with pytest.raises(ConfigError, match="open-hihat"):
        GrooveRepresentation(drum_map=two, task="tap")
    assert GrooveRepresentation(drum_map=two).step.shape == (6,)
