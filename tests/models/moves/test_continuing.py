"""Music goes on where it ends."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.moves import continuing
from musicvae_lite.models.moves.writing import Writing
from musicvae_lite.models.music_vae import MusicVAE
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
