"""Variations change as much as was asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from musicvae_lite import resources
from musicvae_lite.latent import toward
from musicvae_lite.models.moves.hearing import apart
from musicvae_lite.models.moves.varying import shares_of
from musicvae_lite.models.music_vae import MusicVAE
from tests.corpora.tunes import tune
from tests.models.small import small_model

TWINKLE = resources.data_dir() / "examples" / "twinkle.mid"


@pytest.fixture(scope="module")
def melodies() -> MusicVAE:
    return MusicVAE.load("melody-2bar")


def test_what_changes_grows_with_the_amount_and_is_never_nothing(melodies: MusicVAE):
    same, other = (melodies.vary(TWINKLE, amount, 12).tokens for amount in (0.0, 1.0))
    whole, before = apart(other, same), np.zeros(12)
    for amount in (0.05, 0.25, 0.5, 0.75):
        gone = apart(melodies.vary(TWINKLE, amount, 12).tokens, same)
        assert (gone > 0).all() and gone.mean() > before.mean()
        assert abs(float((gone / whole).mean()) - amount) < 0.12
        before = gone


def test_the_ends_are_the_music_and_the_draws():
    model = small_model()
    draws = model.decode(model.vae.draw(3, model.generator(5))).tokens
    assert (model.vary(tune(1), 1.0, 3, seed=5).tokens == draws).all()
    assert (model.vary(tune(1), 0.0, 3, seed=5).tokens == model.reconstruct(tune(1)).tokens).all()


def test_shares_are_looked_for_where_enough_has_changed():
    """Of two ways, one changes all at once at 0.6, the other evenly."""

    def written(shares: np.ndarray) -> np.ndarray:
        places = np.arange(20) / 20
        return np.stack([(shares[0, :, None] > 0.6) & (places >= 0), shares[1, :, None] > places]).astype(int)

    leap, even = shares_of(written, 0.3, 2)
    assert 0.6 < leap < 0.625 and 0.25 < even <= 0.3  # six places of twenty
    assert shares_of(written, 0.0, 2).tolist() == [0, 0] and shares_of(written, 1.0, 2).tolist() == [1, 1]


def test_floats_differ_by_how_much_they_do():
    a, b = np.array([[0.0, 0.5], [1.0, 1.0]]), np.array([[0.0, 0.0], [0.0, 1.0]])
    assert apart(a, b).tolist() == [0.5, 1.0]
    assert apart(a.astype(int), b.astype(int)).tolist() == [0, 1]


def test_each_point_has_a_share_of_its_own():
    a, b = torch.randn(4, 3), torch.randn(4, 3)
    shares = torch.tensor([0.0, 0.3, 0.7, 1.0])
    found = toward(a, b, shares[:, None])
    for row, share in enumerate(shares.tolist()):
        assert torch.allclose(found[row], toward(a[row], b[row], share))
    assert torch.equal(found[0], a[0]) and torch.equal(found[3], b[3])
    with pytest.raises(ValueError, match="beyond the ends"):
        toward(a, b, torch.tensor([[1.5]]))
