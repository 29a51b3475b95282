"""LSTM decoders: z to steps [B, T, *shape], scored against a target or sampled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.cores import LSTMCore, TableCore
from musicvae_lite.models.encoders import check_segments, depth_of, told
from musicvae_lite.models.feeding import FeedingDecoder
from musicvae_lite.models.heads import CategoricalHead, head_for
from musicvae_lite.models.layers import lstm, lstm_state, orthonormal
from musicvae_lite.models.memory import BeatMemory
from musicvae_lite.models.places import PlaceTable
from musicvae_lite.models.stock.reading import reader_for
from musicvae_lite.models.straight import StraightOut, begin
from musicvae_lite.models.waves import WavesOut
from musicvae_lite.music.representations.steps import Step

CORES = {"table": TableCore, "lstm": LSTMCore}


@dataclass(frozen=True)
class FlatDecoderSettings:
    """MusicVAE's flat decoder: every step reads the step before it and z.

    Attributes:
        hidden: size of each LSTM layer.
        layers: how many.
        feed: size of the embedding of the previous step.
    """

    hidden: int = 256
    layers: int = 2
    feed: int = 128

    def build(self, step: Step, steps: int, z: int, control: Step | None = None) -> nn.Module:
        return FlatDecoder(self, steps, depth_of("decoder", step, control), z)


@dataclass(frozen=True)
class HierarchicalDecoderSettings:
    """z is unfolded into phrases, phrases into beats; a core writes the steps of every beat at once.

    Attributes:
        segments, codes: as in the encoder, from the bottom: (4, 8) is 8 beats of 4 steps.
        width: size of a beat's vector and of the conductors.
        core: what writes a beat, `TableCore` or `LSTMCore`.
        core_width: size of the core's hidden state.
        deep: size of the ReLU layer of a conductor, at the levels above the lowest.
        waves: whether those levels unfold through waves, as in the encoder.
        memory: how many events before a beat its core is told, beside the beat before; 0 hides the
            beats from each other, and all are then written at once.
        nade: size of a NADE for the zeros and ones of a step; 0 writes them independently.
        precision: what squared errors of velocities and offsets weigh beside the nats of hits, of grooves.
        straight: numbers a beat that go from the lowest level's code to the head by a linear map alone, as
            many as the encoder's (see `straight`).
    """

    segments: tuple[int, ...] = (4, 8)
    codes: tuple[int, ...] = ()
    width: int = 256
    core: Literal["table", "lstm"] = "table"
    core_width: int = 512
    deep: int = 768
    waves: bool = False
    memory: int = 0
    nade: int = 0
    precision: float = 1.0
    straight: int = 0

    def build(self, step: Step, steps: int, z: int, control: Step | None = None) -> nn.Module:
        check_segments("decoder", self.segments, self.codes, steps)
        return HierarchicalDecoder(self, step, z, control)


class TokenDecoder(FeedingDecoder):
    """One whose steps are tokens, with the head's `blank` for those it is not shown."""

    head: CategoricalHead

    def hide(self, shown: Tensor, mask: Tensor) -> Tensor:
        return shown.masked_fill(mask, self.head.blank)


class FlatDecoder(TokenDecoder):
    """Roberts et al. 2018 (arXiv:1803.05428), section 3.2, without a conductor."""

    def __init__(self, settings: FlatDecoderSettings, steps: int, depth: int, z: int):
        super().__init__()
        self.steps, self.z_size, self.layers = steps, z, settings.layers
        self.feed = nn.Embedding(depth + 1, settings.feed)
        self.start = nn.Linear(z, 2 * settings.layers * settings.hidden)
        self.lstm = lstm(settings.feed + z, settings.hidden, settings.layers)
        self.head = CategoricalHead(settings.hidden, depth)

    def hidden(self, z: Tensor, shown: Tensor, control: Tensor | None = None) -> Tensor:
        feed = self.feed(F.pad(shown[:, :-1], (1, 0), value=self.head.blank))  # [B, T, E]
        inputs = torch.cat([feed, z[:, None].expand(-1, self.steps, -1).to(feed.dtype)], -1)
        return self.lstm(inputs, lstm_state(self.start(z), self.layers))[0]

    @torch.no_grad()
    def sample(
        self,
        z: Tensor,
        control: Tensor | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        state = lstm_state(self.start(z), self.layers)
        previous = torch.full((z.shape[0],), self.head.blank, device=z.device)
        written = []
        for _ in range(self.steps):
            hidden, state = self.lstm(torch.cat([self.feed(previous), z], -1)[:, None], state)
            previous = self.head.sample(hidden[:, 0], temperature, generator)
            written.append(previous)
        return torch.stack(written, 1)


class Conductor(nn.Module):
    """One level down: a vector [B, D] unfolds into `parts` vectors [B, parts, out].

    A linear plan plus an LSTM over the parts added on top. Above the lowest level the plan starts as
    the inverse of the encoder's direct path and everything added to it near zero, so that a trained
    lower level works from the first step; a ReLU layer of size `deep` lets the plan depend on whether
    parts repeat each other.
    """

    def __init__(self, inputs: int, parts: int, out: int, hidden: int, deep: int = 0, waves: bool = False):
        super().__init__()
        self.parts = parts
        self.plan = WavesOut(inputs, parts, out) if deep and waves else nn.Linear(inputs, parts * out)
        self.lstm = lstm(out, hidden)
        self.add = nn.Linear(hidden, out)
        self.deep = (
            nn.Sequential(nn.Linear(inputs, deep), nn.ReLU(), nn.Linear(deep, parts * out)) if deep else None
        )
        if self.deep is not None:
            if not waves:
                self.plan.weight.data = orthonormal(parts * out, inputs)
                nn.init.zeros_(self.plan.bias)
            for added in (self.add, self.deep[2]):
                added.weight.data.mul_(0.1)  # type: ignore[operator]

    def forward(self, vector: Tensor) -> Tensor:
        plan = self.plan(vector)
        if self.deep is not None:
            plan = plan + self.deep(vector)
        plan = plan.unflatten(-1, (self.parts, -1))
        return plan + self.add(self.lstm(plan)[0])


class HierarchicalDecoder(FeedingDecoder):
    """Conductor LSTMs from z down to one vector a beat, then a core for the steps of the beat.

    As in Roberts et al. 2018, section 3.3, the core restarts with every segment. What it knows of the
    music before, apart from what the conductor says, is its `BeatMemory`.
    """

    def __init__(self, settings: HierarchicalDecoderSettings, step: Step, z: int, control: Step | None):
        super().__init__()
        self.z_size, self.beat, width = z, settings.segments[0], settings.width
        self.reader = reader_for(step)
        sizes = (width, *settings.codes, z)
        self.levels = nn.ModuleList(
            Conductor(sizes[i + 1], parts, sizes[i], width, settings.deep * (i > 0), settings.waves)
            for i, parts in enumerate(settings.segments[1:])
        )
        head = partial(head_for, step, nade=settings.nade, precision=settings.precision)
        self.core = CORES[settings.core](step, width, settings.core_width, self.beat, head, settings.straight)
        self.straight, self.width = None, width
        if settings.straight:
            self.straight = StraightOut(self.beat, settings.segments[1], settings.straight, sizes[1])
            begin(self.core.head, step, settings.straight)
        self.memory = BeatMemory(step, self.beat, settings.memory, width) if settings.memory else None
        self.control = PlaceTable(control, self.beat, width) if control else None

    @property
    def head(self) -> Any:  # a `Head`
        return self.core.head

    def hide(self, shown: Tensor, mask: Tensor) -> Tensor:
        return self.reader.hide(shown, mask)

    def conduct(self, z: Tensor, control: Tensor | None = None) -> Tensor:
        """z [B, Z] and control [B, T, *its shape] -> one vector a beat [B * beats, width + straight]."""
        vectors = code = z
        for level in reversed(self.levels):
            vectors, code = level(vectors).flatten(0, 1), vectors
        if self.control is not None:
            vectors = vectors + self.control(told(control).unflatten(1, (-1, self.beat))).flatten(0, 1)
        if self.straight is not None:
            vectors = torch.cat([vectors, self.straight(code).to(vectors.dtype)], -1)
        return vectors

    def hidden(self, z: Tensor, shown: Tensor, control: Tensor | None = None) -> Tensor:
        beats, straight = self._parted(self.conduct(z, control))
        if self.memory is not None:
            beats = beats + self.memory(self.memory.heard(shown)).flatten(0, 1)
        steps = shown.unflatten(1, (-1, self.beat)).flatten(0, 1)
        outputs = self.core.hidden(beats, steps, straight)
        return outputs.unflatten(0, (z.shape[0], -1)).flatten(1, 2)

    @torch.no_grad()
    def sample(
        self,
        z: Tensor,
        control: Tensor | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        beats = self.conduct(z, control)
        if self.memory is None:
            beats, straight = self._parted(beats)
            written = self.core.sample(beats, temperature, generator, straight)  # [B * beats, S, *shape]
            return written.unflatten(0, (z.shape[0], -1)).flatten(1, 2)
        heard, music = self.memory.nothing(z.shape[0]), []
        for beat in beats.unflatten(0, (z.shape[0], -1)).unbind(1):  # [B, width] each
            music.append(self.write(beat, heard, temperature, generator))
            heard = self.memory.heard_next(heard.to(music[-1].dtype), music[-1])
        return torch.cat(music, 1)

    def write(
        self, beat: Tensor, heard: Tensor, temperature: float, generator: torch.Generator | None = None
    ) -> Tensor:
        """The steps [B, S, *shape] of one beat, from its vector of `conduct` and what it hears."""
        beat, straight = self._parted(beat)
        told = beat + self.memory(heard)  # type: ignore[misc]
        return self.core.sample(told, temperature, generator, straight)

    def _parted(self, beats: Tensor) -> tuple[Tensor, Tensor | None]:
        """Vectors of `conduct` [M, width + E] as those of the core [M, width] and of its head [M, S, E]."""
        if self.straight is None:
            return beats, None
        return beats[:, : self.width], self.straight.places(beats[:, self.width :])


def reads_earlier_steps(decoder: Any) -> bool:
    """Whether a decoder has the `hidden` and the `head` of a `FeedingDecoder`."""
    return hasattr(decoder, "hidden") and hasattr(decoder, "head")


def nats_of_steps(decoder: Any, z: Tensor, target: Tensor, control: Tensor | None = None) -> Tensor:
    """Nats [B, T] of each step of a target [B, T, ...] after the true ones before it.

    Raises:
        ConfigError: the decoder does not read them, and so knows only what a whole window costs.
    """
    if not reads_earlier_steps(decoder):
        raise ConfigError(
            "this model cannot carry on: its decoder does not tell what each step costs after those before "
            "it, as one with the `hidden` and the `head` of a `FeedingDecoder` does"
        )
    nats, _ = decoder.head.score(decoder.hidden(z, target, control), target)
    return nats
