"""Several values a step, read off one layer or by a head each."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F

from musicvae_lite.models.heads import BernoulliHead, CategoricalHead, ProductHead, SplitHead, head_for
from musicvae_lite.music.representations.steps import Product


def test_nats_add_up_over_the_values():
    torch.manual_seed(0)
    head = head_for(Product((3, 5)), 6)
    assert isinstance(head, ProductHead)
    hidden = torch.randn(2, 4, 6)
    target = torch.stack([torch.randint(0, 3, (2, 4)), torch.randint(0, 5, (2, 4))], -1)
    nats, metrics = head.score(hidden, target)
    logits = head.logits(hidden)
    first = F.cross_entropy(logits[..., :3].flatten(0, 1), target[..., 0].flatten(), reduction="none")
    second = F.cross_entropy(logits[..., 3:].flatten(0, 1), target[..., 1].flatten(), reduction="none")
    torch.testing.assert_close(nats.flatten(), first + second)
    assert {"accuracy", "accuracy_0", "accuracy_1", "accuracy_uncommon"} <= set(metrics)
    torch.testing.assert_close(metrics["accuracy"], (metrics["accuracy_0"] + metrics["accuracy_1"]) / 2)


def test_a_split_head_hears_each_core_alone():
    torch.manual_seed(0)
    head: Any = SplitHead([CategoricalHead(4, 3), CategoricalHead(4, 5)], 4)
    hidden, target = torch.randn(1, 2, 8), torch.tensor([[[0, 4], [2, 1]]])
    before = head.parts[0].score(hidden[..., :4], target[..., 0])[0]
    after = head.parts[1].score(hidden[..., 4:], target[..., 1])[0]
    torch.testing.assert_close(head.score(hidden, target)[0], before + after)
    drawn = head.sample(hidden, 0.0)
    assert drawn.shape == (1, 2, 2)
    assert torch.equal(drawn[..., 1], head.parts[1].sample(hidden[..., 4:], 0.0))


def test_a_split_head_of_flags():
    torch.manual_seed(0)
    head: Any = SplitHead([BernoulliHead(4, 1), BernoulliHead(4, 1)], 4, is_flags=True)
    hidden, target = torch.randn(3, 2, 8), torch.randint(0, 2, (3, 2, 2)).float()
    logits = torch.cat(
        [part.logits(own) for part, own in zip(head.parts, hidden.split(4, -1), strict=True)], -1
    )
    wanted = F.binary_cross_entropy_with_logits(logits, target, reduction="none").sum(-1)
    torch.testing.assert_close(head.score(hidden, target)[0], wanted)
    assert torch.equal(head.sample(hidden, 0.0), (logits >= 0).long())
