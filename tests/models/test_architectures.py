"""Laws that every encoder and decoder keeps, in every combination."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch
import torch.nn.functional as F

from musicvae_lite.models.decoders import FeedingDecoder, HierarchicalDecoder
from musicvae_lite.vae import Batch
from tests.models.architectures import CONFIGS, build, tokens

EACH = pytest.mark.parametrize("name", CONFIGS)
STEPS, Z = 32, 24


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def decoder_of(vae) -> FeedingDecoder:
    assert isinstance(vae.decoder, FeedingDecoder)
    return vae.decoder


@EACH
def test_shapes(name: str):
    vae = build(name).eval()
    for count in (1, 3):
        x = tokens(count)
        q = vae.encode(x)
        assert q.mean.shape == q.scale.shape == (count, Z) and (q.scale > 0).all()
        said = vae.decoder.reconstruction(q.mean, x)  # type: ignore[operator]
        assert said.nats.shape == (count,) and (said.nats > 0).all()
        for temperature in (0.0, 1.0):
            out = vae.decode(q.mean, None, temperature, generator())
            assert out.shape == x.shape and out.dtype == torch.int64 and out.min() >= 0 and out.max() < 26
    assert vae.z_size == Z


@EACH
def test_gradient_reaches_every_parameter(name: str):
    vae = build(name)
    vae(Batch(tokens(16)), 0.5, 0.0, generator()).total.backward()
    for parameter_name, parameter in vae.named_parameters():
        assert parameter.grad is not None, parameter_name
        if re.fullmatch(r"decoder.conductors.\d+.cells.0.(project.weight|weight_ih)", parameter_name):
            continue  # a stock conductor reads zeros: these start with no gradient, or never have one
        assert parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0, parameter_name


@EACH
def test_an_example_does_not_depend_on_its_neighbours(name: str):
    vae = build(name).eval()
    x = tokens(5)
    q = vae.encode(x)
    torch.testing.assert_close(vae.encode(x[2:3]).mean, q.mean[2:3], atol=1e-5, rtol=1e-4)
    nats = vae.decoder.reconstruction(q.mean, x).nats  # type: ignore[operator]
    alone = vae.decoder.reconstruction(q.mean[2:3], x[2:3]).nats  # type: ignore[operator]
    torch.testing.assert_close(alone, nats[2:3], atol=1e-4, rtol=1e-4)


@EACH
def test_no_step_sees_itself_or_what_follows(name: str):
    decoder = decoder_of(build(name).eval())
    z, x = torch.randn(1, Z, generator=generator()), tokens(1)
    before = decoder.hidden(z, x)
    for step in range(STEPS):
        changed = x.clone()
        changed[0, step] = (x[0, step] + 5) % 26
        after = decoder.hidden(z, changed)
        assert torch.equal(after[:, : step + 1], before[:, : step + 1]), step
        is_last = (step + 1) % together(decoder) == 0
        if not is_last:
            assert not torch.equal(after[:, step + 1], before[:, step + 1]), step


def together(decoder: Any) -> int:
    """Of how many steps each hears the ones before: of a beat, of a segment apart from others, or all."""
    if isinstance(decoder, HierarchicalDecoder):
        return decoder.beat
    return STEPS // decoder.segments if getattr(decoder, "apart", False) else STEPS


@pytest.mark.parametrize(
    "name", [name for name in CONFIGS if isinstance(build(name).decoder, HierarchicalDecoder)]
)
def test_beats_know_each_other_through_z_alone(name: str):
    decoder = decoder_of(build(name).eval())
    z, x = torch.randn(2, Z, generator=generator()), tokens(2)
    other = tokens(2, seed=1)
    mixed = x.clone()
    mixed[:, 8:12] = other[:, 8:12]
    before, after = decoder.hidden(z, x), decoder.hidden(z, mixed)
    same = torch.ones(STEPS, dtype=torch.bool)
    same[8:12] = False
    assert torch.equal(before[:, same], after[:, same]) and not torch.equal(before, after)


@EACH
def test_greedy_tokens_are_the_likeliest_given_themselves(name: str):
    vae = build(name).eval()
    decoder = decoder_of(vae)
    z = 3 * torch.randn(8, Z, generator=generator())
    written = vae.decode(z, temperature=0.0)
    assert torch.equal(decoder.head.logits(decoder.hidden(z, written)).argmax(-1), written)
    assert torch.equal(vae.decode(z, temperature=0.0), written)


@EACH
def test_the_score_is_the_chain_of_the_chances_it_samples_with(name: str, monkeypatch):
    """The logits met while sampling, one step after the other, give the probability that scoring gives."""
    vae = build(name).eval()
    decoder = decoder_of(vae)
    z, x = torch.randn(4, Z, generator=generator()), tokens(4)
    rows = x.reshape(-1, together(decoder))  # what is written side by side
    chain, step = torch.zeros(len(rows)), 0

    def write_x(hidden, temperature, generator=None):
        nonlocal step
        target = rows[:, step]
        chain.add_(F.log_softmax(decoder.head.logits(hidden), -1).gather(-1, target[:, None])[:, 0])
        step += 1
        return target

    monkeypatch.setattr(decoder.head, "sample", write_x)
    with torch.no_grad():
        assert torch.equal(vae.decode(z), x)
    nats = decoder.reconstruction(z, x).nats
    torch.testing.assert_close(-chain.view(4, -1).sum(1), nats.detach(), atol=1e-4, rtol=1e-4)


@EACH
def test_same_seed_same_music(name: str):
    vae = build(name).eval()
    z = torch.randn(6, Z, generator=generator())
    one, two, other = (vae.decode(z, None, 1.0, generator(s)) for s in (1, 1, 2))
    assert torch.equal(one, two) and not torch.equal(one, other)


def losses(vae, seed: int) -> torch.Tensor:
    z = torch.zeros(8, Z)
    return vae.decoder.reconstruction(z, tokens(8), None, generator(seed)).nats.detach()


@pytest.mark.parametrize("name", ["flat", "beats", "beats with LSTM cores"])
@pytest.mark.parametrize("noise", ["blank", "own_share"])
def test_noise_acts_in_training_alone(name: str, noise: str):
    vae = build(name)
    setattr(vae.decoder, noise, 0.5)
    vae.train()
    assert not torch.equal(losses(vae, 1), losses(vae, 2))
    assert torch.equal(losses(vae, 1), losses(vae, 1))
    vae.eval()
    quiet = losses(vae, 1)
    assert torch.equal(quiet, losses(vae, 2))
    setattr(vae.decoder, noise, 0.0)
    vae.train()
    assert torch.equal(losses(vae, 1), quiet)


@pytest.mark.parametrize("name", ["flat", "beats"])
def test_with_all_tokens_blank_only_z_speaks(name: str):
    vae = build(name)
    decoder = decoder_of(vae)
    decoder.blank = 1.0
    seen = []
    whole = decoder.hidden
    decoder.hidden = lambda z, x, control: seen.append(x) or whole(z, x)  # type: ignore[method-assign]
    losses(vae.train(), 0)
    assert (seen[0] == decoder.head.blank).all()


def test_scheduled_sampling_shows_what_the_model_would_write():
    vae = build("beats").train()
    decoder = decoder_of(vae)
    decoder.own_share = 1.0
    seen = []
    whole = decoder.hidden
    decoder.hidden = lambda z, x, control: seen.append(x) or whole(z, x)  # type: ignore[method-assign]
    losses(vae, 0)
    first, second = seen
    assert torch.equal(first, tokens(8)) and (second != first).any() and second.max() < decoder.head.blank


@pytest.mark.parametrize("name", ["flat", "beats", "beats with LSTM cores", "beats and phrases"])
def test_one_batch_is_learnt_by_heart(name: str):
    vae, x = build(name).train(), tokens(8)
    optimizer = torch.optim.Adam(vae.parameters(), 8e-3, betas=(0.9, 0.99))
    for step in range(400):
        optimizer.param_groups[0]["lr"] = 8e-3 * (1 - step / 400)
        loss = vae(Batch(x), 0.0, 0.0, generator(step))
        optimizer.zero_grad()
        loss.total.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        if float(loss.terms["reconstruction_nats"]) < 0.4:
            break
    vae.eval()
    assert (vae.reconstruct(x) == x).float().mean() > 0.99
