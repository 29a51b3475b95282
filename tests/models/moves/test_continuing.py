"""Music goes on where it ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.models import whole_songs
from musicvae_lite.models.moves import continuing
from musicvae_lite.models.moves.manner import Manner
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.score import Chord, Meter, MeterChange, Score, TempoChange, Track
from musicvae_lite.music.takes import Takes
from tests.corpora.tunes import tune
from tests.models.small import small_chord_model, small_model


@pytest.fixture(scope="module", autouse=True)
def quick():
    patch = pytest.MonkeyPatch()
    patch.setattr(continuing, "UPDATES", 8)
    patch.setattr(continuing, "TRIES", 2)
    yield
    patch.undo()


@pytest.fixture(scope="module")
def model() -> MusicVAE:
    return small_model()


COLUMNS = ("start", "end", "pitch", "velocity")


def quarters(score: Score, column: str) -> np.ndarray:
    """A column of a score, times in quarters."""
    values = getattr(score, column)
    return values / score.ticks_per_quarter if column in ("start", "end") else values


def test_as_many_bars_as_asked_for_follow_the_music(model: MusicVAE):
    song, bar = tune(1, bars=5), model.representation.steps // model.representation.bars
    takes, alone = (continuing.carry_on(model, song, bars=3, alone=only) for only in (False, True))
    assert takes.representation.bars == 3 and takes.tokens.shape == (1, 3 * bar)
    assert (takes.tokens == alone.tokens).all() and len(takes[0]) == len(song) + len(alone[0])
    assert alone.record["alone"] is True and "alone" not in takes.record
    for column in COLUMNS:
        shift = 20 * (column in ("start", "end"))
        wanted = np.concatenate([quarters(song, column), quarters(alone[0], column) + shift])
        np.testing.assert_array_equal(quarters(takes[0], column), wanted)


def with_pickup_and_waltz() -> Score:
    """An upbeat, four bars of 4/4, two of 3/4 and two of 4/4, in triplets, some loud and some soft."""
    meters = ((0, 1, 4), (1, 4, 4), (17, 3, 4), (23, 4, 4))
    start = np.arange(0, 31 * 480, 160, dtype=np.int32)
    return Score(
        480,
        start,
        start + 150,
        (60 + np.arange(len(start)) % 12).astype(np.int32),
        (40 + np.arange(len(start)) % 60).astype(np.int32),
        np.zeros_like(start),
        (Track("Reel", 73),),
        tuple(MeterChange(at * 480, Meter(*meter)) for at, *meter in meters),
    )


@pytest.mark.parametrize("resolution", [1, 2])
def test_the_music_before_stays_as_it_was_written(model: MusicVAE, resolution: int):
    song = with_pickup_and_waltz()
    if resolution == 2:  # one that sixteenths do not divide
        ticks = {name: getattr(song, name) // 16 for name in ("start", "end")}
        meters = tuple(replace(change, tick=change.tick // 16) for change in song.meters)
        song = replace(song, ticks_per_quarter=30, meters=meters, **ticks)
    takes = continuing.carry_on(model, song, 2)
    made, before = takes.joined(), len(song)
    for column in COLUMNS:
        np.testing.assert_allclose(quarters(made, column)[:before], quarters(song, column))
    assert (quarters(made, "start")[before:] >= 31).all() and len(made) > before
    assert made.tracks == song.tracks and takes.labels == ["bars 1-9 and 2 more"]
    assert [str(change.meter) for change in made.meters] == ["1/4", "4/4", "3/4", "4/4"]
    assert "bars_left_out" not in takes.record["inputs"][0]


def test_new_bars_are_as_lively_as_the_music_before(model: MusicVAE, monkeypatch):
    """Of the tries that tell the known half alike, the one with as many notes is taken."""
    monkeypatch.setattr(continuing, "TRIES", 3)
    r, song = model.representation, tune(1, bars=4)  # eight notes a bar
    windows = np.zeros((3, r.steps), np.uint8)
    windows[0, 16], windows[1, 16::2], windows[2, 16:] = 30, 30, 30
    nats = np.zeros(3)
    monkeypatch.setattr(continuing, "find", lambda *given: (torch.zeros(3, 8), nats))
    monkeypatch.setattr(type(model), "decode", lambda *given, **settings: Takes(windows, r))
    assert len(continuing.carry_on(model, song, 2, alone=True)[0]) == 16
    nats[:] = 0, 100, 0  # unless it tells the known half far worse
    assert len(continuing.carry_on(model, song, 2, alone=True)[0]) == 32


def test_new_bars_have_the_pitches_of_the_music_before(model: MusicVAE, monkeypatch):
    """Of the tries that are as lively, the one in its key and register is taken."""
    monkeypatch.setattr(continuing, "TRIES", 3)
    r, song = model.representation, tune(1, bars=4)  # eight notes a bar
    played = np.unique(song.pitch) - 34  # as tokens
    windows = np.zeros((3, r.steps), np.uint8)
    windows[:, 16::2] = np.resize(played, 8)
    windows[0] += (windows[0] > 0).astype(np.uint8)  # a semitone higher
    windows[1] -= (12 * (windows[1] > 0)).astype(np.uint8)  # an octave lower
    monkeypatch.setattr(continuing, "find", lambda *given: (torch.zeros(3, 8), np.zeros(3)))
    monkeypatch.setattr(type(model), "decode", lambda *given, **settings: Takes(windows, r))
    made = continuing.carry_on(model, song, 1, alone=True)[0]
    assert set(made.pitch) <= set(song.pitch)


def test_new_codes_lie_near_those_of_the_music(model: MusicVAE, monkeypatch):
    monkeypatch.setattr(continuing, "UPDATES", 0)
    codes = torch.full((1, 8), 50.0)
    manner, window = Manner(codes, 4.0, np.zeros((1, 128))), model.pick(tune(1, bars=4)).tokens
    z, _ = continuing.find(model, window, 16, None, manner, model.generator(0))
    assert (z - continuing.LIKENESS * codes).abs().max() < 5


def test_a_note_held_for_bars_can_be_gone_on_from(model: MusicVAE):
    song = tune(1, bars=3).select(np.array([0]))
    held = replace(song, end=song.start + 3 * 1920)
    assert len(continuing.carry_on(model, held, 2)[0]) > 1


def test_silent_bars_are_tried_again_and_then_refused(model: MusicVAE, monkeypatch):
    r, song, asked = model.representation, replace(tune(1, bars=4), source="a.mid"), []

    def decode(self, z, *given, **settings) -> Takes:
        asked.append(z)
        windows = np.zeros((len(z), r.steps), np.uint8)
        windows[:, 20] = 30 if len(asked) > after else 0
        return Takes(windows, r)

    monkeypatch.setattr(type(model), "decode", decode)
    after = 2
    assert len(continuing.carry_on(model, song, 1, alone=True)[0]) == 1 and len(asked) == 3
    after = 1000
    with pytest.raises(NothingUsableError, match=r"a\.mid: no note came out in 1 new bar"):
        continuing.carry_on(model, song, 1)


def test_the_same_seed_goes_the_same_way_and_another_one_another(model: MusicVAE):
    def written(seed: int) -> np.ndarray:
        return continuing.carry_on(model, tune(1, bars=4), 4, how=Writing(1.0, seed), alone=True).tokens

    assert (written(1) == written(1)).all()
    assert (written(1) != written(2)).any()


def test_the_code_found_tells_the_known_half_better_than_the_draw_it_began_at(model: MusicVAE):
    window, known = model.pick(tune(1, bars=4)).tokens, model.representation.steps // 2

    def nats(updates: int) -> float:
        patch = pytest.MonkeyPatch()
        patch.setattr(continuing, "UPDATES", updates)
        manner = Manner(model.posterior_of_tokens(window[None]).mean, 8.0, np.zeros((1, 128)))
        z, told = continuing.find(model, window, known, None, manner, model.generator(0))
        patch.undo()
        target, decoder = model.tensor(window[None]).expand(len(z), -1), model.vae.decoder
        with torch.no_grad():
            said, _ = decoder.head.score(decoder.hidden(z, target), target)  # type: ignore[operator, union-attr]
        np.testing.assert_allclose(said[:, :known].sum(1).numpy(), told, rtol=1e-5)
        return float(told.sum())

    assert nats(60) < nats(0)


@pytest.mark.parametrize("bars", [0, 513])
def test_bars_out_of_range_are_refused(model: MusicVAE, bars: int):
    with pytest.raises(ConfigError, match=f"bars is {bars}; 1 to 512"):
        continuing.carry_on(model, tune(1), bars)


def test_a_model_that_makes_one_thing_of_another_cannot_carry_on():
    with pytest.raises(ConfigError, match="cannot carry on"):
        continuing.carry_on(MusicVAE.load("groove-2bar-humanize"), tune(1))


def with_outro(song: Score, bars: int, meter: Meter | None = None, silent: bool = True) -> Score:
    """A song and as many bars behind it, of chords of another track or of more notes of its own."""
    ticks, quarters = song.ticks_per_quarter, (meter or Meter(4, 4)).quarters
    end = round(song.end_tick)
    start = (end + np.arange(bars) * quarters * ticks).astype(np.int32)
    meters = song.meters if meter is None else (*song.meters, MeterChange(end, meter))
    return replace(
        song,
        start=np.concatenate([song.start, start]),
        end=np.concatenate([song.end, start + ticks]),
        pitch=np.concatenate([song.pitch, np.full(bars, 50, np.int32)]),
        velocity=np.concatenate([song.velocity, np.full(bars, 80, np.int32)]),
        track=np.concatenate([song.track, np.full(bars, int(silent), np.int32)]),
        tracks=(Track("Melody"), Track("Piano")),
        meters=meters,
    )


def test_music_goes_on_where_its_own_track_ends(model: MusicVAE):
    song = tune(1, bars=5)
    songs = (replace(song, tracks=(Track("Melody"),)), with_outro(song, 4))
    plain, with_piano = (continuing.carry_on(model, score, 4) for score in songs)
    assert with_piano.labels == ["bars 1-5 and 4 more"]
    assert (with_piano.tokens == plain.tokens).all()
    assert with_piano.record["inputs"][0]["bars"] == [1, 5]
    for take, other in zip(with_piano, plain, strict=True):  # at once, beside the piano
        assert np.array_equal(take.start, other.start) and np.array_equal(take.end, other.end)


def test_new_bars_follow_those_that_the_model_cannot_read(model: MusicVAE):
    takes = continuing.carry_on(model, with_outro(tune(1, bars=4), 3, Meter(3, 4), silent=False), 2)
    made = takes.joined()
    at = quarters(made, "start")
    assert at[(at >= 16) & (at < 25)].tolist() == [16, 19, 22] and (at >= 25).any()
    assert [(m.tick // made.ticks_per_quarter, str(m.meter)) for m in made.meters] == [
        (0, "4/4"),
        (16, "3/4"),
        (25, "4/4"),
    ]


@pytest.mark.parametrize(("bars", "meter"), [(4, Meter(3, 4)), (1, Meter(3, 4)), (1, None)])
def test_bars_behind_the_last_window_are_told_of_where_they_are_left_out(
    model: MusicVAE, bars: int, meter: Meter | None
):
    """The last bar of a song in 2/4 with an odd number of them, as others that no window can hold."""
    song = tune(1, bars=4)
    if meter is None:
        song = replace(song, meters=(MeterChange(0, Meter(2, 4)),))
    song = with_outro(song, bars, meter, silent=False)
    whole, alone = (continuing.carry_on(model, song, 2, alone=only) for only in (False, True))
    assert alone.record["inputs"][0]["bars_left_out"] == bars
    assert "bars_left_out" not in whole.record["inputs"][0]
    at, length = quarters(whole.joined(), "start"), bars * (2 if meter is None else 3)
    assert np.count_nonzero((at >= 16) & (at < 16 + length)) == bars


def test_new_bars_longer_than_those_of_the_song_are_called_so(model: MusicVAE):
    song = tune(1, bars=4)
    polka = replace(song, meters=(MeterChange(0, Meter(2, 4)),))
    assert continuing.carry_on(model, polka, 2).labels == ["bars 1-8 and 2 more of 4/4"]
    assert continuing.carry_on(model, polka, 1, alone=True).labels == ["1 new bar"]
    assert continuing.carry_on(model, song, 2).labels == ["bars 1-4 and 2 more"]


def test_new_bars_alone_have_the_tempo_of_the_end(model: MusicVAE):
    song = replace(tune(1, bars=4), tempos=(TempoChange(0, 120.0), TempoChange(3 * 1920, 60.0)))
    assert continuing.carry_on(model, song, 2, alone=True).joined().tempos == (TempoChange(0, 60.0),)


def test_silence_has_no_end_to_go_on_from(model: MusicVAE):
    unread = with_outro(tune(1, bars=1).select(np.array([], np.int64)), 2, Meter(3, 4), silent=False)
    with pytest.raises(NothingUsableError):
        continuing.carry_on(model, unread, 2)


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode])
def test_it_works_where_gradients_are_off(model: MusicVAE, around):
    with around():
        inside = continuing.carry_on(model, tune(1, bars=4), 2)
    assert (inside.tokens == continuing.carry_on(model, tune(1, bars=4), 2).tokens).all()


PARTS = (Track("Low", 38), Track("Kit", 0, True), Track("Lead", 27))
PITCHES = np.array([40, 36, 67], np.int32)


def band(parts: tuple[int, ...]) -> Score:
    """Four bars of quarters of some of `PARTS`, in which the bass comes before the melody."""
    start = np.repeat(np.arange(16, dtype=np.int32) * 480, len(parts))
    track = np.tile(np.arange(len(parts), dtype=np.int32), 16)
    pitch = PITCHES[list(parts)][track]
    tracks = tuple(PARTS[k] for k in parts)
    return Score(480, start, start + 480, pitch, np.full_like(start, 80), track, tracks)


@pytest.mark.parametrize("parts", [(0, 1, 2), (1, 2), (0, 1)], ids=["trio", "no bass", "no melody"])
def test_each_part_of_a_trio_goes_on_in_its_own_track(parts: tuple[int, ...], monkeypatch):
    model = MusicVAE.load("trio-2bar")
    r, song = model.representation, band(parts)
    windows = r.lenient().windows(band((0, 1, 2))).tokens[:1].repeat(2, 0)
    monkeypatch.setattr(type(model), "decode", lambda *given, **settings: Takes(windows, r))
    made = continuing.carry_on(model, song, 2).joined()
    assert made.tracks[: len(parts)] == song.tracks and len(made.tracks) == 3
    for k, part in enumerate(parts):
        assert set(made.pitch[made.track == k]) == {PITCHES[part]}
        assert np.count_nonzero(made.track == k) == 24


def test_bass_notes_go_on_in_no_drum_that_lay_off_channel_10(monkeypatch):
    model = MusicVAE.load("trio-2bar")
    r, song = model.representation, band((0, 1, 2))
    windows = r.lenient().windows(song).tokens[:1].repeat(2, 0)
    monkeypatch.setattr(type(model), "decode", lambda *given, **settings: Takes(windows, r))
    off = replace(song, tracks=(PARTS[0], Track("Kick"), PARTS[2]))
    made = continuing.carry_on(model, off, 2).joined()
    assert made.tracks == (PARTS[0], Track("Kick", 0, True), PARTS[2])
    assert np.bincount(made.track).tolist() == [24, 24, 24]


STEMS = (Track("Kick"), Track("Snare", 115), Track("Hihat"))


def stems(bars: int = 4) -> Score:
    """A beat of which each drum has a track of its own, off channel 10."""
    start, track = np.arange(bars * 8, dtype=np.int32) * 240, np.full(bars * 8, 2, np.int32)
    start, track = np.concatenate([start, start[::2]]), np.concatenate([track, np.arange(bars * 4) % 2])
    order = np.lexsort((track, start))
    start, track = start[order], track[order].astype(np.int32)
    pitch = np.array([36, 40, 42], np.int32)[track]
    return Score(480, start, start + 60, pitch, np.full_like(start, 80), track, STEMS)


@pytest.mark.parametrize("asked", [None, 1], ids=["all stems", "the one asked for"])
def test_drums_off_channel_10_are_all_there_when_they_are_gone_on_with_twice(asked: int | None):
    model = MusicVAE.load("drums-2bar")
    song = stems() if asked is None else stems().select(stems().track == asked)
    once = continuing.carry_on(model, song, 2, asked).joined()
    twice = continuing.carry_on(model, once, 2).joined()
    assert all(track.is_drum and track.program == 0 for track in twice.tracks)
    for made in (once, twice):
        assert [track.name for track in made.tracks] == [STEMS[k].name for k in np.unique(song.track)]
        own = made.start < 4 * 4 * made.ticks_per_quarter
        np.testing.assert_array_equal(made.pitch[own], song.pitch)
    assert (twice.start >= 4 * 6 * twice.ticks_per_quarter).any()


def test_drums_off_channel_10_can_be_played_anew_when_they_have_been_gone_on_with():
    made = continuing.carry_on(MusicVAE.load("drums-2bar"), stems(), 2).joined()
    again = whole_songs.reconstruct(MusicVAE.load("groove-2bar-humanize"), made).joined()
    np.testing.assert_array_equal(np.sort(again.pitch), np.sort(made.pitch))


def test_a_stem_asked_for_as_the_melody_stays_one(monkeypatch):
    model = MusicVAE.load("trio-2bar")
    r, song = model.representation, stems()
    windows = r.lenient().windows(band((0, 1, 2))).tokens[:1].repeat(2, 0)
    monkeypatch.setattr(type(model), "decode", lambda *given, **settings: Takes(windows, r))
    made = continuing.carry_on(model, song, 2, track=1).joined()
    assert [track.is_drum for track in made.tracks] == [True, False, True, False]


@pytest.mark.parametrize(("bars", "asked"), [(4, None), (2, None), (4, "C | F")])
def test_without_chords_asked_for_those_of_the_end_come_again(bars: int, asked: str | None):
    model = small_chord_model()
    symbols = ("C", "Am", "F", "G7")[:bars]
    chords = tuple(Chord(1920 * n, symbol) for n, symbol in enumerate(symbols))
    song = replace(tune(1, bars=bars), chords=chords)
    takes = continuing.carry_on(model, song, 6, how=Writing(chords=asked))
    wanted = model.representation.chords_of(asked or " | ".join(np.resize(symbols, 6)))
    assert takes.control is not None
    np.testing.assert_array_equal(takes.control[0], np.resize(wanted, takes.control[0].shape))


def test_progress_is_told(model: MusicVAE):
    told = []
    continuing.carry_on(model, tune(1, bars=4), 3, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
