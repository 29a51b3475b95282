"""The parts of a model as modules that take and give plain tensors, for export.

A recurrent decoder has a start and a step with a state; any other has a step that is shown all it has
written. Both come as a whole greedy decode too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from musicvae_lite.export.drawing import flags_of
from musicvae_lite.export.loops import Loop, loop_of
from musicvae_lite.export.recurrent import Start, StepWithState, logits_of
from musicvae_lite.export.steps import dtype_of
from musicvae_lite.models import labels
from musicvae_lite.models.decoders import FlatDecoder
from musicvae_lite.models.feeding import FeedingDecoder
from musicvae_lite.models.stock.decoders import StockDecoder
from musicvae_lite.models.tensors import to_tensor
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.prior import CodePrior
from musicvae_lite.vae import VAE


@dataclass(frozen=True, eq=False)
class Graph:
    """One part to export.

    Attributes:
        name: of its file.
        module: what is exported; every input's first dimension is the batch.
        inputs: example inputs by name, of a batch of two.
        outputs: names of what it gives.
        loop: how to write it as a body that is run again and again, where it is one.
    """

    name: str
    module: nn.Module
    inputs: dict[str, Tensor]
    outputs: tuple[str, ...]
    loop: Loop | None = None


def graphs_of(vae: VAE, representation: Representation, names: Sequence[str] = ()) -> list[Graph]:
    """All parts of a model, the greedy decode last; a prior only where one was fitted.

    Args:
        names: of the labels that condition it.
    """
    r, decoder = representation, vae.decoder
    generator = torch.Generator().manual_seed(0)
    z = torch.randn((2, vae.z_size), generator=generator)
    x = _example(r.step, r.steps, generator)
    told_of = labels.step(r.control, names)
    control = {} if told_of is None else {"control": _example(told_of, r.steps, generator)}
    parts = [Graph("encoder", Encode(vae), {"x": x, **control}, ("mean", "scale"))]
    if vae.prior is not None:
        noise = {"noise": torch.randn((2, vae.z_size), generator=generator)}
        chance = {"chance": torch.tensor([0.7, 0.2])} if len(vae.prior.mean) > 1 else {}
        parts.append(Graph("prior", Prior(vae.prior), noise | chance, ("z",)))
    if isinstance(decoder, (StockDecoder, FlatDecoder)):
        start = Start(decoder)
        with torch.no_grad():
            vectors, states = start(z)
        parts.append(Graph("decoder_start", start, {"z": z}, ("vectors", "states")))
        told = {name: value[:, 0] for name, value in control.items()}
        step_inputs = {"previous": x[:, 0], "vector": vectors[:, 0], "state": states[:, 0], **told}
        parts.append(
            Graph("decoder_step", StepWithState(decoder), step_inputs, ("logits", "likeliest", "next_state"))
        )
    else:
        place = torch.tensor([0, 3])
        inputs = {"z": z, "written": x, "place": place, **control}
        parts.append(Graph("decoder_step", StepOfWhole(decoder), inputs, ("logits", "likeliest")))  # type: ignore[arg-type]
    flags = flags_of(decoder.head)  # type: ignore[arg-type]
    if flags is not None:
        with torch.no_grad():
            logits = parts[-1].module(**parts[-1].inputs)[0]
        chance = torch.rand((2, *r.step.shape), generator=generator)
        drawn_from = {"logits": logits, "temperature": torch.tensor([1.0, 0.5]), "chance": chance}
        parts.append(Graph("decoder_draw", flags, drawn_from, ("drawn",)))
    loop, dtype = loop_of(decoder, r.step, bool(control)), dtype_of(r.step)  # type: ignore[arg-type]
    parts.append(Graph("decoder_greedy", Greedy(decoder, dtype), {"z": z, **control}, ("x",), loop))  # type: ignore[arg-type]
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


class Prior(nn.Module):
    """Noise [B, Z] -> codes z [B, Z], as `CodePrior.colour` draws them.

    Which of several Gaussians is drawn from, numbers of their own say, so that no runtime needs quantiles:
    chance [B], evenly spread over 0..1.
    """

    mean: Tensor
    root: Tensor
    bounds: Tensor

    def __init__(self, prior: CodePrior):
        super().__init__()
        self.register_buffer("mean", prior.mean.float().cpu())
        self.register_buffer("root", prior.root.float().cpu())
        self.register_buffer("bounds", prior.shares.cpu().double().cumsum(0)[:-1].float())

    def forward(self, noise: Tensor, chance: Tensor | None = None) -> Tensor:
        if chance is None:
            return self.mean[0] + noise @ self.root[0]
        part = (chance[:, None] >= self.bounds).sum(-1)  # [B]
        if len(self.root) == 1:
            return self.mean[part] + noise @ self.root[0]
        return self.mean[part] + (noise[:, None] @ self.root[part])[:, 0]


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
        return logits_of(self.decoder, here), self.decoder.head.sample(here, 0.0).to(written.dtype)


class Greedy(nn.Module):
    """z [B, Z] -> the likeliest steps [B, T, ...], each knowing those before it."""

    def __init__(self, decoder: FeedingDecoder, dtype: torch.dtype):
        super().__init__()
        self.decoder, self.dtype = decoder, dtype

    def forward(self, z: Tensor, control: Tensor | None = None) -> Tensor:
        return self.decoder.sample(z, control, 0.0).to(self.dtype)  # type: ignore[operator]
