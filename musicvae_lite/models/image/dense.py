"""Dense encoders and decoders: pictures as plain vectors."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from torch import Tensor, nn

from musicvae_lite.latent import Posterior
from musicvae_lite.models.image.pictures import Code, PictureDecoder, Shape, ToCode, with_label


@dataclass(frozen=True)
class DenseEncoderSettings:
    """Layers from the pixels to the code.

    Attributes:
        hidden: sizes of the layers between; none makes the simplest autoencoder.
        code: "gaussian" for a VAE, "plain" for an autoencoder, "positive" for one whose codes can be 0.
        dropout: share of pixels hidden from the encoder while it trains.
    """

    hidden: tuple[int, ...] = (512,)
    code: Code = "gaussian"
    dropout: float = 0.0

    def build(self, shape: Shape) -> nn.Module:
        return DenseEncoder(self, shape)


@dataclass(frozen=True)
class DenseDecoderSettings:
    """Layers from the code to the pixels, `hidden` between."""

    hidden: tuple[int, ...] = (512,)

    def build(self, shape: Shape, likelihood: str) -> PictureDecoder:
        return PictureDecoder(DenseNetwork(self, shape), shape.z, likelihood)


class DenseEncoder(nn.Module):
    def __init__(self, settings: DenseEncoderSettings, shape: Shape):
        super().__init__()
        self.to_code = ToCode(settings.code)
        pixels = shape.channels * shape.height * shape.width
        sizes = [pixels, *settings.hidden]
        self.drop, self.layers = nn.Dropout(settings.dropout), _layers([pixels + shape.classes, *sizes[1:]])
        self.last = nn.Linear(sizes[-1] + shape.classes, self.to_code.outputs * shape.z)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        """Pictures [B, C, H, W] to a code [B, Z]."""
        features = self.drop(x.flatten(1))
        if len(self.layers):
            features = self.layers(with_label(features, control)).relu()
        return self.to_code(self.last(with_label(features, control)))  # each class can fill the prior


class DenseNetwork(nn.Module):
    def __init__(self, settings: DenseDecoderSettings, shape: Shape):
        super().__init__()
        channels, height, width = self.target = shape.target
        self.layers = _layers([shape.z + shape.classes, *settings.hidden, channels * height * width])

    def forward(self, z: Tensor, control: Tensor | None = None) -> Tensor:
        """[B, Z] to outputs [B, C, H, W]."""
        return self.layers(with_label(z, control)).unflatten(1, self.target)


def _layers(sizes: list[int]) -> nn.Sequential:
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        layers += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*layers[:-1])
