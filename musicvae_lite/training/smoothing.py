"""The smoothed figures of a run, kept where they come from: to read a number off a GPU is to wait for it."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

SMOOTH = 0.98  # of what was, at every update
READ_EVERY = 10  # updates on a GPU


class RunningMeans:
    """Exponential means of figures. One that was once infinite or no number stays so.

    Args:
        begun: means so far, by name; a figure without one begins with its first value.
        device: of the figures.
    """

    def __init__(self, begun: Mapping[str, float], device: torch.device):
        # Not every device knows float64: Apple's GPUs do not.
        self.kind = torch.float64 if device.type in ("cpu", "cuda") else torch.float32
        self.begun, self.device = dict(begun), device
        self.names: tuple[str, ...] = ()

    def add(self, figures: Mapping[str, Tensor]) -> None:
        """The scalars of one more update, the same names at every one."""
        new = torch.stack([figure.detach().to(self.device, self.kind) for figure in figures.values()])
        if not self.names:
            self.names = tuple(figures)
            known = [name in self.begun for name in self.names]
            before = [self.begun.get(name, 0.0) for name in self.names]
            is_known = torch.tensor(known, device=self.device)
            self.means = torch.where(is_known, torch.tensor(before, dtype=self.kind, device=self.device), new)
        self.means = SMOOTH * self.means + (1 - SMOOTH) * new

    def is_due(self, step: int) -> bool:
        """Whether the means are to be read after an update: a CPU has nothing to wait for."""
        return self.device.type == "cpu" or step % READ_EVERY == 0

    def named(self, means: Tensor) -> dict[str, float]:
        """Means [figures] as numbers, for which the CPU waits."""
        return dict(zip(self.names, means.tolist(), strict=True))
