"""Weights made smaller for keeping."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite import packing
from musicvae_lite.errors import ConfigError
from musicvae_lite.packing import pack, unpack

WEIGHTS = {
    "matrix": torch.randn(6, 150, generator=torch.Generator().manual_seed(0))
    * torch.logspace(-3, 2, 6)[:, None],
    "kernel": torch.randn(4, 3, 3, 3, generator=torch.Generator().manual_seed(1)),
    "bias": torch.linspace(-1, 1, 7),
}


def test_float32_changes_nothing():
    again = unpack(pack(WEIGHTS))
    assert again.keys() == WEIGHTS.keys()
    assert all(torch.equal(again[name], WEIGHTS[name]) for name in WEIGHTS)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every matrix is large enough for six bits."""
    monkeypatch.setattr(packing, "SMALL", 0)


@pytest.mark.parametrize("storage, error_of", [("float16", 2000), ("int8", 250), ("int6", 61)])
def test_smaller_weights_are_near_and_packing_them_again_changes_nothing(tiny, storage, error_of):
    packed = pack(WEIGHTS, storage)
    again = unpack(packed)
    assert sum(t.nbytes for t in packed.values()) < sum(t.nbytes for t in WEIGHTS.values()) * 0.6
    for name, tensor in WEIGHTS.items():
        rows = tensor.flatten(1) if tensor.dim() > 1 else tensor[None]
        error = (again[name].reshape(rows.shape) - rows).abs().amax(1)
        assert again[name].shape == tensor.shape and again[name].dtype == torch.float32
        assert (error <= rows.abs().amax(1) / error_of).all()
        assert torch.allclose(unpack(pack(again, storage))[name], again[name], rtol=1e-5)


@pytest.mark.parametrize("storage", ["int8", "int6"])
def test_a_row_of_zeros_stays_zero(storage):
    assert torch.equal(unpack(pack({"w": torch.zeros(3, 5)}, storage))["w"], torch.zeros(3, 5))


def test_small_matrices_keep_eight_bits():
    large = torch.randn(2, packing.SMALL // 2 + 1)
    packed = pack({"large": large, "small": large[:, 1:]}, "int6")
    assert packed["small"].dtype == torch.int8 and packed["large"].dtype == torch.uint8
    assert packed["large"].nbytes == 2 * -(-large.shape[1] // 4) * 3
    assert torch.allclose(unpack(packed)["small"], large[:, 1:], atol=0.05)


def test_six_bits_keep_every_number_they_can_say(tiny):
    numbers = torch.arange(-31.0, 32).repeat(2, 1)
    packed = pack({"w": numbers}, "int6")
    assert packed["w"].dtype == torch.uint8 and packed["w"].shape == (2, 48)
    assert torch.equal(unpack(packed)["w"], numbers)


@pytest.mark.parametrize("storage", ["float32", "float16", "int8", "int6"])
def test_weights_are_counted_however_they_are_stored(tiny, storage):
    shapes = {name: tuple(tensor.shape) for name, tensor in pack(WEIGHTS, storage).items()}
    filled = 6 * 2 + 4 * 1 if storage == "int6" else 0  # rows of 150 and of 27 numbers, in fours
    assert packing.count(shapes) == sum(tensor.numel() for tensor in WEIGHTS.values()) + filled


def test_bytes_of_another_shape_are_refused(tiny):
    packed = pack({"w": torch.ones(3, 5)}, "int6")
    for wrong in ([3, 9], [5, 3], [15], [3, 0], [-3, -5]):
        with pytest.raises(ValueError, match="'w' has the bytes"):
            unpack(packed | {"w#shape": torch.tensor(wrong)})
    with pytest.raises(ValueError, match="shape of no matrix"):
        unpack({"w#shape": torch.tensor([3, 5])})


def test_an_unknown_storage_is_refused():
    with pytest.raises(ConfigError, match="float32, float16, int8, int6, not 'int4'"):
        pack(WEIGHTS, "int4")  # type: ignore[arg-type]
