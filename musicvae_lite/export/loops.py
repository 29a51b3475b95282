"""Greedy decodes as loops: what is there before the first round, and one round.

Recurrent decoders write a step a round, hierarchical ones a beat. Written out round by round, the graph of a
decode of 16 bars would be 64 times as large.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from musicvae_lite.export.recurrent import Start, StepWithState
from musicvae_lite.export.steps import dtype_of
from musicvae_lite.models.decoders import FlatDecoder, HierarchicalDecoder
from musicvae_lite.models.feeding import FeedingDecoder
from musicvae_lite.models.stock.decoders import StockDecoder
from musicvae_lite.music.representations.steps import Step


@dataclass(frozen=True, eq=False)
class Loop:
    """A part that runs one body again and again.

    Attributes:
        start: from the part's inputs to what the first round is handed [B, ...] and to what each round has
            of its own [B, rounds, ...].
        body: from both, those of its round as [B, ...], to what it hands on and to what it writes.
        carried: names of what is handed on.
        given: names of what each round has of its own.
        joined: whether a round writes several steps [B, S, ...] and not one [B, ...].
    """

    start: nn.Module
    body: nn.Module
    carried: tuple[str, ...]
    given: tuple[str, ...]
    joined: bool


def loop_of(decoder: FeedingDecoder, step: Step, has_control: bool) -> Loop | None:
    """The greedy decode of a decoder as a loop; None where all is written at once."""
    told = ("control",) if has_control else ()
    if isinstance(decoder, (StockDecoder, FlatDecoder)):
        carried = ("previous", "state", "ended")
        given = ("vector", "restart", "begins", *told)
        return Loop(StepsStart(decoder), StepsRound(decoder), carried, given, joined=False)
    if isinstance(decoder, HierarchicalDecoder) and decoder.memory is not None:
        parts = BeatsStart(decoder, step), BeatsRound(decoder)
        return Loop(*parts, ("heard",), ("beat",), joined=True)
    return None


class StepsStart(nn.Module):
    """Before the first step of a recurrent decoder: nothing written, the first segment's state, no end."""

    def __init__(self, decoder: StockDecoder | FlatDecoder):
        super().__init__()
        self.start, self.decoder = Start(decoder), decoder

    def forward(self, z: Tensor, control: Tensor | None = None) -> tuple[Tensor, ...]:
        d, count = self.decoder, z.shape[0]
        vectors, states = self.start(z)  # [B, segments, E], [B, segments, K]
        length = d.steps // vectors.shape[1]
        if isinstance(d, FlatDecoder):
            blank = torch.full((1,), d.head.blank).expand(count)
        else:
            blank = d.reader.start(count)
        begins = (torch.arange(d.steps) % length == 0).expand(count, -1)
        ended = torch.zeros((count,), dtype=torch.bool)
        vector, restart = (part.repeat_interleave(length, 1) for part in (vectors, states))
        told = () if control is None else (control.clone(),)
        return (blank.clone(), states[:, 0].clone(), ended, vector, restart, begins.clone(), *told)


class StepsRound(nn.Module):
    """One step of a recurrent decoder. Behind an end there are only ends, and nothing is fed back."""

    def __init__(self, decoder: StockDecoder | FlatDecoder):
        super().__init__()
        self.one, self.decoder, self.head = StepWithState(decoder), decoder, decoder.head
        self.end, self.apart = getattr(decoder, "end", None), getattr(decoder, "apart", False)

    def forward(
        self,
        previous: Tensor,
        state: Tensor,
        ended: Tensor,
        vector: Tensor,
        restart: Tensor,
        begins: Tensor,
        control: Tensor | None = None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        state = torch.where(begins[:, None], restart, state)
        ended = ended & ~begins
        if self.apart:  # a segment is not shown the one before it
            previous = self.decoder.reader.hide(previous[:, None], begins[:, None])[:, 0]  # type: ignore[operator, union-attr]
        _, step, state = self.one(previous, vector, state, control)
        if self.end is None:
            return step, state, ended, step
        shown = torch.where(ended, self.head.blank, step)  # type: ignore[arg-type]
        return shown, state, ended | (step == self.end), torch.where(ended, self.end, step)


class BeatsStart(nn.Module):
    """Before the first beat of a hierarchical decoder: nothing heard yet, and a vector for each beat."""

    def __init__(self, decoder: HierarchicalDecoder, step: Step):
        super().__init__()
        self.decoder, self.dtype = decoder, dtype_of(step)

    def forward(self, z: Tensor, control: Tensor | None = None) -> tuple[Tensor, Tensor]:
        beats = self.decoder.conduct(z, control).unflatten(0, (z.shape[0], -1))  # [B, beats, width]
        return self.decoder.memory.nothing(z.shape[0]).to(self.dtype).clone(), beats  # type: ignore[union-attr]


class BeatsRound(nn.Module):
    """One beat of a hierarchical decoder, from what it hears of those before it."""

    def __init__(self, decoder: HierarchicalDecoder):
        super().__init__()
        self.decoder, self.memory = decoder, decoder.memory

    def forward(self, heard: Tensor, beat: Tensor) -> tuple[Tensor, Tensor]:
        written = self.decoder.write(beat, heard, 0.0).to(heard.dtype)
        return self.memory.heard_next(heard, written), written  # type: ignore[union-attr]
