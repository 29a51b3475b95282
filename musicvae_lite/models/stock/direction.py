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
        return hidden[self.after : self.steps + self.after], cells[self.steps - self.first]

    def weight_gradient(self, d_gates: Tensor, hidden: Tensor, has_state: bool) -> Tensor:
        """Of a recurrent weight, [4H, H], as one product for all steps.

        Args:
            d_gates: [T, B, 4H], gradients of what was said to the gates.
            hidden: [T + 1, B, H].
            has_state: the initial state was not zeros, which would say nothing to the weight.
        """
        told = slice(0, self.steps) if has_state else slice(self.after, self.steps - self.before)
        states = hidden[told.start + self.before : told.stop + self.before].flatten(0, 1)
        return over_rows(d_gates[told].flatten(0, 1), states)
