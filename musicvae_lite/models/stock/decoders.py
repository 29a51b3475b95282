"""Magenta's decoders, number for number. Roberts et al. 2018 (arXiv:1803.05428), sections 3.2 and 3.3."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.feeding import FeedingDecoder
from musicvae_lite.models.heads import Head, SplitHead, head_for
from musicvae_lite.models.stock.cells import FirstInput, Stack, State, stock_linear
from musicvae_lite.models.stock.lengths import after_end
from musicvae_lite.models.stock.reading import Reader, reader_for
from musicvae_lite.models.stock.stepping import Stepper
from musicvae_lite.music.representations.steps import Binary, Categorical, Product, Step


@dataclass(frozen=True)
class StockDecoderSettings:
    """An LSTM that reads the step before and z; or a conductor from z to a vector a segment, and below it
    such an LSTM that reads that vector in place of z.

    Attributes:
        hidden: size of each layer.
        levels: () writes the whole at once; (16, 16) makes 16 vectors, and 16 steps from each.
        conductor: size of each layer of the conductor; () for those of `hidden`.
        split: each value of a step (each voice of a trio) has a core of its own, which sees only its own;
            of zeros and ones, each of them.
        nade: for zeros and ones, size of the NADE that writes them; 0 takes independent outputs.
        residual: every layer's input is added to its output.
        keep: share of each layer's inputs that training keeps; the others are dropped.
        end: the token behind which a segment (or the whole) holds nothing; None for full lengths.
        apart: every segment starts without the last step of the one before, so that sampling writes all of
            them at once. Magenta's do not.
    """

    hidden: tuple[int, ...] = (256, 256)
    levels: tuple[int, ...] = ()
    conductor: tuple[int, ...] = ()
    split: bool = False
    nade: int = 0
    residual: bool = False
    keep: float = 1.0
    end: int | None = None
    apart: bool = False

    def build(self, step: Step, steps: int, z: int, control: Step | None = None) -> nn.Module:
        """See `MusicConfig.build`. Raises ConfigError when the levels do not make the steps."""
        if self.levels and (len(self.levels) < 2 or math.prod(self.levels) != steps):
            raise ConfigError(
                f"levels {list(self.levels)} make {math.prod(self.levels)} steps; the window has {steps}, "
                "and a conductor needs two levels"
            )
        if not self.hidden:
            raise ConfigError("'hidden' is empty; a decoder needs at least one layer")
        if not 0 < self.keep <= 1:
            raise ConfigError(f"'keep' is {self.keep}; it is a share above 0, up to 1")
        if self.split and not isinstance(step, (Product, Binary)):
            raise ConfigError("'split' gives each voice a core; this representation has one voice")
        if self.end is not None and not isinstance(step, Categorical):
            raise ConfigError("'end' is a token; the steps of this representation are no tokens")
        return StockDecoder(self, step, steps, z, control)


def voices_of(step: Step) -> list[Step]:
    """What a step of each voice is, where each has a core of its own."""
    match step:
        case Product(depths=depths):
            return [Categorical(depth) for depth in depths]
        case Binary(size=size):
            return [Binary(1)] * size
    return [step]


class StockDecoder(FeedingDecoder):
    """z to steps, through any number of conductors."""

    def __init__(
        self, settings: StockDecoderSettings, step: Step, steps: int, z: int, control: Step | None = None
    ):
        super().__init__()
        s = settings
        self.steps, self.z_size, self.end, self.apart = steps, z, s.end, s.apart
        self.levels = s.levels[:-1]
        self.segments = math.prod(self.levels)
        sizes = s.conductor or s.hidden
        told = (z, *[sizes[-1]] * len(self.levels))  # what each level is told
        self.conductors = nn.ModuleList(
            Conductor(told[i], sizes, length, s.residual, s.keep) for i, length in enumerate(self.levels)
        )
        parts = voices_of(step) if s.split else [step]
        self.reader, self.is_split = reader_for(step), s.split
        self.is_flags = isinstance(step, Binary)
        self.cores = nn.ModuleList(
            Core(reader_for(part), told[-1], s.hidden, control, s.residual, s.keep) for part in parts
        )
        heads = [head_for(part, s.hidden[-1], s.nade) for part in parts]
        for head in heads:
            stock_linear(head.logits)  # type: ignore[arg-type]
        self.head: Head = SplitHead(heads, s.hidden[-1], self.is_flags) if s.split else heads[0]  # type: ignore[assignment]

    def hidden(self, z: Tensor, shown: Tensor, control: Tensor | None = None) -> Tensor:
        before = shown if self.end is None else self.hide(shown, self._ended(shown))
        vectors, segments = self.conduct(z), self.segments
        if self.apart:  # cut, then shifted
            before = self._shifted(before.unflatten(1, (segments, -1)).flatten(0, 1))  # [B * S, L, ...]
        else:
            before = self._shifted(before).unflatten(1, (segments, -1)).flatten(0, 1)
        control = self._cut(control)
        parts = [core(vectors, self._own(before, j), control) for j, core in enumerate(self.cores)]
        hidden = parts[0] if len(parts) == 1 else torch.cat(parts, -1)
        return hidden.unflatten(0, (-1, segments)).flatten(1, 2)

    def conduct(self, z: Tensor) -> Tensor:
        """z [B, Z] to a vector a segment [B * S, E]; z itself where there is no conductor."""
        for conductor in self.conductors:
            z = conductor(z).flatten(0, 1)
        return z

    def hide(self, shown: Tensor, mask: Tensor) -> Tensor:
        return self.reader.hide(shown, mask)

    def silent(self, target: Tensor) -> Tensor | None:
        return None if self.end is None else self._ended(target)

    @torch.no_grad()
    def sample(
        self,
        z: Tensor,
        control: Tensor | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """z [B, Z] -> steps [B, T, ...]. Behind an `end` there are only ends, and nothing is fed back."""
        vectors, control = self.conduct(z), self._cut(control)
        steppers = [core.stepper(vectors, control) for core in self.cores]  # type: ignore[operator]
        states = [core.start(vectors) for core in self.cores]  # type: ignore[operator]
        chance = temperature, generator
        if self.apart:
            written, _ = self._write(self.reader.start(len(vectors)), steppers, states, *chance)
            return written.unflatten(0, (-1, self.segments)).flatten(1, 2)
        previous, segments = self.reader.start(z.shape[0]), []
        for segment in range(self.segments):
            rows = slice(segment, None, self.segments)
            some = [[(h[rows], c[rows]) for h, c in layers] for layers in states]
            written, previous = self._write(previous, [s.of(rows) for s in steppers], some, *chance)
            segments.append(written)
        return torch.cat(segments, 1)

    def _write(
        self,
        previous: Tensor,
        steppers: list[Stepper],
        states: list[list[State]],
        temperature: float,
        generator: torch.Generator | None,
    ) -> tuple[Tensor, Tensor]:
        """One segment of each of N sequences, [N, L, ...], and what the segment after it is shown first."""
        length, written = self.steps // self.segments, []
        ended = torch.zeros(len(previous), dtype=torch.bool, device=previous.device)
        for t in range(length):
            if self.end is not None and bool(ended.all()):  # the padding comes before the next segment
                written += [torch.full_like(previous, self.end)] * (length - t)
                previous = self.reader.start(len(previous)).to(previous.dtype)
                break
            now, states = self._hidden_at(t, previous, steppers, states)
            step = previous = self.head.sample(now, temperature, generator)
            if self.end is not None:
                step = torch.where(ended, self.end, previous)
                previous = self.reader.hide(previous[:, None], ended[:, None])[:, 0]
                ended = ended | (step == self.end)
            written.append(step)
        return torch.stack(written, 1), previous

    def _hidden_at(
        self, t: int, previous: Tensor, steppers: list[Stepper], states: list[list[State]]
    ) -> tuple[Tensor, list[list[State]]]:
        """The hidden state of one step [B, H], of all cores, and the states after it."""
        hidden, after = [], []
        for j, stepper in enumerate(steppers):
            out, state = stepper.at(t, self._own(previous, j), states[j])
            hidden.append(out)
            after.append(state)
        return torch.cat(hidden, -1), after

    def _own(self, steps: Tensor, core: int) -> Tensor:
        """What a core sees of steps [..., P]: all, or its own voice."""
        if not self.is_split:
            return steps
        return steps[..., core : core + 1] if self.is_flags else steps[..., core]

    def _shifted(self, x: Tensor) -> Tensor:
        """What stands before each step of x [N, T, ...]."""
        start = self.reader.start(len(x))[:, None].to(x.dtype)
        return torch.cat([start, x[:, :-1]], 1)

    def _ended(self, tokens: Tensor) -> Tensor:
        cut = tokens.unflatten(1, (self.segments, -1)).flatten(0, 1)
        return after_end(cut, self.end).unflatten(0, (-1, self.segments)).flatten(1, 2)  # type: ignore[arg-type]

    def _cut(self, control: Tensor | None) -> Tensor | None:
        """Control [B, T, ...] by segments [B * S, L, ...]."""
        return None if control is None else control.unflatten(1, (self.segments, -1)).flatten(0, 1)


class Conductor(nn.Module):
    """A vector [B, D] to `length` vectors [B, length, H]: an LSTM that reads nothing but its start.

    TensorFlow feeds it a zero at every step; that row of its kernel is kept, though nothing can come of it.
    """

    def __init__(self, told: int, sizes: tuple[int, ...], length: int, residual: bool, keep: float):
        super().__init__()
        self.length = length
        self.cells = Stack(1, sizes, residual, keep)
        self.initial = stock_linear(nn.Linear(told, self.cells.state_size))

    def forward(self, vector: Tensor) -> Tensor:
        states = self.cells.unpack(self.initial(vector).tanh())
        weight, bias = self.cells.lowest.first
        first = bias + 0 * weight[:, 0]  # the inert row takes part, so that its gradient is zero and not none
        out, _ = self.cells.lowest(first.repeat(self.length, vector.shape[0], 1), states[0])
        return self.cells.climb(out, states).transpose(0, 1)


class Core(nn.Module):
    """The LSTM that writes steps, told a vector at its start and at every step."""

    def __init__(
        self,
        reader: Reader,
        told: int,
        sizes: tuple[int, ...],
        control: Step | None,
        residual: bool,
        keep: float,
    ):
        super().__init__()
        self.reader, self.teller = reader, reader_for(control) if control else None
        inputs = reader.size + told + (self.teller.size if self.teller else 0)
        self.cells = Stack(inputs, sizes, residual, keep)
        self.initial = stock_linear(nn.Linear(told, self.cells.state_size))

    def forward(self, vector: Tensor, before: Tensor, control: Tensor | None) -> Tensor:
        """Hidden states [B, T, H] of steps that each know those before [B, T, ...]."""
        states = self.start(vector)
        out, _ = self.first(vector, control).read(before, states[0])
        return self.cells.climb(out, states).transpose(0, 1)

    def start(self, vector: Tensor) -> list[State]:
        return self.cells.unpack(self.initial(vector).tanh())

    def stepper(self, vector: Tensor, control: Tensor | None) -> Stepper:
        return Stepper(self.cells, self.first(vector, control))

    def first(self, vector: Tensor, control: Tensor | None) -> FirstInput:
        keep = self.cells.keep if self.training else 1.0
        return FirstInput(self.reader, self.cells.lowest, vector, self.teller, control, keep)
