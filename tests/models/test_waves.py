"""Direct ways through waves over the parts."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.waves import Waves, WavesIn, WavesOut


def test_waves_come_back_and_keep_their_length():
    waves, parts = Waves(8), torch.randn(3, 8, 5)
    found = waves(parts)
    torch.testing.assert_close(waves.back(found), parts)
    torch.testing.assert_close(found.norm(), parts.norm())


def test_what_all_parts_share_is_the_slowest_wave():
    waves = Waves(4)
    same = waves(torch.ones(1, 4, 2))
    assert torch.allclose(same[:, 0], torch.tensor(2.0)) and same[:, 1:].abs().max() < 1e-6
    turning = waves(torch.tensor([1.0, -1, -1, 1])[None, :, None])[0, :, 0]
    assert turning.abs().argmax() == 2


@torch.no_grad()
def test_the_way_back_starts_as_the_inverse():
    into, out = WavesIn(6, 4, 24), WavesOut(24, 4, 6)
    parts = torch.randn(3, 4, 6)
    torch.testing.assert_close(out(into(parts)), parts.flatten(1))
    small, back = WavesIn(6, 4, 8), WavesOut(8, 4, 6)
    code = torch.randn(3, 8)
    torch.testing.assert_close(small(back(code).unflatten(1, (4, 6))), code)


def test_weights_are_as_many_as_the_code_is_long_times_a_part():
    assert sum(p.numel() for p in WavesIn(6, 4, 8).parameters()) == 8 * 6
    assert sum(p.numel() for p in WavesOut(8, 4, 6).parameters()) == 8 * 6 + 24


def test_a_code_that_waves_can_not_share_alike_is_an_error():
    with pytest.raises(ConfigError, match="9 numbers can not be shared among the waves of 4 parts"):
        WavesIn(6, 4, 9)
