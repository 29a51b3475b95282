"""What changing attributes does to music: the table of Roberts et al. 2018 (arXiv:1803.05428), 5.4."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.music import attributes
from musicvae_lite.music.takes import MOST_TAKES

if TYPE_CHECKING:
    from musicvae_lite.models.attributes.moving import Mover
    from musicvae_lite.models.music_vae import MusicVAE


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """The change of every attribute when music is given more of each, and less.

    Attributes:
        vectors: names of the rows, what is changed on purpose, [V].
        attributes: names of the columns, [A].
        added, subtracted: [V, A], change of the mean, in standard deviations over the unaltered music.
        raw_added, raw_subtracted: [V, A], the same in each attribute's own unit.
        samples, seed, temperature: of the music that was altered.
    """

    vectors: tuple[str, ...]
    attributes: tuple[str, ...]
    added: np.ndarray
    subtracted: np.ndarray
    raw_added: np.ndarray
    raw_subtracted: np.ndarray
    samples: int
    seed: int
    temperature: float

    @property
    def margin(self) -> dict[str, float]:
        """Each row's own cell over the largest other one, at the worse of both ways.

        Above 1 the own cell is the largest of its row, with the right sign.
        """
        return {
            name: min(self._margin(row, sign * grid) for sign, grid in self._sides())
            for row, name in enumerate(self.vectors)
        }

    @property
    def moved(self) -> dict[str, float]:
        """How far each row moves its own attribute the right way, at the worse of both ways."""
        return {
            name: min(sign * self._split(row, grid[row])[0] for sign, grid in self._sides())
            for row, name in enumerate(self.vectors)
        }

    @property
    def leak(self) -> dict[str, float]:
        """The mean size of a row's other cells as a share of its own; below 0 if that goes the wrong way."""
        found = {}
        for row, name in enumerate(self.vectors):
            effect = (self.added[row] - self.subtracted[row]) / 2
            own, others = self._split(row, effect)
            found[name] = float(np.abs(others).mean() / (own or np.nan)) if len(others) else 0.0
        return found

    @property
    def right(self) -> dict[str, bool]:
        """Whether each row's own cell is its largest, with the right sign, both ways."""
        return {name: margin > 1 for name, margin in self.margin.items()}

    def to_table(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            **{key: v.tolist() if isinstance(v, np.ndarray) else v for key, v in asdict(self).items()},
            "right": self.right,
            "margin": self.margin,
            "leak": self.leak,
        }

    def _sides(self) -> tuple[tuple[int, np.ndarray], ...]:
        return (1, self.added), (-1, self.subtracted)

    def _split(self, row: int, cells: np.ndarray) -> tuple[float, np.ndarray]:
        column = self.attributes.index(self.vectors[row])
        return float(cells[column]), np.delete(cells, column)

    def _margin(self, row: int, grid: np.ndarray) -> float:
        own, others = self._split(row, grid[row])
        return own / max(float(np.abs(others).max(initial=0)), 1e-9)


def measure(
    model: MusicVAE, mover: Mover, count: int = 1024, seed: int = 0, temperature: float = 0.0
) -> AttributeTable:
    """Gives samples from a model's prior one standard deviation more and less of what a mover can change.

    Args:
        count: samples, 2 to 100,000.

    Raises:
        ConfigError: `count` is out of range, or nothing can be moved, or none of the attributes that are
            measured.
    """
    count = runtime.whole("count", count)
    if not 2 <= count <= MOST_TAKES:
        raise ConfigError(f"count is {count}; it goes from 2 to {MOST_TAKES}")
    if not mover.names:
        raise ConfigError("the model cannot change attributes yet; run `mvae attributes fit MODEL DATA`")
    columns = measured(model)
    rows = tuple(name for name in columns if name in mover.names)
    if not rows:
        raise ConfigError(f"none of what the model can change can be measured: {', '.join(mover.names)}")
    generator = model.generator(seed)
    z, notes = model.vae.draw(count, generator), runtime.drawn_seed(generator)
    before = values(model, z, temperature, notes)
    size = deviations(before)

    def change(sign: int) -> np.ndarray:
        return np.stack(
            [
                (values(model, mover.move(z, {name: sign}), temperature, notes) - before).mean(0)
                for name in rows
            ]
        )

    added, subtracted = change(1), change(-1)
    return AttributeTable(
        rows, columns, added / size, subtracted / size, added, subtracted, count, seed, temperature
    )


def deviations(values: np.ndarray) -> np.ndarray:
    """Standard deviations [A] of attributes [N, A]; infinity where nothing varies, which so never changes."""
    spread = values.std(0)
    return np.where(spread > 0, spread, np.inf)


def measured(model: MusicVAE) -> tuple[str, ...]:
    """The attributes that can be measured on what a model writes; none on most kinds of music."""
    try:
        return attributes.names(model.representation)
    except ConfigError:
        return ()


def values(
    model: MusicVAE,
    z: Tensor,
    temperature: float = 0.0,
    seed: int = 0,
    control: np.ndarray | None = None,
) -> np.ndarray:
    """Every attribute of what codes [N, Z] decode to, float64 [N, A], in the order of `measured`.

    Args:
        control: what conditions all of them, [T, ...].
    """
    told = None if control is None else np.repeat(control[None], len(z), 0)
    found = attributes.measure(model.decode(z, temperature, seed, control=told).tokens, model.representation)
    return np.stack([found[name] for name in measured(model)], 1)
