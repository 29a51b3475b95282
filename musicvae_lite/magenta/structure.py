"""What the names and shapes of a checkpoint's variables say about its architecture."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from musicvae_lite.errors import CheckpointError
from musicvae_lite.magenta.names import PROJECTION

SLOTS = re.compile(
    r"(.*/)?(Adam(_\d+)?|Momentum|RMSProp(_\d+)?|beta[12]_power(_\d+)?|ExponentialMovingAverage)"
)
STEP = "global_step"
MOST_UPDATES = 1 << 48

Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Structure:
    """An architecture as read off shapes.

    Attributes:
        z: size of the code.
        inputs: numbers a step of the encoder's input has, control included.
        encoder, decoder, conductor: sizes of the layers; `conductor` is () without one.
        encoder_levels, conductor_levels: how many; 0 for flat ones.
        outputs: numbers a step has at the output of each core.
        told: numbers a step of each core's input has besides z, control included.
        is_split: each voice has its own core.
        nade: size of the NADE, 0 without one.
        encoder_residual, decoder_residual: layers are wrapped.
        has_scale: the posterior's scale is there.
    """

    z: int
    inputs: int
    encoder: tuple[int, ...]
    encoder_levels: int
    decoder: tuple[int, ...]
    conductor: tuple[int, ...]
    conductor_levels: int
    outputs: tuple[int, ...]
    told: tuple[int, ...]
    is_split: bool
    nade: int
    encoder_residual: bool
    decoder_residual: bool
    has_scale: bool

    @property
    def control(self) -> int:
        """Numbers of control a step."""
        return self.told[0] - self.outputs[0]


def is_ignored(name: str) -> bool:
    """Whether a variable is an optimiser's and not the model's."""
    return bool(SLOTS.fullmatch(name))


def step_of(values: np.ndarray, where: object) -> int:
    """The count of updates. Raises CheckpointError when it is none."""
    if values.size != 1 or not 0 <= values.reshape(-1)[0] < MOST_UPDATES:
        shown = values.reshape(-1)[:3].tolist()
        raise CheckpointError(f"{where}: '{STEP}' should be one count of updates, and is {shown}")
    return int(values.reshape(-1)[0])


def read_structure(shapes: Shapes, where: object) -> Structure:
    """From the model's variables by their `plain` names.

    Raises:
        CheckpointError: a part every MusicVAE has is missing, or its shape makes no sense.
    """
    try:
        found = _Reader(shapes, where).structure()
    except (IndexError, ZeroDivisionError) as error:
        raise CheckpointError(f"{where}: a variable has too few dimensions for its name") from error
    sizes = (found.z, *found.encoder, *found.decoder, *found.conductor, *found.outputs)
    if min(sizes) < 1:
        raise CheckpointError(f"{where}: no MusicVAE: a layer has no units")
    return found


class _Reader:
    def __init__(self, shapes: Shapes, where: object):
        self.shapes, self.where = shapes, where

    def structure(self) -> Structure:
        encoder_levels = self.count("encoder/hierarchical_level_{}/")
        scope = "encoder/hierarchical_level_0/" if encoder_levels else "encoder/"
        forward = scope + "cell_{}/bidirectional_rnn/fw/multi_rnn_cell/cell_0/"
        z = self.of("encoder/mu/bias")[0]
        conductor_levels = self.count("decoder/hierarchical_level_{}/")
        above = self.sizes("decoder/hierarchical_level_0/cell_{}/") if conductor_levels else ()
        scope = "core_decoder/" if conductor_levels else ""
        voices = self.count(scope + "core_decoder_{}/")
        cores = [f"{scope}core_decoder_{voice}/decoder/" for voice in range(voices)] or [f"{scope}decoder/"]
        sizes = self.sizes(cores[0] + "multi_rnn_cell/cell_{}/")
        core_z = above[-1] if above else z
        nade = self.shapes.get(cores[0] + "nade/w_enc", (0, 0, 0))[-1]
        return Structure(
            z=z,
            inputs=self.inputs(forward.format(0)),
            encoder=self.sizes(forward),
            encoder_levels=encoder_levels,
            decoder=sizes,
            conductor=above if above != sizes else (),
            conductor_levels=conductor_levels,
            outputs=tuple(self.of(f"{core}output_projection/bias")[0] - nade for core in cores),
            told=tuple(self.inputs(f"{core}multi_rnn_cell/cell_0/") - core_z for core in cores),
            is_split=voices > 0,
            nade=nade,
            encoder_residual=f"{forward.format(0)}{PROJECTION}kernel" in self.shapes,
            decoder_residual=f"{cores[0]}multi_rnn_cell/cell_0/{PROJECTION}kernel" in self.shapes,
            has_scale="encoder/sigma/kernel" in self.shapes,
        )

    def of(self, name: str) -> tuple[int, ...]:
        if name not in self.shapes:
            raise CheckpointError(f"{self.where}: no MusicVAE: the variable '{name}' is missing")
        return self.shapes[name]

    def count(self, scope: str) -> int:
        """How many of the scopes with a number in place of {} there are."""
        number = 0
        while any(name.startswith(scope.format(number)) for name in self.shapes):
            number += 1
        return number

    def sizes(self, cell: str) -> tuple[int, ...]:
        """Of the LSTM layers in a row of scopes."""
        layers = [self.of(f"{cell.format(n)}lstm_cell/bias")[0] // 4 for n in range(self.count(cell))]
        if not layers:
            self.of(f"{cell.format(0)}lstm_cell/bias")  # says that it is missing
        return tuple(layers)

    def inputs(self, cell: str) -> int:
        """Numbers a layer reads, its own state not counted."""
        projection = self.shapes.get(f"{cell}{PROJECTION}kernel")
        if projection is not None:
            return projection[0]
        return self.of(f"{cell}lstm_cell/kernel")[0] - self.of(f"{cell}lstm_cell/bias")[0] // 4
