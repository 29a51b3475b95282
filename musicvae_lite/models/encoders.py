"""LSTM encoders: tokens [B, T] to a posterior over z."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import CIRCLE, INNER, OUTER, Course, Posterior
from musicvae_lite.models.layers import ToPosterior, lstm, orthonormal, posterior_from, see_one_hot
from musicvae_lite.models.places import PlaceTable
from musicvae_lite.models.straight import StraightIn
from musicvae_lite.models.waves import WavesIn
from musicvae_lite.music.representations.steps import Categorical, Step


@dataclass(frozen=True)
class FlatEncoderSettings:
    """MusicVAE's encoder: a bidirectional LSTM over one-hot steps, its two last states read out."""

    hidden: int = 512
    layers: int = 1

    course: ClassVar[Course] = INNER  # of paths between its codes

    def build(self, step: Step, steps: int, z: int, control: Step | None = None) -> nn.Module:
        return FlatEncoder(self, depth_of("encoder", step, control), z)


@dataclass(frozen=True)
class HierarchicalEncoderSettings:
    """Steps are read as beats, beats as phrases, phrases as the whole.

    Attributes:
        segments: how many parts make one whole, from the bottom: (4, 8) is 4 steps a beat and 8 beats;
            (4, 8, 8) is eight such phrases. Their product is T.
        codes: size of the vector each level below the top hands up; one fewer than the levels above
            the beat. (128,) for (4, 8, 8): each phrase becomes 128 numbers.
        width: size of a beat's embedding and of every LSTM direction.
        squeeze: numbers kept of each part's LSTM output.
        deep: size of the ReLU layer over all parts, at the levels above the lowest.
        waves: at the levels above the lowest, the direct way goes through the waves of the parts (see
            `waves`), which takes far fewer weights.
        straight: numbers a beat that enter the lowest level's code by linear maps alone (see `straight`),
            for steps of many values at once, which the rest is slow to tell apart; 0 for none.
    """

    segments: tuple[int, ...] = (4, 8)
    codes: tuple[int, ...] = ()
    width: int = 256
    squeeze: int = 64
    deep: int = 768
    waves: bool = False
    straight: int = 0

    @property
    def course(self) -> Course:
        """Of paths between its codes."""
        if self.straight:
            return OUTER
        return CIRCLE if len(self.segments) > 2 else INNER

    def build(self, step: Step, steps: int, z: int, control: Step | None = None) -> nn.Module:
        check_segments("encoder", self.segments, self.codes, steps)
        return HierarchicalEncoder(self, step, z, control)


def depth_of(part: str, step: Step, control: Step | None) -> int:
    """How many values a token has.

    Args:
        part: "encoder" or "decoder", for messages.

    Raises:
        ConfigError: a flat model does not take such steps, or a control.
    """
    if not isinstance(step, Categorical) or control:
        what = (
            "no control, such as chords or the labels of --labels"
            if control
            else f"one token a step, not steps of the kind {type(step).__name__}"
        )
        raise ConfigError(f"[{part}]: kind 'flat' takes {what}: use kind 'hierarchical' or 'stock'")
    return step.depth


def told(control: Tensor | None) -> Tensor:
    """The control, which a model that is built for one must be given. Raises ConfigError."""
    if control is None:
        raise ConfigError("this model wants a control, such as chords or a label, and none was given")
    return control


def check_segments(part: str, segments: tuple[int, ...], codes: tuple[int, ...], steps: int) -> None:
    """Raises ConfigError where they do not make a window, or have not the codes they need.

    Args:
        part: "encoder" or "decoder", for messages.
    """
    if math.prod(segments) != steps:
        raise ConfigError(
            f"[{part}]: segments {list(segments)} make {math.prod(segments)} steps; the window has {steps}"
        )
    if len(segments) < 2 or len(codes) != len(segments) - 2:
        raise ConfigError(
            f"[{part}]: segments {list(segments)} need {max(0, len(segments) - 2)} codes, one for each level "
            f"between the beat and the whole; {len(codes)} given"
        )


class FlatEncoder(nn.Module):
    """Roberts et al. 2018, section 3.1. Encodes tokens [B, T]."""

    def __init__(self, settings: FlatEncoderSettings, depth: int, z: int):
        super().__init__()
        self.depth = depth
        self.lstm = lstm(depth, settings.hidden, settings.layers, bidirectional=True)
        see_one_hot(self.lstm, depth)
        self.posterior = ToPosterior(2 * settings.hidden, z)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        _, (last, _) = self.lstm(F.one_hot(x, self.depth).to(self.posterior.mean.weight.dtype))
        return self.posterior(torch.cat([last[-2], last[-1]], -1))


class BeatEmbedding(nn.Module):
    """The S steps of a beat as one vector: a table for each place, summed, and two ReLU layers.

    With a control, its S steps are told too.
    """

    def __init__(self, step: Step, steps: int, width: int, control: Step | None = None):
        super().__init__()
        self.steps = steps
        self.table = PlaceTable(step, steps, width)
        self.mix = nn.Linear(width, width)
        self.control = PlaceTable(control, steps, width) if control else None

    def forward(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """x [B, T, *shape], control [B, T, *its shape] -> [B, T / S, width]."""
        summed = self.table(x.unflatten(1, (-1, self.steps)))
        if self.control is not None:
            summed = summed + self.control(told(control).unflatten(1, (-1, self.steps)))
        return F.relu(self.mix(F.relu(summed)))


class AllParts(nn.Linear):
    """Parts [B, P, D] to a code [B, Z] by one linear map, that starts orthonormal."""

    def __init__(self, inputs: int, parts: int, out: int):
        super().__init__(parts * inputs, out, bias=False)
        self.weight.data = orthonormal(out, parts * inputs)

    def forward(self, parts: Tensor) -> Tensor:
        return super().forward(parts.flatten(1))


class Summary(nn.Module):
    """One level up: `parts` vectors [B, parts, D] become one [B, out] through a bidirectional LSTM.

    Every part's output is kept, not only the last. Above the lowest level two paths are added: the
    parts are also read directly, by a map that starts orthonormal while all else starts near zero, so
    that a trained lower level put under a new one works from the first step; and a ReLU layer of size
    `deep` over all parts, which can tell that one part repeats another.
    """

    def __init__(
        self, inputs: int, parts: int, out: int, hidden: int, squeeze: int, deep: int = 0, waves: bool = False
    ):
        super().__init__()
        self.lstm = lstm(inputs, hidden, bidirectional=True)
        self.squeeze = nn.Linear(2 * hidden, squeeze)
        self.features = parts * squeeze + deep
        self.mean = nn.Linear(self.features, out)
        self.deep = self.straight = None
        if not deep:
            self.mean.weight.data.mul_(3.0)
            return
        self.deep = nn.Linear(parts * (squeeze + inputs), deep)
        self.straight = WavesIn(inputs, parts, out) if waves else AllParts(inputs, parts, out)
        self.mean.weight.data.mul_(0.1)
        nn.init.zeros_(self.mean.bias)

    def forward(self, parts: Tensor) -> tuple[Tensor, Tensor]:
        """parts [B, parts, D] -> vector [B, out], and the features [B, F] it was made from."""
        outputs, _ = self.lstm(parts)
        features = torch.tanh(self.squeeze(outputs)).flatten(1)
        if self.deep is None or self.straight is None:
            return self.mean(features), features
        flat = parts.flatten(1)
        deep = F.relu(self.deep(torch.cat([features, flat.to(features.dtype)], -1)))
        features = torch.cat([features, deep], -1)
        return self.mean(features) + self.straight(parts), features


class HierarchicalEncoder(nn.Module):
    """Steps [B, T, *shape] through beats and phrases to a posterior.

    `levels[0]` reads beats; a longer model has the same first levels, so that weights of a short model
    start a long one (see `HierarchicalEncoderSettings`).
    """

    def __init__(self, settings: HierarchicalEncoderSettings, step: Step, z: int, control: Step | None):
        super().__init__()
        self.segments = settings.segments
        self.beats = BeatEmbedding(step, settings.segments[0], settings.width, control)
        sizes = (settings.width, *settings.codes, z)
        self.levels = nn.ModuleList(
            Summary(
                inputs=sizes[i],
                parts=parts,
                out=sizes[i + 1],
                hidden=settings.width,
                squeeze=settings.squeeze,
                deep=settings.deep * (i > 0),
                waves=settings.waves,
            )
            for i, parts in enumerate(settings.segments[1:])
        )
        self.straight = None
        if settings.straight:
            beat, beats = settings.segments[:2]
            self.straight = StraightIn(step, beat, beats, settings.straight, sizes[1])
            self.levels[0].mean.weight.data.mul_(0.03)  # type: ignore[union-attr, operator]
        self.scale = nn.Linear(self.levels[-1].features, z)  # type: ignore[arg-type]
        nn.init.constant_(self.scale.bias, -3.0)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        mean, features = self._up(len(self.levels) - 1, self.below(x, control), x)
        return posterior_from(mean, self.scale(features))

    def below(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """What the highest level reads of steps [B, T, *shape]: its parts [B, P, D]."""
        vectors = self.beats(x, control).flatten(0, 1)  # [B * beats, width]
        for index in range(len(self.levels) - 1):
            vectors, _ = self._up(index, vectors, x)  # [B * phrases, code]
        return vectors.unflatten(0, (x.shape[0], -1))

    def _up(self, index: int, vectors: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors of parts, as those of one level more [B * parts above, code], and their features."""
        parts = vectors.reshape(-1, self.segments[index + 1], vectors.shape[-1])
        vectors, features = self.levels[index](parts)
        if index == 0 and self.straight is not None:
            each = vectors.shape[0] // x.shape[0]  # no numbers of Python's, so that any batch can be exported
            vectors = vectors + self.straight(x.unflatten(1, (each, -1)).flatten(0, 1))
        return vectors, features
