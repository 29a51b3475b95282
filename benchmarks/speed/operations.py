"""The floor: operations that must be done, over the rate that a large matrix product reaches here.

Only matrix products count, two operations for each multiplication with its addition. A one-hot step is looked
up and costs none, z is multiplied once a sequence, and nothing is multiplied with a state of zeros. Going
back costs as much again for the inputs' gradient and as much for the weights'.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings

SIDE = 2048  # of the square product that shows the machine's rate
TIMES = 8  # in a row: about as long as a step, as processors slow down while they multiply
LARGE = TIMES * 2 * SIDE**3
THERE_AND_BACK = 3


def large_product(bf16: bool) -> Callable[[], object]:
    """A large product of float32 or bf16, several times: `LARGE` operations."""
    a, b, out = torch.randn(3, SIDE, SIDE).to(torch.bfloat16 if bf16 else torch.float32)
    return lambda: [torch.mm(a, b, out=out) for _ in range(TIMES)]


@dataclass(frozen=True)
class Products:
    """Operations of one sequence, forward only.

    Attributes:
        encode: from one-hot steps to mean and scale.
        decode: from z to logits, steps being known or drawn.
    """

    encode: float
    decode: float


def of_stock(config: MusicConfig) -> Products:
    """Operations of a stock model of one-hot steps without control or residual connections."""
    encoder: StockEncoderSettings = config.encoder
    decoder: StockDecoderSettings = config.decoder
    if encoder.levels or encoder.residual or decoder.residual or len(decoder.levels) > 2:
        raise ValueError("operations are counted for flat encoders, flat decoders and those of one conductor")
    steps, z = config.representation.steps, config.z
    depth: int = config.representation.step.depth  # type: ignore[union-attr]
    encode, below = 0.0, 0
    for size in encoder.hidden:
        both = 2 * _recurrent(size, steps - 1) + 2 * _dense(below, 4 * size, steps)
        encode, below = encode + both, 2 * size
    encode += _dense(below, 2 * z)
    decode, told, parts = 0.0, z, 1
    if decoder.levels:
        sizes = decoder.conductor or decoder.hidden
        parts = decoder.levels[0]
        decode += _dense(z, 2 * sum(sizes)) + _stack(sizes, parts)
        told = sizes[-1]
    core = _dense(told, 2 * sum(decoder.hidden)) + _dense(told, 4 * decoder.hidden[0])
    core += _stack(decoder.hidden, steps // parts)
    decode += parts * core + _dense(decoder.hidden[-1], depth, steps)
    return Products(encode, decode)


def _stack(sizes: Sequence[int], steps: int) -> float:
    """Layers above an input that has been multiplied already, started from a state that is not zero."""
    above = sum(_dense(low, 4 * high, steps) for low, high in pairwise(sizes))
    return above + sum(_recurrent(size, steps) for size in sizes)


def _recurrent(size: int, steps: int) -> float:
    return _dense(size, 4 * size, steps)


def _dense(inputs: int, outputs: int, rows: int = 1) -> float:
    return 2.0 * inputs * outputs * rows
