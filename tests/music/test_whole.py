"""Covering a song with windows, and joining them again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.music.representations import (
    DrumsRepresentation,
    GrooveRepresentation,
    MelodyRepresentation,
    PianorollRepresentation,
    TrioRepresentation,
)
from musicvae_lite.music.representations.line import FIRST_NOTE
from musicvae_lite.music.score import Meter, MeterChange, Score, Track
from musicvae_lite.music.whole import cover, join

MELODY = MelodyRepresentation(bars=2)


def song(bars: int, meters: tuple[MeterChange, ...] = (MeterChange(0, Meter(4, 4)),)) -> Score:
    """A quarter on every beat, each bar on a pitch of its own."""
    start = np.arange(4 * bars, dtype=np.int32) * 480
    return Score(
        480, start, start + 480, (60 + start // 1920).astype(np.int32), np.full_like(start, 80),
        np.zeros_like(start), tracks=(Track("melody"),), meters=meters,
    )  # fmt: skip


@pytest.mark.parametrize("bars", [2, 4, 5, 7])
def test_what_is_joined_is_the_song(bars: int):
    covered = cover(song(bars), MELODY)
    tokens, r = join(covered.tokens, covered, MELODY)
    assert (covered.first, covered.last, r.bars) == (1, bars, bars)
    np.testing.assert_array_equal(tokens[0], MelodyRepresentation(bars=bars).windows(song(bars)).tokens[0])
    assert len(r.to_score(tokens[0])) == 4 * bars
    assert (covered.skip[:-1] == 0).all() and covered.skip[-1] == (16 if bars % 2 else 0)


@pytest.mark.parametrize("quarters", [12, 24, 36])
@pytest.mark.parametrize(("short", "long", "kind"), [
    (Meter(2, 4), Meter(4, 4), MelodyRepresentation),
    (Meter(3, 8), Meter(6, 8), MelodyRepresentation),
    (Meter(2, 4), Meter(4, 4), PianorollRepresentation),
])  # fmt: skip
def test_bars_shorter_than_the_models_follow_each_other_once(quarters: int, short: Meter, long: Meter, kind):
    """A song of short bars is covered as the same notes in the model's bars are."""
    notes = song(quarters // 4)
    whole = [replace(notes, meters=(MeterChange(0, meter),)) for meter in (short, long)]
    r = kind(bars=2, meter=long)
    found, wanted = (cover(score, r) for score in whole)
    np.testing.assert_array_equal(join(found.tokens, found, r)[0], join(wanted.tokens, wanted, r)[0])
    assert found.tied == wanted.tied
    covered = round((found.last - found.first + 1) * short.quarters / long.quarters)
    assert (found.first, covered) == (1, wanted.last) and found.places[0] == 0


def test_bars_of_another_meter_are_left_out():
    waltz = (
        MeterChange(0, Meter(4, 4)),
        MeterChange(4 * 1920, Meter(3, 4)),
        MeterChange(6 * 1920, Meter(4, 4)),
    )
    covered = cover(song(10, waltz), MELODY)
    tokens, r = join(covered.tokens, covered, MELODY)
    assert r.bars == 8 and {int(p) - 2 + 21 for p in tokens[tokens >= 2]} == {60, 61, 62, 63, 66, 67, 68, 69}


@pytest.mark.parametrize(
    ("bars", "spans", "left_out"),
    [(3, [[1, 2], [3, 3]], 0), (5, [[1, 2], [3, 4], [8, 8]], 3), (6, [[1, 2], [3, 4], [8, 9]], 3)],
)
def test_what_is_covered_ends_where_it_is_told_to(bars: int, spans: list[list[int]], left_out: int):
    """Bars 5 to 7 are in 3/4, the last of them cut short."""
    meters = tuple(MeterChange(n * 1920, Meter(m, 4)) for n, m in ((0, 4), (4, 3), (6, 4)))
    whole = cover(song(10, meters), MELODY)
    assert (whole.left_out, whole.last) == (3, 11)
    part = whole.until(song(10, meters), MELODY, bars)
    assert part.bars.tolist() == spans and part.left_out == left_out
    assert part.ends[-1] == (bars if bars <= 4 else bars + 2) * 1920
    assert len(part.tokens) == len(part.skip) == len(part.places) == len(part.tied) == len(spans)


def test_a_note_that_hardly_overhangs_does_not_sound_on():
    start = np.arange(16, dtype=np.int32) * 480
    score = replace(song(4), pitch=np.full(16, 60, np.int32))
    late = replace(score, end=start + 480 + 50)  # less than half a step
    early = replace(score, start=np.maximum(start - 50, 0))
    assert not any(cover(late, MELODY).tied) and not any(cover(early, MELODY).tied)
    assert set(cover(replace(score, end=start + 480 + 70), MELODY).tied[1:]) == {frozenset({60})}


@pytest.mark.parametrize("kind", [MelodyRepresentation, PianorollRepresentation])
def test_bars_off_the_grid_are_told_of(kind):
    """Triplets in bars 3, 4, 7 and 8 of eight."""
    straight = song(8)
    start = straight.start.copy()
    off = np.isin(start // 1920, [2, 3, 6, 7])
    start[off] = start[off] // 480 * 480 + (start[off] // 480 % 3) * 160
    swung = replace(straight, start=start, end=start + 150)
    covered = cover(swung, kind(bars=2))
    assert covered.warnings == ("bars 3-4, 7-8: off the grid, read as moved onto it",)
    assert covered.to_record(swung)["warnings"] == list(covered.warnings)
    assert cover(straight, kind(bars=2)).warnings == ()


def test_a_song_of_any_length_is_joined():
    long = replace(song(1500), pitch=np.full(6000, 60, np.int32))
    covered = cover(long, MELODY)
    tokens, r = join(covered.tokens, covered, MELODY)
    assert r.bars == 1500 and len(r.to_score(tokens[0])) == 6000
    with pytest.raises(ConfigError, match="at most 1024, not 1500"):
        MelodyRepresentation.from_config(r.to_config())  # no model has such windows


def test_a_song_no_window_fits_is_refused_with_the_reason():
    with pytest.raises(NothingUsableError, match="3/4"):
        cover(song(4, (MeterChange(0, Meter(3, 4)),)), MELODY)


def held() -> Score:
    """Six bars: the last note of every second bar sounds on into the next, the one after it is the same."""
    start = np.arange(24, dtype=np.int32) * 480
    end, pitch, keep = start + 480, 60 + np.arange(24, dtype=np.int32) % 7, np.ones(24, bool)
    end[7], keep[8] = 8 * 480 + 480, False  # sounds on over the line between windows
    pitch[15:17] = 72  # struck again right on the line
    return Score(
        480, start[keep], end[keep], pitch[keep], np.full(23, 80, np.int32), np.zeros(23, np.int32),
        tracks=(Track("melody"),), meters=(MeterChange(0, Meter(4, 4)),),
    )  # fmt: skip


@pytest.mark.parametrize("kind", [MelodyRepresentation, PianorollRepresentation])
def test_notes_sound_on_over_joins_where_they_did_and_are_struck_where_they_were(kind):
    covered = cover(held(), kind(bars=2))
    assert covered.tied == (frozenset(), frozenset({60}), frozenset())
    tokens, _ = join(covered.tokens, covered, kind(bars=2))
    np.testing.assert_array_equal(tokens[0], kind(bars=6).windows(held()).tokens[0])


def rested(drums: bool = False) -> Score:
    """Six bars: what sounds at the end of bar 2 ends on the line, and the first half of bar 3 is a rest.

    With drums a bass sounds, too, which ends there while the melody sounds on.
    """
    beats = np.array([*range(8), *range(10, 24)], np.int32)
    start, end, pitch = beats * 480, beats * 480 + 480, 60 + beats % 7
    track = np.zeros_like(beats)
    if drums:
        end[7] += 480
        bass = np.array([*range(0, 8, 2), *range(12, 24, 2)], np.int32) * 480
        start, end = np.concatenate([start, bass, start]), np.concatenate([end, bass + 960, start + 100])
        pitch = np.concatenate([pitch, np.full_like(bass, 40), np.full_like(pitch, 36)])
        track = np.repeat(np.arange(3, dtype=np.int32), [len(beats), len(bass), len(beats)])
    order = np.lexsort((pitch, start))
    return Score(
        480, start[order], end[order], pitch[order].astype(np.int32), np.full(len(order), 80, np.int32),
        track[order], (Track("melody", 1), Track("bass", 33), Track("drums", 0, True)),
        (MeterChange(0, Meter(4, 4)),),
    )  # fmt: skip


@pytest.mark.parametrize("kind", [MelodyRepresentation, TrioRepresentation, PianorollRepresentation])
def test_what_ends_on_a_join_does_not_ring_through_the_rest_behind_it(kind):
    for score in (rested(kind is TrioRepresentation), rested(True)):
        covered = cover(score, kind(bars=2))
        tokens, r = join(covered.tokens, covered, kind(bars=2))
        np.testing.assert_array_equal(tokens[0], kind(bars=6).lenient().windows(score).tokens[0])
        np.testing.assert_array_equal(tokens, r.canonical(tokens))


@pytest.mark.parametrize(("window", "step", "after"), [
    ([0, 0, 30], 0, [1, 0, 30]), ([30, 0, 0], 0, [30, 0, 0]), ([30, 0, 0], 2, [30, 0, 0]),
    ([30, 1, 0], 2, [30, 1, 1]), ([0, 0, 30], 1, [0, 1, 30]), ([0, 0, 30], 2, [0, 0, 30]),
])  # fmt: skip
def test_a_window_ends_what_came_before_it_where_it_is_silent(window: list, step: int, after: list):
    tokens = np.array(window, np.uint8)
    MELODY.fall_silent(tokens, step)
    assert tokens.tolist() == after


@pytest.mark.parametrize(("before", "struck", "after"), [
    ([0, 2, 0], 2, 0), ([7, 0, 2], 2, 0), ([7, 0, 2], 7, 7), ([2, 1, 0], 2, 2), ([0, 0, 0], 2, 2),
    ([1, 0, 0], 1, 1),
])  # fmt: skip
def test_a_note_sounds_on_where_it_sounded(before: list[int], struck: int, after: int):
    tokens = np.array([*before, struck, 0], np.uint8)
    MELODY.sound_on(tokens, 3, frozenset({60}))
    assert tokens.tolist() == [*before, after, 0]


def test_a_part_of_a_trio_sounds_on_by_itself():
    tokens = np.zeros((32, 3), np.uint16)
    tokens[[8, 16], 0], tokens[8, 1], tokens[16, 1] = 40, 20, 21
    r, other = TrioRepresentation(bars=2), tokens.copy()
    r.sound_on(tokens, 16, frozenset({40 - FIRST_NOTE + r.lowest}))
    assert tokens[16].tolist() == [0, 21, 0]
    r.sound_on(other, 16, frozenset({20 - FIRST_NOTE + r.lowest}))  # that of the bass, which is struck anew
    assert other[16].tolist() == [40, 21, 0]


@pytest.mark.parametrize("kind", [PianorollRepresentation, TrioRepresentation])
def test_a_bass_sounds_on_under_a_melody_that_is_struck_again(kind):
    """Eight beats of one repeated note over a bass note that is held across the line between windows."""
    start = np.array([*range(0, 16 * 480, 480), 6 * 480], np.int32)
    end = np.array([*range(480, 17 * 480, 480), 10 * 480], np.int32)
    order = np.lexsort((np.array([72] * 16 + [40]), start))
    track = np.array([0] * 16 + [1], np.int32)
    drums = np.arange(16, dtype=np.int32) * 480  # a trio needs some
    score = Score(
        480,
        np.concatenate([start[order], drums]),
        np.concatenate([end[order], drums + 100]),
        np.concatenate([np.array([72] * 16 + [40], np.int32)[order], np.full(16, 36, np.int32)]),
        np.full(33, 80, np.int32),
        np.concatenate([track[order], np.full(16, 2, np.int32)]),
        tracks=(Track("melody", 1), Track("bass", 33), Track("drums", 0, True)),
    )
    score = score.select(np.lexsort((score.pitch, score.start)))
    covered = cover(score, kind(bars=2))
    assert covered.tied[1] == frozenset({40})
    tokens, r = join(covered.tokens, covered, kind(bars=2))
    made = r.to_score(tokens[0])
    bass = made.pitch == 40
    ticks = made.ticks_per_quarter
    assert (made.start[bass] // ticks).tolist() == [6] and (made.end[bass] // ticks).tolist() == [10]
    assert (made.start[made.pitch == 72] // ticks).tolist() == list(range(16))


@pytest.mark.parametrize("r", [GrooveRepresentation(task="humanize"), DrumsRepresentation()])
def test_drums_of_which_none_is_known_are_refused_by_their_pitches(r):
    drums = replace(song(4), pitch=np.resize(np.array([10, 12, 90], np.int32), 16), source="a.mid")
    drums = replace(drums, tracks=(Track("", 0, True),))
    with pytest.raises(NothingUsableError, match=r"^a\.mid: no drum .* lacks \(10, 12, 90\) are not read\)$"):
        cover(drums, r)
    assert len(cover(drums, GrooveRepresentation(task="tap"), taps=True).tokens) == 2
    one = replace(drums, pitch=np.where(np.arange(16) == 7, 38, 12).astype(np.int32))
    assert len(cover(one, r).tokens) == 2
