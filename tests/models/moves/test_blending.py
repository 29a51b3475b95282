from __future__ import annotations

import numpy as np
import pytest
import torch

from musicvae_lite.latent.posterior import Posterior
from musicvae_lite.models.music_vae import MusicVAE
from tests.corpora.tunes import tune
from tests.models.small import small_model


def test_the_average_of_several_has_about_as_many_notes_as_they():
    model = MusicVAE.load("melody-2bar")
    drawn, off = model.sample(400, seed=1), []
    for least, most in ((6, 10), (18, 26)):
        songs = [song for song in drawn if least <= len(song) <= most]
        for group in (songs[n : n + 8] for n in range(0, 32, 8)):
            usual = np.median([len(song) for song in group])
            off.append(abs(np.log(len(model.average(*group)[0]) / usual)))
    assert np.mean(off) < np.log(1.4)


def test_the_average_of_equal_pieces_is_their_reconstruction():
    model = small_model()
    takes = model.average(tune(1), tune(1), tune(1))
    assert (takes.tokens == model.reconstruct(tune(1)).tokens).all()
    assert takes.record["length"] == 1.0 and takes.record["of"] == 3


def test_the_average_is_chosen_whatever_the_temperature():
    model, songs = small_model(), [tune(seed) for seed in range(4)]
    lengths = {model.average(*songs, temperature=t, seed=2).record["length"] for t in (0.0, 1.0)}
    assert len(lengths) == 1


def test_codes_that_are_nothing_have_an_average(monkeypatch: pytest.MonkeyPatch):
    model, nothing = small_model(), torch.zeros(2, 8)
    monkeypatch.setattr(model, "posterior", lambda *_: Posterior(nothing, nothing))
    takes = model.average(tune(1), tune(2))
    assert (takes.tokens == model.decode(nothing[:1]).tokens).all()
