from __future__ import annotations

import inspect

import pytest
import torch

from musicvae_lite import resources
from musicvae_lite.errors import ConfigError
from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.attributes.vectors import AttributeVectors
from musicvae_lite.models.moves import adjusting, blending, continuing, varying, walking
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.takes import Takes
from tests.corpora.tunes import tune
from tests.models.small import small_chord_model, small_model


@pytest.fixture(scope="module")
def model() -> MusicVAE:
    return small_model()


MOVES = (
    walking.interpolate,
    varying.vary,
    blending.blend,
    blending.average,
    adjusting.adjust,
    continuing.carry_on,
)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.__name__)
def test_a_model_has_a_method_for_every_move(move):
    assert move.__name__ in vars(MusicVAE)


def test_all_that_gives_takes_is_told_the_same():
    givers = {
        name: set(inspect.signature(method).parameters)
        for name, method in vars(MusicVAE).items()
        if not name.startswith("_") and getattr(method, "__annotations__", {}).get("return") == "Takes"
    }
    assert {move.__name__ for move in MOVES} < set(givers)
    assert [name for name, told in givers.items() if not told >= {"temperature", "seed", "chords"}] == []


def test_moves_follow_chords():
    model, songs = small_chord_model(), [tune(seed) for seed in range(4)]
    model.attributes = Attributes(AttributeVectors({"happy": torch.full((8,), 0.5)}))
    for takes in (
        model.interpolate(*songs[:2], steps=2, chords="F | G7"),
        model.vary(songs[0], count=2, chords="F | G7"),
        model.blend(*songs, width=2, height=2, chords="F | G7"),
        model.average(*songs, chords="F | G7"),
        model.adjust(songs[0], chords="F | G7", happy=1.0),
        model.carry_on(songs[0], chords="F | G7"),
    ):
        assert takes.record["chords"] == "F | G7"
        assert takes.control is not None
        told = model.representation.chords_of("F | G7")
        assert (takes.control[..., -told.shape[1] :] == told).all()


def test_attributes_are_named_as_one_likes():
    model = small_model()
    model.attributes = Attributes(AttributeVectors({"seed": torch.full((8,), 0.5), "happy": torch.ones(8)}))
    takes = model.adjust(tune(1), amounts={"seed": 1.0}, happy=0.5)
    assert takes.record["attributes"] == {"seed": 1.0, "happy": 0.5}


def test_no_variation_is_the_reconstruction(model: MusicVAE):
    takes = model.vary(tune(1), amount=0.0, count=3)
    assert (takes.tokens == model.reconstruct(tune(1)).tokens[0]).all()


def test_the_notes_of_variations_are_drawn_apart_from_their_codes(model: MusicVAE):
    takes = model.vary(tune(1), amount=1.0, count=8, temperature=1.0, seed=3)
    codes = model.vae.draw(8, model.generator(3))
    assert (takes.tokens != model.decode(codes, temperature=1.0, seed=3).tokens).any()
    assert takes.record["seed"] == 3
    again = model.vary(tune(1), amount=1.0, count=8, temperature=1.0, seed=3)
    assert (takes.tokens == again.tokens).all()


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
    assert before + 8 <= notes(denser) <= before + 16  # samples deviate by some eight notes
    assert 0 < denser.record["strength"] <= 4
    plain = model.attributes.choose().move(model.posterior(model.pick(music)).mean, {"density": 1.5})
    assert abs(notes(denser) - before - 12) <= abs(notes(model.decode(plain)) - before - 12)


def test_an_attribute_is_changed_in_the_way_that_comes_nearest():
    model, music = MusicVAE.load("melody-2bar"), resources.data_dir() / "examples" / "ode-to-joy.mid"
    guided = model.adjust(music, density=1.0, way="guide")
    assert guided.record["changed"]["density"] == 0
    takes = model.adjust(music, density=1.0)
    assert takes.record["changed"]["density"] == pytest.approx(1.0, abs=0.1)
    assert takes.record["way"] in ("decorrelated", "plain")


def test_all_that_may_be_asked_for_can_be_and_what_came_of_it_is_told():
    model, music = MusicVAE.load("melody-2bar"), resources.data_dir() / "examples" / "yankee-doodle.mid"
    takes = model.adjust(music, density=10.0)
    values = [model.tensor(tokens) for tokens in (takes.tokens, model.reconstruct(music).tokens)]
    more = int((values[0] >= 2).sum() - (values[1] >= 2).sum())
    assert takes.record["changed"]["density"] > 0 and more > 0
    assert set(model.adjust(music, density=0.0).record["changed"].values()) == {0.0}
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
