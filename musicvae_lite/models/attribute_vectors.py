"""Directions of latent space along which attributes of music grow, fitted and kept with a model.

Roberts et al. 2018 (arXiv:1803.05428), section 5.4: the mean code of the top quartile less that of the bottom
quartile. A decorrelated vector (`latent.lone_vectors`) moves one attribute and leaves the others alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    import torch
    from torch import Tensor

FILE = "attributes.safetensors"
MOST = 10.0  # of a vector that may be added
DECORRELATED = "decorrelated."  # before the names of those vectors in the file


@dataclass(frozen=True, eq=False)
class AttributeVectors:
    """A vector [Z] for each attribute.

    Attributes:
        plain: as the paper has them.
        decorrelated: those that leave the other attributes alone, for the attributes that have such a
            direction; none in models of Magenta's.
    """

    plain: dict[str, Tensor] = field(default_factory=dict)
    decorrelated: dict[str, Tensor] = field(default_factory=dict)

    def choose(self, plain: bool = False) -> dict[str, Tensor]:
        """The decorrelated vectors where there are some, unless the plain ones are asked for."""
        return self.plain if plain or not self.decorrelated else self.decorrelated

    def save(self, folder: Path) -> Path:
        """Writes them beside a model, as float16."""
        tensors = {**self.plain, **{DECORRELATED + name: v for name, v in self.decorrelated.items()}}
        checkpoints.write_tensors(folder / FILE, {name: v.cpu().half() for name, v in tensors.items()})
        return folder / FILE

    @classmethod
    def load(cls, folder: Path, z: int, device: str | torch.device = "cpu") -> AttributeVectors:
        """Those of a model folder; none where it has no such file.

        Raises:
            CheckpointError: the file is damaged, or of a model of another size.
        """
        if not _names(folder, z):
            return cls()
        read = checkpoints.read_tensors(folder / FILE, str(device))
        found = {name: tensor.float() for name, tensor in read.items()}
        return cls(
            {name: v for name, v in found.items() if not name.startswith(DECORRELATED)},
            {
                name.removeprefix(DECORRELATED): v
                for name, v in found.items()
                if name.startswith(DECORRELATED)
            },
        )


def names(folder: Path, z: int) -> list[str]:
    """What `AttributeVectors.load(folder, z).choose()` has vectors of, told without loading torch.

    Raises:
        CheckpointError: as `AttributeVectors.load`.
    """
    held = _names(folder, z)
    decorrelated = [name.removeprefix(DECORRELATED) for name in held if name.startswith(DECORRELATED)]
    return decorrelated or held


def _names(folder: Path, z: int) -> list[str]:
    """Names of the tensors in a model folder's file, by its header; none where there is no such file."""
    path = folder / FILE
    if not path.exists():
        return []
    shapes = checkpoints.shapes(path)
    for name, shape in shapes.items():
        if shape != (z,):
            raise CheckpointError(f"{path}: '{name}' has the shape {list(shape)}, codes have [{z}]")
    return list(shapes)


def changed(z: Tensor, vectors: dict[str, Tensor], amounts: dict[str, float]) -> Tensor:
    """Codes [B, Z] with so much of each vector added.

    Raises:
        ConfigError: there is no vector of a name, or an amount is not finite.
    """
    for name, amount in amounts.items():
        if name not in vectors:
            known = ", ".join(vectors) or "none: `mvae attributes fit MODEL DATA` makes them"
            raise ConfigError(f"the model has no vector for '{name}'; it has {known}")
        if not np.isfinite(amount) or abs(amount) > MOST:
            raise ConfigError(f"{name} is {amount}; it goes from -{MOST:g} to {MOST:g} standard deviations")
        z = z + amount * vectors[name].to(z)
    return z
