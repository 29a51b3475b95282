from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.errors import CheckpointError, ConfigError, MusicVAEError, NothingUsableError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.score import KeyChange, Meter, Score, TempoChange, Track
from musicvae_lite.music.takes import Style
from musicvae_lite.vae import Batch
from tests.corpora.tunes import tune
from tests.models.small import save_small, small_model


@pytest.fixture(scope="module")
def model() -> MusicVAE:
    return small_model()


def flute(seed: int) -> Score:
    song = tune(seed)
    loud = np.full(len(song), 101, np.int32)
    return replace(song, velocity=loud, tempos=(TempoChange(0, 90.0),), tracks=(Track("Flute", 73),))


def test_any_kind_of_music_gives_the_same_code(model: MusicVAE, tmp_path: Path):
    song = tune(1)
    song.save(str(tmp_path / "a.mid"))
    kinds = (song, tmp_path / "a.mid", str(tmp_path / "a.mid"), song.to_pretty_midi(), model.pick(song))
    codes = model.encode(*kinds)
    assert codes.shape == (5, 8) and codes.dtype == np.float32
    assert np.ptp(codes, axis=0).max() < 1e-6


def test_a_batch_is_its_pieces_one_by_one(model: MusicVAE):
    songs = [tune(seed) for seed in range(4)]
    together = model.encode(*songs)
    alone = np.concatenate([model.encode(song) for song in songs])
    assert np.allclose(together, alone, atol=1e-6)
    many = model.posterior_of_tokens(np.tile(model.pick(songs[2]).tokens, (2050, 1)))
    assert many.mean.shape == (2050, 8)
    assert np.allclose(many.mean[-1].numpy(), alone[2], atol=1e-6)


@pytest.mark.parametrize("shape", [(2, 64), (2, 16), (32,), (0, 32), (2, 32, 1)])
def test_tokens_that_are_no_windows_are_refused(model: MusicVAE, shape: tuple[int, ...]):
    with pytest.raises(ConfigError, match=r"tokens have the shape \[.*\]; this model reads \[B, 32\]"):
        model.posterior_of_tokens(np.zeros(shape, np.uint8))


def test_tokens_that_mean_nothing_are_refused(model: MusicVAE):
    for value in (200, -1, 0.5, float("nan")):
        with pytest.raises(ConfigError, match=f"{value} is none of the values of melody"):
            model.posterior_of_tokens(np.full((2, 32), value))
    with pytest.raises(ConfigError, match="tokens have the shape"):
        model.posterior_of_tokens(None)  # type: ignore[arg-type]
    whole = np.full((2, 32), 7)
    assert (
        model.posterior_of_tokens(whole.astype(float)).mean == model.posterior_of_tokens(whole).mean
    ).all()


@pytest.mark.parametrize("music", [None, b"abc", 3, ["a.mid"]])
def test_what_is_no_music_is_refused(model: MusicVAE, music: Any):
    for act in (model.encode, model.reconstruct, model.carry_on):
        with pytest.raises(ConfigError, match=f"music is a path, a Score .*, not {type(music).__name__}"):
            act(music)


def test_a_window_alone_is_no_song_to_carry_on(model: MusicVAE):
    with pytest.raises(ConfigError, match=r"music is a path, a Score .*, not Pick"):
        model.carry_on(model.pick(tune(1)))  # type: ignore[arg-type]


def test_nothing_conditions_a_model_without_a_control(model: MusicVAE):
    for count in (2, 4):
        with pytest.raises(ConfigError, match="nothing conditions this model: leave control out"):
            model.decode(np.zeros((2, 8)), control=np.zeros((count, 32)))
    with pytest.raises(ConfigError, match="nothing conditions this model"):
        model.posterior_of_tokens(np.zeros((2, 32), np.uint8), np.zeros((2, 32)))
    picked = model.pick(tune(1))  # as a model with chords may have picked it
    under_chords = replace(picked, control=np.ones(32, np.uint8))
    assert (model.encode(under_chords) == model.encode(picked)).all()


def test_a_device_is_chosen_or_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = save_small(tmp_path / "model")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert MusicVAE.load(folder, device="auto").vae.device == torch.device("cpu")
    with pytest.raises(ConfigError, match="device 'toaster' is not available here"):
        MusicVAE.load(folder, device="toaster")


def test_a_model_is_not_saved_where_a_file_is(model: MusicVAE, tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(MusicVAEError, match="file is a file, not a folder"):
        model.save(tmp_path / "file")


def test_sampled_codes_follow_the_posterior(model: MusicVAE):
    picked = model.pick(tune(1))
    q = model.posterior(picked)
    draws = model.encode(*[picked] * 2000, sample=True, seed=3)
    assert np.allclose(draws.mean(0), q.mean[0].numpy(), atol=0.1)
    assert np.allclose(draws.std(0), q.scale[0].numpy(), rtol=0.1)
    assert (draws[:5] == model.encode(*[picked] * 2000, sample=True, seed=3)[:5]).all()


def test_samples_of_no_spread_are_all_one(model: MusicVAE):
    still = model.sample(3, temperature=0.0, spread=0.0)
    assert (still.tokens == model.decode(np.zeros((3, 8))).tokens).all() and still.record["spread"] == 0.0
    with pytest.raises(ConfigError, match="spread is 3; it must be 0 to 2"):
        model.sample(spread=3.0)


@pytest.mark.parametrize("style", [Style(90.123, 40, 100, KeyChange(0, -3, True)), Style(), None])
def test_a_record_alone_makes_the_same_samples_again(model: MusicVAE, tmp_path: Path, style: Style | None):
    takes = model.sample(2, 0.7, 5, style, spread=0.5)
    told = json.loads(json.dumps(takes.record))
    asked = None if style is None else Style.from_record(told)
    again = model.sample(2, told["temperature"], told["seed"], asked, spread=told["spread"])
    for made, name in ((takes, "a.mid"), (again, "b.mid")):
        made.joined().save(str(tmp_path / name))
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()


def test_a_record_tells_the_styles_of_codes(model: MusicVAE):
    z, styles = np.zeros((2, 8)), [Style(90.123, np.int64(40)), Style(velocity=64)]  # type: ignore[arg-type]
    told = json.loads(json.dumps(model.decode(z, style=styles).record))
    assert [Style.from_record(one) for one in told["styles"]] == styles
    told = json.loads(json.dumps(model.decode(z, style=styles[0]).record))
    assert Style.from_record(told) == styles[0] and "styles" not in told
    takes = model.decode_codes(model.codes(flute(1), tune(2)))  # each tells its own under "inputs"
    assert not {"styles", "tempo", "program"} & takes.record.keys()
    assert [Style.from_record(one) for one in takes.record["inputs"]] == takes.styles


def test_interpolation_keeps_the_ends_and_the_style_of_a(model: MusicVAE):
    a, b = flute(1), tune(2)
    takes = model.interpolate(a, b, steps=5)
    assert len(takes) == 5
    ends = model.reconstruct(a, b).tokens
    assert (takes.tokens[0] == ends[0]).all() and (takes.tokens[-1] == ends[1]).all()
    joined = takes.joined()
    assert joined.tracks[0].program == 73 and set(joined.velocity.tolist()) <= {101}
    assert joined.tempos[0].qpm == 90.0
    assert takes.labels[1:4] == ["1/4", "2/4", "3/4"]
    assert takes.record["inputs"][0]["tempo"] == 90.0
    assert takes.record["inputs_are_equal"] is False


def test_equal_inputs_give_equal_steps(model: MusicVAE):
    takes = model.interpolate(tune(1), tune(1), steps=4)
    assert (takes.tokens == takes.tokens[0]).all()
    assert takes.record["inputs_are_equal"] is True


def test_reconstructions_keep_their_own_styles(model: MusicVAE):
    takes = model.reconstruct(flute(1), tune(2), temperature=1.0)
    assert [take.tempos[0].qpm for take in takes] == [90.0, 120.0]
    assert [take.tempos[0].qpm for take in takes[1:]] == [120.0]


def test_the_seed_decides(model: MusicVAE):
    first, again, other = (model.sample(6, seed=seed).tokens for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()
    assert len({row.tobytes() for row in first}) == 6


def test_what_a_model_writes_it_reads_again(model: MusicVAE):
    takes = model.sample(50, seed=4)
    lenient = model.representation.lenient()  # type: ignore[attr-defined]
    for tokens, score in zip(takes.tokens, takes, strict=True):
        if len(score):
            assert (lenient.windows(score).tokens[0] == tokens).all()


def test_codes_and_notes_of_one_seed_are_drawn_apart(model: MusicVAE):
    song, seed = model.pick(tune(1)), 4
    q = model.posterior(*[song] * 4)
    drawn = (torch.from_numpy(model.encode(*[song] * 4, sample=True, seed=seed)) - q.mean) / q.scale
    assert not torch.allclose(drawn, torch.randn(drawn.shape, generator=model.generator(seed)), atol=0.1)


def test_a_cold_temperature_is_the_likeliest(model: MusicVAE):
    z = np.ones((3, 8), np.float32)
    assert (model.decode(z, 1e-30).tokens == model.decode(z, 0.0).tokens).all()
    assert (model.decode(z, 1.0, seed=1).tokens != model.decode(z, 0.0).tokens).any()


def test_log_prob_is_the_elbo_and_tightens(model: MusicVAE):
    songs = [tune(seed) for seed in range(3)]
    x = model.tensor(np.stack([model.pick(song).tokens for song in songs]))
    with torch.no_grad():
        elbos = np.mean([-float(model.vae.loss(Batch(x)).total) for _ in range(40)])
    rough = np.mean([model.log_prob(*songs, seed=seed).mean() for seed in range(40)])
    assert rough == pytest.approx(elbos, abs=0.5)
    assert model.log_prob(*songs, samples=200).mean() > rough


def test_steps_of_a_take_that_agree(model: MusicVAE):
    takes = model.sample(3, seed=1)
    assert takes.agreement(takes.tokens[0])[0] == 1.0
    expected = (takes.tokens[1] == takes.tokens[0]).mean()
    assert takes.agreement(takes.tokens[0])[1] == expected


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.interpolate(tune(1), tune(2), steps=1), "at least its 2 ends"),
        (lambda m: m.interpolate(tune(1), tune(2), steps=10**21), "at most 10000 takes"),
        (lambda m: m.sample(10**21), "from 1 to 100000"),
        (lambda m: m.sample(0), "count is 0"),
        (lambda m: m.encode(), "no music"),
        (lambda m: m.sample(1, temperature=float("nan")), "temperature is nan"),
        (lambda m: m.sample(1, temperature=-1.0), "temperature is -1"),
        (lambda m: m.sample(1, seed=2**32), "seed is 4294967296; it must be 0 to 4294967295"),
        (lambda m: m.decode(np.zeros((2, 7))), r"shape \[2, 7\]; this model decodes \[N, 8\]"),
        (lambda m: m.decode(np.zeros((0, 8))), "shape"),
        (lambda m: m.decode(np.full((1, 8), np.inf)), "beyond 1e"),
        (lambda m: m.decode(np.full((1, 8), 3e38)), "beyond 1e"),
        (lambda m: m.log_prob(tune(1), samples=0), "samples is 0"),
        (lambda m: m.log_prob(tune(1), samples=1.5), "samples is a whole number, not 1.5"),
        (lambda m: m.carry_on(tune(1), bars=1.5), "bars is a whole number, not 1.5"),
        (lambda m: m.sample(1.5), "count is a whole number, not 1.5"),
        (lambda m: m.vary(tune(1), count=1.5), "count is a whole number, not 1.5"),
        (lambda m: m.interpolate(tune(1), tune(2), steps=6 / 2), "steps is a whole number, not 3.0"),
        (lambda m: m.blend(*[tune(1)] * 4, width=2.5), "width is a whole number, not 2.5"),
        (lambda m: m.blend(*[tune(1)] * 4, height=2.5), "height is a whole number, not 2.5"),
        (lambda m: m.decode(np.zeros((2, 8)), style=[Style()]), "1 styles"),
        (lambda m: Style(qpm=0), "tempo"),
        (lambda m: Style(program=128), "program"),
        (lambda m: Style(velocity=0), "velocity"),
    ],
)
def test_settings_out_of_range(model: MusicVAE, call, words: str):
    with pytest.raises(ConfigError, match=words):
        call(model)


def test_music_that_does_not_fit(model: MusicVAE):
    with pytest.raises(NothingUsableError, match="3/4 do not fill the 4/4"):
        model.encode(tune(1, meter=Meter(3, 4)))


def test_loading_what_was_saved(model: MusicVAE, tmp_path: Path):
    assert model.identity is None
    model.save(tmp_path / "run" / "best")
    loaded = MusicVAE.load(tmp_path / "run")
    assert loaded.identity is not None and loaded.identity["name"] == "run"
    assert np.array_equal(loaded.encode(tune(1)), model.encode(tune(1)))
    other = MusicVAE.load(save_small(tmp_path / "other", seed=1))
    assert other.identity is not None and other.identity["sha256"] != loaded.identity["sha256"]


def test_a_damaged_model(tmp_path: Path):
    folder = save_small(tmp_path / "m")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="damaged"):
        MusicVAE.load(folder)
