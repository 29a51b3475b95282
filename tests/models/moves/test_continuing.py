"""Music goes on where it ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.models.moves import continuing
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.score import Meter, MeterChange, Score, TempoChange, Track
from musicvae_lite.music.takes import Takes
from tests.corpora.tunes import tune
from tests.models.small import small_model


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


def test_the_music_stays_and_as_many_bars_as_asked_for_follow(model: MusicVAE):
    song, bar = tune(1, bars=5), model.representation.steps // model.representation.bars
    takes = continuing.carry_on(model, song, bars=3)
    r = takes.representation
    assert r.bars == 8 and takes.tokens.shape == (1, 8 * bar)
    covering = [model.pick(song, bars=(first, first + 1)).tokens for first in (1, 3)]
    assert (takes.tokens[0, : 4 * bar] == np.concatenate(covering)).all()
    alone = continuing.carry_on(model, song, bars=3, alone=True)
    assert alone.representation.bars == 3
    assert len(alone[0]) <= len(takes[0])


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
        z = continuing.find(model, window, known, None, model.generator(0))[None]
        patch.undo()
        target, decoder = model.tensor(window[None]), model.vae.decoder
        with torch.no_grad():
            said, _ = decoder.head.score(decoder.hidden(z, target), target)  # type: ignore[operator, union-attr]
        return float(said[:, :known].sum())

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


@pytest.mark.parametrize("bars", range(2, 8))
def test_what_is_laid_is_as_long_as_what_was_written(model: MusicVAE, bars: int):
    takes = continuing.carry_on(model, with_outro(tune(1, bars=bars), 5), 6)
    assert takes.timeline is not None
    alone = Takes(takes.tokens, takes.representation, takes.styles)  # one step after another from the start
    assert np.array_equal(takes.joined().start, alone.joined().start)


def test_new_bars_follow_those_that_the_model_cannot_read(model: MusicVAE):
    takes = continuing.carry_on(model, with_outro(tune(1, bars=4), 3, Meter(3, 4), silent=False), 2)
    made = takes.joined()
    quarters = made.start / made.ticks_per_quarter
    assert not ((quarters >= 16) & (quarters < 25)).any() and (quarters >= 25).any()
    assert [(m.tick // made.ticks_per_quarter, str(m.meter)) for m in made.meters] == [
        (0, "4/4"),
        (16, "3/4"),
        (25, "4/4"),
    ]


@pytest.mark.parametrize(("bars", "meter"), [(4, Meter(3, 4)), (1, Meter(3, 4)), (1, None)])
def test_bars_behind_the_last_window_are_counted_as_left_out(model: MusicVAE, bars: int, meter: Meter | None):
    """The last bar of a song in 2/4 with an odd number of them, as others that no window can hold."""
    song = tune(1, bars=4)
    if meter is None:
        song = replace(song, meters=(MeterChange(0, Meter(2, 4)),))
    takes = continuing.carry_on(model, with_outro(song, bars, meter, silent=False), 2)
    assert takes.record["inputs"][0]["bars_left_out"] == bars
    made, quarters = takes.joined(), bars * (2 if meter is None else 3)
    assert not ((made.start >= 16 * made.ticks_per_quarter)
                & (made.start < (16 + quarters) * made.ticks_per_quarter)).any()  # fmt: skip


def test_new_bars_longer_than_those_of_the_song_are_called_so(model: MusicVAE):
    song = tune(1, bars=4)
    polka = replace(song, meters=(MeterChange(0, Meter(2, 4)),))
    assert continuing.carry_on(model, polka, 2).labels == ["bars 1-8 and 2 more of 4/4"]
    assert continuing.carry_on(model, polka, 1, alone=True).labels == ["1 new bar"]
    assert continuing.carry_on(model, song, 2).labels == ["bars 1-4 and 2 more"]


def test_the_last_note_ends_where_the_model_goes_on_with_silence(model: MusicVAE, monkeypatch):
    r, song = model.representation, tune(1, bars=4)
    silence = Takes(np.zeros((1, r.steps), np.uint8), r)
    monkeypatch.setattr(type(model), "decode", lambda *given, **settings: silence)
    made = continuing.carry_on(model, song, 2).joined()
    assert made.end_tick / made.ticks_per_quarter == song.end_tick / song.ticks_per_quarter


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


def test_progress_is_told(model: MusicVAE):
    told = []
    continuing.carry_on(model, tune(1, bars=4), 3, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
