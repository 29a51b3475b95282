"""Whole songs through small untrained models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.models import whole_songs
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.moves.continuing import carry_on
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.representations import (
    GrooveRepresentation,
    MultitrackRepresentation,
)
from musicvae_lite.music.score import KeyChange, Meter, MeterChange, ProgramChange, Score, TempoChange, Track
from musicvae_lite.music.takes import Takes
from tests.models.small import small_chord_model, small_model


def scale(bars: int, first: int = 60) -> Score:
    start = np.arange(4 * bars, dtype=np.int32) * 480
    pitch = (first + np.arange(4 * bars) % 12).astype(np.int32)
    return Score(
        480, start, start + 480, pitch, np.full_like(start, 70), np.zeros_like(start), (Track("m", 9),)
    )


def beat(bars: int, offset: int = 0, velocity: int = 90) -> Score:
    start = np.arange(8 * bars, dtype=np.int32) * 240 + offset
    pitch = np.where(np.arange(8 * bars) % 4 == 2, 38, 36).astype(np.int32)
    track = (Track("drums", 0, True),)
    return Score(480, start, start + 100, pitch, np.full_like(start, velocity), np.zeros_like(start), track)


def groove_model(task: str, dropout: float = 0.0) -> MusicVAE:
    table = {
        "representation": GrooveRepresentation(task=task, dropout=dropout).to_config(),
        "encoder": {"kind": "hierarchical", "segments": [4, 8], "width": 16, "squeeze": 4},
        "decoder": {"kind": "hierarchical", "segments": [4, 8], "width": 16, "core_width": 16},
        "z": 6,
    }
    torch.manual_seed(1)
    return MusicVAE(MusicConfig.from_table(table, "test"))


@pytest.mark.parametrize("length", [4, 8])
def test_what_is_made_of_a_song_changes_its_program_with_it(length: int):
    lead = Track("m", 9, False, (ProgramChange(2 * 1920, 73), ProgramChange(5 * 1920, 40)))
    song, model = replace(scale(6), tracks=(lead,)), small_model()
    for takes in (whole_songs.reconstruct(model, song), whole_songs.interpolate(model, song, scale(length))):
        made = takes[0]
        more = song.ticks_per_quarter / made.ticks_per_quarter
        assert made.programs.tolist() == [lead.program_at(int(tick * more)) for tick in made.start]
        assert made.tracks[0].programs == lead.programs


def test_every_window_of_a_song_is_reconstructed_in_its_place():
    model, song = small_model(), scale(6)
    whole = whole_songs.reconstruct(model, song)
    assert whole.tokens.shape == (1, 96) and whole.representation.bars == 6
    for number in range(3):
        bars = (2 * number + 1, 2 * number + 2)
        alone = model.reconstruct(model.pick(song, bars)).tokens[0]
        np.testing.assert_array_equal(whole.tokens[0, 32 * number : 32 * number + 32], alone)
    assert whole.styles[0].program == 9 and whole.styles[0].velocity == 70
    assert whole.record["inputs"][0]["bars"] == [1, 6]


def test_a_walk_over_whole_songs_begins_as_one_and_ends_as_the_other():
    model, a, b = small_model(), scale(8), scale(4, first=70)
    walk = whole_songs.interpolate(model, a, b)
    assert walk.tokens.shape == (1, 128)
    np.testing.assert_array_equal(walk.tokens[0, :32], model.reconstruct(model.pick(a, (1, 2))).tokens[0])
    np.testing.assert_array_equal(walk.tokens[0, -32:], model.reconstruct(model.pick(b, (3, 4))).tokens[0])
    with pytest.raises(ConfigError, match="fit into one window"):
        whole_songs.interpolate(model, scale(2), scale(2))


def test_a_walk_to_a_longer_song_on_another_track_sounds_as_the_first():
    model, a, long = small_model(), scale(4), scale(8, first=48)
    b = replace(long, track=long.track + 1, tracks=(Track("bass", 32), Track("m", 40)))
    walk = whole_songs.interpolate(model, a, b)
    assert walk.tokens.shape == (1, 128) and walk.styles[0].program == 9
    assert [(part["bars"], part["track"]) for part in walk.record["inputs"]] == [([1, 4], 1), ([1, 8], 2)]
    two = replace(b, track=np.arange(len(b), dtype=np.int32) % 2)
    low, high = (whole_songs.interpolate(model, a, two, track_b=number) for number in (0, 1))
    assert [walk.record["inputs"][1]["track"] for walk in (low, high)] == [1, 2]
    assert not np.array_equal(low.tokens, high.tokens)


def test_a_beat_is_humanized_whole():
    """What the model is given has no dynamics or timing, so that two plays of the same hits give the same."""
    model = groove_model("humanize")
    straight, played = (whole_songs.reconstruct(model, beat(5, *how)) for how in ((0, 90), (30, 40)))
    assert straight.tokens.shape == (1, 80, 27)
    np.testing.assert_array_equal(straight.tokens, played.tokens)


def test_taps_of_any_pitch_are_heard():
    model = groove_model("tap")
    melodic = scale(4)
    takes = whole_songs.reconstruct(model, melodic, taps=True, qpm=95)
    assert takes.tokens.shape == (1, 64, 27) and takes.joined().tempos[0].qpm == 95


def test_hits_are_lost_in_training_alone():
    """A window's code does not depend on its place, and all that was played is heard."""
    losing, keeping = (groove_model("tap", dropout) for dropout in (0.5, 0.0))
    windows = np.repeat(losing.representation.windows(beat(2)).tokens[:1], 6, axis=0)
    codes = losing.posterior_of_tokens(windows).mean
    assert (codes - codes[0]).abs().max() == 0
    assert torch.equal(codes, keeping.posterior_of_tokens(windows).mean)
    losing, keeping = (groove_model("hits-control", dropout) for dropout in (0.5, 0.0))
    takes = [whole_songs.transfer(some, beat(4), beat(2, 40)) for some in (losing, keeping)]
    np.testing.assert_array_equal(takes[0].control, takes[1].control)


def test_transfer_hears_the_hits_of_one_and_the_feel_of_the_other():
    model = groove_model("hits-control")
    hits, feel, other = beat(4), beat(2, 40, 60), beat(2, -20 + 480, 120)
    one, same, another = (whole_songs.transfer(model, hits, f) for f in (feel, feel, other))
    assert one.tokens.shape == (1, 64, 27)
    np.testing.assert_array_equal(one.tokens, same.tokens)
    assert not np.array_equal(one.tokens, another.tokens)
    assert not np.array_equal(one.tokens, whole_songs.transfer(model, scale_of_kicks(4), feel).tokens)
    with pytest.raises(ConfigError, match="hits-control"):
        whole_songs.transfer(groove_model("humanize"), hits, feel)


def scale_of_kicks(bars: int) -> Score:
    start = np.arange(16 * bars, dtype=np.int32) * 120
    pitch, track = np.full_like(start, 36), (Track("drums", 0, True),)
    return Score(480, start, start + 100, pitch, np.full_like(start, 90), np.zeros_like(start), track)


def test_bands_go_on_bar_by_bar():
    part = {"kind": "hierarchical", "segments": [4, 16, 8], "codes": [6], "width": 8, "deep": 8}
    table = {
        "representation": MultitrackRepresentation(bars=1).to_config(),
        "encoder": part | {"squeeze": 4},
        "decoder": part | {"core_width": 8},
        "z": 6,
    }
    torch.manual_seed(1)
    model = MusicVAE(MusicConfig.from_table(table, "test"))
    bass = replace(scale(4, 36), tracks=(Track("bass", 33),))
    pitch = np.concatenate([scale(4).pitch, bass.pitch])
    columns = {k: np.tile(getattr(bass, k), 2) for k in ("start", "end", "velocity")}
    track = np.repeat(np.arange(2, dtype=np.int32), len(bass))
    order = np.argsort(columns["start"], kind="stable")
    song = Score(
        480,
        columns["start"][order],
        columns["end"][order],
        pitch[order],
        columns["velocity"][order],
        track[order],
        (Track("lead", 4), Track("bass", 33)),
    )
    whole = whole_songs.reconstruct(model, song, temperature=1.0)
    assert whole.tokens.shape == (1, 4 * 512) and len(whole) == 1
    bars = [model.representation.to_score(window) for window in whole.tokens.reshape(4, 512)]
    assert len(whole[0]) == sum(len(bar) for bar in bars) > 0
    joined = whole.joined()
    assert np.array_equal(joined.start, whole[0].start) and joined.start.max() > 3 * 1920


def late(song: Score, ticks: int, **more: Any) -> Score:
    """A song that begins with a bar of so many ticks, then 4/4."""
    meters = (MeterChange(0, Meter(ticks // 480, 4)), MeterChange(ticks, Meter(4, 4)))
    return replace(song, start=song.start + ticks, end=song.end + ticks, meters=meters, **more)


def test_a_whole_song_lies_where_it_lay_with_its_tempo_and_meters():
    """A beat after a pickup, with a change of tempo, and a bar of 3/4 in its middle that no window holds."""
    model, hits = groove_model("humanize"), late(beat(8), 480)
    after = hits.start >= 480 + 4 * 1920
    gap = np.where(after, 1440, 0).astype(np.int32)
    meters = (
        *hits.meters,
        MeterChange(480 + 4 * 1920, Meter(3, 4)),
        MeterChange(480 + 4 * 1920 + 1440, Meter(4, 4)),
    )
    tempos = (TempoChange(0, 120.0), TempoChange(480 + 2 * 1920, 60.0))
    song = replace(hits, start=hits.start + gap, end=hits.end + gap, meters=meters, tempos=tempos)
    takes = whole_songs.reconstruct(model, song)
    made, [told] = takes.joined(), takes.record["inputs"]
    assert told["bars"] == [2, 10] and "bars_left_out" not in told
    assert told["warnings"] == ["2 bars that no window of the model can hold stay as they are"]
    more = made.ticks_per_quarter // song.ticks_per_quarter
    for found, wanted in ((made.meters, song.meters), (made.tempos, song.tempos)):
        assert found == tuple(replace(change, tick=change.tick * more) for change in wanted)
    tick = made.start * song.ticks_per_quarter / made.ticks_per_quarter
    step = np.rint((tick - 480 - np.where(tick > 480 + 4 * 1920, 1440, 0)) / 120) * 120
    place = step + 480 + np.where(step >= 4 * 1920, 1440, 0)
    assert np.abs(tick - place).max() <= 60  # within half a step of the song's own grid, none in the gap
    assert made.start.min() >= 400 and not ((tick > 8160 + 60) & (tick < 8160 + 1440 - 60)).any()
    alone = whole_songs.reconstruct(model, beat(8)).joined()
    assert len(alone) == len(made)  # the same hits
    slow = whole_songs.reconstruct(model, song, qpm=90).joined()
    assert [change.qpm for change in slow.tempos] == [90.0] and np.array_equal(slow.start, made.start)


def test_music_that_goes_on_keeps_its_own_place():
    model, song = small_model(), late(scale(4), 960, tempos=(TempoChange(0, 100.0), TempoChange(4800, 50.0)))
    whole, alone = (carry_on(model, song, 2, alone=only) for only in (False, True))
    score = whole.joined()
    assert score.tempos == tuple(
        TempoChange(change.tick * score.ticks_per_quarter // 480, change.qpm) for change in song.tempos
    )
    assert score.meters[1].tick == 2 * score.ticks_per_quarter
    fresh = alone.joined()
    later = score.start >= (2 + 16) * score.ticks_per_quarter
    assert np.array_equal(score.pitch[later], fresh.pitch)
    assert np.array_equal(score.start[later] - 18 * score.ticks_per_quarter, fresh.start)


def test_a_song_that_lies_beside_the_grid_is_laid_beside_it_again():
    """All notes come 50 ticks, two fifths of a step, behind the bar lines."""
    model, song = small_model(), scale(4)
    behind = replace(song, start=song.start + 50, end=song.end + 50)
    made = whole_songs.reconstruct(model, behind).joined()
    tick = made.start * song.ticks_per_quarter / made.ticks_per_quarter
    assert len(made) and (tick % 120 == 50).all()
    on_it = whole_songs.reconstruct(model, song).joined()
    assert np.array_equal(on_it.pitch, made.pitch)


def test_a_song_without_notes_is_refused():
    with pytest.raises(NothingUsableError, match="there are no notes in it"):
        whole_songs.reconstruct(groove_model("humanize"), scale(2).select(np.array([], np.int64)))


def test_chords_stand_in_what_is_made_of_a_whole_song():
    model = small_chord_model()
    whole = whole_songs.reconstruct(model, scale(4), chords="C | Am").joined()
    ticks = whole.ticks_per_quarter
    assert [(c.tick // ticks, c.symbol) for c in whole.chords] == [(0, "C"), (4, "Am"), (8, "C"), (12, "Am")]
    longer = carry_on(model, scale(2), 2, how=Writing(chords="F | G")).joined()
    assert [(c.tick // ticks, c.symbol) for c in longer.chords][-2:] == [(8, "F"), (12, "G")]


def test_what_is_odd_about_a_song_is_in_the_record():
    drums = replace(beat(2), tracks=(Track("Drum Kit", 0, False),), warnings=("torn",))
    [told] = whole_songs.reconstruct(groove_model("humanize"), drums).record["inputs"]
    assert told["warnings"] == ["torn", "track 1 'Drum Kit' is read as drums, but lies off channel 10"]


def changing(bars: int) -> Score:
    """A tune whose tempo changes with bars 5 and 9, and whose key changes with bar 5."""
    tempos = (TempoChange(0, 60.0), TempoChange(4 * 1920, 180.0), TempoChange(8 * 1920, 90.0))
    keys = (KeyChange(0, -6, True), KeyChange(4 * 1920, 1))
    return replace(scale(bars), tempos=tempos, keys=keys)


@pytest.mark.parametrize("other", [4, 12, 20])
def test_a_walk_over_whole_songs_keeps_tempo_and_keys_of_the_first(other: int):
    """Where the second is longer, it goes on in the tempo and key that the first ends with."""
    walk = whole_songs.interpolate(small_model(), changing(12), scale(other, first=70)).joined()
    ticks = walk.ticks_per_quarter
    assert [(change.tick / ticks, change.qpm) for change in walk.tempos] == [
        (0, 60.0),
        (16, 180.0),
        (32, 90.0),
    ]
    assert [(change.tick / ticks, change.name) for change in walk.keys] == [(0, "Eb minor"), (16, "G major")]


def test_a_walk_to_a_longer_song_goes_on_in_the_meter_of_the_model():
    """The first begins with a pickup and ends with bars of 3/4 that no window holds."""
    a = late(scale(4), 480)
    a = replace(a, meters=(*a.meters, MeterChange(480 + 2 * 1920, Meter(3, 4))))
    takes = whole_songs.interpolate(small_model(), a, scale(8, first=70))
    walk, alone = takes.joined(), Takes(takes.tokens, takes.representation, takes.styles).joined()
    ticks = walk.ticks_per_quarter
    behind = alone.start >= 8 * ticks
    gap = np.where(behind, 9 * ticks, 0)  # three bars of 3/4 are the rest of the first
    np.testing.assert_array_equal(walk.start, alone.start + ticks + gap)
    assert [(change.tick / ticks, str(change.meter)) for change in walk.meters] == [
        *((0, "1/4"), (1, "4/4"), (9, "3/4"), (18, "4/4"))
    ]


def test_the_record_names_the_command():
    model, hits = groove_model("hits-control"), beat(4)
    named = replace(scale(4), source="a.mid")
    made = [
        whole_songs.reconstruct(small_model(), named),
        whole_songs.reconstruct(small_model(), scale(4)),
        whole_songs.interpolate(small_model(), named, named),
        whole_songs.transfer(model, hits, hits),
    ]
    assert [takes.record["command"] for takes in made] == [
        *("reconstruct", "reconstruct", "interpolate", "transfer")
    ]
    assert [takes.labels for takes in made] == [["a"], ["reconstruction"], ["A to B"], ["transfer"]]


def test_an_instrument_that_is_tapped_on_is_no_drum_kit():
    violin = replace(scale(4), tracks=(Track("violin", 40),))
    [part] = whole_songs.reconstruct(groove_model("tap"), violin, taps=True).joined().tracks
    assert part.is_drum and part.program == 0
    kit = replace(beat(4), tracks=(Track("drums", 40, True),))
    assert whole_songs.reconstruct(groove_model("humanize"), kit).joined().tracks[0].program == 40
