"""A long model started from a short one's weights writes what the short one writes, before any training."""

from __future__ import annotations

import torch

from musicvae_lite.checkpoints import load_matching
from musicvae_lite.vae import Batch
from tests.models.architectures import config, hierarchical, tokens

Z = 24


def trained_short() -> torch.nn.Module:
    torch.manual_seed(0)
    vae = config(*hierarchical([4, 8], []), z=Z).build().train()
    optimizer = torch.optim.Adam(vae.parameters(), 5e-3)
    for step in range(150):
        loss = vae(Batch(tokens(32, seed=step)), 0.02, 0.0, torch.Generator().manual_seed(step)).total
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
    return vae.eval()


def test_sixteen_bars_grow_from_two():
    short = trained_short()
    torch.manual_seed(1)
    encoder, decoder = hierarchical([4, 8, 8], [Z], deep=64)
    long = config({**encoder, "deep": 64}, decoder, bars=16, z=8 * Z).build().eval()
    x = tokens(20, 256, seed=999)
    parts = short.reconstruct(x.view(-1, 32)).view(-1, 256)  # type: ignore[operator]
    fresh = long.reconstruct(x)
    copied, left = load_matching(long, short.state_dict())
    grown = long.reconstruct(x)
    assert (grown == parts).float().mean() > 0.9
    assert (fresh == parts).float().mean() < 0.6
    assert {name.split(".")[1] for name in left} <= {"levels", "scale"}
    assert all(name.startswith(("encoder.levels.1", "decoder.levels.1", "encoder.scale")) for name in left)
    for name in copied:
        assert torch.equal(long.state_dict()[name], short.state_dict()[name]), name
