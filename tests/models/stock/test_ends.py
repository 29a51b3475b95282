"""Sequences that end early: what stands behind an end changes nothing, and nothing is drawn there."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.models.stock.lengths import after_end, length_of, turned
from musicvae_lite.music.representations.steps import Categorical

END, STEP = 6, Categorical(7)
ENCODER = StockEncoderSettings((5, 4), (4, 2), end=END)
DECODER = StockDecoderSettings((5,), (2, 4), end=END)
A = torch.tensor([[1, 2, END, 3, 4, 5, 0, END], [END, 0, 0, 0, 1, END, 2, 2]])
B = torch.tensor([[1, 2, END, 0, 4, 5, 0, END], [END, 5, 4, 3, 1, END, 0, END]])  # other fillings


def made(settings, seed: int = 0) -> Any:
    torch.manual_seed(seed)
    model = settings.build(STEP, 8, 3)
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.5)
    return model


def test_lengths():
    assert length_of(A.view(4, 4), END).tolist() == [3, 4, 1, 2]
    assert after_end(A.view(4, 4), END)[2].tolist() == [False, True, True, True]
    x = torch.tensor([[[1.0, 5]], [[2, 6]], [[3, 7]], [[9, 8]]]).transpose(1, 2)  # [T, B, D]
    assert turned(x, torch.tensor([3, 4]))[..., 0].T.tolist() == [[3, 2, 1, 9], [8, 7, 6, 5]]


@torch.no_grad()
def test_what_fills_a_segment_is_never_read_nor_scored():
    encoder, decoder = made(ENCODER), made(DECODER)
    torch.testing.assert_close(encoder(A).mean, encoder(B).mean)
    z = torch.randn(2, 3)
    torch.testing.assert_close(decoder.reconstruction(z, A).nats, decoder.reconstruction(z, B).nats)


@torch.no_grad()
def test_the_encoder_stops_where_a_sequence_ends():
    short = StockEncoderSettings((5, 4), end=END).build(STEP, 8, 3)
    x = torch.tensor([[1, 2, END, 0, 0]])
    torch.testing.assert_close(short(x).mean, short(x[:, :3]).mean)


@torch.no_grad()
def test_samples_hold_only_ends_behind_an_end_and_score_as_drawn():
    decoder = made(DECODER, 1)
    z = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
    drawn = decoder.sample(z, None, 1.0, torch.Generator().manual_seed(1))
    behind = after_end(drawn.view(-1, 4), END).view(64, 8)
    assert behind.any() and (drawn[behind] == END).all()
    greedy = decoder.sample(z, None, 0.0)
    said = decoder.head.logits(decoder.hidden(z, greedy)).argmax(-1)
    kept = ~after_end(greedy.view(-1, 4), END).view(64, 8)
    assert torch.equal(said[kept], greedy[kept])


@torch.no_grad()
def test_figures_are_of_the_steps_that_are_scored(monkeypatch: pytest.MonkeyPatch):
    decoder, z, seen = made(DECODER), torch.randn(2, 3), []
    score = decoder.head.score
    monkeypatch.setattr(
        decoder.head, "score", lambda hidden, steps: seen.append(steps) or score(hidden, steps)
    )
    said = decoder.reconstruction(z, A)
    assert seen[0].tolist() == [[1, 2, END, 4, 5, 0, END, END, 1, END]]
    whole, _ = score(decoder.hidden(z, A), A)
    told = ~after_end(A.view(4, 4), END).view(2, 8)
    torch.testing.assert_close(said.nats, (whole * told).sum(1))
