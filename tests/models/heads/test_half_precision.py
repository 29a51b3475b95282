"""Whatever a model computes in, what it says is scored in float32."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from musicvae_lite.models.heads import head_for
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step


@pytest.mark.parametrize(
    ("step", "nade"),
    [(Categorical(9), 0), (Product((3, 5)), 0), (Binary(4), 0), (Binary(4), 6), (Groove(2), 0)],
    ids=repr,
)
@torch.no_grad()
def test_scores_are_of_single_precision(step: Step, nade: int):
    torch.manual_seed(0)
    head: Any = head_for(step, 5, nade).bfloat16()
    hidden = torch.randn(2, 3, 5).bfloat16()
    target = head.sample(hidden, 1.0, torch.Generator().manual_seed(0))
    said = head.logits(hidden).float()
    nats, metrics = head.score(hidden, target)
    assert nats.dtype == torch.float32 and all(m.dtype == torch.float32 for m in metrics.values())
    head.float().logits.forward = lambda _: said
    torch.testing.assert_close(nats, head.score(hidden, target)[0])
