"""Models that chords condition: from a song's own chords, from a line of chords, and from none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models import whole_songs
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import TRIES, MusicVAE
from musicvae_lite.music.chords.encodings import encode
from musicvae_lite.music.chords.following import suit
from musicvae_lite.music.reading import read_song
from musicvae_lite.music.takes import Takes
from tests.models.small import small_model

TABLE = {
    "representation": {"name": "melody", "bars": 2, "chords": "triads"},
    "encoder": {"kind": "hierarchical", "segments": [4, 8], "width": 16, "squeeze": 4},
    "decoder": {"kind": "hierarchical", "segments": [4, 8], "width": 16, "core_width": 16},
    "z": 6,
}
TUNE = """X:1
T:Two chords
M:4/4
L:1/4
K:C
"C"c e g e | "G7"d f g b |
"""


@pytest.fixture(scope="module")
def model() -> MusicVAE:
    torch.manual_seed(0)
    model = MusicVAE(MusicConfig.from_table(TABLE, "test"))
    for parameter in model.vae.parameters():  # so that chords are heard
        torch.nn.init.normal_(parameter, std=0.3)
    return model


@pytest.fixture
def tune(tmp_path: Path) -> Path:
    path = tmp_path / "tune.abc"
    path.write_text(TUNE)
    return path


def test_one_code_under_two_progressions(model: MusicVAE):
    z = np.ones((1, model.config.z), np.float32)
    first, second, none = (model.decode(z, chords=chords) for chords in ("C | G", "Am | F", None))
    assert not (first.tokens == second.tokens).all() and not (first.tokens == none.tokens).all()
    assert first.record["chords"] == "C | G" and "chords" not in none.record
    assert (first.tokens == model.decode(z, chords="C C G G").tokens).all()


@pytest.mark.parametrize("shape", [(3, 32), (1, 32), (0, 32), (2, 31), (2, 32, 1), (32,), ()])
def test_a_control_of_another_shape_is_refused(model: MusicVAE, shape: tuple[int, ...]):
    z = np.zeros((2, model.config.z))
    with pytest.raises(ConfigError, match=r"control has the shape \[.*\]; for 2 at once .* takes \[2, 32\]"):
        model.decode(z, control=np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(), (6,), (0, 6), (2, 5)])
def test_codes_of_another_shape_are_refused(model: MusicVAE, shape: tuple[int, ...]):
    with pytest.raises(ConfigError, match=r"codes have the shape \[.*\]; this model decodes \[N, 6\]"):
        model.decode(np.zeros(shape), control=np.zeros((2, 32), np.uint8))


@pytest.mark.parametrize("value", [200.0, -1.0, 0.5])
def test_a_control_that_means_nothing_is_refused(model: MusicVAE, value: float):
    control = np.zeros((2, 32))
    control[1, 5] = value
    for act in (
        lambda: model.decode(np.zeros((2, model.config.z)), control=control),
        lambda: model.posterior_of_tokens(np.zeros((2, 32), np.uint8), control),
    ):
        with pytest.raises(ConfigError, match=f"{value} is none of the values of control"):
            act()


def test_a_control_of_several_windows_is_written_for_each_code_and_read_for_none(model: MusicVAE):
    control = np.zeros((4, 32), np.uint8)
    assert model.decode(np.zeros((2, model.config.z)), control=control).tokens.shape == (2, 64)
    with pytest.raises(ConfigError, match="control tells of 4 windows, and there are 2"):
        model.posterior_of_tokens(np.zeros((2, 32), np.uint8), control)


def test_a_song_is_read_under_its_own_chords(model: MusicVAE, tune: Path):
    picked = model.pick(tune)
    assert picked.control is not None
    np.testing.assert_array_equal(picked.control, encode(["C"] * 16 + ["G"] * 16, "triads"))
    under_its_own, under_none = model.encode(tune), model.posterior_of_tokens(picked.tokens[None]).mean
    assert not np.allclose(under_its_own, under_none.numpy())
    assert np.isfinite(model.log_prob(tune)).all()
    takes = model.reconstruct(tune)
    assert (takes.tokens == model.decode(model.encode(tune), chords="C | G").tokens).all()
    assert not (takes.tokens == model.reconstruct(tune, chords="F#m | Bb").tokens).all()


def test_what_is_written_tells_its_chords(model: MusicVAE, tune: Path, tmp_path: Path):
    takes = model.sample(2, chords="Dm G")
    takes.joined().save(str(tmp_path / "out.mid"))
    again = read_song(tmp_path / "out.mid")
    assert [chord.symbol for chord in again.chords] == ["Dm", "G", "Dm", "G"]
    assert [chord.symbol for chord in takes[1].chords] == ["Dm", "G"]
    path = model.interpolate(tune, tune, steps=3)
    assert path.control is not None and path.control.shape == (3, 32)
    assert [chord.symbol for chord in path[1:][0].chords] == ["C", "G"]


def test_chords_for_a_model_that_takes_none_are_refused(model: MusicVAE):
    with pytest.raises(ConfigError, match="chords are no condition"):
        small_model().sample(chords="C")
    with pytest.raises(ConfigError, match="Hm7"):
        model.sample(chords="Hm7")


def test_chords_longer_than_a_window_are_played_window_by_window_from_one_code(model: MusicVAE, tune: Path):
    z = model.encode(tune)
    long = model.decode(z, chords="C | G | Am | F")
    parts = [model.decode(z, chords=chords).tokens for chords in ("C | G", "Am | F")]
    assert long.tokens.shape == (1, 64) and (long.tokens == np.concatenate(parts, 1)).all()
    assert [chord.symbol for chord in long[0].chords] == ["C", "G", "Am", "F"]
    path = model.interpolate(tune, tune, steps=3, chords="C | G | Am | F")
    assert path.tokens.shape == (3, 64) and len(path.joined().chords) == 12
    assert np.allclose(path.agreement(path.tokens[0, :32]), np.mean([1, (parts[0] == parts[1]).mean()]))
    whole = whole_songs.reconstruct(model, str(tune), chords="C | G | Am | F")
    assert whole.record["chords"] == "C | G | Am | F"


def test_of_several_draws_the_one_that_suits_its_chords_best_is_kept(model: MusicVAE):
    kept = model.sample(3, temperature=1.0, seed=4, chords="C | F")
    z = model.vae.draw(3 * TRIES, generator := model.generator(4))
    control = np.repeat(model.representation.chords_of("C | F"), 3 * TRIES, 0)
    drawn = Takes(model._decode(z, control, 1.0, generator), model.representation, control=control)
    judged = np.array([suit(score) for score in drawn]).reshape(3, TRIES)
    assert len(kept) == 3 and len(np.unique(judged)) > 3
    assert [suit(score) for score in kept] == judged.max(1).tolist()
    assert kept.control is not None and kept.record["chords"] == "C | F"
