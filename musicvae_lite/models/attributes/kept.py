"""What is kept with a model to change attributes of music by: vectors and a guide, in a file each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from musicvae_lite import checkpoints, packing
from musicvae_lite.checkpoints import GUIDE, VECTORS
from musicvae_lite.errors import CheckpointError, ConfigError, shown
from musicvae_lite.models.attributes.moving import MOVED, Mover, Way
from musicvae_lite.models.attributes.vectors import AttributeVectors

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from musicvae_lite.models.attributes.guide import AttributeGuide

WAYS: tuple[Way, ...] = ("guide", "decorrelated", "plain")  # the best first
DECORRELATED = "decorrelated."  # before the names of those vectors in the file


@dataclass(frozen=True, eq=False)
class Attributes:
    """The ways that a model has to change attributes.

    Attributes:
        plain: vectors as the paper has them.
        decorrelated: vectors that leave the other attributes alone, of those that have such a direction;
            none in models of Magenta's.
        guide: a network that finds the way from each code.
    """

    plain: AttributeVectors = field(default_factory=AttributeVectors)
    decorrelated: AttributeVectors = field(default_factory=AttributeVectors)
    guide: AttributeGuide | None = None

    @property
    def ways(self) -> tuple[Way, ...]:
        """Those that the model has, the best first."""
        return tuple(way for way in WAYS if self.choose(way).names)

    @property
    def best(self) -> Way:
        """The first of `ways`; "plain", which then moves nothing, where the model has none."""
        return (*self.ways, "plain")[0]

    def ways_for(self, names: Iterable[str]) -> tuple[Way, ...]:
        """Those of `ways` that can change all of some attributes, the best first; if none can, `best`."""
        asked = set(names)
        able: tuple[Way, ...] = tuple(way for way in self.ways if asked <= set(self.choose(way).names))
        return able or (self.best,)

    def choose(self, way: Way | None = None) -> Mover:
        """The way asked for, which may have nothing to move; otherwise the best that the model has.

        Raises:
            ConfigError: there is no such way.
        """
        way = self.best if way is None else way
        if way not in WAYS:
            raise ConfigError(f"no way of changing attributes is {shown(way)}; it can be {', '.join(WAYS)}")
        if way == "guide":
            return self.guide or AttributeVectors()
        return self.decorrelated if way == "decorrelated" else self.plain

    def save(self, folder: Path) -> list[Path]:
        """Writes them beside a model: vectors as float16, the guide as int8."""
        kinds = (("", self.plain), (DECORRELATED, self.decorrelated))
        tensors = {prefix + name: v.cpu() for prefix, held in kinds for name, v in held.vectors.items()}
        checkpoints.write_tensors(folder / VECTORS, packing.pack(tensors, "float16"))
        if self.guide is None:
            (folder / GUIDE).unlink(missing_ok=True)
            return [folder / VECTORS]
        tensors = {name: tensor.cpu() for name, tensor in self.guide.tensors().items()}
        checkpoints.write_tensors(folder / GUIDE, packing.pack(tensors, "int8"))
        return [folder / VECTORS, folder / GUIDE]

    @classmethod
    def load(cls, folder: Path, z: int, device: str | torch.device = "cpu") -> Attributes:
        """Those of a model folder; none where it has no such files.

        Raises:
            CheckpointError: a file is damaged, or of a model of another size.
        """
        found: dict[str, Tensor] = {}
        if _vectors(folder, z):
            found = checkpoints.read_packed(folder / VECTORS, str(device))
        guide = None
        if (folder / GUIDE).exists():
            from musicvae_lite.models.attributes.guide import AttributeGuide

            stored = checkpoints.read_packed(folder / GUIDE, str(device))
            guide = AttributeGuide.of_tensors(stored, z, folder / GUIDE).to(device)
        return cls(
            AttributeVectors({n: v for n, v in found.items() if not n.startswith(DECORRELATED)}),
            AttributeVectors(
                {n.removeprefix(DECORRELATED): v for n, v in found.items() if n.startswith(DECORRELATED)}
            ),
            guide,
        )


def names(folder: Path, z: int) -> list[str]:
    """What `Attributes.load(folder, z).choose()` can change, told without loading torch.

    Raises:
        CheckpointError: as `Attributes.load`.
    """
    if (folder / GUIDE).exists():
        held = [
            name.removeprefix(MOVED) for name in checkpoints.shapes(folder / GUIDE) if name.startswith(MOVED)
        ]
        if held:
            return held
    held = _vectors(folder, z)
    decorrelated = [name.removeprefix(DECORRELATED) for name in held if name.startswith(DECORRELATED)]
    return decorrelated or held


def _vectors(folder: Path, z: int) -> list[str]:
    """Names of the vectors in a model folder, by the file's header; none where there is no such file."""
    path = folder / VECTORS
    if not path.exists():
        return []
    shapes = checkpoints.shapes(path)
    for name, shape in shapes.items():
        if shape != (z,):
            raise CheckpointError(f"{path}: '{name}' has the shape {list(shape)}, codes have [{z}]")
    return list(shapes)
