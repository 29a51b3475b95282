"""Steps read by their place: every place has a table of its own, and what the tables say is summed."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step


class PlaceTable(nn.Module):
    """P steps of any kind to one vector: a row for each value at each place, or a matrix for each place.

    Args:
        step: what stands at a place.
        places: P.
        out: size of the vector.
        blank: tokens may also be "nothing here", the value after their last.
        std: of the initial weights.
    """

    offset: Tensor

    def __init__(self, step: Step, places: int, out: int, blank: bool = False, std: float = 1.0):
        super().__init__()
        self.is_token, self.is_number = isinstance(step, Categorical), isinstance(step, (Binary, Groove))
        if isinstance(step, (Categorical, Product)):
            depths = (step.depth,) if isinstance(step, Categorical) else step.depths
            rows = sum(depths) + len(depths) * blank
            starts = F.pad((torch.tensor(depths) + blank).cumsum(0)[:-1], (1, 0))  # [parts]
            offset = torch.arange(places)[:, None] * rows + starts  # [P, parts]
            self.weight = nn.Parameter(torch.randn(places * rows, out) * std)
        else:
            offset = torch.zeros(0)
            self.weight = nn.Parameter(torch.randn(places, *step.shape, out) * std)
        self.register_buffer("offset", offset, persistent=False)

    def forward(self, x: Tensor, first: int = 0) -> Tensor:
        """Steps [..., P, *shape] at the places from `first` on -> [..., out]."""
        if self.is_number:
            weight = self.weight[first : first + x.shape[-2]]
            return x.to(weight.dtype).flatten(-2) @ weight.flatten(0, 1)
        if self.is_token:
            x = x[..., None]  # [..., P, parts]
        return F.embedding(x + self.offset[first : first + x.shape[-2]], self.weight).sum((-3, -2))
