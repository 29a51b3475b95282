"""Training steps and sampling of our models and of the plain ones, as functions to be timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.speed import operations
from benchmarks.speed.plain import PlainVAE, training_step
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.training.presets import load_preset
from musicvae_lite.training.tensorflow_adam import TensorFlowAdam
from musicvae_lite.vae import VAE, Batch

BETA = 0.2
HIERARCHICAL = {
    "representation": {"name": "melody", "bars": 16},
    "encoder": {"kind": "stock", "hidden": [512, 512]},
    "decoder": {"kind": "stock", "hidden": [512, 512], "levels": [16, 16]},
    "z": 256,
}


@dataclass(frozen=True)
class Case:
    """A stock architecture at some batch size.

    Attributes:
        original: what `original_worker.py` calls it.
    """

    name: str
    config: MusicConfig
    batch: int
    original: str

    def plain(self) -> PlainVAE:
        c, levels = self.config, self.config.decoder.levels
        depth: int = c.representation.step.depth  # type: ignore[union-attr]
        parts = levels[0] if levels else 1
        return PlainVAE(depth, c.z, c.encoder.hidden, c.decoder.hidden, c.representation.steps, parts)

    @property
    def step_operations(self) -> float:
        each = operations.of_stock(self.config)
        return operations.THERE_AND_BACK * self.batch * (each.encode + each.decode)

    def sample_operations(self, count: int) -> float:
        """Of drawing so many at once."""
        return count * operations.of_stock(self.config).decode


def stock_cases(smaller: int = 1) -> list[Case]:
    """The two of the table, their batches divided by `smaller`."""
    flat = MusicConfig.from_table(load_preset("cat-mel_2bar_small").model, "cat-mel_2bar_small")
    hierarchical = MusicConfig.from_table(HIERARCHICAL, "16 bars")
    return [
        Case("cat-mel_2bar_small", flat, 512 // smaller, "flat"),
        Case("16 bars, hierarchical", hierarchical, 32 // smaller, "hierarchical"),
    ]


def windows(config: MusicConfig, count: int) -> Tensor:
    """Made-up melodies [count, T]."""
    r: Any = config.representation
    return torch.from_numpy(r.canonical(r.random(count, np.random.default_rng(0))).astype(np.int64))


def our_step(vae: VAE, x: Tensor, optimizer: torch.optim.Optimizer) -> Callable[[], None]:
    """One update on tokens [B, T], as the training loop makes it."""
    batch = Batch(x)
    vae.train()

    def step() -> None:
        loss = vae.loss(batch, BETA)
        optimizer.zero_grad()
        loss.total.backward()
        torch.nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()

    return step


def our_stock_step(case: Case) -> Callable[[], None]:
    vae = case.config.build()
    return our_step(vae, windows(case.config, case.batch), TensorFlowAdam(vae.parameters(), 1e-3, fused=True))


def plain_step(case: Case) -> Callable[[], None]:
    model, x = case.plain(), windows(case.config, case.batch)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    return lambda: training_step(model, optimizer, x)


def preset_step(name: str, batch: int | None = None) -> tuple[Callable[[], None], int]:
    """One update of a shipped recipe, and its batch."""
    preset = load_preset(name)
    config = MusicConfig.from_table(preset.model, name)
    count: int = batch or preset.training.batch
    vae = config.build()
    vae.decoder.blank = preset.training.blank  # type: ignore[assignment]
    optimizer = torch.optim.Adam(vae.parameters(), 1e-3, betas=(0.9, 0.99), fused=True)
    return our_step(vae, windows(config, count), optimizer), count


def one_step(what: str, smaller: int) -> None:
    """One update of "ours:NAME", "plain:NAME" or "preset:NAME": what a process that measures memory runs."""
    kind, _, name = what.partition(":")
    if kind == "preset":
        step, _ = preset_step(name)
    else:
        case = next(c for c in stock_cases(smaller) if c.name == name)
        step = our_stock_step(case) if kind == "ours" else plain_step(case)
    step()
    step()
