"""The stock configurations: their sizes, and that each can be trained and decoded."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite.export.graphs import _example
from musicvae_lite.magenta.recognition import stock_names
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.training.presets import load_preset
from musicvae_lite.vae import Batch
from tests.magenta.models import small

PARAMETERS = {"cat-mel_2bar_small": 4.42e6, "hierdec-mel_16bar": 176e6, "cat-mel_2bar_big": 134e6}


@pytest.mark.parametrize("name", stock_names())
def test_full_sizes(name: str):
    preset = load_preset(name)
    config = MusicConfig.from_table(preset.model, name)
    with torch.device("meta"):  # shapes without numbers
        vae = config.build()
    count = sum(p.numel() for p in vae.parameters())
    if name in PARAMETERS:
        assert count == pytest.approx(PARAMETERS[name], rel=0.01)
    assert preset.training.batch in (256, 512) and preset.training.optimizer == "tensorflow-adam"
    assert config.z in (256, 512)


@pytest.mark.parametrize("name", stock_names())
def test_a_small_one_learns_and_writes(name: str):
    config = small(name)
    r, generator = config.representation, torch.Generator().manual_seed(0)
    torch.manual_seed(0)
    vae = config.build().train()
    x = _example(r.step, r.steps, generator)
    control = None if r.control is None else _example(r.control, r.steps, generator)
    vae.decoder.own_share, vae.decoder.blank = 0.3, 0.1  # type: ignore[assignment]
    optimizer = torch.optim.Adam(vae.parameters(), 1e-2)
    losses = []
    for step in range(3):
        loss = vae.loss(Batch(x, x, control), beta=0.1, generator=generator.manual_seed(step))
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
        losses.append(loss.total.item())
        assert {"accuracy", "accuracy_uncommon"} <= set(loss.terms)
    assert losses[-1] < losses[0]
    vae.eval()
    written = vae.decode(
        torch.zeros(3, vae.z_size),
        None if control is None else control[:1].expand(3, *control.shape[1:]),
        1.0,
        generator,
    )
    assert written.shape == (3, *x.shape[1:])
