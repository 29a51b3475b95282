"""Windows whose voices are exchanged."""

from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.music.representations import (
    DrumsRepresentation,
    GrooveRepresentation,
    PianorollRepresentation,
    TrioRepresentation,
)
from musicvae_lite.music.representations.crossing import crossed, filled

CHANCE = np.random.default_rng(0)


def test_every_voice_is_one_of_the_batch_at_some_beat():
    voices = CHANCE.integers(0, 9, (5, 16, 3))
    mixed = crossed(voices, 4, np.random.default_rng(1))
    there = {np.roll(w[:, v], 4 * k).tobytes() for w in voices for v in range(3) for k in range(4)}
    assert {w[:, v].copy().tobytes() for w in mixed for v in range(3)} <= there
    assert (mixed != voices).any() and mixed.dtype == voices.dtype


def test_voices_stay_in_their_places():
    voices = np.broadcast_to(np.arange(3), (4, 8, 3))
    assert np.array_equal(crossed(voices, 4, CHANCE), voices)


@pytest.mark.parametrize("form", ["tokens", "hits"])
def test_drums(form):
    drums = DrumsRepresentation(form=form)
    tokens = drums._spelled(CHANCE.random((6, 32, 9)) < 0.2)
    mixed = drums.crossed(tokens, CHANCE)
    assert mixed.shape == tokens.shape and mixed.dtype == tokens.dtype and (mixed != tokens).any()
    assert drums.flags(mixed).sum((0, 1)).shape == (9,)


def test_a_drum_of_a_groove_keeps_its_dynamics_and_timing():
    groove = GrooveRepresentation()
    hits = (CHANCE.random((6, 32, 9)) < 0.3).astype(np.float32)
    marks = np.arange(6 * 32 * 9).reshape(6, 32, 9) / 2000
    tokens = np.concatenate([hits, hits * marks, -hits * marks], -1).astype(np.float32)
    mixed = groove.crossed(tokens, CHANCE)
    struck, velocity, offset = np.split(mixed, 3, -1)
    assert (mixed != tokens).any() and mixed.dtype == np.float32
    assert np.array_equal(velocity, -offset) and not velocity[struck == 0].any()


def test_under_chords_only_the_drums_of_a_trio_move():
    tokens = CHANCE.integers(0, 80, (6, 64, 3)).astype(np.uint16)
    mixed = TrioRepresentation(bars=4, chords="triads").crossed(tokens, CHANCE)
    assert np.array_equal(mixed[..., :2], tokens[..., :2]) and (mixed[..., 2] != tokens[..., 2]).any()
    assert (TrioRepresentation(bars=4).crossed(tokens, CHANCE)[..., 0] != tokens[..., 0]).any()


def test_piano_rolls_sound_together_octaves_apart():
    r = PianorollRepresentation(bars=1)
    tokens = np.zeros((2, 16, 2 * r.keys), np.uint8)
    own, other = 40, 41  # keys, a semitone apart, so that it shows whose a note is
    tokens[0, 0, own] = tokens[1, 4, other] = 1
    tokens[0, 1:4, r.keys + own] = tokens[1, 5:8, r.keys + other] = 1
    every = [r.crossed(tokens, np.random.default_rng(seed)) for seed in range(30)]
    shifts = set()
    for mixed in every:
        assert np.array_equal(r.canonical(mixed), mixed)
        assert (mixed & tokens == tokens).all()  # what was there still sounds
        ((step, key),) = np.argwhere(mixed[0, :, : r.keys] > tokens[0, :, : r.keys])
        assert step % 4 == 0
        if (key - own) % 12:  # not the window itself
            shifts.add(int(key - other))
    assert shifts == {-24, -12, 12, 24}


def test_a_voice_that_rests_is_taken_from_a_window_that_has_it():
    voices = np.arange(1, 25).reshape(4, 3, 2)
    voices[[0, 2], :, 1] = 0
    found = filled(voices, voices.max(1) == 0, np.random.default_rng(0))
    assert np.array_equal(found[..., 0], voices[..., 0]) and np.array_equal(found[[1, 3]], voices[[1, 3]])
    for window in (0, 2):
        assert any(np.array_equal(found[window, :, 1], voices[other, :, 1]) for other in (1, 3))
    nobody = voices * [1, 0]
    assert np.array_equal(filled(nobody, nobody.max(1) == 0, CHANCE), nobody)


def test_windows_of_one_part_teach_a_trio():
    tokens = np.zeros((6, 32, 3), np.uint16)
    tokens[:2, ::4, 0], tokens[2:4, ::8, 1], tokens[4:, ::2, 2] = 60, 40, 5
    mixed = TrioRepresentation(bars=2).crossed(tokens, CHANCE)
    assert (mixed.max(1) > 0).all()


def test_a_piano_roll_under_chords_keeps_their_notes():
    tokens = np.zeros((12, 16, 176), np.uint8)
    for window, keys in enumerate([(40, 44, 47), (46, 50, 53)] * 6):
        tokens[window, ::4, keys] = 1

    def classes(windows: np.ndarray) -> np.ndarray:
        return np.stack([windows[..., key:88:12].any(-1) for key in range(12)], -1)

    mixed = PianorollRepresentation(bars=1, chords="triads").crossed(tokens, np.random.default_rng(0))
    assert (mixed[:, ::4].sum(-1) == 6).all() and np.array_equal(classes(mixed), classes(tokens))
    plain = PianorollRepresentation(bars=1).crossed(tokens, np.random.default_rng(0))
    assert (classes(plain) & ~classes(tokens)).any()
