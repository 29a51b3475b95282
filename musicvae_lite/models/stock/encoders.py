"""Magenta's encoders, number for number. Roberts et al. 2018 (arXiv:1803.05428), section 3.1."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import CIRCLE, Course, Posterior
from musicvae_lite.models.stock.cells import Cell, FirstInput, dropped, stock_linear
from musicvae_lite.models.stock.lengths import after_end, cut, last_of, length_of, turned
from musicvae_lite.models.stock.reading import Reader, reader_for
from musicvae_lite.music.representations.steps import Step

# Of a cell, backwards or not, all steps or ends alone: output and h, [T, B, H] or [1, B, H].
Read = Callable[[Cell, bool, bool], tuple[Tensor, Tensor]]
FIRST_STD = 1e-3  # of the weights of mean and scale
SMALLEST = 1e-30  # a softplus that underflows would make the KL infinite


@dataclass(frozen=True)
class StockEncoderSettings:
    """Bidirectional LSTMs over the steps, or over segments and then over what those gave.

    Attributes:
        hidden: size of each layer, per direction.
        levels: () reads the whole at once; (16, 16) reads segments of 16 steps, then their 16 vectors.
        roll: drums are read as zeros and ones with one more input for silence, not as one-hot values.
        residual: every layer's input is added to its output.
        keep: share of each layer's inputs that training keeps; the others are dropped.
        end: the token behind which a segment (or the whole) holds nothing; None for full lengths.
        has_scale: False for checkpoints without sigma, which then encode to their means alone.
    """

    hidden: tuple[int, ...] = (512,)
    levels: tuple[int, ...] = ()
    roll: bool = False
    residual: bool = False
    keep: float = 1.0
    end: int | None = None
    has_scale: bool = True

    course: ClassVar[Course] = CIRCLE  # of paths between its codes, as Magenta's

    def build(self, step: Step, steps: int, z: int, control: Step | None = None) -> nn.Module:
        """See `MusicConfig.build`. Raises ConfigError when the levels do not make the steps."""
        if self.levels and math.prod(self.levels) != steps:
            raise ConfigError(
                f"levels {list(self.levels)} make {math.prod(self.levels)} steps; the window has {steps}"
            )
        if not self.hidden:
            raise ConfigError("'hidden' is empty; an encoder needs at least one layer")
        if not 0 < self.keep <= 1:
            raise ConfigError(f"'keep' is {self.keep}; it is a share above 0, up to 1")
        return StockEncoder(self, step, z, control)


class StockEncoder(nn.Module):
    """Steps [B, T, ...] to a posterior over z."""

    def __init__(self, settings: StockEncoderSettings, step: Step, z: int, control: Step | None = None):
        super().__init__()
        s = settings
        self.levels, self.end = s.levels, s.end
        self.reader = reader_for(step, s.roll)
        last = 2 * s.hidden[-1]
        self.teller = reader_for(control) if control else None
        first = self.reader.size + (self.teller.size if self.teller else 0)
        inputs = [first] + [last] * max(0, len(s.levels) - 1)
        self.readings = nn.ModuleList(Reading(width, s.hidden, s.residual, s.keep) for width in inputs)
        self.mean = stock_linear(nn.Linear(last, z), FIRST_STD)
        self.scale = stock_linear(nn.Linear(last, z), FIRST_STD) if s.has_scale else None

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        features = self.features(x, control)
        mean = self.mean(features).float()
        if self.scale is None:
            return Posterior(mean, torch.full_like(mean, SMALLEST))
        return Posterior(mean, F.softplus(self.scale(features).float()).clamp_min(SMALLEST))

    def features(self, x: Tensor, control: Tensor | None = None) -> Tensor:
        """The last states of the top level, [B, 2H]."""
        if self.levels:  # the segments of all sequences as one batch
            x = x.unflatten(1, (-1, self.levels[0])).flatten(0, 1)
            control = None if control is None else control.unflatten(1, (-1, self.levels[0])).flatten(0, 1)
        length = None
        if self.end is not None:
            length, x = length_of(x, self.end), self.reader.hide(x, after_end(x, self.end))
        lowest, *others = self.readings
        vectors = lowest.read_steps(self.reader, x, self.teller, control, length)  # type: ignore[operator]
        for parts, reading in zip(self.levels[1:], others, strict=True):
            vectors = reading.read(vectors.unflatten(0, (-1, parts)))  # type: ignore[operator]
        return vectors


class Reading(nn.Module):
    """Bidirectional layers; each reads both directions of the one below.

    The backward pass starts at each sequence's own end. Behind the end outputs are zero.
    """

    def __init__(self, inputs: int, sizes: Sequence[int], residual: bool, keep: float):
        super().__init__()
        self.keep = keep
        before = (inputs, *(2 * size for size in sizes))
        for name in ("forwards", "backwards"):
            cells = [Cell(before[i], size, residual, project=True) for i, size in enumerate(sizes)]
            setattr(self, name, nn.ModuleList(cells))

    def read_steps(
        self,
        reader: Reader,
        x: Tensor,
        teller: Reader | None,
        control: Tensor | None,
        length: Tensor | None,
    ) -> Tensor:
        """Steps [B, T, ...] to the last states of the top layer [B, 2H]."""
        keep = self.keep if self.training else 1.0

        def lowest(cell: Cell, is_back: bool, ends: bool) -> tuple[Tensor, Tensor]:
            steps, told = x, control
            if is_back and length is not None:
                steps, told = (None if part is None else turned(part, length, 1) for part in (x, control))
            given = FirstInput(reader, cell, None, teller, told, keep)
            return given.read(steps, None, is_back and length is None, ends)  # type: ignore[arg-type]

        return self._climb(lowest, length)

    def read(self, vectors: Tensor) -> Tensor:
        """Vectors [B, T, D] to the last states of the top layer [B, 2H]."""
        return self._climb(self._reading(vectors.transpose(0, 1), None), None)

    def _reading(self, x: Tensor, length: Tensor | None) -> Read:
        """How a cell reads vectors [T, B, D]."""

        def read(cell: Cell, is_back: bool, ends: bool) -> tuple[Tensor, Tensor]:
            given = dropped(x, self.keep, self.training, 1)
            if is_back and length is not None:
                return cell.read(turned(given, length))
            return cell.read(given, None, is_back, ends)

        return read

    def _climb(self, read: Read, length: Tensor | None) -> Tensor:
        """From how the lowest layer reads to the last states of the top one, [B, 2H]."""
        ends: list[Tensor] = []
        *lower, top = zip(self.forwards, self.backwards, strict=True)  # type: ignore[arg-type]
        for cells in (*lower, top):
            out, ends = [], []
            for cell, is_back in zip(cells, (False, True), strict=True):
                given, h = read(cell, is_back, cells is top and length is None)
                if length is None:
                    ends.append(h[0] if is_back else h[-1])
                else:
                    ends.append(last_of(h, length))
                out.append(given)
            if cells is not top:
                if length is not None:
                    ahead, back = out
                    out = [cut(ahead, length), cut(turned(back, length), length)]
                read = self._reading(torch.cat(out, -1), length)
        return torch.cat(ends, -1)
