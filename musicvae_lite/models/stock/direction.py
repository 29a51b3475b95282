"""Which way a layer reads its steps, and where its states then stand."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from musicvae_lite.models.stock.products import over_rows


@dataclass(frozen=True)
class Direction:
    """States lie as they follow each other in time, one more than there are steps: the initial one stands at
    `first`, before the first step that is read. Step t lies between `before` + t and `after` + t.
    """

    steps: int
    backwards: bool

    @property
    def before(self) -> int:
        return int(self.backwards)

    @property
    def after(self) -> int:
        return int(not self.backwards)

    @property
    def first(self) -> int:
        return self.steps if self.backwards else 0

    @property
    def order(self) -> range:
        """The steps as they are read."""
        return range(self.steps - 1, -1, -1) if self.backwards else range(self.steps)

    @property
    def back(self) -> range:
        """The steps as gradients go."""
        return self.order[::-1]

    def begin(self, states: Tensor, initial: Tensor | None) -> None:
        """Writes the initial state into states [T + 1, B, H]; None is zeros."""
        states[self.first] = 0 if initial is None else initial

    def results(self, hidden: Tensor, cells: Tensor) -> tuple[Tensor, Tensor]:
        """Of states [T + 1, B, H] what a layer gives: h of every step [T, B, H], and the last c [B, H]."""
        return self.outputs(hidden), self.last(cells)

    def outputs(self, states: Tensor) -> Tensor:
        """Of states [T + 1, ...] those that steps gave, [T, ...]."""
        return states[self.after : self.steps + self.after]

    def last(self, states: Tensor) -> Tensor:
        """Of states [T + 1, ...] the last that was read, [...]."""
        return states[self.steps - self.first]

    def pairs(self, has_state: bool) -> tuple[slice, slice]:
        """Steps, and of states [T + 1, ...] those before them, where these say anything to a weight.

        Args:
            has_state: the initial state was not zeros, which say nothing.
        """
        told = slice(0, self.steps) if has_state else slice(self.after, self.steps - self.before)
        return told, slice(told.start + self.before, told.stop + self.before)

    def weight_gradient(self, d_gates: Tensor, hidden: Tensor, has_state: bool) -> Tensor:
        """Of a recurrent weight, [4H, H], as one product for all steps.

        Args:
            d_gates: [T, B, 4H], gradients of what was said to the gates.
            hidden: [T + 1, B, H].
            has_state: as for `pairs`.
        """
        steps, states = self.pairs(has_state)
        return over_rows(d_gates[steps].flatten(0, 1), hidden[states].flatten(0, 1))
