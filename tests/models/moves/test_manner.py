"""How new bars are judged by the music before."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from musicvae_lite.models.moves.manner import LIVELINESS, Manner, strangeness
from musicvae_lite.music.representations import DrumsRepresentation, MelodyRepresentation
from musicvae_lite.music.score import Score, Track
from tests.corpora.tunes import tune

R = MelodyRepresentation(bars=2, lowest=36, highest=95)
SCALE = np.array([60, 62, 64, 65, 67, 69, 71, 72], np.int32)


def line(pitches: np.ndarray, tracks: tuple[Track, ...] = (Track("Melody"),)) -> Score:
    """Eighths, from track to track in turn."""
    start = np.arange(len(pitches), dtype=np.int32) * 240
    track = (np.arange(len(pitches)) % len(tracks)).astype(np.int32)
    return Score(480, start, start + 240, pitches.astype(np.int32), np.full_like(start, 80), track, tracks)


def test_its_own_pitches_are_not_strange_and_others_are_by_key_and_register():
    (strange,) = strangeness(line(np.tile(SCALE, 4)))
    assert abs(strange[SCALE].mean()) < 1e-9
    assert strange[66] > strange[SCALE].max() + 1  # out of key
    assert strange[48] > strange[60] + 1  # an octave below what was played
    assert strange[36] > strange[48]
    assert np.isfinite(strange).all()


def test_each_track_has_pitches_of_its_own_drums_any_and_silent_ones_none():
    low, kit, mute = Track("Bass", 33), Track("Drums", 0, True), Track("Rest")
    score = line(np.tile([72, 40, 36], 8), (Track("Lead"), low, kit))
    strange = strangeness(replace(score, tracks=(*score.tracks, mute)))
    assert strange[0, 40] > 1 > strange[1, 40] and strange[1, 72] > 1
    assert not strange[2].any() and (strange[3] > 5).all()


def manner(score: Score, notes: float) -> Manner:
    return Manner(torch.zeros(1, 4), notes, strangeness(score))


def test_bars_like_the_music_are_not_far_from_it():
    score = line(np.tile(SCALE, 4))
    own, like = manner(score, 8.0), R.windows(score).tokens[0]
    assert own.farness(like, R) < 1e-6
    assert own.farness(R.windows(line(np.full(16, 60))).tokens[0], R) > 1  # the keynote again and again
    assert own.farness(R.windows(line(np.tile(SCALE, 2) + 1)).tokens[0], R) > 5
    assert own.farness(R.windows(line(np.tile(SCALE, 2) + 12)).tokens[0], R) > 5


def test_too_few_and_too_many_notes_are_as_far():
    score = line(np.tile(SCALE, 2))
    tokens = R.windows(score).tokens[0]
    own = (8.25 * np.e - 0.25, 8.25 / np.e - 0.25)  # of 16 notes in two bars
    few, many = (manner(score, notes).farness(tokens, R) for notes in own)
    np.testing.assert_allclose([few, many], LIVELINESS, rtol=1e-6)


def test_drums_are_judged_by_the_number_of_their_hits_alone():
    r = DrumsRepresentation(bars=2)
    kick, snare = np.zeros((2, r.steps), np.uint16)
    kick[::4], snare[::4] = 1, 2
    own = manner(r.to_score(kick), 4.0)
    assert own.farness(kick, r) == own.farness(snare, r) == 0


def test_silence_is_far_by_its_notes_alone():
    score = tune(1, bars=4)
    assert np.isfinite(manner(score, 8.0).farness(np.zeros(R.steps, np.uint8), R))
