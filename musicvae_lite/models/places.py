"""Steps read by their place: every place has a table of its own, and what the tables say is summed.

A value that is a set of things says the sum of what its members say, so that sets never met are read too.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.models.stock.reading import members
from musicvae_lite.music.representations.steps import Categorical, Step, parts_of


class PlaceTable(nn.Module):
    """P steps of any kind to one vector: a row for each value at each place, or a matrix for each place.

    Args:
        step: what stands at a place.
        places: P.
        out: size of the vector.
        blank: tokens may also be "nothing here", the value after their last.
        std: of the initial weights.
    """

    plain: Tensor
    offset: Tensor

    def __init__(self, step: Step, places: int, out: int, blank: bool = False, std: float = 1.0):
        super().__init__()
        parts = parts_of(step)
        self.is_token, self.is_number = isinstance(step, Categorical), not parts
        rows = [(part.bits or part.depth) + blank for part in parts] or [*step.shape]
        starts = [sum(rows[:number]) for number in range(len(parts))]
        shape = (places, *step.shape) if self.is_number else (places * sum(rows),)
        self.weight = nn.Parameter(torch.randn(*shape, out) * std)
        self.sets = {
            number: slice(starts[number], starts[number] + rows[number])
            for number, part in enumerate(parts)
            if part.bits
        }
        plain = torch.tensor([number for number in range(len(parts)) if number not in self.sets]).long()
        offset = torch.arange(places)[:, None] * sum(rows) + torch.tensor(starts).long()[plain]
        self.register_buffer("plain", plain, persistent=False)  # the parts that are no sets
        self.register_buffer("offset", offset, persistent=False)  # [P, plain parts]
        for number in self.sets:
            flags = members(parts[number].depth, parts[number].bits).float()
            flags = torch.block_diag(flags, torch.ones(1, 1)) if blank else flags
            self.register_buffer(f"flags_{number}", flags, persistent=False)  # [values, rows]

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        """Steps [..., P, *shape] at the places from `first` on -> [..., out]."""
        places = slice(first, first + x.shape[-1 if self.is_token else -2])
        if self.is_number:
            weight = self.weight[places]
            return x.to(weight.dtype).flatten(-2) @ weight.flatten(0, 1)
        if self.is_token:
            x = x[..., None]  # [..., P, parts]
        plain = x[..., self.plain] if self.sets else x
        said = F.embedding(plain + self.offset[places], self.weight).sum((-3, -2))
        if not self.sets:
            return said
        table = self.weight.unflatten(0, (len(self.offset), -1))[places]  # [P, rows, out]
        for number, rows in self.sets.items():
            flags = getattr(self, f"flags_{number}")[x[..., number]].to(table.dtype)  # [..., P, things]
            said = said + flags.flatten(-2) @ table[:, rows].flatten(0, 1)
        return said
