from __future__ import annotations

import pytest

from musicvae_lite import resources
from musicvae_lite.errors import ConfigError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.takes import Takes
from tests.corpora.tunes import tune
from tests.models.small import small_model


@pytest.fixture(scope="module")
def model() -> MusicVAE:
    return small_model()


def test_no_variation_is_the_reconstruction(model: MusicVAE):
    takes = model.vary(tune(1), amount=0.0, count=3)
    assert (takes.tokens == model.reconstruct(tune(1)).tokens[0]).all()


def test_the_corners_of_a_blend_are_reconstructions(model: MusicVAE):
    songs = [tune(seed) for seed in range(4)]
    grid = model.blend(*songs, width=4, height=3).tokens.reshape(3, 4, -1)
    corners = grid[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == model.reconstruct(*songs).tokens).all()


def test_the_average_of_one_is_its_reconstruction(model: MusicVAE):
    assert (model.average(tune(1)).tokens == model.reconstruct(tune(1)).tokens).all()


def test_an_attribute_changes_by_about_what_was_asked_for():
    model, music = MusicVAE.load("melody-2bar"), resources.data_dir() / "examples" / "yankee-doodle.mid"

    def notes(takes: Takes) -> int:
        return int((takes.tokens >= 2).sum())

    before, denser = notes(model.reconstruct(music)), model.adjust(music, density=1.5)
    assert before + 4 <= notes(denser) <= before + 14  # samples deviate by some six notes
    assert 0 < denser.record["strength"] <= 4
    plain = model.attributes.choose().move(model.posterior(model.pick(music)).mean, {"density": 1.5})
    assert abs(notes(denser) - before - 9) <= abs(notes(model.decode(plain)) - before - 9)


def test_all_that_may_be_asked_for_can_be_and_what_came_of_it_is_told():
    model, music = MusicVAE.load("melody-2bar"), resources.data_dir() / "examples" / "yankee-doodle.mid"
    takes = model.adjust(music, density=10.0)
    values = [model.tensor(tokens) for tokens in (takes.tokens, model.reconstruct(music).tokens)]
    more = int((values[0] >= 2).sum() - (values[1] >= 2).sum())
    assert takes.record["changed"]["density"] > 0 and more > 0
    assert model.adjust(music, density=0.0).record["changed"] == {"density": 0.0}
    with pytest.raises(ConfigError, match=r"density is 10.5; it goes from -10 to 10"):
        model.adjust(music, density=10.5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.vary(tune(1), amount=1.5), "amount is 1.5"),
        (lambda m: m.vary(tune(1), count=0), "count is 0"),
        (lambda m: m.blend(tune(1), tune(2)), "four corners, not 2"),
        (lambda m: m.blend(*[tune(1)] * 4, width=1), "width is 1"),
        (lambda m: m.average(), "no music"),
        (lambda m: m.adjust(tune(1), swing=1.0), "cannot change 'swing'"),
    ],
)
def test_settings_out_of_range(model: MusicVAE, call, words: str):
    with pytest.raises(ConfigError, match=words):
        call(model)
