"""Direct ways between a level and the parts below it, by how the parts move: through waves over the parts.

Music repeats itself, so what its parts have in common varies more than how they differ. A cosine transform
over the parts (DCT-II, Ahmed et al. 1974, doi:10.1109/T-C.1974.223784) tells the two apart, slow changes
from fast; each wave then has a map of its own. As good as one map of all parts at once that is P times as
large: its weights are P small matrices.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.layers import orthonormal


class Waves(nn.Module):
    """P parts of D numbers as P waves of D numbers, and back."""

    cosines: Tensor

    def __init__(self, parts: int):
        super().__init__()
        place = torch.arange(parts)
        cosines = torch.cos(math.pi / parts * (place + 0.5) * place[:, None])  # [waves, parts]
        self.register_buffer("cosines", cosines / cosines.norm(dim=1, keepdim=True), persistent=False)

    def forward(self, parts: Tensor) -> Tensor:
        """Parts [..., P, D] to waves, from the slowest."""
        return self.cosines.to(parts) @ parts

    def back(self, waves: Tensor) -> Tensor:
        """Waves [..., P, D] to parts."""
        return self.cosines.to(waves).T @ waves


class WavesIn(nn.Module):
    """Parts [B, P, D] to a code [B, Z], Z / P numbers of each wave.

    Raises:
        ConfigError: Z is no multiple of P.
    """

    def __init__(self, inputs: int, parts: int, out: int):
        super().__init__()
        if out % parts:
            raise ConfigError(f"{out} numbers can not be shared among the waves of {parts} parts alike")
        self.waves = Waves(parts)
        self.weight = nn.Parameter(orthonormal(out // parts, inputs).repeat(parts, 1, 1))  # [P, Z / P, D]

    def forward(self, parts: Tensor) -> Tensor:
        return torch.einsum("bpd,pkd->bpk", self.waves(parts), self.weight).flatten(1)


class WavesOut(nn.Module):
    """A code [B, Z] to the numbers of all parts [B, P * D]; the way back of `WavesIn`."""

    def __init__(self, inputs: int, parts: int, out: int):
        super().__init__()
        self.waves = Waves(parts)
        self.weight = nn.Parameter(orthonormal(out, inputs // parts).repeat(parts, 1, 1))  # [P, D, Z / P]
        self.bias = nn.Parameter(torch.zeros(parts * out))

    def forward(self, code: Tensor) -> Tensor:
        code = code.unflatten(-1, (len(self.weight), -1))
        waves = torch.einsum("bpk,pdk->bpd", code, self.weight)
        return self.waves.back(waves).flatten(1) + self.bias
