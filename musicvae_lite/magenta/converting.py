"""From Magenta's variables to our parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.errors import CheckpointError
from musicvae_lite.magenta.names import Entry, layout
from musicvae_lite.magenta.structure import Shapes
from musicvae_lite.models.assembly import MusicConfig

NO_SIGMA = (
    "the checkpoint has no sigma: music is encoded to the mean of its code, never to a draw from around it"
)
Progress = Callable[[int, int], None]  # layers read, and how many there are


@dataclass(frozen=True, eq=False)
class Read:
    """What reading a checkpoint gave.

    Attributes:
        name: of the configuration.
        config: the model.
        weights: our parameters.
        step: updates it was trained for; None when the checkpoint does not say.
        format: "TensorFlow" or "magenta-js".
        vectors: a direction [Z] for each attribute that lay beside.
        notes: what the user should know, one sentence each.
    """

    name: str
    config: MusicConfig
    weights: dict[str, Tensor]
    step: int | None = None
    format: str = "TensorFlow"
    vectors: dict[str, Tensor] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def checked(config: MusicConfig, shapes: Shapes, where: object) -> list[Entry]:
    """The layers of a model, after making sure that the variables are exactly its own.

    Raises:
        CheckpointError: a variable is unknown, missing, or of another shape.
    """
    r = config.representation
    entries = layout(config.encoder, config.decoder, r.step, config.z, r.control)
    wanted: Shapes = {}
    for entry in entries:
        wanted |= entry.shapes
    lines = [f"'{name}' {list(shape)} is unknown" for name, shape in shapes.items() if name not in wanted]
    lines += [f"'{name}' {list(shape)} is missing" for name, shape in wanted.items() if name not in shapes]
    lines += [
        f"'{name}' is {list(shapes[name])}, and should be {list(shape)}"
        for name, shape in wanted.items()
        if name in shapes and shapes[name] != shape
    ]
    if lines:
        more = f"\n  ... and {len(lines) - 8} more" if len(lines) > 8 else ""
        raise CheckpointError(f"{where}: variables do not fit:\n  " + "\n  ".join(lines[:8]) + more)
    return entries


def converted(
    entries: list[Entry], read: Callable[[str], np.ndarray], progress: Progress
) -> dict[str, Tensor]:
    """Our parameters, read one layer at a time."""
    weights: dict[str, Tensor] = {}
    for done, entry in enumerate(entries, 1):
        ours = entry.to_ours(*(read(variable) for variable in entry.variables))
        weights |= {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in ours.items()}
        progress(done, len(entries))
    return weights
