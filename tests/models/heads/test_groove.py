"""Hits with velocities and offsets."""

from __future__ import annotations

import torch

from musicvae_lite.models.heads import GrooveHead
from musicvae_lite.models.heads.drawing import flip


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


OPEN = -1


@torch.no_grad()
def saying(hits: list[float], velocities: list[float], offsets: list[float]) -> GrooveHead:
    """A head of chances of hits, and of the velocities and offsets it says with them, whatever it is told."""
    head = GrooveHead(1, len(hits))
    head.logits.weight.zero_()
    said = [torch.tensor(hits).logit(), torch.tensor(velocities).logit(), torch.tensor(offsets).atanh()]
    head.logits.bias.copy_(torch.cat(said))
    return head


@torch.no_grad()
def test_hits_that_are_known_are_written_as_they_are():
    head = saying([0.9, 0.9, 0.2, 0.2], [0.5] * 4, [0.1] * 4)
    known, struck = torch.tensor([[1, 0, 1, OPEN]]), torch.tensor([False])
    written = head.sample_known(torch.zeros(1, 1), known, struck, 0.0)
    assert written[0, :4].tolist() == [1, 0, 1, 0]


@torch.no_grad()
def test_a_hit_it_would_not_write_is_as_loud_and_late_as_it_would_be_if_it_were_there():
    """Trained on zeros where nothing is struck, it says a velocity times the chance of its hit."""
    head = saying([0.25, 0.75], [0.15, 0.45], [-0.05, 0.3])
    known, struck = torch.ones(1, 2), torch.tensor([False])
    _, _, velocity, quiet, offset, early = head.sample_known(torch.zeros(1, 1), known, struck, 0.0)[0]
    torch.testing.assert_close(torch.stack([velocity, offset]), torch.tensor([0.6, -0.2]))
    torch.testing.assert_close(torch.stack([quiet, early]), torch.tensor([0.45, 0.3]))  # it is its own


@torch.no_grad()
def test_where_something_is_struck_the_likeliest_drum_is_when_none_passes():
    head, two = saying([0.3, 0.4, 0.1], [0.2] * 3, [0.0] * 3), torch.zeros(2, 1)
    known, struck = torch.full((2, 3), OPEN), torch.tensor([True, False])
    assert head.sample_known(two, known, struck, 0.0)[:, :3].tolist() == [[0, 1, 0], [0, 0, 0]]


@torch.no_grad()
def test_where_something_is_struck_and_none_is_drawn_one_is_drawn_by_its_odds():
    chances = torch.tensor([0.3, 0.4, 0.1])
    head, hidden = saying(chances.tolist(), [0.2] * 3, [0.0] * 3), torch.zeros(20000, 1)
    known, struck = torch.full((20000, 3), OPEN), torch.ones(20000, dtype=torch.bool)
    hits = head.sample_known(hidden, known, struck, 1.0, torch.Generator().manual_seed(0))[:, :3]
    own = flip(chances.logit().expand(20000, 3), 1.0, torch.Generator().manual_seed(0))
    lost = own.sum(1) == 0
    assert torch.equal(hits[~lost], own[~lost]) and (hits[lost].sum(1) == 1).all()
    odds = chances / (1 - chances)
    torch.testing.assert_close(hits[lost].mean(0), odds / odds.sum(), atol=0.02, rtol=0)
