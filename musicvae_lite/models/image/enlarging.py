"""Encoder and decoder that keep the picture's grid: for enlarging, and for pictures of any size by tiles.

The code is a picture of features with the input itself beside it; the decoder adds detail to the
input's bicubic enlargement. After Shi et al. 2016 (arXiv:1609.05158) and Kim et al. 2016 (arXiv:1511.04587).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import Point
from musicvae_lite.models.image.pictures import PictureDecoder, Shape


@dataclass(frozen=True)
class GridEncoderSettings:
    """`layers` convolutions of `width` channels, then the code's channels. The code is plain.

    Attributes:
        features: channels of the code besides the input's own, where z is 0 and follows from the pictures.
    """

    width: int = 32
    layers: int = 2
    features: int = 0

    def code_size(self, shape: Shape) -> int:
        """The z that `features` asks for."""
        return (shape.channels + self.features) * shape.height * shape.width

    def build(self, shape: Shape) -> nn.Module:
        return GridEncoder(self, shape)


@dataclass(frozen=True)
class GridDecoderSettings:
    """`layers` convolutions of `width` channels over the code, then all pixels of each place at once.

    Attributes:
        base: what the detail is added to: "bicubic" the enlarged input, "none" nothing.
    """

    width: int = 32
    layers: int = 2
    base: str = "bicubic"

    def build(self, shape: Shape, likelihood: str) -> PictureDecoder:
        if self.base not in ("bicubic", "none"):
            raise ConfigError(f"base is {self.base!r}; it can be 'bicubic' or 'none'")
        return PictureDecoder(GridNetwork(self, shape), shape.z, likelihood)


def feature_channels(shape: Shape) -> int:
    """Channels of the code besides the input's own.

    Raises:
        ConfigError: z does not fit the grid, or labels are to condition what has no place for them.
    """
    if shape.classes:
        raise ConfigError(
            "a code that keeps the picture's grid has no place for a label: leave out 'conditional'"
        )
    pixels = shape.height * shape.width
    channels = shape.z // pixels - shape.channels
    if shape.z % pixels or channels < 1:
        raise ConfigError(
            f"z is {shape.z}; for pictures of {shape.width} x {shape.height} with {shape.channels} channels "
            f"it must be a multiple of {pixels}, at least {pixels * (shape.channels + 1)}"
        )
    return channels


class GridEncoder(nn.Module):
    def __init__(self, settings: GridEncoderSettings, shape: Shape):
        super().__init__()
        self.features = nn.Sequential(
            *_convolutions(shape.channels, settings.width, settings.layers),
            nn.Conv2d(settings.width, feature_channels(shape), 3, padding=1),
        )

    def forward(self, x: Tensor, control: Tensor | None = None) -> Point:
        """Pictures [B, C, h, w] to a code [B, Z]: the input's channels, then the features'."""
        features = self.features(x.contiguous(memory_format=torch.channels_last))
        return Point(torch.cat([x.flatten(1), features.flatten(1)], 1))


class GridNetwork(nn.Module):
    def __init__(self, settings: GridDecoderSettings, shape: Shape):
        super().__init__()
        channels, height, width = shape.target
        self.factor = height // shape.height
        if (shape.height * self.factor, shape.width * self.factor) != (height, width):
            raise ConfigError(
                f"{shape.width} x {shape.height} cannot be enlarged to {width} x {height} by a whole number"
            )
        self.channels, self.base = channels, settings.base
        self.begin = (channels + feature_channels(shape), shape.height, shape.width)
        self.detail = nn.Sequential(
            *_convolutions(self.begin[0], settings.width, settings.layers),
            nn.Conv2d(settings.width, channels * self.factor**2, 3, padding=1),
        )
        if settings.base == "bicubic":  # a fresh model is the bicubic enlargement
            last: nn.Conv2d = self.detail[-1]  # type: ignore[assignment]
            last.weight.data.mul_(0.1)

    def forward(self, z: Tensor, control: Tensor | None = None) -> Tensor:
        """[B, Z] to outputs [B, C, H, W]."""
        code = z.unflatten(1, self.begin)
        detail = self.detail(code.contiguous(memory_format=torch.channels_last))
        outputs = F.pixel_shuffle(detail, self.factor)
        if self.base == "none":
            return outputs
        small = code[:, : self.channels]
        return outputs + F.interpolate(small, outputs.shape[2:], mode="bicubic", antialias=True)


def _convolutions(inputs: int, width: int, layers: int) -> list[nn.Module]:
    """Convolutions with rectifiers; the first from `inputs` channels, all but it with a bypass."""
    if layers < 1:
        raise ConfigError(f"layers is {layers}; it must be at least 1")
    return [nn.Conv2d(inputs, width, 3, padding=1), nn.ReLU(), *(Bypassed(width) for _ in range(layers - 1))]


class Bypassed(nn.Module):
    """x + relu(convolution of x)."""

    def __init__(self, width: int):
        super().__init__()
        self.layer = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layer(x).relu()
