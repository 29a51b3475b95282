"""Codes as users have them, given to models of both families."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.codes import Codes
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.models.music_vae import MusicVAE
from tests.models.image import small
from tests.models.small import small_model

Z = np.random.default_rng(0).normal(size=(3, 8)).astype(np.float32)


@pytest.fixture(scope="module", params=["music", "pictures"])
def model(request: pytest.FixtureRequest) -> MusicVAE | ImageVAE:
    return small_model() if request.param == "music" else small.model({**small.DENSE, "z": 8})


def written(model: MusicVAE | ImageVAE, codes: Any) -> np.ndarray:
    return model.decode(codes).tokens if isinstance(model, MusicVAE) else model.decode(codes)


def frozen(codes: np.ndarray) -> np.ndarray:
    codes = codes.copy()
    codes.flags.writeable = False
    return codes


SAME: dict[str, Any] = {
    "rows backwards": Z[::-1].copy()[::-1],
    "columns backwards": Z[:, ::-1].copy()[:, ::-1],
    "every other row": np.repeat(Z, 2, 0)[::2],
    "Fortran's order": np.asfortranarray(Z),
    "read-only": frozen(Z),
    "float64": Z.astype(np.float64),
    "big-endian": Z.astype(">f4"),
    "lists": Z.tolist(),
    "a list of tensors": list(torch.from_numpy(Z)),
    "a tensor": torch.from_numpy(Z),
    "a tensor with a gradient": torch.from_numpy(Z).double().requires_grad_(),
}


@pytest.mark.parametrize("name", SAME)
def test_codes_are_taken_however_they_lie_in_memory(model: MusicVAE | ImageVAE, name: str):
    np.testing.assert_array_equal(written(model, SAME[name]), written(model, Z))


@pytest.mark.parametrize(
    "codes",
    [
        Z.astype(complex),
        torch.from_numpy(Z).to(torch.complex64),
        Z.astype(object),
        Z.astype(str),
        [[1.0, 2.0], [3.0]],
        None,
        "a.npz",
    ],
)
def test_what_is_no_real_numbers_is_refused(model: MusicVAE | ImageVAE, codes: Any):
    with pytest.raises(ConfigError, match=r"codes must be real numbers|codes are no array of numbers"):
        written(model, codes)


@pytest.mark.parametrize("value", [np.nan, np.inf, -1e38, 1.1e6, 1e300])
def test_what_no_encoder_gives_is_refused(model: MusicVAE | ImageVAE, value: float):
    codes = Z.astype(np.float64)
    codes[1, 2] = value
    with pytest.raises(ConfigError, match=r"codes hold values that are no numbers, or beyond 1e\+06"):
        written(model, codes)


def test_codes_with_a_record_are_taken_backwards_too():
    model = small_model()
    backwards = model.decode_codes(Codes(Z[::-1])).tokens
    np.testing.assert_array_equal(backwards, model.decode(Z).tokens[::-1])
