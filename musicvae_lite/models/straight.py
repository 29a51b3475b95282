"""A straight way through a hierarchical model: steps enter the code, and leave it, by linear maps alone.

Every value of a step has a vector of its own, as good as orthogonal to the others; a beat's code is their
sum, each turned by the signs of its place. Read with the same vectors, it tells which values stood where,
before anything is learnt. All else the model learns is added to that. Codes that superpose vectors bound to
places: Plate 1995, doi:10.1109/72.377968.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from musicvae_lite.models.heads import BernoulliHead, CategoricalHead, GrooveHead, NADEHead, ProductHead
from musicvae_lite.models.layers import orthonormal
from musicvae_lite.models.places import PlaceTable
from musicvae_lite.models.stock.reading import members
from musicvae_lite.music.representations.steps import Groove, Step, parts_of

LOUD = 2.0  # of what goes in: codes then spread about as widely as N(0, I)
SURE = 8.0  # log odds between a value whose vector is there and one whose is not


def vectors(step: Step, size: int) -> Tensor:
    """A vector for each value of a step, [V, size], of length 1 on average: the same wherever asked for.

    "Nothing happens", the token 0 unless a step names another, has none. A value that is a set of things
    has the sum of theirs, so that sets which were never met are told apart too.
    """
    rows = _rows(step, size)
    for number, part in enumerate(parts_of(step)):
        if part.bits:
            rows[number] = members(part.depth, part.bits).float() @ rows[number]
    return torch.cat(rows)


def _rows(step: Step, size: int) -> list[Tensor]:
    """Of each part of a step the vectors of its values, or of the things that its values are sets of."""
    parts = parts_of(step)
    count = sum(part.depth for part in parts) or math.prod(step.shape)
    chance = torch.Generator().manual_seed(count)

    def draw(count: int) -> Tensor:
        return torch.randn(count, size, generator=chance) / math.sqrt(size)

    if not parts:
        return [draw(count)]
    return [draw(part.bits) if part.bits else _around(draw(part.depth - 1), part.nothing) for part in parts]


def _around(rows: Tensor, nothing: int) -> Tensor:
    """Rows [V - 1, size] with one of zeros put in at `nothing`."""
    return torch.cat([rows[:nothing], torch.zeros_like(rows[:1]), rows[nothing:]])


def _at_first(step: Step) -> Tensor:
    """What speaks for each value before a vector does, log odds [V]: few things happen."""
    happens = [
        members(part.depth, part.bits).sum(1)
        if part.bits
        else torch.arange(part.depth).ne(part.nothing).long()
        for part in parts_of(step)
    ]
    return -SURE / 2 * (torch.cat(happens) if happens else torch.ones(step.shape))


def signs(steps: int, size: int) -> Tensor:
    """What turns the vectors of each place of a beat, [S, size] of 1 and -1."""
    chance = torch.rand(steps, size, generator=torch.Generator().manual_seed(steps))
    return torch.where(chance < 0.5, -1.0, 1.0)


class StraightIn(nn.Module):
    """Steps of some beats to a code.

    Args:
        step: what a step is.
        steps: S, in a beat.
        beats: how many one code holds.
        size: numbers for each beat.
        out: size of the code.
    """

    turn: Tensor

    def __init__(self, step: Step, steps: int, beats: int, size: int, out: int):
        super().__init__()
        self.table = PlaceTable(step, 1, size)
        self.table.weight.data = LOUD * torch.cat(_rows(step, size)).view_as(self.table.weight)
        self.map = nn.Linear(beats * size, out, bias=False)
        self.map.weight.data = orthonormal(out, beats * size)
        self.register_buffer("turn", signs(steps, size), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Steps [B, beats * S, *shape] -> [B, out]."""
        told = self.table(x[:, :, None]).unflatten(1, (-1, len(self.turn)))  # [B, beats, S, size]
        return self.map((told * self.turn).sum(2).flatten(1))


class StraightOut(nn.Module):
    """A code to what the head of each step is told of it; the way back of `StraightIn`."""

    turn: Tensor

    def __init__(self, steps: int, beats: int, size: int, code: int):
        super().__init__()
        self.map = nn.Linear(code, beats * size, bias=False)
        self.map.weight.data = orthonormal(beats * size, code)
        self.register_buffer("turn", signs(steps, size), persistent=False)

    def forward(self, code: Tensor) -> Tensor:
        """[B, code] -> [B * beats, size], a vector for each beat."""
        return self.map(code).unflatten(-1, (-1, self.turn.shape[1])).flatten(0, 1)

    def places(self, beats: Tensor) -> Tensor:
        """Vectors of beats [M, size] -> what each of their steps is told, [M, S, size]."""
        return beats[:, None] * self.turn


def begin(head: nn.Module, step: Step, size: int) -> None:
    """Lets a new head read what `StraightIn` wrote: the last `size` numbers of its hidden state."""
    if not isinstance(head, (BernoulliHead, CategoricalHead, GrooveHead, NADEHead, ProductHead)):
        return
    told, first = vectors(step, size), _at_first(step)
    rows = slice(-len(told), None)  # a NADE's other biases come first
    if isinstance(step, Groove):  # hits; how loud and how late they are is left to learn
        rows, told, first = slice(step.classes), told[: step.classes], first[: step.classes]
    head.logits.weight.data[rows, -size:] = SURE / LOUD * told
    head.logits.bias.data[rows] = first
