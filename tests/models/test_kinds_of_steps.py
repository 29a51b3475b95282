"""The hierarchical models over every kind of step, with and without a control."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.decoders import HierarchicalDecoderSettings
from musicvae_lite.models.encoders import HierarchicalEncoderSettings
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step
from musicvae_lite.settings import from_table
from musicvae_lite.vae import VAE, Batch
from tests.models.architectures import made_up

T, Z = 16, 10
CHORDS = Categorical(7)
KINDS: dict[str, tuple[Step, Step | None, dict]] = {
    "tokens": (Categorical(12), None, {}),
    "tokens under chords": (Categorical(12), CHORDS, {}),
    "several tokens": (Product((5, 6, 9)), None, {}),
    "several tokens under several": (Product((5, 6)), Product((3, 4)), {}),
    "flags": (Binary(6), None, {}),
    "flags that go straight": (Binary(6), None, {"straight": 7}),
    "tokens that go straight to LSTM cores": (Categorical(12), None, {"straight": 7, "core": "lstm"}),
    "tokens that go straight without memory": (Categorical(12), None, {"straight": 7, "memory": 0}),
    "flags with a NADE": (Binary(6), CHORDS, {"nade": 8}),
    "grooves": (Groove(3), None, {}),
    "grooves under flags": (Groove(3), Binary(2), {}),
    "flags without memory": (Binary(6), None, {"memory": 0}),
    "grooves with LSTM cores": (Groove(3), None, {"core": "lstm"}),
}


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def build(name: str) -> tuple[VAE, Batch]:
    step, control, more = KINDS[name]
    torch.manual_seed(0)
    segments = (4, 4)
    straight = more.get("straight", 0)
    encoder = HierarchicalEncoderSettings(segments, width=24, squeeze=8, straight=straight).build(
        step, T, Z, control
    )
    table = {"segments": segments, "width": 24, "core_width": 32, "memory": 2, **more}
    settings = from_table(HierarchicalDecoderSettings, table, name)
    decoder = settings.build(step, T, Z, control)
    told = made_up(control, 8, T, seed=1) if control else None
    return VAE(encoder, decoder).eval(), Batch(made_up(step, 8, T), None, told)


@pytest.mark.parametrize("name", KINDS)
def test_a_step_costs_the_same_whatever_comes_after_it(name: str):
    vae, batch = build(name)
    z = torch.randn(8, Z, generator=generator())
    head, hidden = vae.decoder.head, vae.decoder.hidden
    before = head.score(hidden(z, batch.x, batch.control), batch.x)[0]  # type: ignore[operator, union-attr]
    for cut in (3, 4, 9):
        changed = batch.x.clone()
        changed[:, cut:] = made_up(KINDS[name][0], 8, T, seed=5)[:, cut:]
        after = head.score(hidden(z, changed, batch.control), changed)[0]  # type: ignore[operator, union-attr]
        torch.testing.assert_close(before[:, :cut], after[:, :cut])
        assert not torch.allclose(before[:, cut:], after[:, cut:])


@pytest.mark.parametrize("name", KINDS)
def test_gradient_reaches_every_parameter_and_blanking_is_harmless(name: str):
    vae, batch = build(name)
    vae.train()
    vae.decoder.blank, vae.decoder.own_share = 0.3, 0.3  # type: ignore[assignment]
    if vae.decoder.memory is not None:
        torch.nn.init.normal_(vae.decoder.memory.add.weight)  # type: ignore[union-attr, arg-type]
    vae.loss(batch, 0.5, 0.0, generator()).total.backward()
    assert [n for n, p in vae.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


@pytest.mark.parametrize("name", KINDS)
def test_one_batch_is_learnt_by_heart_and_written_back(name: str):
    vae, batch = build(name)
    vae.train()
    optimizer = torch.optim.Adam(vae.parameters(), 5e-3)
    for number in range(150):
        loss = vae.loss(batch, 0.0, 0.0, generator(number)).total
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    written = vae.eval().reconstruct(batch.x, batch.control)
    assert written.shape == batch.x.shape
    right = (written - batch.x).abs() < 0.5
    assert right.float().mean() > 0.97


@pytest.mark.parametrize("name", KINDS)
def test_samples_have_the_shape_of_windows_and_follow_the_seed(name: str):
    vae, batch = build(name)
    control = None if batch.control is None else batch.control[:5]
    one, same, other = (vae.sample(5, control, 1.0, generator(seed)) for seed in (0, 0, 1))
    assert one.shape == batch.x[:5].shape and torch.equal(one, same) and not torch.equal(one, other)
    assert one.is_floating_point() == isinstance(KINDS[name][0], Groove)


def test_a_missing_control_is_named():
    vae, batch = build("tokens under chords")
    with pytest.raises(ConfigError, match="wants a control"):
        vae.reconstruct(batch.x)
