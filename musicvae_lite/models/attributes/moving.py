"""What every way of changing attributes offers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, Protocol

from musicvae_lite.errors import ConfigError

if TYPE_CHECKING:
    from torch import Tensor

MOST = 10.0  # standard deviations that may be asked for
MOVED, HELD = "moved.", "held."  # before the names of attributes in the file of a guide
Way = Literal["guide", "decorrelated", "plain"]


class Mover(Protocol):
    """Moves codes to where music has more or less of attributes."""

    @property
    def names(self) -> tuple[str, ...]:
        """The attributes that it can change."""
        ...

    def move(self, z: Tensor, amounts: dict[str, float]) -> Tensor:
        """Codes [B, Z] with so much more of each attribute, in standard deviations of it.

        Raises:
            ConfigError: see `check`.
        """
        ...


def check(amounts: dict[str, float], names: tuple[str, ...]) -> None:
    """Raises ConfigError where nothing moves an attribute of a name, or an amount is out of range."""
    for name, amount in amounts.items():
        if name not in names:
            known = ", ".join(names) or "none: `mvae attributes fit MODEL DATA` finds them"
            raise ConfigError(f"the model cannot change '{name}'; it can change {known}")
        if not math.isfinite(amount) or abs(amount) > MOST:
            raise ConfigError(f"{name} is {amount}; it goes from -{MOST:g} to {MOST:g} standard deviations")
