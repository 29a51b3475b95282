"""Seconds of processor time until held-out music comes back right, our recipe against Magenta's.

    python -m benchmarks time_to_quality DATASET [--target 0.9] [--times 5] [-o out]

Both recipes train on the same windows and are validated on the same held-out ones; what counts is the
share of steps right when the decoder runs on its own outputs at temperature 1.0 from the posterior's mean.
Ours lays its schedules over `--seconds` and stops at the target; the stock recipe (Magenta's initialisation,
batch of 512, optimiser and schedules, in this project's code) then gets `--times` as long. Validating is not
counted. Every validation goes to `OUT/NAME/curve.jsonl` at once, and a run that was interrupted goes on
where its last checkpoint stands; the figures end in `OUT/time-to-quality.json`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import rounded, write_json
from benchmarks.floor import updates_in
from musicvae_lite import runtime

WATCHED = ("accuracy_free", "note_f1_free", "kl_bits", "reconstruction_nats")


class Enough(Exception):
    """The target is reached, or the time is up."""


@dataclass
class Watch:
    """Counts the processor time of updates, and writes the curve.

    Attributes:
        curve: where validations go, a line each.
        target: accuracy at which to stop.
        limit: seconds after which to stop.
        spent: seconds so far, those of an interrupted run included.
    """

    curve: Path
    target: float
    limit: float
    spent: float = 0.0

    def __post_init__(self) -> None:
        self.points = [json.loads(line) for line in _lines(self.curve)]
        self.last = time.process_time()

    def resume_at(self, step: int) -> None:
        """Forgets what came behind the checkpoint that is gone on from."""
        self.points = [point for point in self.points if point["updates"] <= step]
        self.spent = self.points[-1]["seconds"] if self.points else 0.0
        self.curve.write_text("".join(json.dumps(p) + "\n" for p in self.points), encoding="utf-8")

    def __call__(self, report: Any) -> None:
        now = time.process_time()
        if report.kind == "step":
            self.spent += now - self.last
        if report.kind == "validation":
            values = {name: report.values[name] for name in WATCHED}
            self.points.append({"updates": report.step, "seconds": self.spent, **values})
            with self.curve.open("a", encoding="utf-8") as file:
                file.write(json.dumps(self.points[-1]) + "\n")
            print(self.curve.parent.name, rounded(self.points[-1]), flush=True)
        self.last = time.process_time()
        if report.kind == "saved" and (self.spent > self.limit or self.reached is not None):
            raise Enough

    @property
    def reached(self) -> dict[str, float] | None:
        """The first validation at the target, or None."""
        return next((p for p in self.points if p["accuracy_free"] >= self.target), None)


def run(name: str, dataset: Any, folder: Path, limit: float, target: float, **changes: Any) -> dict[str, Any]:
    """One recipe until the target, its end, or the limit in seconds of processor time."""
    from musicvae_lite.training.loop import train
    from musicvae_lite.training.music import MusicTask
    from musicvae_lite.training.presets import load_preset
    from musicvae_lite.training.run_folder import RunFolder

    folder.mkdir(parents=True, exist_ok=True)
    watch = Watch(folder / "curve.jsonl", target, limit)
    saved = RunFolder(folder / "run").newest()
    watch.resume_at(saved.progress.step if saved else 0)
    preset = load_preset(name, **changes)
    if not (watch.reached or watch.spent > limit):
        task = MusicTask(preset, dataset.split("train"), dataset.split("validation"), dataset.digest)
        with contextlib.suppress(Enough):
            train(task, folder / "run", resume=(folder / "run" / "run.json").exists(), listener=watch)
    last = watch.points[-1]
    return {
        "preset": name,
        "changes": changes,
        "batch": preset.training.batch,
        "seconds_an_update": last["seconds"] / last["updates"],
        "reached": watch.reached,
        "best": max(point["accuracy_free"] for point in watch.points),
        "trained_s": last["seconds"],
        "curve": watch.points,
    }


def compare(given: argparse.Namespace, dataset: Any) -> dict[str, Any]:
    """Both recipes; how many times sooner ours was, or at least was where the other never arrived."""
    ours = given.out / "ours"
    chosen = ours / "steps.json"
    if not chosen.exists():  # so that an interrupted run goes on with the same schedules
        ours.mkdir(parents=True, exist_ok=True)
        chosen.write_text(json.dumps(given.steps or updates_in(given.seconds, given.preset, dataset)))
    steps = json.loads(chosen.read_text())
    every = max(1, steps // given.checks)
    changes = {"steps": steps, "beta": given.beta, "validate_every": every, "save_every": every}
    mine = run(given.preset, dataset, ours, math.inf, given.target, **changes)
    took = (mine["reached"] or mine["curve"][-1])["seconds"]
    every = given.stock_every
    stock = run(
        given.stock, dataset, given.out / "stock", given.times * took, given.target,
        validate_every=every, save_every=every,
    )  # fmt: skip
    arrived = stock["reached"] or stock["curve"][-1]
    return {
        "target": given.target,
        "dataset": {"name": dataset.folder.name, "digest": dataset.digest},
        "times_sooner": arrived["seconds"] / took if mine["reached"] else None,
        "stock_arrived": stock["reached"] is not None,
        "ours": mine,
        "stock": stock,
    }


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def main() -> None:
    options = argparse.ArgumentParser(description="Processor time until a model is good.")
    options.add_argument("dataset", help="made by `mvae prepare -r melody --bars 2`")
    options.add_argument("--preset", default="melody-2bar")
    options.add_argument("--stock", default="cat-mel_2bar_small")
    options.add_argument("--target", type=float, default=0.9, help="accuracy running freely, held out")
    options.add_argument("--beta", type=float, default=0.2, help="final KL weight of ours")
    options.add_argument("--seconds", type=float, default=600.0, help="over which ours lays its schedules")
    options.add_argument("--steps", type=int, help="updates of ours, whatever time they take")
    options.add_argument("--checks", type=int, default=20, help="validations over the schedules of ours")
    options.add_argument("--stock-every", type=int, default=50, help="updates between its validations")
    options.add_argument("--times", type=float, default=5.0, help="how much longer the stock recipe gets")
    options.add_argument("-o", "--out", type=Path, default=Path("out/time-to-quality"))
    given = options.parse_args()
    runtime.prepare_environment()
    from musicvae_lite.training.dataset import WindowDataset
    from musicvae_lite.training.presets import load_preset

    dataset = WindowDataset(given.dataset)
    for name in (given.preset, given.stock):
        dataset.check(load_preset(name).model["representation"], name)
    result = compare(given, dataset)
    write_json(given.out / "time-to-quality.json", result)
    print(json.dumps(rounded({k: v for k, v in result.items() if k not in ("ours", "stock")}), indent=2))


if __name__ == "__main__":
    main()
