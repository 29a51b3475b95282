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
    """The last validation of a run, read from its log; empty when there was none."""
    found = [event["values"] for event in read_log(run) if event.get("kind") == "validation"]
    return found[-1] if found else {}
