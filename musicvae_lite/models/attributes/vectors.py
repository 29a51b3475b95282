"""Attribute vectors: one direction of latent space for each attribute, the same wherever a code lies.

Roberts et al. 2018 (arXiv:1803.05428), section 5.4: the mean code of the top quartile less that of the bottom
quartile. A decorrelated vector (`latent.lone_vectors`) moves one attribute and leaves the others alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from musicvae_lite.models.attributes.moving import check

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, eq=False)
class AttributeVectors:
    """A vector [Z] for each attribute."""

    vectors: dict[str, Tensor] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.vectors)

    def move(self, z: Tensor, amounts: dict[str, float]) -> Tensor:
        """Codes [B, Z] with so much of each vector added.

        Raises:
            ConfigError: there is no vector of a name, or an amount is not finite.
        """
        check(amounts, self.names)
        for name, amount in amounts.items():
            z = z + amount * self.vectors[name].to(z)
        return z
