"""Which split a song goes to."""

from __future__ import annotations

import numpy as np

from musicvae_lite.corpora.splitting import RUN, assign_splits, song_key
from musicvae_lite.music.score import Score, Track

CHANCE = np.random.default_rng(0)
TUNE, OTHER = CHANCE.integers(60, 80, (2, 3 * RUN))


def score(*voices: np.ndarray) -> Score:
    """A track for each voice; all of them strike every quarter."""
    start = np.repeat(np.arange(max(len(voice) for voice in voices), dtype=np.int32) * 480, len(voices))
    pitch, track = np.stack(voices, 1).astype(np.int32).ravel(), np.tile(np.arange(len(voices)), len(start))
    rows = np.lexsort((pitch, start))
    track = track[: len(start)].astype(np.int32)[rows]
    parts = tuple(Track(str(number)) for number in range(len(voices)))
    return Score(480, start, start + 480, pitch[rows], np.full_like(start, 80), track, parts)


def test_versions_of_a_song_have_one_key():
    key = song_key(score(TUNE), 0)
    assert key == song_key(score(TUNE + 5), 0) == song_key(score(np.repeat(TUNE, 2)), 0)
    assert key != song_key(score(OTHER), 0)


def test_the_key_is_that_of_the_track_or_of_the_upper_line_of_all():
    band = score(OTHER - 40, TUNE)
    assert song_key(band, 1) == song_key(band, -1) == song_key(score(TUNE), 0)
    assert song_key(band, 0) == song_key(score(OTHER), 0)


def test_every_note_of_a_short_song_counts_and_no_notes_have_a_key_too():
    short = TUNE[: RUN + 1].copy()
    short[-2:] = 60, 61
    last = short.copy()
    last[-1] = 62
    chord = score(short, short - 30)
    assert song_key(chord, -1) == song_key(score(short), 0) != song_key(score(last), 0)
    nothing = score(TUNE).select(np.zeros(0, np.int64))
    assert song_key(nothing, 0) == song_key(nothing, -1) == song_key(score(TUNE[:1]), 0)


def beat(*drums: list[int], scale: int = 1, late: int = 0) -> Score:
    """Drums on channel 10, each struck at some of the sixteen 16ths of every bar, four bars of them."""
    kit = [(bar * 16 + place, pitch) for bar in range(4) for pitch, *places in drums for place in places]
    start, pitch = np.array(sorted(kit), np.int32).T
    start = (start * 120 + late) * scale
    notes = len(start)
    loud, track = np.full(notes, 80, np.int32), np.zeros(notes, np.int32)
    return Score(480 * scale, start, start + 60 * scale, pitch, loud, track, (Track("", 0, True),))


HAT, KICK, SNARE = [42, *range(0, 16, 2)], [36, 0, 8], [38, 4, 12]


def test_beats_under_one_hi_hat_are_different_songs():
    keys = [
        song_key(beat(HAT, *more), 0) for more in ((), (KICK,), (SNARE,), (KICK, SNARE), ([36, 0, 6], SNARE))
    ]
    assert len(set(keys)) == 5
    assert len({song_key(beat(HAT, *more), 0, "line") for more in ((), (KICK,), (SNARE,))}) == 1


def test_versions_of_a_beat_have_one_key():
    whole = beat(HAT, KICK, SNARE)
    key = song_key(whole, 0)
    assert key == song_key(beat(HAT, KICK, SNARE, late=40), -1)  # played late, and counted by all notes
    assert key == song_key(beat(HAT, KICK, SNARE, scale=2), 0)
    assert key == song_key(whole.select(np.flatnonzero(whole.start >= 1920)), 0)


def test_a_song_with_pitched_notes_has_the_key_of_its_line_as_ever():
    for tune in (score(TUNE), score(OTHER - 40, TUNE)):
        assert song_key(tune, -1) == song_key(tune, -1, "line")


def test_the_split_depends_on_key_shares_and_seed_alone():
    keys = CHANCE.integers(0, 2**63, 4000).astype(np.uint64)
    split, warnings = assign_splits(keys, (0.7, 0.2, 0.1), 3)
    assert not warnings and np.abs(np.bincount(split) / 4000 - [0.7, 0.2, 0.1]).max() < 0.03
    assert np.array_equal(assign_splits(keys[::-1], (0.7, 0.2, 0.1), 3)[0], split[::-1])
    for seed in (4, 3 + 2**7, 3 + 2**40):
        assert (assign_splits(keys, (0.7, 0.2, 0.1), seed)[0] != split).mean() > 0.3


def test_no_split_that_is_wanted_stays_empty_in_a_small_corpus():
    keys = np.arange(3, dtype=np.uint64)
    for seed in range(20):
        split, warnings = assign_splits(keys, (0.98, 0.01, 0.01), seed)
        assert set(split.tolist()) == {0, 1, 2} and len(warnings) == 2
        assert "validation" in warnings[0] and "test" in warnings[1]
    for shares, giver in (((0.02, 0.0, 0.98), 2), ((0.02, 0.98, 0.0), 1)):  # the largest gives to train
        for seed in range(20):
            split, _ = assign_splits(keys, shares, seed)
            assert set(split.tolist()) == {0, giver}
    assert assign_splits(keys, (0.0, 0.0, 1.0), 0)[0].tolist() == [2, 2, 2]
    assert set(assign_splits(keys, (0.0, 1.0, 0.0), 0)[0].tolist()) == {1}
