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

from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings

PROJECTION = "input_projection_wrapper/"


@dataclass(frozen=True)
class Entry:
    """One layer.

    Attributes:
        theirs: its variable scope, such as "encoder/mu/"; for the NADE the scope of both weights.
        ours: the prefix of its parameters, such as "encoder.mean.".
        kind: how it is laid out.
    """

    theirs: str
    ours: str
    kind: Literal["lstm", "dense", "nade"]

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
        if self.kind == "dense":
            return {f"{self.ours}weight": kernel.T, f"{self.ours}bias": bias}
        hidden = len(bias) // 4
        i, j, f, o = np.split(kernel, 4, axis=1)
        weight = np.concatenate([i.T, f.T, j.T, o.T])  # [4H, inputs + H]
        i, j, f, o = np.split(bias, 4)
        return {
            f"{self.ours}weight_ih": weight[:, :-hidden],
            f"{self.ours}weight_hh": weight[:, -hidden:],
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
        return dict(zip(self.variables, (kernel, np.concatenate([i, j, f - np.float32(forget), o])), strict=True))

    def shapes(self, ours: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        """Shapes of its variables, from those of our parameters."""
        if self.kind == "nade":
            size, hidden = ours[f"{self.ours}encode"]
            return dict(zip(self.variables, ((size, 1, hidden), (size, hidden, 1)), strict=True))
        if self.kind == "dense":
            rows, columns = ours[f"{self.ours}weight"]
            return dict(zip(self.variables, ((columns, rows), (rows,)), strict=True))
        gates, hidden = ours[f"{self.ours}weight_hh"]
        inputs = ours[f"{self.ours}weight_ih"][1]
        return dict(zip(self.variables, ((inputs + hidden, gates), (gates,)), strict=True))


def layout(encoder: StockEncoderSettings, decoder: StockDecoderSettings, voices: int = 1) -> list[Entry]:
    """Every layer of a model.

    Args:
        voices: how many cores a split decoder has.
    """
    return [*_encoder(encoder), *_decoder(decoder, voices)]


def _encoder(s: StockEncoderSettings) -> Iterator[Entry]:
    for level in range(max(1, len(s.levels))):
        scope = f"encoder/hierarchical_level_{level}/" if s.levels else "encoder/"
        for layer in range(len(s.hidden)):
            for way, ours in (("fw", "forwards"), ("bw", "backwards")):
                cell = f"{scope}cell_{layer}/bidirectional_rnn/{way}/multi_rnn_cell/cell_0/"
                yield from _cell(cell, f"encoder.readings.{level}.{ours}.{layer}.", s.residual)
    yield Entry("encoder/mu/", "encoder.mean.", "dense")
    if s.has_scale:
        yield Entry("encoder/sigma/", "encoder.scale.", "dense")


def _decoder(s: StockDecoderSettings, voices: int) -> Iterator[Entry]:
    for level in range(len(s.levels) - 1):
        scope, ours = f"decoder/hierarchical_level_{level}/", f"decoder.conductors.{level}."
        yield Entry(f"{scope}initial_state/", f"{ours}initial.", "dense")
        yield from _cells(scope, f"{ours}cells.", s.conductor or s.hidden, s.residual)
    for voice in range(voices if s.split else 1):
        scope = "core_decoder/" * bool(s.levels) + f"core_decoder_{voice}/" * s.split + "decoder/"
        ours, head = f"decoder.cores.{voice}.", f"decoder.head.parts.{voice}." if s.split else "decoder.head."
        yield Entry(f"{scope}z_to_initial_state/", f"{ours}initial.", "dense")
        yield from _cells(f"{scope}multi_rnn_cell/", f"{ours}cells.", s.hidden, s.residual)
        yield Entry(f"{scope}output_projection/", f"{head}logits.", "dense")
        if s.nade:
            yield Entry(f"{scope}nade/", head, "nade")


def _cells(scope: str, ours: str, sizes: tuple[int, ...], residual: bool) -> Iterator[Entry]:
    for n, size in enumerate(sizes):
        is_projected = residual and (n == 0 or size != sizes[n - 1])
        yield from _cell(f"{scope}cell_{n}/", f"{ours}{n}.", is_projected)


def _cell(scope: str, ours: str, is_projected: bool) -> Iterator[Entry]:
    if is_projected:
        yield Entry(f"{scope}{PROJECTION}", f"{ours}project.", "dense")
    yield Entry(f"{scope}lstm_cell/", ours, "lstm")


def plain(name: str) -> str:
    """A variable's name with its LSTM directly below its cell, whatever wraps it there."""
    return name.replace(f"{PROJECTION}lstm_cell/", "lstm_cell/")
