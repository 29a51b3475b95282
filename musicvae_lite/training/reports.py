"""What a training run says of itself while it runs, and where to read it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musicvae_lite.training.run_folder import read_log


@dataclass(frozen=True)
class Report:
    """What a training run tells its listener.

    Attributes:
        kind: "start", "step", "validation", "saved", "restart", "warning" or "end".
        step: updates done.
        values: numbers by name; for "step" smoothed over the last fifty or so updates.
        message: a sentence, for "start", "restart" and "warning".
    """

    kind: str
    step: int
    values: dict[str, float]
    message: str = ""


Listener = Callable[[Report], None]


def summary(run: Path) -> dict[str, Any]:
    """The validation of a run's best weights, read from its log: its figures, and as `step` the updates done.

    Empty when there was none with a finite objective.
    """
    events = [event for event in read_log(run) if event.get("kind") == "validation"]
    found = [event for event in events if event["values"].get("objective") is not None]
    if not found:
        return {}
    best = min(found, key=lambda event: event["values"]["objective"])  # the first of equal ones
    return {"step": best["step"], **best["values"]}
