from __future__ import annotations

from typing import Any

import pytest
import torch

from musicvae_lite.models import growing
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.decoders import HierarchicalDecoderSettings
from musicvae_lite.models.encoders import HierarchicalEncoderSettings
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.vae import VAE, Batch


def model(z: int = 6, bars: int = 4, waves: bool = False) -> VAE:
    """Two-bar phrases of 12 numbers under a highest level, or one phrase alone."""
    torch.manual_seed(0)
    parts, codes = ((4, 8, 2), (12,)) if bars == 4 else ((4, 8), ())
    config = MusicConfig(
        MelodyRepresentation(bars=bars),
        HierarchicalEncoderSettings(parts, codes, width=16, squeeze=4, deep=8, waves=waves),
        HierarchicalDecoderSettings(parts, codes, width=16, core_width=16, deep=8, waves=waves),
        z,
    )
    return config.build()


def music(count: int = 64) -> Batch:
    x = torch.randint(0, 90, (count, 64), generator=torch.Generator().manual_seed(1))
    return Batch(x)


def fresh(vae: VAE) -> list[str]:
    top = ("encoder.levels.1.", "decoder.levels.1.", "encoder.scale")
    return [name for name in vae.state_dict() if name.startswith(top)]


def lost(vae: VAE, batch: Batch) -> float:
    """Share of the variance of parts that the direct ways of the highest level do not give back."""
    parts = vae.encoder.below(batch.x)  # type: ignore[operator]
    up: Any = vae.encoder.levels[-1]  # type: ignore[index]
    down: Any = vae.decoder.levels[-1]  # type: ignore[index]
    code = up.straight(parts) + up.mean.bias
    back = down.plan(code)
    parts = parts.flatten(1)
    return float((back - parts).square().sum() / (parts - parts.mean(0)).square().sum())


@torch.no_grad()
def test_a_new_level_keeps_what_varies_most_where_all_errors_cost_the_same(monkeypatch: pytest.MonkeyPatch):
    vae, batch = model(), music()
    monkeypatch.setattr(growing, "cost_of_errors", lambda *_: torch.eye(12))
    before = lost(vae, batch)
    growing.begin(vae, [Batch(x) for x in batch.x.split(16)])
    parts = vae.encoder.below(batch.x).flatten(1)  # type: ignore[operator]
    spread = torch.linalg.svdvals(parts - parts.mean(0)).square()
    best = float(spread[6:].sum() / spread.sum())
    assert abs(lost(vae, batch) - best) < 1e-4 and best < 0.8 * before


@torch.no_grad()
def test_each_wave_keeps_what_varies_most_of_it(monkeypatch: pytest.MonkeyPatch):
    vae, batch = model(waves=True), music()
    monkeypatch.setattr(growing, "cost_of_errors", lambda *_: torch.eye(12))
    growing.begin(vae, [batch])
    parts = vae.encoder.below(batch.x)  # type: ignore[operator]
    a, b = parts.unbind(1)
    waves = [(w - w.mean(0)) / 2**0.5 for w in (a + b, a - b)]
    spread = [torch.linalg.svdvals(w).square() for w in waves]
    best = sum(float(s[3:].sum()) for s in spread) / sum(float(s.sum()) for s in spread)
    assert abs(lost(vae, batch) - best) < 1e-4


@pytest.mark.parametrize("waves", [False, True])
@torch.no_grad()
def test_nothing_is_lost_where_there_is_room_for_all(waves: bool):
    vae, batch = model(z=30, waves=waves), music()
    growing.begin(vae, [batch])
    assert lost(vae, batch) < 1e-6


def deaf(vae: VAE) -> VAE:
    """A decoder that reads no more than the first six of the twelve numbers of a phrase."""
    vae.decoder.levels[0].plan.weight.data[:, 6:] = 0  # type: ignore[index, union-attr]
    return vae


def test_what_a_decoder_does_not_read_costs_nothing():
    vae, batch = deaf(model()), music()
    vae.train()
    parts = vae.encoder.below(batch.x).detach()  # type: ignore[operator]
    cost = growing.cost_of_errors(vae, parts, batch)
    assert not cost[6:].any() and not cost[:, 6:].any()
    assert torch.linalg.eigvalsh(cost[:6, :6]).min() > 0
    assert vae.training and all(p.grad is None for p in vae.parameters())


@torch.no_grad()
def test_what_a_decoder_does_not_read_is_kept_last():
    kept = {}
    for name, vae in {"all": model(), "half": deaf(model())}.items():
        growing.begin(vae, [music()])
        weight = vae.decoder.levels[-1].plan.weight  # type: ignore[index, union-attr]
        kept[name] = float(weight.unflatten(0, (2, 12))[:, :6].square().sum() / weight.square().sum())
    assert kept["half"] > kept["all"]


def test_only_a_new_highest_level_counts_as_grown():
    vae = model()
    names = fresh(vae)
    assert growing.is_grown(vae, names)
    assert not growing.is_grown(vae, [n for n in names if "straight" not in n])
    flat = model(bars=2)
    assert not growing.is_grown(flat, list(flat.state_dict()))


@torch.no_grad()
def test_what_the_encoder_reads_below_is_what_it_goes_on_from():
    vae = model()
    x = music(3).x
    level = vae.encoder.levels[-1]  # type: ignore[index]
    mean, _ = level(vae.encoder.below(x))  # type: ignore[operator]
    assert torch.allclose(mean, vae.encode(x).mean, atol=1e-6)
    assert mean.shape == (3, 6)
