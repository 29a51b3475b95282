"""The VAE over any encoder and decoder: here two linear ones that know nothing of music."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import NATS_PER_BIT, Point, Posterior, free_bits, walk
from musicvae_lite.prior import CodePrior
from musicvae_lite.vae import VAE, Batch, Penalty, Reconstruction


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.mean, self.scale = nn.Linear(6, 2), nn.Linear(6, 2)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        if control is not None:
            x = x + control
        return Posterior(self.mean(x), torch.exp(self.scale(x)))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.z_size, self.out = 2, nn.Linear(2, 6)

    def reconstruction(self, z, x, control=None, generator=None) -> Reconstruction:
        return Reconstruction((self.out(z) - x).square().sum(-1), {"accuracy": torch.tensor(0.25)})

    def sample(self, z, control=None, temperature=1.0, generator=None) -> Tensor:
        out = self.out(z)
        return out + temperature * torch.randn(out.shape, generator=generator)


@pytest.fixture
def vae() -> VAE:
    torch.manual_seed(0)
    return VAE(Encoder(), Decoder())


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


X = torch.randn(50, 6, generator=torch.Generator().manual_seed(9))


def test_the_loss_is_the_sum_of_its_terms(vae: VAE):
    loss = vae.loss(Batch(X), beta=0.3, free=1.0, generator=generator())
    q = vae.encode(X)
    z = q.rsample(generator())
    nats = vae.decoder.reconstruction(z, X).nats  # type: ignore[operator]
    torch.testing.assert_close(loss.total, nats.mean() + 0.3 * free_bits(q.kl(), 1.0).mean())
    torch.testing.assert_close(loss.terms["reconstruction_nats"], nats.mean())
    torch.testing.assert_close(loss.terms["kl_nats"], q.kl().mean())
    torch.testing.assert_close(loss.terms["kl_bits"], q.kl().mean() / NATS_PER_BIT)
    torch.testing.assert_close(loss.terms["kl_cost"], free_bits(q.kl(), 1.0).mean())
    torch.testing.assert_close(loss.units.sum(), q.kl().mean())
    assert float(loss.terms["beta"]) == pytest.approx(0.3) and float(loss.terms["accuracy"]) == 0.25
    assert not any(value.requires_grad for value in loss.terms.values()) and loss.total.requires_grad


def test_forward_is_the_loss(vae: VAE):
    direct = vae.loss(Batch(X), 0.7, 2.0, generator())
    assert torch.equal(vae(Batch(X), 0.7, 2.0, generator()).total, direct.total)


def test_free_bits_take_the_gradient_from_the_kl(vae: VAE):
    scale: Tensor = vae.encoder.scale.weight  # type: ignore[assignment, union-attr]
    one, other = (vae.loss(Batch(X), beta=beta, free=1e6, generator=generator()).total for beta in (1.0, 0.0))
    (a,), (b,) = torch.autograd.grad(one, scale), torch.autograd.grad(other, scale)
    torch.testing.assert_close(a, b)


def test_half_precision_encoders_give_a_float32_posterior():
    vae = VAE(Encoder().bfloat16(), Decoder())
    q = vae.encode(X.bfloat16())
    assert q.mean.dtype == q.scale.dtype == torch.float32


def test_reconstruction_takes_the_mean_unless_asked(vae: VAE):
    mean = vae.encode(X).mean
    torch.testing.assert_close(vae.reconstruct(X), vae.decode(mean, temperature=0.0))
    one, two = (vae.reconstruct(X, sample_z=True, generator=generator(s)) for s in (1, 2))
    assert not torch.equal(one, two)
    assert torch.equal(one, vae.reconstruct(X, sample_z=True, generator=generator(1)))


def test_samples_come_from_the_prior(vae: VAE):
    z = torch.randn(3, 2, generator=generator(4))
    assert torch.equal(vae.sample(3, temperature=0.0, generator=generator(4)), vae.decode(z, temperature=0.0))
    assert torch.equal(vae.sample(3, generator=generator(4)), vae.sample(3, generator=generator(4)))
    assert not vae.sample(3).requires_grad


def test_codes_are_drawn_from_a_prior_where_there_is_one(vae: VAE):
    noise = torch.randn(5, 2, generator=generator(4))
    assert torch.equal(vae.draw(5, generator(4), spread=0.5), 0.5 * noise)
    vae.prior = CodePrior.fit(3 + 2 * torch.randn(100, 2, generator=generator(1)))
    assert torch.equal(vae.draw(5, generator(4)), vae.prior.colour(noise))
    drawn = vae.draw(5, generator(4), spread=0.5)
    torch.testing.assert_close(drawn - vae.prior.mean, 0.5 * (vae.prior.colour(noise) - vae.prior.mean))


def test_interpolation_is_a_path_of_means_with_reconstructed_ends(vae: VAE):
    a, b = X[:4], X[4:8]
    path = vae.interpolate(a, b, steps=5)
    assert path.shape == (5, 4, 6)
    torch.testing.assert_close(path[0], vae.reconstruct(a))
    torch.testing.assert_close(path[-1], vae.reconstruct(b))
    middle = walk(vae.encode(a).mean, vae.encode(b).mean, 5)[2]
    torch.testing.assert_close(path[2], vae.decode(middle, temperature=0.0))


def exact(vae: VAE, x: Tensor) -> Tensor:
    """log p(x) [B] of the linear decoder: the integral of N(z; 0, I) exp(-|W z + b - x|^2) over z."""
    weight, left = vae.decoder.out.weight, x - vae.decoder.out.bias  # type: ignore[union-attr, operator]
    precision, drawn = torch.eye(2) + 2 * weight.T @ weight, 2 * left @ weight  # type: ignore[operator]
    explained = 0.5 * (drawn @ precision.inverse() * drawn).sum(-1)
    return (explained - left.square().sum(-1) - 0.5 * torch.logdet(precision)).detach()


def test_the_bound_rises_from_the_elbo_to_the_probability(vae: VAE):
    x = X[:8]
    q, true = vae.encode(x), exact(vae, x)
    elbos = torch.stack([-vae.loss(Batch(x), generator=generator(seed)).total for seed in range(200)])
    bounds = torch.stack([vae.log_prob(q, x, generator=generator(seed)).mean() for seed in range(200)])
    torch.testing.assert_close(bounds.mean(), elbos.mean().detach(), rtol=0, atol=0.05)
    assert elbos.mean() < vae.log_prob(q, x, samples=10, generator=generator()).mean() < true.mean()
    wide = Posterior(torch.zeros(8, 2), torch.ones(8, 2))
    many = vae.log_prob(wide, x, samples=20_000, generator=generator())
    torch.testing.assert_close(many, true, rtol=0, atol=0.1)


def test_the_bound_is_exact_where_the_posterior_is(vae: VAE):
    out = vae.decoder.out
    out.weight.data = torch.linalg.qr(torch.randn(6, 2, generator=generator(3)))[0] * torch.tensor([0.5, 2.0])  # type: ignore[union-attr]
    precision = 1 + 2 * out.weight.square().sum(0)  # type: ignore[union-attr, operator]
    mean = 2 * (X - out.bias) @ out.weight / precision  # type: ignore[union-attr, operator]
    q = Posterior(mean.detach(), precision.detach().rsqrt().expand_as(mean))
    for samples in (1, 5):
        torch.testing.assert_close(vae.log_prob(q, X, samples=samples), exact(vae, X), rtol=1e-4, atol=1e-4)


def test_a_code_without_width_has_no_bound(vae: VAE):
    with pytest.raises(ConfigError, match="plain autoencoder has codes without a probability"):
        vae.log_prob(Point(torch.zeros(50, 2)), X)
    with pytest.raises(ConfigError, match="samples is 0; the bound needs at least 1"):
        vae.log_prob(vae.encode(X), X, samples=0)


def test_a_control_reaches_both_ends(vae: VAE):
    a, b, control = X[:2], X[2:4], torch.ones(2, 6)
    path = vae.interpolate(a, b, 2, control)
    torch.testing.assert_close(path[1], vae.reconstruct(b, control))
    assert not torch.allclose(path[1], vae.reconstruct(b))


def test_it_learns(vae: VAE):
    optimizer = torch.optim.Adam(vae.parameters(), 0.02)
    losses = []
    for step in range(60):
        loss = vae(Batch(X), 0.05, 0.0, generator(step)).total
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])


class Heavy(nn.Module):
    """Asks for small codes, and has a parameter of its own."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(3.0))

    def forward(self, posterior: Posterior, z: Tensor, generator: torch.Generator | None = None) -> Penalty:
        size = z.square().sum(-1).mean()
        return Penalty(self.weight * size, {"size": size.detach()})


def test_a_regulariser_adds_its_cost_and_its_terms():
    torch.manual_seed(0)
    with_it = VAE(Encoder(), Decoder(), Heavy())
    without = VAE(with_it.encoder, with_it.decoder)
    batch = Batch(torch.randn(4, 6, generator=torch.Generator().manual_seed(1)))
    one, other = (v.loss(batch, 0.5, 0.0, torch.Generator().manual_seed(2)) for v in (with_it, without))
    assert torch.allclose(one.total, other.total + 3 * one.terms["size"])
    assert one.terms.keys() == other.terms.keys() | {"size"}
    one.total.backward()
    weight: Tensor = with_it.regulariser.weight  # type: ignore[assignment,union-attr]
    assert weight.grad is not None and torch.allclose(weight.grad, one.terms["size"])
