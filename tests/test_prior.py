"""New codes are drawn as the codes of data lie."""

from __future__ import annotations

import pytest
import torch

from musicvae_lite.prior import CodePrior, groups


def test_code_prior_keeps_mean_and_covariance():
    generator = torch.Generator().manual_seed(0)
    mix = torch.randn((5, 5), generator=generator)
    codes = torch.randn((20_000, 5), generator=generator) @ mix + 3.0
    prior = CodePrior.fit(codes)
    drawn = prior.colour(torch.randn((20_000, 5), generator=generator))
    assert torch.allclose(drawn.mean(0), codes.mean(0), atol=0.1)
    assert torch.allclose(torch.cov(drawn.T), torch.cov(codes.T), atol=0.35)


def test_classes_that_lie_apart_get_a_gaussian_each():
    chance = torch.Generator().manual_seed(0)
    labels = torch.tensor([0] * 3000 + [7] * 1000)
    codes = torch.randn((4000, 2), generator=chance) * torch.tensor([0.5, 2.0])
    codes[labels == 7] = codes[labels == 7].flip(1) + 20
    prior = CodePrior.fit(codes, labels)
    assert prior.shares.tolist() == [0.75, 0.25]
    drawn = prior.colour(torch.randn((20_000, 2), generator=chance))
    far = drawn[:, 0] > 10
    assert abs(float(far.float().mean()) - 0.25) < 0.01
    for one, label in ((drawn[~far], 0), (drawn[far], 7)):
        real = codes[labels == label]
        assert torch.allclose(one.mean(0), real.mean(0), atol=0.15)
        assert torch.allclose(torch.cov(one.T), torch.cov(real.T), atol=0.3)
    extreme = prior.colour(torch.tensor([[-40.0, 0.0], [40.0, 0.0], [-0.0, 0.0]]))
    assert extreme.isfinite().all()


def test_groups_of_codes_are_found_and_share_a_covariance():
    chance = torch.Generator().manual_seed(0)
    centres = torch.tensor([[0.0, 0.0], [30.0, 0.0], [0.0, 30.0]])
    codes = centres[torch.arange(3000) % 3] + torch.randn((3000, 2), generator=chance) * torch.tensor(
        [1.0, 3.0]
    )
    prior = CodePrior.fit(codes, groups(codes, 3), shared=True)
    assert prior.mean.shape == (3, 2) and prior.root.shape == (1, 2, 2)
    assert torch.allclose(prior.root[0] @ prior.root[0], torch.diag(torch.tensor([1.0, 9.0])), atol=0.6)
    drawn = prior.colour(torch.randn((9000, 2), generator=chance))
    nearest = torch.cdist(drawn, centres).amin(1)
    assert float(nearest.max()) < 15 and abs(float((drawn[:, 0] > 15).float().mean()) - 1 / 3) < 0.02
    one = prior.as_one
    assert torch.allclose(one.mean[0], codes.mean(0), atol=0.01)
    assert torch.allclose(one.root[0] @ one.root[0], torch.cov(codes.T), rtol=0.01, atol=0.5)


def test_independent_numbers_keep_their_spread_alone():
    chance = torch.Generator().manual_seed(0)
    codes = torch.randn((4000, 2), generator=chance) @ torch.tensor([[2.0, 1.0], [0.0, 1.0]])
    prior = CodePrior.fit(codes, diagonal=True)
    assert torch.allclose(prior.root[0], torch.diag(codes.std(0)))
    drawn = prior.colour(torch.randn((20_000, 2), generator=chance))
    assert torch.allclose(torch.cov(drawn.T), torch.diag(codes.var(0)), atol=0.15)


def test_a_narrowed_prior_stays_nearer_to_its_means():
    chance = torch.Generator().manual_seed(0)
    codes = torch.randn((300, 2), generator=chance) + 9 * (torch.arange(300) % 3)[:, None]
    prior = CodePrior.fit(codes, torch.arange(300) % 3, shared=True)
    noise = torch.randn((1000, 2), generator=chance)
    wide, narrow = prior.colour(noise), prior.narrowed(0.5).colour(noise)
    middle = prior.narrowed(0.0).colour(noise)
    assert torch.allclose(narrow - middle, 0.5 * (wide - middle), atol=1e-5)
    assert len(middle.unique(dim=0)) == 3


@pytest.mark.parametrize("diagonal", [False, True])
@pytest.mark.parametrize("labels", [None, [0] * 99 + [1]])
def test_codes_of_one_number_and_classes_of_one_code(labels: list[int] | None, diagonal: bool):
    codes = 3 + 2 * torch.randn((100, 1), generator=torch.Generator().manual_seed(0))
    told = None if labels is None else torch.tensor(labels)
    prior = CodePrior.fit(codes, told, diagonal=diagonal)
    drawn = prior.colour(torch.randn((4000, 1), generator=torch.Generator().manual_seed(1)))
    assert drawn.isfinite().all() and abs(float(drawn.std()) - 2) < 0.4


@pytest.mark.parametrize("shared", [True, False])
def test_as_one_is_the_sum_over_all_of_them(shared: bool):
    chance = torch.Generator().manual_seed(0)
    codes = torch.randn((600, 3), generator=chance) + 9 * (torch.arange(600) % 3)[:, None]
    prior = CodePrior.fit(codes, torch.arange(600) % 3, shared=shared)
    one, mean = prior.as_one, (prior.shares[:, None] * prior.mean).sum(0)
    wanted = torch.zeros(3, 3)
    for k, (share, own) in enumerate(zip(prior.shares, prior.mean, strict=True)):
        root = prior.root[0 if shared else k]
        wanted += share * (root @ root + torch.outer(own - mean, own - mean))
    assert torch.allclose(one.root[0] @ one.root[0], wanted, rtol=1e-4, atol=1e-3)
    assert torch.allclose(one.mean[0], mean)
