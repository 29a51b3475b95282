"""Directions of latent space along which attributes of music grow, fitted and kept with a model.

Roberts et al. 2018 (arXiv:1803.05428), section 5.4: the mean code of the top quartile less that of the bottom
quartile. A decorrelated vector (`latent.lone_vectors`) moves one attribute and leaves the others alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError, ConfigError

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
        path = folder / FILE
        if not path.exists():
            return cls()
        found = {name: tensor.float() for name, tensor in checkpoints.read_tensors(path, str(device)).items()}
        for name, vector in found.items():
            if tuple(vector.shape) != (z,):
                raise CheckpointError(
                    f"{path}: '{name}' has the shape {list(vector.shape)}, codes have [{z}]"
                )
        return cls(
            {name: v for name, v in found.items() if not name.startswith(DECORRELATED)},
            {
                name.removeprefix(DECORRELATED): v
                for name, v in found.items()
                if name.startswith(DECORRELATED)
            },
        )


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
