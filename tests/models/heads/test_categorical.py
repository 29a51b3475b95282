"""The categorical head: scores, metrics and draws."""

from __future__ import annotations

import pytest
import torch
from torch.distributions import Categorical

from musicvae_lite.models.heads import CategoricalHead, draw


def test_scores_are_negative_log_probabilities():
    torch.manual_seed(0)
    head = CategoricalHead(6, 5)
    hidden, target = torch.randn(3, 4, 6), torch.randint(0, 5, (3, 4))
    nats, _ = head.score(hidden, target)
    torch.testing.assert_close(nats, -Categorical(logits=head.logits(hidden)).log_prob(target))


def test_accuracy_of_uncommon_values_leaves_the_commonest_out():
    head = CategoricalHead(3, 3)
    with torch.no_grad():
        head.logits.weight.copy_(torch.eye(3))
        head.logits.bias.zero_()
    target = torch.tensor([[0, 0, 0, 1, 2]])
    answers = torch.tensor([[0, 0, 0, 1, 0]])
    _, metrics = head.score(torch.nn.functional.one_hot(answers, 3).float(), target)
    assert float(metrics["accuracy"]) == pytest.approx(0.8)
    assert float(metrics["accuracy_uncommon"]) == pytest.approx(0.5)
    _, metrics = head.score(torch.eye(3)[None, [0, 0, 2]], torch.tensor([[0, 0, 2]]))
    assert float(metrics["accuracy_uncommon"]) == 1.0
    _, metrics = head.score(torch.zeros(1, 4, 3), torch.zeros(1, 4, dtype=torch.long))
    assert float(metrics["accuracy_uncommon"]) == 0.0  # there are none: no NaN


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_temperature(temperature: float):
    logits = torch.tensor([0.0, 1.0, -1.0, 0.5])
    drawn = draw(logits.expand(100, 400, 4), temperature, torch.Generator().manual_seed(0))
    assert drawn.shape == (100, 400)
    shares = torch.bincount(drawn.flatten(), minlength=4) / drawn.numel()
    torch.testing.assert_close(shares, (logits / temperature).softmax(-1), atol=0.01, rtol=0)


@pytest.mark.parametrize("temperature", [0.0, 1e-300, 1e-30, 1e-3])
def test_cold_draws_take_the_likeliest(temperature: float):
    logits = torch.randn(7, 9, generator=torch.Generator().manual_seed(0)) * 100
    assert torch.equal(draw(logits, temperature, torch.Generator().manual_seed(1)), logits.argmax(-1))


def test_half_precision_draws():
    logits = torch.randn(5000, 9, generator=torch.Generator().manual_seed(0)).bfloat16()
    half, single = (draw(x, 1.0, torch.Generator().manual_seed(1)) for x in (logits, logits.float()))
    assert torch.equal(half, single)


def test_no_draw_lies_beyond_the_last_value(monkeypatch: pytest.MonkeyPatch):
    """The sum of shares falls short of 1 when many of them are added."""
    monkeypatch.setattr(torch, "rand", lambda size, **more: torch.full(size, 1 - 2**-24))
    for values in (1, 7, 300, 10_000, 50_000):
        logits = torch.randn(4, values, generator=torch.Generator().manual_seed(0))
        assert (draw(logits, 1.0) < values).all() and draw(torch.zeros(values), 1.0) < values
