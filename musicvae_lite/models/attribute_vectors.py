"""Directions of latent space along which attributes of music grow, fitted and kept with a model.

Roberts et al. 2018 (arXiv:1803.05428), section 5.4: the mean code of the top quartile less that of the bottom
quartile. A decorrelated vector takes the quartiles of what the other attributes do not explain.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.music import attributes

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import MusicVAE

FILE = "attributes.safetensors"
DECORRELATED = "decorrelated."  # before the names of those vectors in the file


@dataclass(frozen=True, eq=False)
class AttributeVectors:
    """A vector [Z] for each attribute.

    Attributes:
        plain: as the paper has them.
        decorrelated: those that leave the other attributes alone; none in models of Magenta's.
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
        if not np.isfinite(amount) or abs(amount) > 10:
            raise ConfigError(f"{name} is {amount}; an amount goes from -10 to 10, 1 is the paper's")
        z = z + amount * vectors[name].to(z)
    return z


def table(
    model: MusicVAE, vectors: dict[str, Tensor], count: int = 256, seed: int = 0, temperature: float = 0.0
) -> dict[str, Any]:
    """What adding and subtracting each vector does to every attribute of samples from the prior.

    Returns:
        "names" [A]; "added" and "subtracted" [A, A]: row by row the vector, column by column the change of
        the mean of an attribute, in standard deviations over the unaltered samples; "raw_added" and
        "raw_subtracted", the same in the attribute's own unit; "leak": the mean size of what stands beside
        the diagonal as a share of the diagonal, over the rows that move the right way; "right":
        whether each row's own cell is its largest, with the right sign, both ways.
    """
    if not vectors:
        raise ConfigError("the model has no attribute vectors; `mvae attributes fit MODEL DATA` makes them")
    names = [name for name in attributes.names(model.representation) if name in vectors]
    z = model.vae.draw(count, model.generator(seed))

    def values(codes: Tensor) -> np.ndarray:
        measured = attributes.measure(model.decode(codes, temperature, seed).tokens, model.representation)
        return np.stack([measured[name] for name in names], 1)  # [count, A]

    before = values(z)
    spread = before.std(0)
    size = np.where(spread > 0, spread, np.inf)  # an attribute that no sample varies in counts as unchanged
    raw = {
        side: np.stack([(values(z + sign * vectors[name].to(z)) - before).mean(0) for name in names])
        for side, sign in (("added", 1), ("subtracted", -1))
    }
    added, subtracted = raw["added"] / size, raw["subtracted"] / size
    effect = (added - subtracted) / 2
    own = np.diag(effect)
    others = np.abs(effect).sum(1) - np.abs(own)
    moved = own > 0  # the others leak without end: `right` tells of them
    leaks = others[moved] / max(len(names) - 1, 1) / own[moved]
    right = [
        all(
            sign * grid[n, n] > 0 and np.abs(grid[n]).argmax() == n
            for sign, grid in ((1, added), (-1, subtracted))
        )
        for n in range(len(names))
    ]
    return {
        "names": names,
        "samples": count,
        "seed": seed,
        "temperature": temperature,
        "added": added.tolist(),
        "subtracted": subtracted.tolist(),
        "raw_added": raw["added"].tolist(),
        "raw_subtracted": raw["subtracted"].tolist(),
        "leak": float(leaks.mean()) if moved.any() else None,
        "right": dict(zip(names, right, strict=True)),
    }
