"""Which of Magenta's variables is which of our parameters, and how their numbers are laid out.

TensorFlow's LSTM kernel is [inputs + H, 4H] with gates in the order i, candidate, f, o and a forget bias
of 1 that is added when it runs; ours are [4H, inputs] and [4H, H] in the order i, f, candidate, o with
that 1 inside the bias. Dense kernels are transposed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch

from musicvae_lite.models.stock.decoders import StockDecoderSettings, voices_of
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.models.stock.reading import reader_for
from musicvae_lite.music.representations.steps import Step

PROJECTION = "input_projection_wrapper/"


@dataclass(frozen=True)
class Entry:
    """One layer.

    Attributes:
        theirs: its variable scope, such as "encoder/mu/"; for the NADE the scope of both weights.
        ours: the prefix of its parameters, such as "encoder.mean.".
        kind: how it is laid out.
        sizes: numbers in and out; of a NADE, values and hidden units.
    """

    theirs: str
    ours: str
    kind: Literal["lstm", "dense", "nade"]
    sizes: tuple[int, int]

    @property
    def variables(self) -> tuple[str, ...]:
        """Full names of its variables."""
        names = ("w_enc", "w_dec_t") if self.kind == "nade" else ("kernel", "bias")
        return tuple(self.theirs + name for name in names)

    def to_ours(self, *arrays: np.ndarray) -> dict[str, np.ndarray]:
        """Arrays in the order of `variables` to parameters by name."""
        if self.kind == "nade":
            values = (arrays[0][:, 0, :], arrays[1][:, :, 0])
            return {f"{self.ours}encode": values[0], f"{self.ours}decode": values[1]}
        kernel, bias = arrays
        columns = torch.from_numpy(kernel).t().contiguous().numpy()  # far faster than numpy's transpose
        if self.kind == "dense":
            return {f"{self.ours}weight": columns, f"{self.ours}bias": bias}
        inputs = self.sizes[0]
        i, j, f, o = np.split(columns, 4)
        gates = (i, f, j, o)
        i, j, f, o = np.split(bias, 4)
        return {
            f"{self.ours}weight_ih": np.concatenate([gate[:, :inputs] for gate in gates]),
            f"{self.ours}weight_hh": np.concatenate([gate[:, inputs:] for gate in gates]),
            f"{self.ours}bias": np.concatenate([i, f + np.float32(1), j, o]),
        }

    def to_theirs(self, ours: dict[str, np.ndarray], forget: float = 1.0) -> dict[str, np.ndarray]:
        """Parameters to variables by name; for gradients `forget` is 0."""
        if self.kind == "nade":
            encode, decode = ours[f"{self.ours}encode"], ours[f"{self.ours}decode"]
            return dict(zip(self.variables, (encode[:, None, :], decode[:, :, None]), strict=True))
        bias = ours[f"{self.ours}bias"]
        if self.kind == "dense":
            return dict(zip(self.variables, (ours[f"{self.ours}weight"].T, bias), strict=True))
        weight = np.concatenate([ours[f"{self.ours}weight_ih"], ours[f"{self.ours}weight_hh"]], axis=1)
        i, f, j, o = np.split(weight, 4)
        kernel = np.concatenate([i, j, f, o]).T
        i, f, j, o = np.split(bias, 4)
        return dict(
            zip(self.variables, (kernel, np.concatenate([i, j, f - np.float32(forget), o])), strict=True)
        )

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of its variables."""
        first, second = self.sizes
        if self.kind == "nade":
            found = ((first, 1, second), (first, second, 1))
        elif self.kind == "dense":
            found = (self.sizes, (second,))
        else:
            found = ((first + second, 4 * second), (4 * second,))
        return dict(zip(self.variables, found, strict=True))


def layout(
    encoder: StockEncoderSettings,
    decoder: StockDecoderSettings,
    step: Step,
    z: int,
    control: Step | None = None,
) -> list[Entry]:
    """Every layer of a model; the arguments are those its halves are built from."""
    told = reader_for(control).size if control else 0
    parts = voices_of(step) if decoder.split else [step]
    return [
        *_encoder(encoder, reader_for(step, encoder.roll).size + told, z),
        *_decoder(decoder, [reader_for(part).size for part in parts], told, z),
    ]


def _encoder(s: StockEncoderSettings, inputs: int, z: int) -> Iterator[Entry]:
    for level in range(max(1, len(s.levels))):
        scope = f"encoder/hierarchical_level_{level}/" if s.levels else "encoder/"
        for layer, hidden in enumerate(s.hidden):
            for way, ours in (("fw", "forwards"), ("bw", "backwards")):
                cell = f"{scope}cell_{layer}/bidirectional_rnn/{way}/multi_rnn_cell/cell_0/"
                yield from _cell(
                    cell, f"encoder.readings.{level}.{ours}.{layer}.", inputs, hidden, s.residual
                )
            inputs = 2 * hidden
    yield Entry("encoder/mu/", "encoder.mean.", "dense", (inputs, z))
    if s.has_scale:
        yield Entry("encoder/sigma/", "encoder.scale.", "dense", (inputs, z))


def _decoder(s: StockDecoderSettings, parts: list[int], control: int, z: int) -> Iterator[Entry]:
    sizes = s.conductor or s.hidden
    for level in range(len(s.levels) - 1):
        scope, ours = f"decoder/hierarchical_level_{level}/", f"decoder.conductors.{level}."
        yield Entry(f"{scope}initial_state/", f"{ours}initial.", "dense", (z, 2 * sum(sizes)))
        yield from _cells(scope, f"{ours}cells.", 1, sizes, s.residual)
        z = sizes[-1]
    for voice, size in enumerate(parts):
        scope = "core_decoder/" * bool(s.levels) + f"core_decoder_{voice}/" * s.split + "decoder/"
        ours, head = f"decoder.cores.{voice}.", f"decoder.head.parts.{voice}." if s.split else "decoder.head."
        yield Entry(f"{scope}z_to_initial_state/", f"{ours}initial.", "dense", (z, 2 * sum(s.hidden)))
        yield from _cells(
            f"{scope}multi_rnn_cell/", f"{ours}cells.", size + z + control, s.hidden, s.residual
        )
        yield Entry(f"{scope}output_projection/", f"{head}logits.", "dense", (s.hidden[-1], size + s.nade))
        if s.nade:
            yield Entry(f"{scope}nade/", head, "nade", (size, s.nade))


def _cells(scope: str, ours: str, inputs: int, sizes: tuple[int, ...], residual: bool) -> Iterator[Entry]:
    for n, size in enumerate(sizes):
        is_projected = residual and (n == 0 or size != sizes[n - 1])
        yield from _cell(f"{scope}cell_{n}/", f"{ours}{n}.", inputs, size, is_projected)
        inputs = size


def _cell(scope: str, ours: str, inputs: int, hidden: int, is_projected: bool) -> Iterator[Entry]:
    if is_projected:
        yield Entry(f"{scope}{PROJECTION}", f"{ours}project.", "dense", (inputs, hidden))
        inputs = hidden
    yield Entry(f"{scope}lstm_cell/", ours, "lstm", (inputs, hidden))


def plain(name: str) -> str:
    """A variable's name with its LSTM directly below its cell, whatever wraps it there."""
    return name.replace(f"{PROJECTION}lstm_cell/", "lstm_cell/")
