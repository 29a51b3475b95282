"""Melody: which windows a song gives, and why not more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import PRESETS, MelodyRepresentation
from tests.music.representations.melodies import (
    STEP,
    TWO_BARS,
    song,
    told,
    tune,
)

MELODIES = {name: rep for name, rep in PRESETS.items() if rep.name == "melody"}


@pytest.mark.parametrize("rep", MELODIES.values(), ids=MELODIES)
def test_presets_take_songs_in_their_meter(rep):
    notes = tune(rep.bars + 2, bar_steps=rep.bar_steps)
    found = rep.windows(song(notes, meters=((0, str(rep.meter)),)))
    assert found.bar.tolist() == [1, 2, 3]
    assert found.rejections == ()
    assert found.tokens.shape == (3, rep.steps)
    assert found.tokens.dtype == np.uint8


def test_a_note_that_sounds_on_is_struck_anew():
    found = TWO_BARS.windows(song([(0, 4, 60), (12, 20, 64), (40, 4, 67), (44, 4, 67)]))
    first, second = found.tokens
    assert first[[0, 4, 12]].tolist() == [41, 1, 45]
    assert np.count_nonzero(first) == 3
    assert second[[0, 16, 24, 28]].tolist() == [45, 1, 48, 48]
    assert np.count_nonzero(second) == 4
    assert found.tick.tolist() == [0, 1920]


def test_an_off_at_the_start_of_a_window_is_silence():
    found = TWO_BARS.windows(song([(0, 16, 60), (20, 4, 62), (28, 20, 64)]))
    assert found.tokens[1, 0] == 0
    assert found.tokens[1, 4] == 43


def test_windows_a_beat_apart_know_their_place():
    found = TWO_BARS.windows(song(tune(3)), hop=4)
    assert found.bar.tolist() == [1, 1, 1, 1, 2]
    assert found.step.tolist() == [0, 4, 8, 12, 0]
    assert found.tick.tolist() == [0, 480, 960, 1440, 1920]


def test_the_last_window_ends_with_the_song():
    found = TWO_BARS.windows(song(tune(3)), hop=1)
    assert found.tick.tolist() == [STEP * n for n in range(17)]


def test_rounding_cuts_and_lengthens():
    found = TWO_BARS.windows(song([(0.2, 4, 60), (4.1, 0.3, 62), (8, 8, 64), (18, 14, 65)]))
    assert found.tokens[0, [0, 4, 5, 8, 16, 18]].tolist() == [41, 43, 1, 45, 1, 46]
    assert "begin over" not in found.choice, "a legato of one step is no polyphony"


def test_after_a_pickup_windows_begin_at_the_first_full_bar():
    found = TWO_BARS.windows(song([(0, 4, 60), *tune(3, 4)], meters=((0, "1/4"), (4, "4/4"))))
    assert found.bar.tolist() == [2, 3]
    assert told(found) == [(1, "pickup", 0)]


def test_no_window_crosses_a_meter_change():
    notes = tune(3) + tune(2, 48, 12) + tune(3, 72)
    found = TWO_BARS.windows(song(notes, meters=((0, "4/4"), (48, "3/4"), (72, "4/4"))))
    assert found.bar.tolist() == [1, 2, 6, 7]
    assert found.tick.tolist() == [s * STEP for s in (0, 16, 72, 88)]
    assert told(found) == [(4, "meter", 5)]
    assert "3/4" in found.rejections[0].detail


def test_a_waltz_is_refused_by_a_model_in_four():
    found = TWO_BARS.windows(song(tune(8, bar_steps=12), meters=((0, "3/4"),)))
    assert len(found) == 0
    assert told(found) == [(1, "meter", 8)]


def test_short_bars_add_up_to_one():
    found = TWO_BARS.windows(song(tune(3), meters=((0, "2/4"),)))
    assert found.bar.tolist() == [1, 3]


def test_a_song_too_short_says_so():
    found = MelodyRepresentation(bars=16).windows(song(tune(1)))
    assert told(found) == [(1, "short", 1)]
    assert found.rejections[0].detail == "1 bar of 4/4 here, and the model takes 16 at a time"
    filled = TWO_BARS.windows(song(tune(1)))
    assert len(filled) == 1, "one bar of silence behind the song is within the rule"


def test_bars_left_over_are_told():
    found = TWO_BARS.windows(song(tune(5)), hop=32)
    assert found.bar.tolist() == [1, 3]
    assert told(found) == [(5, "short", 5)]


def test_long_rests_and_few_notes():
    found = TWO_BARS.windows(song(tune(2) + tune(2, 80)))
    assert found.bar.tolist() == [1, 2, 5, 6]
    assert told(found) == [(3, "rest", 4)]
    few = TWO_BARS.windows(song([(0, 20, 60), (32, 4, 62), (36, 4, 62)]))
    assert told(few) == [(1, "few-notes", 1)]
    everything = TWO_BARS.lenient().windows(song(tune(2) + tune(2, 96)))
    assert everything.rejections == ()
    assert everything.bar.tolist() == [1, 2, 3, 4, 5, 6, 7]


def test_a_silent_window_is_read_again():
    silence = np.zeros(TWO_BARS.steps, np.uint8)
    assert np.array_equal(TWO_BARS.lenient().windows(TWO_BARS.to_score(silence)).tokens, silence[None])


@given(
    st.lists(st.tuples(st.integers(0, 90), st.integers(1, 20)), min_size=1, max_size=12),
    st.floats(0, 2),
    st.integers(0, 4),
)
@settings(max_examples=60)
def test_rules_agree_with_counting_by_hand(notes, rest_bars, least):
    rep = replace(TWO_BARS, max_rest_bars=rest_bars, min_notes=least)
    score = song(sorted({s: (s, n, 60) for s, n in notes}.values()))
    everything = replace(rep.lenient(), min_notes=0).windows(score, hop=1)
    kept = rep.windows(score, hop=1)
    good = []
    for tokens, tick in zip(everything.tokens, everything.tick, strict=True):
        silence, longest, sounding = 0, 0, False
        for token in tokens.tolist():
            sounding = token >= 2 or (sounding and token != 1)
            silence = 0 if sounding else silence + 1
            longest = max(longest, silence)
        if longest <= int(rest_bars * 16) and np.count_nonzero(tokens >= 2) >= least:
            good.append(int(tick))
    padded = score.end_tick <= 1920 and int(rest_bars * 16) < 16  # then nothing may be filled up
    assert kept.tick.tolist() == ([] if padded else good)
    assert len(kept) == len(everything) or kept.rejections


def test_off_grid_windows_are_refused():
    late = [(s + 0.4 * (s % 8 == 0), n, p) for s, n, p in tune(2, 32)]
    found = TWO_BARS.windows(song(tune(2) + late + tune(2, 64)))
    assert found.bar.tolist() == [1, 2, 4, 5]
    assert told(found) == [(3, "off-grid", 3)]
    assert found.rejections[0].detail == "4 of 8 notes begin off the grid of 4 steps a quarter"
    tolerant = replace(TWO_BARS, tolerance=0.45)
    assert len(tolerant.windows(song(tune(2) + late + tune(2, 64)))) == 5


def test_a_song_that_misses_the_grid_by_a_constant_is_moved():
    found = TWO_BARS.windows(song(tune(2, 0.45)))
    assert np.array_equal(found.tokens, TWO_BARS.windows(song(tune(2))).tokens)
    assert "moved by -0.45 of a step" in found.choice


def test_pitches_outside_the_range_are_named():
    notes = [*tune(3), (48, 4, 110), *tune(3, 52)]
    found = TWO_BARS.windows(song(notes))
    assert found.bar.tolist() == [1, 2, 5, 6]
    assert told(found) == [(4, "range", 4)]
    assert found.rejections[0].detail == "pitch 110 lies outside 21 to 108"


def test_every_run_of_windows_is_told_by_itself():
    notes = [*tune(2), (32, 4, 110), *tune(5, 36), (116, 4, 12), *tune(3, 120)]
    found = TWO_BARS.windows(song(notes))
    assert told(found) == [(3, "range", 3), (8, "range", 8)]
    words = [rejection.detail[:9] for rejection in found.rejections]
    assert words == ["pitch 110", "pitch 12 "]
    both = TWO_BARS.windows(song([*tune(2), (32, 4, 110), *tune(1, 36), (52, 4, 12), *tune(2, 56)]))
    assert told(both) == [(3, "range", 4)]  # of windows that follow each other, from the first to the last


def test_windows_that_fail_are_not_told_along_with_those_of_the_next_meter():
    found = TWO_BARS.windows(song([(0, 32, 60), *tune(4, 32)], meters=((0, "4/4"), (32, "2/4"))))
    assert told(found) == [(1, "few-notes", 1)] and found.bar.tolist() == [3, 5, 7]


def test_ends_are_moved_onto_the_grid_with_their_notes():
    notes = [(4 * n, 2, 60 + n) for n in range(8)]
    behind = [(s + 0.45, 2.2, p) for s, _, p in notes]
    before = [(s - 0.45, 1.8, p) for s, _, p in notes[1:]]
    for moved, there in ((behind, notes), (before, notes[1:])):
        assert np.array_equal(TWO_BARS.windows(song(moved)).tokens, TWO_BARS.windows(song(there)).tokens)


@pytest.mark.parametrize("change", [{"max_rest_bars": -1.0}, {"tolerance": -5.0}, {"off_grid_share": 1.5}])
def test_settings_out_of_range_are_refused(change: dict):
    with pytest.raises(ConfigError, match=f"{next(iter(change))} must be 0 to"):
        replace(TWO_BARS, **change)
