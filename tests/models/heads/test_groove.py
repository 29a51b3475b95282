"""Hits with velocities and offsets."""

from __future__ import annotations

import torch

from musicvae_lite.models.heads import GrooveHead


def test_score_is_log_loss_plus_squared_errors():
    torch.manual_seed(0)
    head, hidden = GrooveHead(4, 2), torch.randn(1, 3, 4)
    target = torch.tensor([[[1, 0, 0.5, 0, -0.2, 0], [0, 0, 0, 0, 0, 0], [1, 1, 1, 0.1, 0.9, -1]]])
    said = head.logits(hidden)
    p, velocity, offset = said[..., :2].sigmoid(), said[..., 2:4].sigmoid(), said[..., 4:].tanh()
    hits = torch.nn.functional.binary_cross_entropy(p, target[..., :2], reduction="none").sum(-1)
    rest = (velocity - target[..., 2:4]).square().sum(-1) + (offset - target[..., 4:]).square().sum(-1)
    nats, metrics = head.score(hidden, target)
    torch.testing.assert_close(nats, hits + rest, atol=1e-5, rtol=1e-5)
    summed = metrics["hits_loss"] + metrics["velocities_loss"] + metrics["offsets_loss"]
    torch.testing.assert_close(summed, nats.mean())


def test_precision_weighs_the_squared_errors():
    torch.manual_seed(0)
    head, hidden, target = GrooveHead(4, 2), torch.randn(1, 3, 4), torch.rand(1, 3, 6).round(decimals=1)
    target[..., :2] = 1
    sharp = GrooveHead(4, 2, precision=20)
    sharp.load_state_dict(head.state_dict())
    (plain, metrics), (weighed, same) = head.score(hidden, target), sharp.score(hidden, target)
    errors = metrics["velocities_loss"] + metrics["offsets_loss"]
    torch.testing.assert_close((weighed - plain).mean(), 19 * errors)
    assert {k: float(v) for k, v in metrics.items()} == {k: float(v) for k, v in same.items()}


def test_only_hits_are_drawn():
    torch.manual_seed(0)
    head, hidden = GrooveHead(4, 2), torch.randn(50, 4)
    one, other = (head.sample(hidden, 1.0, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert not torch.equal(one[:, :2], other[:, :2])
    assert torch.equal(one[:, 2:], other[:, 2:])
    assert set(one[:, :2].unique().tolist()) == {0.0, 1.0}


@torch.no_grad()
def test_what_is_thought_impossible_costs_much_and_not_all():
    head = GrooveHead(4, 2)
    head.logits.weight.zero_()
    for sure in (-1e3, 1e3):
        head.logits.bias.fill_(sure)
        nats, _ = head.score(torch.zeros(1, 2, 4), torch.tensor([[[0.0] * 6, [1.0] * 6]]))
        assert nats.isfinite().all() and nats.max() > 20
