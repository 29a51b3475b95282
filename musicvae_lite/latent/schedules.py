"""How the weight of the KL changes over a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class BetaSchedule:
    """Weight of the KL term over a run.

    "ramp" keeps `first` until the share `begin` of the run is done, then moves in a straight line to
    `final`, reached at the share `end`. "exponential" is MusicVAE's `final * (1 - rate ** step)`.
    """

    kind: Literal["ramp", "exponential"] = "ramp"
    first: float = 0.0
    final: float = 0.2
    begin: float = 0.3
    end: float = 0.7
    rate: float = 0.99999

    def __call__(self, step: int, total: int) -> float:
        if self.kind == "exponential":
            return self.final * (1 - self.rate**step)
        return ramp(self.first, self.final, self.begin, self.end, step / max(total, 1))


def ramp(first: float, final: float, begin: float, end: float, done: float) -> float:
    """`first` until the share `begin` of a run is done, `final` from the share `end`, a line between."""
    share = min(1.0, max(0.0, (done - begin) / max(end - begin, 1e-9)))
    return first + (final - first) * share
