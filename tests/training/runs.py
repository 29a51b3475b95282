"""Small training runs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np

from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.training.loop import Report, train
from musicvae_lite.training.music import MusicTask
from musicvae_lite.training.presets import Preset
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.windows import WindowSplit, from_arrays

MELODY = MelodyRepresentation(bars=2)
SMALL = MusicTraining(steps=24, batch=8, validate_every=10, save_every=7, warmup=5, learning_rate=5e-3)
MODEL = {
    "representation": {"name": "melody", "bars": 2},
    "encoder": {"kind": "hierarchical", "segments": [4, 8], "width": 24, "squeeze": 8},
    "decoder": {"kind": "hierarchical", "segments": [4, 8], "width": 24, "core_width": 32},
    "z": 12,
}
FLAT = {
    **MODEL,
    "encoder": {"kind": "flat", "hidden": 16},
    "decoder": {"kind": "flat", "hidden": 16, "layers": 2, "feed": 8},
}


def preset(model: dict[str, Any] = MODEL, **changes: Any) -> Preset:
    return Preset("small", "", model, dataclasses.replace(SMALL, **changes))


def windows(count: int, seed: int = 0) -> WindowSplit:
    return from_arrays(MELODY.random(count, np.random.default_rng(seed)), name="made-up windows")


TRAIN, VALIDATION = windows(60), windows(20, seed=1)


class Heard(list[Report]):
    """A listener that keeps what it hears, and may act at an update."""

    def __init__(self, at: int | None = None, action: Any = None):
        super().__init__()
        self.at, self.action = at, action

    def __call__(self, report: Report) -> None:
        self.append(report)
        if report.kind == "step" and report.step == self.at:
            self.action()

    def of(self, kind: str) -> list[Report]:
        return [report for report in self if report.kind == kind]

    def losses(self) -> dict[int, dict[str, float]]:
        """Every figure of every update but its speed."""
        return {
            r.step: {k: v for k, v in r.values.items() if k != "examples_per_second"} for r in self.of("step")
        }


def run(folder: Path, heard: Heard | None = None, **options: Any) -> Path:
    """A run on the CPU in float32 unless `options` say otherwise."""
    parts: dict[str, Any] = {"preset": preset(), "windows": TRAIN, "validation": VALIDATION, "dataset": ""}
    parts = {name: options.pop(name, default) for name, default in parts.items()}
    how: dict[str, Any] = {"device": "cpu", "precision": "float32"} | options
    return train(MusicTask(**parts), folder, listener=Heard() if heard is None else heard, **how)


def log(folder: Path) -> list[dict[str, Any]]:
    """The events of a run's log without their speeds; fails on a line that is not strict JSON."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    text = (folder / "log.jsonl").read_text("utf-8")
    assert text.endswith("\n")
    events = [json.loads(line, parse_constant=refuse) for line in text.splitlines()]
    for event in events:
        event.get("values", {}).pop("examples_per_second", None)
    return events


def state(folder: Path) -> dict[str, bytes]:
    """What a run leaves, byte by byte, but for its log and the seconds it took."""
    files = [
        p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in ("log.jsonl", "progress.json")
    ]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
