"""The sequence-to-sequence autoencoder: a picture's rows are the steps of an LSTM."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from musicvae_lite.latent import Posterior
from musicvae_lite.models.image.pictures import Code, PictureDecoder, Shape, ToCode, with_label
from musicvae_lite.models.layers import lstm


@dataclass(frozen=True)
class RecurrentEncoderSettings:
    """An LSTM of `hidden` units reads the rows; its last state becomes the code."""

    hidden: int = 128
    code: Code = "plain"

    def build(self, shape: Shape) -> nn.Module:
        return RecurrentEncoder(self, shape)


@dataclass(frozen=True)
class RecurrentDecoderSettings:
    """The code is what an LSTM of `hidden` units hears at every step; it writes the rows."""

    hidden: int = 128

    def build(self, shape: Shape, likelihood: str) -> PictureDecoder:
        return PictureDecoder(RecurrentNetwork(self, shape), shape.z, likelihood)


class RecurrentEncoder(nn.Module):
    def __init__(self, settings: RecurrentEncoderSettings, shape: Shape):
        super().__init__()
        self.to_code = ToCode(settings.code)
        self.lstm = lstm(shape.channels * shape.width, settings.hidden)
        self.last = nn.Linear(settings.hidden + shape.classes, self.to_code.outputs * shape.z)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        """Pictures [B, C, H, W] to a code [B, Z]."""
        rows = x.transpose(1, 2).flatten(2)  # [B, H, C * W]
        _, (state, _) = self.lstm(rows)
        return self.to_code(self.last(with_label(state[-1], control)))


class RecurrentNetwork(nn.Module):
    def __init__(self, settings: RecurrentDecoderSettings, shape: Shape):
        super().__init__()
        self.channels, self.height, self.width = shape.target
        self.lstm = lstm(shape.z + shape.classes, settings.hidden)
        self.row = nn.Linear(settings.hidden, self.channels * self.width)

    def forward(self, z: Tensor, control: Tensor | None = None) -> Tensor:
        """[B, Z] to outputs [B, C, H, W]."""
        heard = with_label(z, control)[:, None].expand(-1, self.height, -1)  # [B, H, Z]
        rows = self.row(self.lstm(heard)[0])  # [B, H, C * W]
        return rows.unflatten(2, (self.channels, self.width)).transpose(1, 2)
