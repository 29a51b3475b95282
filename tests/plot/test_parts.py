"""Lines of a long song, lanes of drums, shades."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from musicvae_lite.music import drum_names
from musicvae_lite.music.score import Chord, Track
from musicvae_lite.plot import bars, drum_lanes, heights
from musicvae_lite.plot.colours import between, shaded
from musicvae_lite.plot.pages import Page
from tests.plot.scores import band, scale, score


def test_lines_hold_whole_bars_and_the_whole_song():
    for count in (1, 3, 8, 9, 16, 61, 500):
        ticks = np.arange(count + 1) * 1920.0
        lines = bars.lines(ticks, 480)
        assert lines[0][0] == 0
        assert lines[-1][1] == ticks[-1]
        assert all(end == begin for (_, end), (begin, _) in pairwise(lines))
        assert len(lines) <= bars.MOST_LINES


def test_a_pickup_stands_before_the_bars_of_the_first_line():
    pickup = np.array([0.0, *(480 + np.arange(17) * 1920.0)])
    assert bars.lines(pickup, 480, True) == [(0.0, 480 + 8 * 1920.0), (480 + 8 * 1920.0, 480 + 16 * 1920.0)]


def test_bars_go_on_behind_a_short_score():
    short = score([(0, 480, 60, 90, 0)])
    assert bars.reaching(short, 3 * 1920.0).tolist() == [0, 1920, 3840, 5760]
    assert bars.reaching(short, 1920.0).tolist() == [0, 1920]


def test_lanes_are_ordered_as_drummers_think_of_them():
    kit = score([(0, 9, p, 90, 0) for p in (49, 42, 45, 38, 36, 51, 99)], (Track(is_drum=True),))
    names = [drum_names.name(pitch) for pitch in drum_lanes.lanes([kit, band()])]
    assert names == ["kick", "snare", "low tom", "closed hat", "ride", "crash", "99"]


def test_every_drum_of_general_midi_has_a_name():
    assert all(not drum_names.name(pitch).isdigit() for pitch in range(35, 82) if pitch != 0)
    assert len(set(drum_names.NAMES.values())) == len(drum_names.NAMES)


def test_shades_grow_with_velocity():
    shades = shaded(["#2f6fb3"] * 4, np.array([1, 40, 80, 120]))
    assert (np.diff(shades[:, 0]) < 0).all()
    assert len(set(between(9))) == 9


def test_a_chord_holds_until_the_next_that_begins_later():
    chords = [Chord(tick, "C") for tick in (0, 0, 480, 960, 960)]
    assert bars._ends(chords) == [480, 480, 960, math.inf, math.inf]


def test_many_chords_are_no_work():
    looked = 0

    class Counted(Chord):
        def __getattribute__(self, name: str) -> Any:
            nonlocal looked
            looked += name == "tick"
            return super().__getattribute__(name)

    song = replace(scale(bars=500), chords=tuple(Counted(i * 480, "C") for i in range(2000)))
    looked = 0
    axis = Page(5, 2).axes(0.5, 0.5, 4, 1)
    axis.set_xlim(0, 4 * 1920)
    bars.draw_chords(axis, song, (0, 4 * 1920), 4, 0.2)
    assert looked <= 10 * 2000
    assert len(axis.texts) == 16


def test_parts_are_pressed_together_only_as_far_as_they_can_be_read():
    assert heights.fitted(2.0, 5, 10) == (2.0, 5 * heights.LANE)
    assert heights.fitted(2.0, 5, 1.5) == (1.0, 5 * heights.LANE / 2)
    assert heights.fitted(2.0, 5, -1) == (heights.LEAST_KEYS, 5 * heights.LEAST_LANE)
    assert heights.fitted(0.0, 5, 0) == (0.0, 5 * heights.LEAST_LANE)
