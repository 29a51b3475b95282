"""Heads that write zeros and ones: independent ones, and NADE."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch

from musicvae_lite.models.heads import BernoulliHead, NADEHead, flip, head_for
from musicvae_lite.music.representations.steps import Binary

HEADS = {"independent": lambda: BernoulliHead(5, 4), "nade": lambda: NADEHead(5, 4, nade=6)}
EACH = pytest.mark.parametrize("kind", HEADS)
ALL = torch.tensor(list(itertools.product([0, 1], repeat=4)))  # [16, 4]


def made(kind: str) -> Any:
    torch.manual_seed(3)
    head = HEADS[kind]()
    for p in head.parameters():
        torch.nn.init.normal_(p)
    return head


@EACH
@torch.no_grad()
def test_probabilities_sum_to_one(kind: str):
    head, hidden = made(kind), torch.randn(1, 1, 5).expand(1, 16, 5)
    nats, _ = head.score(hidden, ALL[None])
    assert float((-nats).exp().sum()) == pytest.approx(1.0, abs=1e-4)


@EACH
@torch.no_grad()
def test_draws_are_as_frequent_as_scored(kind: str):
    head, hidden = made(kind), torch.randn(1, 5)
    nats, _ = head.score(hidden.expand(1, 16, 5), ALL[None])
    drawn = head.sample(hidden.expand(20000, 5), 1.0, torch.Generator().manual_seed(0))
    code = (drawn * torch.tensor([8, 4, 2, 1])).sum(-1)
    shares = torch.bincount(code, minlength=16) / len(code)
    torch.testing.assert_close(shares, (-nats[0]).exp(), atol=0.015, rtol=0)


@EACH
@torch.no_grad()
def test_cold_draws_are_the_same_every_time(kind: str):
    head, hidden = made(kind), torch.randn(7, 5)
    assert torch.equal(head.sample(hidden, 0.0), head.sample(hidden, 0.0))
    assert set(head.sample(hidden, 0.0).unique().tolist()) <= {0, 1}


def test_cold_flips_take_what_is_likelier():
    logits = torch.tensor([-20.0, -0.5, 0.0, 0.5, 20.0])
    assert flip(logits, 0.0).tolist() == [0.0, 0.0, 1.0, 1.0, 1.0]
    assert flip(logits, 1e-3, torch.Generator().manual_seed(0))[[0, 1, 3, 4]].tolist() == [0.0, 0.0, 1.0, 1.0]


def test_flags_are_rare_at_first():
    torch.manual_seed(0)
    drawn = BernoulliHead(5, 4).sample(torch.zeros(20000, 5), 1.0)
    assert float(drawn.float().mean()) == pytest.approx(1 / 20, abs=0.01)


@EACH
@torch.no_grad()
def test_what_is_thought_impossible_costs_much_and_not_all(kind: str):
    head = made(kind)
    head.logits.weight.zero_()
    for sure in (-1e3, 1e3):
        head.logits.bias.fill_(sure)
        nats, _ = head.score(torch.randn(1, 16, 5), ALL[None])
        assert nats.isfinite().all() and nats.max() > 10


@torch.no_grad()
def test_accuracy_counts_whole_steps():
    head = BernoulliHead(2, 2)
    head.logits.weight.copy_(torch.eye(2))
    head.logits.bias.fill_(-0.5)
    hidden = torch.tensor([[[1.0, 0], [0, 1], [0, 0], [1, 1]]])
    target = torch.tensor([[[1, 0], [0, 1], [0, 0], [1, 0]]])
    _, metrics = head.score(hidden, target)
    assert float(metrics["accuracy"]) == pytest.approx(3 / 4)
    assert float(metrics["accuracy_uncommon"]) == pytest.approx(2 / 3)


def test_the_step_chooses_the_head():
    assert isinstance(head_for(Binary(4), 5), BernoulliHead)
    assert isinstance(head_for(Binary(4), 5, nade=8), NADEHead)
