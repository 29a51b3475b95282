"""New bars behind the notes of a song."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.music.behind import FINEST, Behind, going_on
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.score import Chord, Meter, MeterChange, Score, Track
from musicvae_lite.music.timeline import Timeline
from musicvae_lite.music.whole import cover

LEAD, BASS, DRUMS = Track("Lead", 73), Track("Low", 33), Track("Kit", 0, True)
TRIO = (Track("Melody"), Track("Bass", 38), Track("Drums", 0, True))


def score(tracks: tuple[Track, ...], ticks: int = 480, quarters: int = 4, **more) -> Score:
    """A quarter of every track on every beat, each track on a pitch of its own."""
    count = len(tracks)
    start = np.repeat(np.arange(quarters, dtype=np.int32) * ticks, count)
    track = np.tile(np.arange(count, dtype=np.int32), quarters)
    return Score(ticks, start, start + ticks, 60 + track, np.full_like(start, 70), track, tracks, **more)


def laid(song: Score, tracks: tuple[int, ...], take: Score, at: float = 4.0) -> Score:
    places = np.array([0.0, at])
    return Behind.of(Timeline(places, places, 0.125, song), tracks).laid(take)


@pytest.mark.parametrize(
    ("taken", "new", "names", "numbers"),
    [
        ((1,), TRIO[:1], (LEAD,), [0]),
        ((1, 2, 3), TRIO, (LEAD, BASS, DRUMS), [0, 1, 2]),
        ((1, 2), (Track("Piano"),), (LEAD, BASS), [0]),
        ((2, 1, 3), TRIO, (LEAD, BASS, DRUMS), [1, 0, 2]),
        ((1,), TRIO[:2], (LEAD, TRIO[1]), [0, 1]),
        ((1, 3), TRIO, (LEAD, DRUMS, TRIO[1]), [0, 2, 1]),
        ((2,), TRIO[2:], (BASS, TRIO[2]), [1]),
    ],
)  # fmt: skip
def test_new_bars_go_on_with_the_tracks_of_their_kind(taken, new, names, numbers):
    song = score((Track("Pad", 90), LEAD, BASS, DRUMS))
    made = laid(song, taken, score(new))
    assert made.tracks == names
    assert made.track[made.start >= 4 * 480].tolist() == numbers * 4
    own = made.pitch[made.start < 4 * 480]
    assert own.tolist() == [60 + k for k in sorted(taken)] * 4


def test_a_bass_without_a_melody_goes_on_as_the_bass():
    song, places = score((BASS, DRUMS)), np.array([0.0, 4.0])
    made = Behind.of(Timeline(places, places, 0.125, song), (0, 1), sounding=(1, 2)).laid(score(TRIO))
    assert made.tracks == (BASS, DRUMS, TRIO[0])
    assert made.track[made.start >= 4 * 480].tolist() == [2, 0, 1] * 4


def test_a_part_without_notes_adds_no_track():
    take = score(TRIO)
    made = laid(score((LEAD, DRUMS)), (0, 1), take.select(take.track != 1))
    assert made.tracks == (LEAD, DRUMS)


def test_notes_of_one_part_go_to_the_track_that_played_such_pitches_last():
    tracks = tuple(Track(name) for name in ("Voice", "Piano", "Flute"))
    song = score(tracks, quarters=20)  # the voice falls silent for the last 19 quarters
    song = replace(song, pitch=np.array([60, 52, 72], np.int32)[song.track])
    song = song.select((song.track > 0) | (song.start == 0))
    take = score((Track("Piano"),), quarters=5)
    take = replace(take, pitch=np.array([40, 60, 64, 72, 90], np.int32))
    made = laid(song, (0, 1, 2), take, at=20.0)
    assert made.tracks == tracks
    assert made.track[made.start >= 20 * 480].tolist() == [1, 1, 2, 2, 2]


@pytest.mark.parametrize("is_drum", [False, True])
def test_a_hit_goes_to_the_track_that_has_this_drum_or_one_of_its_kind(is_drum: bool):
    names, pitches = ("Kick", "Snare", "Hihat", "Tom", "Cymbals"), np.array([36, 40, 42, 45, 57], np.int32)
    song = score(tuple(Track(name, 0, is_drum) for name in names), quarters=20)
    song = replace(song, pitch=pitches[song.track])
    song = song.select((song.track < 4) | (song.start == 0))  # the only crash sounds long before the end
    take = score((TRIO[2],), quarters=7)
    take = replace(take, pitch=np.array([36, 38, 46, 50, 49, 55, 37], np.int32))
    made = laid(song, (0, 1, 2, 3, 4), take, at=20.0)
    assert [track.name for track in made.tracks] == list(names)
    assert all(track.is_drum for track in made.tracks)
    assert made.track[made.start >= 20 * 480].tolist() == [0, 1, 2, 3, 4, 4, 1]


def test_a_hit_goes_to_the_last_kit_of_several():
    song = score((Track("Verse", 0, True), Track("Chorus", 16, True)), quarters=60)
    song = replace(song, pitch=np.full_like(song.pitch, 36))
    song = song.select((song.track == 0) == (song.start < 40 * 480))
    made = laid(song, (0, 1), replace(score((TRIO[2],)), pitch=np.array([36, 35, 38, 49], np.int32)), 60.0)
    assert made.track[made.start >= 60 * 480].tolist() == [1, 1, 1, 1]


def test_drums_off_channel_10_lie_on_it_as_the_drum_they_are_read_as():
    song = score((LEAD, Track("Clap"), Track("Snare", 115)))
    song = replace(song, pitch=np.array([60, 60, 38], np.int32)[song.track])
    made = laid(song, (0, 1, 2), replace(score(TRIO[2:]), pitch=np.full(4, 39, np.int32)))
    assert made.tracks == (LEAD, Track("Clap", 0, True), Track("Snare", 0, True))
    assert made.pitch[made.start < 4 * 480].tolist() == [38, 39, 60] * 4
    assert made.track[made.start >= 4 * 480].tolist() == [1] * 4


def test_a_melody_stays_off_channel_10_where_its_rhythm_goes_on_as_drums():
    made = laid(score((LEAD, BASS)), (0,), score(TRIO[2:]))
    assert made.tracks == (LEAD, TRIO[2])


def test_a_take_of_one_velocity_becomes_as_loud_as_each_track():
    song = score((LEAD, BASS))
    song = replace(song, velocity=np.where(song.track == 0, 100, 40).astype(np.int32))
    made = laid(song, (0, 1), score(TRIO))
    assert made.velocity[made.start >= 4 * 480].tolist() == [100, 40, 70] * 4
    take = score(TRIO)
    loud = np.arange(20, 20 + len(take), dtype=np.int32)
    made = laid(song, (0, 1), replace(take, velocity=loud))
    assert made.velocity[made.start >= 4 * 480].tolist() == loud.tolist()


@pytest.mark.parametrize("ticks", [24, 30, 96, 480, 1024, 30001])
def test_times_of_both_are_kept_at_any_resolution(ticks: int):
    made = laid(score((LEAD,), ticks), (0,), score((Track("Melody"),)))
    assert made.ticks_per_quarter % ticks == 0
    np.testing.assert_array_equal(made.start / made.ticks_per_quarter, np.arange(8))
    np.testing.assert_array_equal(made.end / made.ticks_per_quarter, np.arange(1, 9))


def test_new_notes_between_the_ticks_of_a_coarse_song_keep_their_times():
    start = np.arange(4, dtype=np.int32)  # sixteenths
    take = replace(score((Track("Melody"),), 4), start=start, end=start + 1)
    made = laid(score((LEAD,), 30), (0,), take)
    assert made.ticks_per_quarter % 30 == 0
    np.testing.assert_array_equal(made.start[4:] / made.ticks_per_quarter, 4 + np.arange(4) / 4)
    np.testing.assert_array_equal(made.end[4:] / made.ticks_per_quarter, 4 + np.arange(1, 5) / 4)


def test_a_song_whose_ticks_are_the_finest_stays_as_it_is():
    made = laid(score((LEAD,), FINEST), (0,), score((Track("Melody"),)))
    assert made.ticks_per_quarter == FINEST
    assert made.start[4:].tolist() == [FINEST * quarter for quarter in range(4, 8)]


def test_notes_are_at_least_a_tick_long():
    song = score((LEAD,), quarters=5)  # the last note begins with the new bars
    take = score((Track("Melody"),), 960)
    made = laid(song, (0,), replace(take, end=take.start + 1))  # half a tick of the song's
    assert (made.end - made.start).tolist() == [480] * 4 + [1] * 5


@pytest.mark.parametrize(
    ("end", "pitch", "wanted"),
    [(4.5, 60, 4.5), (5, 60, 4.5), (5, 61, 5), (5.5, 61, 5.5), (5.75, 61, 4.5), (12, 61, 4.5)],
)
def test_a_note_of_the_song_sounds_on_into_new_bars_for_a_quarter_of_a_bar_at_most(
    end: float, pitch: int, wanted: float
):
    """Unless its key is struck again before."""
    song, take = score((LEAD,), quarters=5), score((Track("Melody"),))
    song = replace(song, end=np.where(song.start < 4 * 480, song.end, round(end * 480)).astype(np.int32))
    made = laid(song, (0,), replace(take, pitch=np.full_like(take.pitch, pitch)), at=4.5)
    assert (made.end[4], made.start[5]) == (wanted * 480, 4.5 * 480)


@pytest.mark.parametrize(
    ("later", "meter", "kept"),
    [(0, Meter(2, 4), True), (0, Meter(3, 4), False), (1, Meter(2, 4), False)],
    ids=["at the end, one the model can write", "at the end, another", "behind the end"],
)
def test_a_meter_of_the_song_holds_behind_it_where_the_model_can_write_it(
    later: int, meter: Meter, kept: bool
):
    r, end = MelodyRepresentation(bars=2), 4 * 1920
    meters = (MeterChange(0, Meter(4, 4)), MeterChange(end + later, meter))
    song = score((LEAD,), quarters=16, meters=meters)
    behind = going_on(cover(song, r), song, r)
    assert behind.places[-1] == 16
    assert behind.song.meters == (meters if kept else meters[:1])


def test_chords_of_the_song_stay_up_to_the_new_bars():
    song = score((LEAD,), chords=(Chord(0, "C"), Chord(4 * 480, "F")))
    made = laid(song, (0,), score((Track("Melody"),), chords=(Chord(0, "G7"),)))
    assert [(chord.tick, chord.symbol) for chord in made.chords] == [(0, "C"), (4 * 480, "G7")]
