"""The parts of a model as modules that take and give plain tensors, for export.

A recurrent decoder has a start and a step with a state; any other has a step that is shown all it has
written. Both come as a whole greedy decode too.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from musicvae_lite.models.decoders import FlatDecoder
from musicvae_lite.models.feeding import FeedingDecoder
from musicvae_lite.models.heads import SplitHead
from musicvae_lite.models.stock.decoders import StockDecoder
from musicvae_lite.models.tensors import to_tensor
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.vae import VAE


@dataclass(frozen=True, eq=False)
class Graph:
    """One part to export.

    Attributes:
        name: of its file.
        module: what is exported; every input's first dimension is the batch.
        inputs: example inputs by name, of a batch of two.
        outputs: names of what it gives.
    """

    name: str
    module: nn.Module
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]


def graphs_of(vae: VAE, representation: Representation) -> list[Graph]:
    """All parts of a model, the greedy decode last."""
    r, decoder = representation, vae.decoder
    generator = torch.Generator().manual_seed(0)
    z = torch.randn((2, vae.z_size), generator=generator)
    x = _example(r.step, r.steps, generator)
    control = {} if r.control is None else {"control": _example(r.control, r.steps, generator)}
    parts = [Graph("encoder", Encode(vae), {"x": x, **control}, ("mean", "scale"))]
    if isinstance(decoder, (StockDecoder, FlatDecoder)):
        start = Start(decoder)
        with torch.no_grad():
            vectors, states = start(z)
        parts.append(Graph("decoder_start", start, {"z": z}, ("vectors", "states")))
        told = {} if r.control is None else {"control": control["control"][:, 0]}
        step_inputs = {"previous": x[:, 0], "vector": vectors[:, 0], "state": states[:, 0], **told}
        parts.append(
            Graph("decoder_step", StepWithState(decoder), step_inputs, ("logits", "likeliest", "next_state"))
        )
    else:
        place = torch.tensor([0, 3])
        inputs = {"z": z, "written": x, "place": place, **control}
        parts.append(Graph("decoder_step", StepOfWhole(decoder), inputs, ("logits", "likeliest")))  # type: ignore[arg-type]
    parts.append(Graph("decoder_greedy", Greedy(decoder), {"z": z, **control}, ("x",)))  # type: ignore[arg-type]
    return parts


def _example(step, steps: int, generator: torch.Generator) -> Tensor:
    """Two windows of any values, as a model takes them."""
    sizes = getattr(step, "depths", None) or (getattr(step, "depth", 2),)
    shape = (2, steps, *step.shape)
    values = torch.rand(shape, generator=generator) * torch.tensor(sizes if len(sizes) > 1 else sizes[0])
    return to_tensor(values.floor().numpy(), step)


class Encode(nn.Module):
    """x [B, T, ...] -> mean and scale [B, Z]."""

    def __init__(self, vae: VAE):
        super().__init__()
        self.encoder = vae.encoder

    def forward(self, x: Tensor, control: Tensor | None = None) -> tuple[Tensor, Tensor]:
        q = self.encoder(x, control)
        return q.mean, q.scale


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
        return logits_of(d, hidden), d.head.sample(hidden, 0.0), state  # type: ignore[operator]

    def _stock(
        self, d: StockDecoder, previous: Tensor, vector: Tensor, state: Tensor, control: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        sizes = [core.cells.state_size for core in d.cores]  # type: ignore[union-attr]
        told = None if control is None else control[:, None]
        firsts = [core.first(vector, told) for core in d.cores]  # type: ignore[operator]
        states = [core.cells.unpack(part) for core, part in zip(d.cores, state.split(sizes, -1), strict=True)]  # type: ignore[union-attr, operator]
        hidden, after = d._hidden_at(0, previous, firsts, states)
        flat = [torch.cat([torch.cat([c, h], -1) for h, c in layers], -1) for layers in after]
        return hidden, torch.cat(flat, -1)


class StepOfWhole(nn.Module):
    """z, all steps written so far [B, T, ...] (anything behind them) and the place [B] of the next one ->
    its logits and the likeliest step."""

    def __init__(self, decoder: FeedingDecoder):
        super().__init__()
        self.decoder = decoder

    def forward(
        self, z: Tensor, written: Tensor, place: Tensor, control: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        hidden = self.decoder.hidden(z, written, control)  # [B, T, H]
        here = hidden.gather(1, place[:, None, None].expand(-1, 1, hidden.shape[-1]))[:, 0]
        return logits_of(self.decoder, here), self.decoder.head.sample(here, 0.0)


class Greedy(nn.Module):
    """z [B, Z] -> the likeliest steps [B, T, ...], each knowing those before it."""

    def __init__(self, decoder: FeedingDecoder):
        super().__init__()
        self.decoder = decoder

    def forward(self, z: Tensor, control: Tensor | None = None) -> Tensor:
        if isinstance(self.decoder, (StockDecoder, FlatDecoder)) and torch.compiler.is_exporting():
            return self._looped(self.decoder, z, control)
        return self.decoder.sample(z, control, 0.0)  # type: ignore[operator]

    def _looped(self, d: StockDecoder | FlatDecoder, z: Tensor, control: Tensor | None) -> Tensor:
        """One loop over the steps, so that the graph is small."""
        from torch._higher_order_ops.scan import scan

        one, (vectors, states) = StepWithState(d), Start(d)(z)
        segments = vectors.shape[1]
        length = d.steps // segments
        first = torch.arange(segments).repeat_interleave(length)
        begins = torch.arange(d.steps) % length == 0
        is_flat = isinstance(d, FlatDecoder)
        blank = torch.full((1,), d.head.blank).expand(z.shape[0]) if is_flat else d.reader.start(z.shape[0])  # type: ignore[union-attr, operator]
        told = [] if control is None else [control.transpose(0, 1)]
        end, apart = getattr(d, "end", None), getattr(d, "apart", False)

        def body(carry: list[Tensor], now: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
            previous, state, ended = carry
            segment, begin = now[0], now[1]
            vector = vectors.index_select(1, segment[None])[:, 0]
            state = torch.where(begin, states.index_select(1, segment[None])[:, 0], state)
            ended = ended & ~begin
            if apart:
                previous = torch.where(begin, blank.to(previous.dtype), previous)
            _, step, state = one(previous, vector, state, *now[2:])
            if end is None:
                return [step.to(previous.dtype), state, ended.clone()], [step.clone()]
            shown = torch.where(ended, d.head.blank, step)  # type: ignore[union-attr]
            return [shown, state, ended | (step == end)], [torch.where(ended, end, step)]

        ended = torch.zeros((z.shape[0],), dtype=torch.bool)
        carry = [blank.contiguous(), states[:, 0].clone(), ended]
        _, (steps,) = scan(body, carry, [first, begins, *told])
        return steps.transpose(0, 1)


def logits_of(decoder: FeedingDecoder, hidden: Tensor) -> Tensor:
    """What the output layer says of hidden states [B, H]; of several cores, one behind the other."""
    head = decoder.head
    if isinstance(head, SplitHead):
        slices = hidden.split(head.hidden, -1)
        return torch.cat([part.logits(own) for part, own in zip(head.parts, slices, strict=True)], -1)  # type: ignore[operator]
    return head.logits(hidden)  # type: ignore[attr-defined]
