"""Segments that start without the one before: written all at once, and never told of each other."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from musicvae_lite.export.graphs import Greedy
from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.music.representations.steps import Binary, Categorical, Product, Step
from tests.models.architectures import made_up


def made(step: Step, apart: bool = True, **more: Any) -> Any:
    torch.manual_seed(0)
    settings = StockDecoderSettings((6,), (4, 4), apart=apart, **more)
    decoder = settings.build(step, 16, 3)
    for p in decoder.parameters():
        torch.nn.init.normal_(p, std=0.5)
    return decoder.eval()


@torch.no_grad()
@pytest.mark.parametrize("apart", [True, False])
def test_a_segment_hears_the_one_before_only_where_they_are_not_apart(apart: bool):
    decoder, z = made(Categorical(7), apart), torch.randn(5, 3)
    shown = made_up(Categorical(7), 5, 16)
    before = decoder.hidden(z, shown)
    shown[:, 7] = (shown[:, 7] + 1) % 7  # the last step of the second segment
    differs = (decoder.hidden(z, shown) != before).any(-1).any(0)  # [T]
    assert differs[8:12].any() == (not apart)
    assert not differs[:8].any()
    assert not differs[12:].any()


@torch.no_grad()
@pytest.mark.parametrize(
    ("step", "more"),
    [(Categorical(7), {}), (Categorical(7), {"end": 6}), (Product((5, 4)), {"split": True}), (Binary(4), {})],
    ids=["tokens", "tokens that end", "split voices", "flags"],
)
def test_it_writes_what_it_scores(step: Step, more: dict):
    decoder, z = made(step, **more), torch.randn(9, 3)
    written = decoder.sample(z, temperature=0.0)
    again = decoder.head.sample(decoder.hidden(z, written), 0.0)
    said = torch.ones(9, 16, dtype=torch.bool) if "end" not in more else ~decoder._ended(written)
    assert torch.equal(again[said], written[said])


@torch.no_grad()
def test_every_segment_is_written_as_if_it_were_alone():
    together, apart = made(Categorical(7), False), made(Categorical(7))
    z = torch.randn(6, 3)
    assert torch.equal(together.sample(z, temperature=0.0)[:, :4], apart.sample(z, temperature=0.0)[:, :4])


@torch.no_grad()
@pytest.mark.filterwarnings("ignore")  # torch's own, while it exports
def test_the_exported_loop_starts_every_segment_anew():
    decoder, z = made(Categorical(7)), torch.randn(4, 3)
    program = torch.export.export(Greedy(decoder, torch.int64), (z,))
    assert torch.equal(program.module()(z), decoder.sample(z, temperature=0.0))
