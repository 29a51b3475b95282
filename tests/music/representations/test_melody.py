import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import PRESETS, MelodyRepresentation, from_config
from musicvae_lite.music.score import Meter, MeterChange, Score, Track

STEP = 120  # ticks
TWO_BARS = MelodyRepresentation()
ANY_BARS = st.sampled_from(["4/4", "3/4", "6/8"]).flatmap(
    lambda meter: st.integers(1, 3).map(lambda bars: MelodyRepresentation(bars, Meter.parse(meter)))
)


@st.composite
def emitted(draw, windows=1):
    """A representation without rules, and any tokens [windows, T] a model of it can emit."""
    rep = replace(draw(ANY_BARS).lenient(), min_notes=0)
    token = st.one_of(st.just(0), st.just(1), st.integers(2, rep.depth - 1))
    row = st.lists(token, min_size=rep.steps, max_size=rep.steps)
    rows = draw(st.lists(row, min_size=windows, max_size=windows))
    return rep, np.array(rows, dtype=np.uint8)


def song(*tracks, meters=((0, "4/4"),), names=(), drums=()):
    """A score of tracks of (start step, steps, pitch)."""
    rows = [(int(s * STEP), int((s + n) * STEP), p, k) for k, t in enumerate(tracks) for s, n, p in t]
    rows.sort(key=lambda r: (r[0], r[2]))
    table = np.array(rows, dtype=np.int32).reshape(-1, 4)
    start, end, pitch, track = (table[:, i] for i in range(4))
    info = tuple(Track(names[k] if names else "", 0, k in drums) for k in range(len(tracks)))
    changes = tuple(MeterChange(int(s * STEP), Meter.parse(m)) for s, m in meters)
    return Score(480, start, end, pitch, np.full(len(rows), 80, dtype=np.int32), track, info, changes)


def tune(bars, first: float = 0, bar_steps=16, pitch=60):
    """Four notes a bar of 4/4."""
    return [(first + s, 4, pitch + s % 5) for s in range(0, bars * bar_steps, 4)]


def told(extraction):
    return [(r.bar, r.code, r.last) for r in extraction.rejections]


# The laws of base.py


@given(emitted())
def test_canonical_is_canonical(case):
    rep, tokens = case
    once = rep.canonical(tokens)
    assert np.array_equal(rep.canonical(once), once)
    assert np.array_equal(rep.canonical(tokens[0]), once[0])


@given(emitted())
def test_what_a_model_writes_can_be_read(case):
    rep, tokens = case
    found = rep.windows(rep.to_score(tokens[0]))
    assert np.array_equal(found.tokens[0], rep.canonical(tokens[0]))


@given(emitted())
def test_canonical_sounds_the_same(case):
    """Against a plain reading of the tokens, one at a time."""
    rep, tokens = case
    expected, sounding = [], None
    for step, token in enumerate(tokens[0].tolist()):
        if token >= 2:
            sounding = [step, step, token - 2 + 21]
            expected.append(sounding)
        elif token == 1:
            sounding = None
        if sounding:
            sounding[1] = step + 1
    score = rep.to_score(rep.canonical(tokens[0]))
    scale = score.ticks_per_quarter // 4
    notes = np.stack([score.start // scale, score.end // scale, score.pitch], axis=1)
    assert notes.tolist() == expected


@given(emitted(windows=3))
def test_joined_windows_come_back_one_by_one(case):
    rep, tokens = case
    tokens[:, -1] = 2  # the song must last to the end of the last window
    score = rep.to_score(tokens.reshape(-1))
    assert np.array_equal(rep.windows(score, hop=rep.steps).tokens, rep.canonical(tokens))
    assert np.array_equal(rep.to_score(tokens).start, score.start)
    assert score.meters == (MeterChange(0, rep.meter),)


@given(emitted(windows=2), st.integers(-100, 100))
def test_transposing(case, semitones):
    rep, tokens = case
    moved = rep.transpose(tokens, np.array([semitones, 0]))
    assert np.array_equal(moved[1], tokens[1])
    note = (tokens[0] >= 2) & (moved[0] != tokens[0])
    assert np.array_equal(moved[0, note].astype(int), tokens[0, note].astype(int) + semitones)
    stays = (tokens[0] >= 2) & ~note
    outside = tokens[0, stays].astype(int) + semitones
    assert semitones == 0 or np.all((outside < 2) | (outside >= rep.depth))
    assert np.array_equal(moved[0] < 2, tokens[0] < 2)


@given(emitted(windows=2), st.integers(-12, 12))
def test_the_fingerprint_knows_a_transposition_from_a_change(case, semitones):
    rep, tokens = case
    tokens = rep.canonical(np.where(tokens >= 2, 20 + tokens % 50, tokens))
    moved = rep.transpose(tokens, np.full(2, semitones))
    assert np.array_equal(rep.fingerprint(moved), rep.fingerprint(tokens))
    first, second = (tokens.astype(int)[i] for i in (0, 1))
    shape = [np.where(t >= 2, t - np.where(t >= 2, t, 999).min() + 2, t) for t in (first, second)]
    prints = rep.fingerprint(tokens)
    assert (prints[0] == prints[1]) == np.array_equal(*shape)


def test_fingerprints_stay_the_same_between_versions():
    tokens = np.zeros((1, 32), dtype=np.uint8)
    tokens[0, [0, 4, 8]] = [41, 43, 1]
    assert TWO_BARS.fingerprint(tokens).dtype == np.uint64
    assert TWO_BARS.fingerprint(tokens)[0] == 5285650185274377939


# Windows


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


# Polyphony and the choice of a track


def test_skyline_keeps_the_upper_line():
    chords = [(s, 8, p) for s in range(0, 32, 8) for p in (48, 52, 60 + s)]
    under = [(s + 4, 4, 40) for s in range(0, 32, 8)]
    found = TWO_BARS.windows(song(chords + under))
    assert np.flatnonzero(found.tokens[0]).tolist() == [0, 8, 16, 24]
    assert found.tokens[0, [0, 8, 16, 24]].tolist() == [41, 49, 57, 65]
    assert "12 of its notes begin over another one, only the highest are taken" in found.choice


def test_a_higher_note_cuts_a_held_one():
    found = TWO_BARS.windows(song([(0, 16, 60), (4, 4, 72), (16, 16, 62)]))
    assert found.tokens[0, [0, 4, 8, 16]].tolist() == [41, 53, 1, 43]


def test_an_ornament_gives_way_to_its_note():
    found = TWO_BARS.windows(song([(0, 4, 60), (7.6, 0.4, 74), (8, 8, 72), (16, 16, 71)]))
    assert found.tokens[0, [0, 8, 16]].tolist() == [41, 53, 52]
    assert "begin over" not in found.choice


def test_polyphony_can_be_refused():
    notes = [*tune(6), (36, 4, 48)]
    found = replace(TWO_BARS, polyphony="refuse").windows(song(notes))
    assert found.bar.tolist() == [1, 4, 5]
    assert told(found) == [(3, "polyphony", 3)]
    assert found.rejections[0].detail == "two notes sound at once"


HIGH, LOW = tune(4, pitch=72), tune(4, pitch=48)
CHORDS = [(s, 8, p) for s in range(0, 64, 8) for p in (80, 84, 88)]


@pytest.mark.parametrize(
    ("tracks", "names", "track", "choice"),
    [
        ([HIGH], ["Flute"], 0, "track 1 'Flute': the only pitched track"),
        ([LOW, HIGH], ["", ""], 1, "track 2: the highest of 2 mostly monophonic tracks"),
        ([LOW, HIGH], ["Lead Vocals", "Flute"], 0, "track 1 'Lead Vocals': its name says melody"),
        ([LOW, HIGH], ["Backing Vocals", "Flute"], 1, "track 2 'Flute': the highest of 2"),
        ([LOW, HIGH], ["melody 1", "Melody 2"], 1, "the highest of 2 mostly monophonic tracks named like"),
        ([CHORDS, LOW], ["", ""], 1, "track 2: the only mostly monophonic track"),
        ([CHORDS, CHORDS[:12]], ["", ""], 0, "track 1: the highest of 2 polyphonic tracks"),
        ([LOW, HIGH[:2]], ["", ""], 0, "track 1: the highest of 2 mostly monophonic tracks"),
    ],
)
def test_which_track_and_why(tracks, names, track, choice):
    found = TWO_BARS.windows(song(*tracks, names=names))
    assert found.track == track
    assert choice in found.choice


def test_drums_are_never_taken():
    found = TWO_BARS.windows(song(HIGH, LOW, names=["melody", "x"], drums={0}))
    assert found.track == 1
    none = TWO_BARS.windows(song(HIGH, drums={0}))
    assert told(none) == [(0, "drums", 0)]
    assert (len(none), none.track, none.choice) == (0, -1, "")
    assert told(TWO_BARS.windows(song(HIGH, LOW, drums={0}), track=0)) == [(0, "drums", 0)]


def test_a_track_can_be_asked_for():
    found = TWO_BARS.windows(song(HIGH, LOW, []), track=1)
    assert (found.track, found.choice) == (1, "track 2: as asked")
    assert told(TWO_BARS.windows(song(HIGH, LOW, []), track=2)) == [(0, "empty", 0)]
    with pytest.raises(ConfigError, match="no track 4: the song has 3"):
        TWO_BARS.windows(song(HIGH, LOW, []), track=3)


def test_a_song_without_notes_and_one_without_end():
    assert told(TWO_BARS.windows(song([]))) == [(0, "empty", 0)]
    assert told(TWO_BARS.windows(song([(0, 4, 60), (1 << 21, 4, 60)]))) == [(0, "long", 0)]


# The rest


def test_to_score_writes_what_it_is_told():
    tokens = np.zeros(32, dtype=np.uint8)
    tokens[[0, 8, 16]] = [41, 1, 45]
    score = TWO_BARS.to_score(tokens, qpm=90, program=73, velocity=99)
    assert (score.start.tolist(), score.end.tolist()) == ([0, 1920], [960, 3840])
    assert score.pitch.tolist() == [60, 64]
    assert score.velocity.tolist() == [99, 99]
    assert (score.tracks[0].program, score.qpm_at(0), score.ticks_per_quarter) == (73, 90, 480)


@pytest.mark.parametrize("spq", [1, 3, 4, 7, 24])
def test_any_grid_can_be_written(spq):
    rep = replace(TWO_BARS.lenient(), steps_per_quarter=spq)
    tokens = np.full(rep.steps, 50, dtype=np.uint8)
    assert np.array_equal(rep.windows(rep.to_score(tokens)).tokens, tokens[None])


def test_wrong_tokens_are_refused():
    with pytest.raises(ConfigError, match="33 steps are no whole number of windows of 32"):
        TWO_BARS.to_score(np.zeros(33, dtype=np.uint8))
    with pytest.raises(ConfigError, match="token 90 lies outside 0 to 89"):
        TWO_BARS.to_score(np.full(32, 90, dtype=np.uint8))
    with pytest.raises(ConfigError, match="at least 1 step apart, not 0"):
        TWO_BARS.windows(song(HIGH), hop=0)


def test_pitch_range():
    tokens = np.zeros((3, 32), dtype=np.uint8)
    tokens[0, [0, 3, 5, 9]] = [41, 2, 1, 89]
    tokens[1, [0, 4]] = [41, 1]
    low, high = TWO_BARS.pitch_range(tokens)
    assert (low.tolist(), high.tolist()) == ([21, 60, -1], [108, 60, -1])


def test_pianoroll():
    tokens = np.zeros((2, 32), dtype=np.uint8)
    tokens[0, [0, 2, 30]] = [41, 1, 43]
    tokens[1, 0] = 1
    roll = TWO_BARS.pianoroll(tokens)
    assert roll.shape == (64, 128)
    assert [(t, p, roll[t, p]) for t, p in np.argwhere(roll).tolist()] == [
        (0, 60, 2),
        (1, 60, 1),
        (30, 62, 2),
        (31, 62, 1),
    ]


@pytest.mark.parametrize("rep", [*PRESETS.values(), TWO_BARS.lenient(), replace(TWO_BARS, highest=96)])
def test_config_rebuilds_it(rep):
    assert from_config(rep.to_config()) == rep
    assert from_config(json.loads(json.dumps(rep.to_config()))) == rep


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"name": "opera"}, "no representation is called 'opera': there are melody"),
        ({"name": "melody", "beats": 3}, "no setting 'beats'"),
        ({"name": "melody", "meter": "4/5"}, "'4/5' is not a meter"),
        ({"name": "melody", "bars": 0}, "bars must be at least 1"),
        ({"name": "melody", "polyphony": "choose"}, "'skyline' or 'refuse', not 'choose'"),
        ({"name": "melody", "lowest": 70, "highest": 60}, "pitches 70 to 60"),
        ({"name": "melody", "meter": "7/8", "steps_per_quarter": 1}, "do not divide a bar of 7/8"),
    ],
)
def test_wrong_settings_are_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        from_config(config)
