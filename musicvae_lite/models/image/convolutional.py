"""Convolutional encoders and decoders: each level halves the picture, or doubles it.

The halving is a convolution of stride 2; the doubling computes four values a pixel and lays them out
2 x 2 (Shi et al. 2016, arXiv:1609.05158), which leaves no checkerboard. Odd sizes are rounded up on the
way down and cut on the way up, so every size works.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import Posterior
from musicvae_lite.models.image.pictures import Code, PictureDecoder, Shape, ToCode, with_label


@dataclass(frozen=True)
class ConvolutionalEncoderSettings:
    """Attributes:
    widths: channels after each halving.
    kernel: of the halving convolutions.
    hidden: size of a dense layer before the code; 0 makes the code a small picture itself, with z / pixels
        channels, as in the convolutional autoencoder.
    code: "gaussian" for a VAE, "plain" for an autoencoder, "positive" for one whose codes can be 0.
    features: channels of a code that is a small picture, where z is 0 and follows from the pictures.
    """

    widths: tuple[int, ...] = (16, 32)
    kernel: int = 5
    hidden: int = 256
    code: Code = "gaussian"
    features: int = 0

    def code_size(self, shape: Shape) -> int:
        """The z that `features` asks for. Raises ConfigError where the code is no picture."""
        if self.hidden:
            raise ConfigError(
                "'features' counts channels of a code that is a small picture: set 'hidden' to 0"
            )
        height, width = sizes(shape.height, shape.width, len(self.widths))[-1]
        return self.features * height * width

    def build(self, shape: Shape) -> nn.Module:
        return ConvolutionalEncoder(self, shape)


@dataclass(frozen=True)
class ConvolutionalDecoderSettings:
    """Attributes:
    widths: channels before each doubling.
    kernel: of the doubling convolutions.
    hidden: sizes of dense layers after the code; none where the code is a small picture.
    is_map: whether the code is a small picture.
    """

    widths: tuple[int, ...] = (32, 16)
    kernel: int = 3
    hidden: tuple[int, ...] = (256,)
    is_map: bool = False

    def build(self, shape: Shape, likelihood: str) -> PictureDecoder:
        return PictureDecoder(ConvolutionalNetwork(self, shape), shape.z, likelihood)


def sizes(height: int, width: int, levels: int) -> list[tuple[int, int]]:
    """Heights and widths from the picture down, each half the one before, rounded up."""
    found = [(height, width)]
    for _ in range(levels):
        height, width = (height + 1) // 2, (width + 1) // 2
        found.append((height, width))
    return found


def map_channels(z: int, size: tuple[int, int]) -> int:
    """Channels of a code of z numbers that is a picture of that size. Raises ConfigError."""
    pixels = size[0] * size[1]
    if z % pixels:
        raise ConfigError(
            f"z is {z}, but the code is a picture of {size[1]} x {size[0]}: z must be a multiple of {pixels}"
        )
    return z // pixels


class InFloat32(nn.Conv2d):
    """A convolution in float32, whatever others compute in.

    Where a stride of 2 makes a map one pixel wide, the bf16 convolution of CPUs (oneDNN in torch 2.13) reads
    memory that was never written.
    """

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


def _halved(channels: int, width: int, kernel: int, across: int) -> list[nn.Module]:
    """A convolution that halves both sides of a picture, upwards where they are odd, to a width `across`."""
    convolution = InFloat32 if across == 1 else nn.Conv2d
    if kernel % 2:
        return [convolution(channels, width, kernel, 2, kernel // 2)]
    before, behind = (kernel - 1) // 2, kernel // 2
    return [nn.ZeroPad2d((before, behind, before, behind)), convolution(channels, width, kernel, 2)]


class ConvolutionalEncoder(nn.Module):
    def __init__(self, settings: ConvolutionalEncoderSettings, shape: Shape):
        super().__init__()
        self.to_code = ToCode(settings.code)
        halves = sizes(shape.height, shape.width, len(settings.widths))
        size, channels, layers = halves[-1], shape.channels, []
        for width, (_, across) in zip(settings.widths, halves[1:], strict=True):
            layers += [*_halved(channels, width, settings.kernel, across), nn.ReLU()]
            channels = width
        self.halving = nn.Sequential(*layers)
        self.hidden: nn.Module | None = None
        if settings.hidden:
            flat = channels * size[0] * size[1]
            self.hidden = nn.Linear(flat + shape.classes, settings.hidden)
            self.last: nn.Module = nn.Linear(settings.hidden + shape.classes, self.to_code.outputs * shape.z)
        else:
            if shape.classes:
                raise ConfigError("a conditional model needs a dense layer in its encoder: set 'hidden'")
            self.last = nn.Conv2d(channels, self.to_code.outputs * map_channels(shape.z, size), 3, padding=1)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        """Pictures [B, C, H, W] to a code [B, Z]."""
        features = self.halving(x.contiguous(memory_format=torch.channels_last))
        if self.hidden is None:
            return self.to_code(self.last(features).flatten(1))
        hidden = self.hidden(with_label(features.flatten(1), control)).relu()
        return self.to_code(self.last(with_label(hidden, control)))  # each class can fill the prior


class ConvolutionalNetwork(nn.Module):
    def __init__(self, settings: ConvolutionalDecoderSettings, shape: Shape):
        super().__init__()
        channels, height, width = shape.target
        self.sizes = sizes(height, width, len(settings.widths))[::-1]  # from the smallest up
        smallest, first = self.sizes[0], settings.widths[0]
        dense: list[nn.Module] = []
        if settings.is_map:
            if shape.classes or settings.hidden:
                raise ConfigError(
                    "where the code is a small picture, the decoder has no dense layers: leave out 'hidden'"
                )
            self.begin = (map_channels(shape.z, smallest), *smallest)
            into = nn.Conv2d(self.begin[0], first, 3, padding=1)
        else:
            inputs = shape.z + shape.classes
            for hidden in settings.hidden:
                dense += [nn.Linear(inputs, hidden), nn.ReLU()]
                inputs = hidden
            self.begin = (first, *smallest)
            dense.append(nn.Linear(inputs, first * smallest[0] * smallest[1]))
            into = nn.Identity()
        self.dense, self.into = nn.Sequential(*dense), into
        outputs = [*settings.widths[1:], channels]
        self.doubling = nn.ModuleList(
            nn.Conv2d(width, 4 * output, settings.kernel, padding=settings.kernel // 2)
            for width, output in zip(settings.widths, outputs, strict=True)
        )

    def forward(self, z: Tensor, control: Tensor | None = None) -> Tensor:
        """[B, Z] to outputs [B, C, H, W]."""
        x = self.dense(with_label(z, control)).unflatten(1, self.begin)
        x = self.into(x.contiguous(memory_format=torch.channels_last))
        for layer, (height, width) in zip(self.doubling, self.sizes[1:], strict=True):
            x = F.pixel_shuffle(layer(x.relu()), 2)[:, :, :height, :width]
        return x
