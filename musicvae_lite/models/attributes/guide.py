"""An attribute guide: a small network that tells attributes of music from its code, and how to change them.

One vector for all codes cannot say "like the bar before": where that lies depends on the bar before. The
guide asks its network at every code anew. Networks that read attributes off codes steer in Engel et al. 2018
(arXiv:1711.05772); here a step of least length changes some attributes and holds the others where they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError, shown
from musicvae_lite.models.attributes.moving import HELD, MOVED, check

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 256
ROUNDS = 4  # the network is asked again where the last round has led
SOFTNESS = 0.05  # added to the squared gradients: an attribute that hardly answers is not pulled at for ever


class AttributeGuide(nn.Module):
    """Reads the attributes of what a model decodes off its codes.

    Attributes:
        reads: names of the attributes it reads, in the order of its answers.
        names: those that it can change; the others it only holds.
        centre, spread: [Z], of the codes it has learnt from.
        bounds: [A, 2], the least and the most of each attribute that it has met, in standard deviations.
    """

    centre: Tensor
    spread: Tensor
    bounds: Tensor

    def __init__(self, reads: tuple[str, ...], z: int, width: int = WIDTH):
        super().__init__()
        self.reads = self.names = reads
        self.first, self.second = nn.Linear(z, width), nn.Linear(width, width)
        self.last = nn.Linear(width, len(reads))
        self.register_buffer("centre", torch.zeros(z))
        self.register_buffer("spread", torch.ones(z))
        self.register_buffer("bounds", torch.tensor([-torch.inf, torch.inf]).repeat(len(reads), 1))

    def forward(self, z: Tensor) -> Tensor:
        """Codes [B, Z] to attributes [B, A], in standard deviations from their mean."""
        x = (z - self.centre) / self.spread
        x = nn.functional.silu(self.first(x))
        return self.last(nn.functional.silu(self.second(x)))

    @torch.no_grad()
    def move(self, z: Tensor, amounts: dict[str, float]) -> Tensor:
        """Codes [B, Z] moved as little as gives so much more of each attribute, and the same of the rest.

        Where music has nearly all or nothing of an attribute already, it moves that far and no further.

        Raises:
            ConfigError: the guide cannot change an attribute, or an amount is not finite.
        """
        check(amounts, self.names)
        told = torch.tensor([amounts.get(name, 0.0) for name in self.reads]).to(z)  # [A]
        if not told.any():
            return z
        start, read = (z - self.centre) / self.spread, self(z)
        least, most = torch.minimum(self.bounds[:, 0], read), torch.maximum(self.bounds[:, 1], read)
        target = torch.minimum(torch.maximum(read + told, least), most)
        soft = SOFTNESS * torch.eye(len(told)).to(z)
        x = start
        for _ in range(ROUNDS):
            read, slope = self._answer(x)  # [B, A], [B, A, Z]
            missing = target - read + (slope @ (x - start)[..., None])[..., 0]  # of a step from the start
            pull = torch.linalg.solve(slope @ slope.mT + soft, missing[..., None])  # [B, A, 1]
            x = start + (slope.mT @ pull)[..., 0]
        return z + (x - start) * self.spread

    def _answer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Attributes [B, A] of scaled codes [B, Z], and their gradients [B, A, Z]."""
        one = self.first(x)
        two = self.second(nn.functional.silu(one))
        slope = self.last.weight * _slope(two)[:, None]  # [B, A, W]
        slope = (slope @ self.second.weight) * _slope(one)[:, None]
        return self.last(nn.functional.silu(two)), slope @ self.first.weight

    def tensors(self) -> dict[str, Tensor]:
        """Everything it is, by name, for a file."""
        found = {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("last.")}
        del found["bounds"]
        for row, name in enumerate(self.reads):
            kind = MOVED if name in self.names else HELD
            numbers = torch.cat([self.last.weight[row], self.last.bias[row, None], self.bounds[row]])
            found[kind + name] = numbers.detach()  # [W + 3]
        return found

    @classmethod
    def of_tensors(cls, tensors: dict[str, Tensor], z: int, path: Path) -> AttributeGuide:
        """The guide whose tensors were read from `path`.

        Raises:
            CheckpointError: they are not those of a guide for codes of `z` numbers.
        """
        rows = {name: tensor for name, tensor in tensors.items() if name.startswith((MOVED, HELD))}
        reads = tuple(name.partition(".")[2] for name in rows)
        shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
        width = (*shapes.get("first.bias", ()), 0)[0]
        wanted = {"first.weight": (width, z), "second.weight": (width, width)}
        wanted |= dict.fromkeys(rows, (width + 3,))
        if not rows or any(shapes.get(name) != shape for name, shape in wanted.items()):
            raise CheckpointError(
                f"{path}: not a guide for codes of {z} numbers; fit it again: {shown(shapes)}"
            )
        guide = cls(reads, z, width)
        table = torch.stack(list(rows.values()))  # [A, W + 3]
        weights = {name: tensor for name, tensor in tensors.items() if name not in rows}
        weights |= {
            "last.weight": table[:, :width],
            "last.bias": table[:, width],
            "bounds": table[:, width + 1 :],
        }
        checkpoints.load_into(guide, weights, path)
        guide.names = tuple(name.removeprefix(MOVED) for name in rows if name.startswith(MOVED))
        return guide.requires_grad_(False)


def _slope(x: Tensor) -> Tensor:
    """The derivative of SiLU."""
    gate = torch.sigmoid(x)
    return gate * (1 + x * (1 - gate))
