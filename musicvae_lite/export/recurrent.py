"""Recurrent decoders as a start and a step with a state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from musicvae_lite.models.decoders import FlatDecoder
from musicvae_lite.models.feeding import FeedingDecoder
from musicvae_lite.models.heads import SplitHead
from musicvae_lite.models.stock.decoders import StockDecoder


class Start(nn.Module):
    """z [B, Z] -> a vector [B, S, E] and a state [B, S, K] for each of S segments (one for flat decoders)."""

    def __init__(self, decoder: StockDecoder | FlatDecoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        d = self.decoder
        if isinstance(d, FlatDecoder):
            return z[:, None], d.start(z).tanh()[:, None]
        vectors = d.conduct(z)  # [B * S, E]
        states = torch.cat([core.initial(vectors).tanh() for core in d.cores], -1)  # type: ignore[operator]
        return vectors.unflatten(0, (-1, d.segments)), states.unflatten(0, (-1, d.segments))


class StepWithState(nn.Module):
    """One step: the step before, the segment's vector and the state -> logits, likeliest step, new state."""

    def __init__(self, decoder: StockDecoder | FlatDecoder):
        super().__init__()
        self.decoder = decoder

    def forward(
        self, previous: Tensor, vector: Tensor, state: Tensor, control: Tensor | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        d = self.decoder
        if isinstance(d, FlatDecoder):
            inputs = torch.cat([d.feed(previous), vector], -1)[:, None]
            parts = state.unflatten(-1, (d.layers, 2, -1))  # ordered c, h
            c, h = parts[:, :, 0].transpose(0, 1).contiguous(), parts[:, :, 1].transpose(0, 1).contiguous()
            out, (h, c) = d.lstm(inputs, (h, c))
            hidden, state = out[:, 0], torch.stack([c, h], 2).transpose(0, 1).flatten(1)
        else:
            hidden, state = self._stock(d, previous, vector, state, control)
        likeliest = d.head.sample(hidden, 0.0).to(previous.dtype)  # type: ignore[operator]
        return logits_of(d, hidden), likeliest, state

    def _stock(
        self, d: StockDecoder, previous: Tensor, vector: Tensor, state: Tensor, control: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        sizes = [core.cells.state_size for core in d.cores]  # type: ignore[union-attr]
        told = None if control is None else control[:, None]
        steppers = [core.stepper(vector, told) for core in d.cores]  # type: ignore[operator]
        states = [core.cells.unpack(part) for core, part in zip(d.cores, state.split(sizes, -1), strict=True)]  # type: ignore[union-attr, operator]
        hidden, after = d._hidden_at(0, previous, steppers, states)
        flat = [torch.cat([torch.cat([c, h], -1) for h, c in layers], -1) for layers in after]
        return hidden, torch.cat(flat, -1)


def logits_of(decoder: FeedingDecoder, hidden: Tensor) -> Tensor:
    """What the output layer says of hidden states [B, H]; of several cores, one behind the other."""
    head = decoder.head
    if isinstance(head, SplitHead):
        slices = hidden.split(head.hidden, -1)
        return torch.cat([part.logits(own) for part, own in zip(head.parts, slices, strict=True)], -1)  # type: ignore[operator]
    return head.logits(hidden)  # type: ignore[attr-defined]
