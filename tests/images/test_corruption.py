from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from musicvae_lite.errors import ConfigError
from musicvae_lite.images.corruption import Downscale, Noise

GREY = torch.full((4, 1, 50, 50), 0.4)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_noise_has_its_mean_and_scale_and_stays_in_range():
    noisy = Noise(0.05, 0.1)(GREY, seeded())
    assert abs(float(noisy.mean()) - 0.45) < 0.01 and abs(float(noisy.std()) - 0.1) < 0.01
    strong = Noise(0.5, 0.5)(GREY, seeded())
    assert float(strong.min()) >= 0 and float(strong.max()) == 1


def test_noise_is_fresh_every_time_and_follows_its_generator():
    noise, generator = Noise(), seeded()
    first, second = noise(GREY, generator), noise(GREY, generator)
    assert not torch.equal(first, second) and torch.equal(first, noise(GREY, seeded()))


def test_averages_are_means_of_blocks():
    x = torch.arange(16.0).view(1, 1, 4, 4)
    assert Downscale(2)(x).flatten().tolist() == [2.5, 4.5, 10.5, 12.5]
    assert Downscale(4)(x).flatten().tolist() == [7.5]


def test_bicubic_is_pillows():
    picture = np.random.default_rng(0).integers(60, 190, (32, 24), dtype=np.uint8)
    theirs = np.asarray(Image.fromarray(picture).resize((12, 16), Image.Resampling.BICUBIC)).astype(float)
    ours = Downscale(2, "bicubic")(torch.from_numpy(picture)[None, None].float() / 255)[0, 0].numpy() * 255
    assert np.abs(ours - theirs).max() < 1.5


def test_settings_out_of_range():
    with pytest.raises(ConfigError, match="factor is 1"):
        Downscale(1)
    with pytest.raises(ConfigError, match="method is 'nearest'"):
        Downscale(2, "nearest")
