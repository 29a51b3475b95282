"""Trains an attribute guide on what a model's decoder answers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from musicvae_lite.models.attributes.guide import AttributeGuide

PASSES = 8  # over all answers: with more it learns them by heart
BATCH = 256
RATE, WEIGHT_DECAY = 2e-3, 0.3
BOUNDS = (0.01, 0.99)  # quantiles of an attribute that a move may lead to


def train(names: tuple[str, ...], z: Tensor, values: Tensor, seed: int = 0) -> AttributeGuide:
    """A guide fitted to attributes [N, A] of what codes [N, Z] decode to, on the codes' device.

    An attribute that all answers have the same is left out.
    """
    varies = values.std(0) > 0
    names = tuple(name for name, does in zip(names, varies.tolist(), strict=True) if does)
    values = values[:, varies]
    wanted = ((values - values.mean(0)) / values.std(0)).float().to(z.device)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        guide = AttributeGuide(names, z.shape[1]).to(z.device)
    guide.centre, guide.spread = z.mean(0), z.std(0).clamp_min(1e-6)
    guide.bounds = torch.quantile(wanted, torch.tensor(BOUNDS).to(wanted), dim=0).T  # [A, 2]
    generator = torch.Generator().manual_seed(seed)
    steps = PASSES * max(1, len(z) // BATCH)
    optimiser = torch.optim.AdamW(guide.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, steps + 1)
    for _ in range(PASSES):
        order = torch.randperm(len(z), generator=generator).to(z.device)
        for at in range(0, max(1, len(z) // BATCH) * BATCH, BATCH):
            rows = order[at : at + BATCH]
            loss = nn.functional.mse_loss(guide(z[rows]), wanted[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return guide.requires_grad_(False)
