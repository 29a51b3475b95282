"""Dynamics and timing of a take on the notes of a song."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.music import drum_maps
from musicvae_lite.music.played import Played
from musicvae_lite.music.representations.hits import choose_drums
from musicvae_lite.music.score import Score
from musicvae_lite.music.timeline import Timeline
from tests.music.representations.songs import STEP, song

MAP = drum_maps.named("magenta-9")


def played(drums: Score, take: Score, moves: bool = True) -> Score:
    laid = Timeline(np.zeros(1), np.zeros(1), 0.125, drums)
    return Played.of(laid, choose_drums(drums), MAP, 4, moves).laid(take)


def rows(score: Score) -> list[tuple[float, float, int, int]]:
    """Begin and length in steps of 120 ticks, pitch and velocity of each note."""
    scale = 4 / score.ticks_per_quarter
    found = zip(
        score.start * scale, (score.end - score.start) * scale, score.pitch, score.velocity, strict=True
    )
    return [(round(s, 3), round(n, 3), int(p), int(v)) for s, n, p, v in found]


def test_a_note_gets_the_place_and_loudness_of_its_hit_and_keeps_pitch_and_length():
    drums = song([(0, 1, 36, 80), (4, 0.5, 40, 80), (8, 2, 57, 80)], drums=[0])
    take = song([(0.25, 1, 36, 110), (3.75, 1, 38, 50), (8.1, 1, 49, 20)], drums=[0])
    assert rows(played(drums, take)) == [(0.25, 1, 36, 110), (3.75, 0.5, 40, 50), (8.1, 2, 57, 20)]


def test_notes_of_one_drum_on_one_step_keep_their_distance_and_how_loud_they_are_beside_each_other():
    flam = [(3.75, 0.1, 38, 30), (4, 1, 38, 90), (4, 1, 56, 60)]
    take = song([(4.1, 1, 38, 60)], drums=[0])
    assert rows(played(song(flam, drums=[0]), take)) == [
        (3.85, 0.1, 38, 20), (4.1, 1, 38, 60), (4.1, 1, 56, 40)
    ]  # fmt: skip


@pytest.mark.parametrize("places", [np.arange(8) / 2, np.arange(6) * 4 / 3, np.arange(12) * 2 / 3])
def test_rolls_of_32nds_and_triplets_are_not_moved_onto_the_steps(places: np.ndarray):
    roll = song([(s, 0.25, 38, 80) for s in places], drums=[0])
    take = song([(s + 0.1, 1, 38, 100) for s in np.unique(np.floor(places + 0.5))], drums=[0])
    np.testing.assert_allclose([row[0] for row in rows(played(roll, take))], places + 0.1, atol=0.01)


def test_a_note_that_was_played_early_or_late_is_played_anew():
    drums = song([(0.2, 1, 36, 80), (3.8, 1, 38, 80)], drums=[0])
    take = song([(0.1, 1, 36, 80), (4.1, 1, 38, 80)], drums=[0])
    assert [row[0] for row in rows(played(drums, take))] == [0.1, 4.1]


def test_what_the_map_lacks_and_what_the_take_does_not_cover_stays():
    drums = song([(0, 1, 36, 80), (0, 1, 12, 81), (16, 1, 38, 82)], drums=[0])
    take = song([(0.2, 1, 36, 100)], drums=[0])
    assert rows(played(drums, take)) == [(0, 1, 12, 81), (0.2, 1, 36, 100), (16, 1, 38, 82)]
    assert rows(played(drums, take.select(np.array([], dtype=np.int64)))) == rows(drums)


def test_other_tracks_are_left_out_and_those_of_drums_keep_their_names():
    parts = [[(0, 4, 60)], [(0, 1, 36)], [(4, 1, 38)]]
    drums = song(*parts, names=["Lead", "Kick", "Snare"], programs=(5, 8, 8), drums=[1, 2])
    made = played(drums, song([(0.1, 1, 36), (4.1, 1, 38)], drums=[0]))
    assert [(part.name, part.program) for part in made.tracks] == [("Kick", 8), ("Snare", 8)]
    assert made.track.tolist() == [0, 1] and len(made) == 2


def test_drums_off_channel_10_are_written_on_it_as_the_drum_they_are():
    drums = song([(0, 1, 60), (4, 1, 60)], names=["Clap drum"], programs=(40,))
    made = played(drums, song([(0, 1, 38), (4, 1, 38)], drums=[0]))
    assert made.tracks[0].is_drum and made.tracks[0].program == 0
    assert made.pitch.tolist() == [39, 39]


@pytest.mark.parametrize("ticks", [96, 480, 384, 220, 30000])
def test_any_resolution_will_do(ticks: int):
    drums = song([(s, 1, 36, 80) for s in range(0, 16, 4)], drums=[0])
    scale = ticks / 480
    parts = {name: np.rint(getattr(drums, name) * scale).astype(np.int32) for name in ("start", "end")}
    take = song([(s + 0.2, 1, 36, 100) for s in range(0, 16, 4)], drums=[0])
    made = played(replace(drums, ticks_per_quarter=ticks, **parts), take)
    steps = made.start * 4 / made.ticks_per_quarter
    np.testing.assert_allclose(steps, np.arange(0, 16, 4) + 0.2, atol=0.01)


def test_what_the_take_holds_besides_is_added_to_notes_that_stay():
    drums = song([(0, 1, 36, 80), (2, 1, 44, 70)], drums=[0])
    take = song([(0.3, 1, 36, 100), (2.3, 1, 42, 90), (4.3, 1, 42, 60)], drums=[0])
    made = played(drums, take, moves=False)
    assert rows(made) == [(0, 1, 36, 80), (2, 1, 44, 70), (4.3, 1, 42, 60)]
    assert made.track.tolist() == [0, 0, 1]
    assert STEP == 120
