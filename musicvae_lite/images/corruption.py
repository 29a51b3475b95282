"""What is done to pictures before an encoder reads them: noise, and making them smaller."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musicvae_lite.errors import ConfigError

if TYPE_CHECKING:
    import torch
    from torch import Tensor


@dataclass(frozen=True)
class Noise:
    """Gaussian noise added to each value, then cut to 0..1. Every call draws anew.

    Attributes:
        mean, scale: of the noise; N(0.5, 0.5) is a grey veil that hides most of a digit.
    """

    mean: float = 0.5
    scale: float = 0.5

    def __call__(self, pictures: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """[B, C, H, W] to the same shape."""
        import torch

        noise = torch.randn(pictures.shape, generator=generator, device=pictures.device, dtype=pictures.dtype)
        return (pictures + self.mean + self.scale * noise).clamp(0, 1)


@dataclass(frozen=True)
class Downscale:
    """Makes pictures `factor` times smaller.

    Attributes:
        method: "average" takes the mean of each block; "bicubic" filters before it samples, as image
            programs do (a = -0.5).
    """

    factor: int = 2
    method: str = "average"

    def __post_init__(self) -> None:
        if self.factor < 2:
            raise ConfigError(f"factor is {self.factor}; pictures are made at least 2 times smaller")
        if self.method not in ("average", "bicubic"):
            raise ConfigError(f"method is {self.method!r}; it can be 'average' or 'bicubic'")

    def __call__(self, pictures: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """[B, C, H, W] to [B, C, H / factor, W / factor]."""
        import torch.nn.functional as F

        if self.method == "average":
            return F.avg_pool2d(pictures, self.factor)
        size = (pictures.shape[2] // self.factor, pictures.shape[3] // self.factor)
        return F.interpolate(pictures, size, mode="bicubic", antialias=True).clamp(0, 1)


CORRUPTIONS: dict[str, type] = {"noise": Noise, "downscale": Downscale}
