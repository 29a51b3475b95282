from __future__ import annotations

import torch

from musicvae_lite.latent import Point
from musicvae_lite.models.image.regularisers import Adversary, AdversarySettings, Sparse


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_sparse_costs_the_l1_norm():
    z = torch.tensor([[1.0, -2.0, 0.0], [0.0, 0.0, 3.0]], requires_grad=True)
    penalty = Sparse(0.5)(Point(z), z)
    assert penalty.cost.item() == 0.5 * 3 and float(penalty.terms["zero_share"]) == 0.5
    penalty.cost.backward()
    assert z.grad is not None and z.grad[0].tolist() == [0.25, -0.25, 0.0]


def test_the_discriminator_learns_from_codes_that_stand_still():
    torch.manual_seed(0)
    adversary = Adversary(AdversarySettings((32,), weight=1.0), 2)
    optimizer = torch.optim.Adam(adversary.parameters(), 1e-2)
    z, generator, right = torch.randn(256, 2, generator=seeded(1)) * 0.3 + 2, seeded(2), []
    for _ in range(60):
        penalty = adversary(Point(z), z, generator)
        optimizer.zero_grad()
        penalty.cost.backward()
        optimizer.step()
        right.append(float(penalty.terms["adversary_accuracy"]))
    assert right[-1] > 0.9


def test_codes_are_drawn_to_the_prior_and_the_discriminator_is_not_helped():
    """With both in one optimiser, codes that begin far from N(0, I) come to look like draws of it."""
    torch.manual_seed(0)
    adversary = Adversary(AdversarySettings((32, 32), weight=3.0), 2)
    z = torch.nn.Parameter(torch.randn(256, 2, generator=seeded(1)) * 0.3 + 2)
    optimizer = torch.optim.Adam([*adversary.parameters(), z], 1e-2)
    generator, right = seeded(2), []
    for _ in range(500):
        penalty = adversary(Point(z), z, generator)
        optimizer.zero_grad()
        penalty.cost.backward()
        optimizer.step()
        right.append(float(penalty.terms["adversary_accuracy"]))
    assert max(right[:60]) > 0.8 and right[-1] < 0.75
    assert float(z.detach().mean(0).norm()) < 0.8


def test_the_gradient_that_deceives_does_not_reach_the_discriminator():
    adversary = Adversary(AdversarySettings((8,), weight=1e6), 2)
    z = torch.randn(16, 2, requires_grad=True)
    adversary(Point(z), z, seeded()).cost.backward()
    heavy = [p.grad.clone() for p in adversary.parameters() if p.grad is not None]
    adversary.zero_grad()
    adversary.weight = 0.0
    adversary(Point(z.detach()), z.detach(), seeded()).cost.backward()
    light = [p.grad for p in adversary.parameters() if p.grad is not None]
    assert len(heavy) == len(light) and all(torch.equal(a, b) for a, b in zip(heavy, light, strict=True))
    assert z.grad is not None and float(z.grad.abs().max()) > 1
