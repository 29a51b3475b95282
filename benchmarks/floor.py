"""How many short runs of a recipe leave the floor of always answering "hold", over many seeds.

    python -m benchmarks.floor DATASET [--preset melody-2bar] [--seeds 10] [--seconds 120] [-o out]

A run at the floor has an accuracy near 0 on all values but the commonest; it has left it above
the `floor` of its training settings, the share that the recipe itself asks for. The note F1 stands
beside it. Every
seed is a whole run of the recipe, its schedules laid over as many updates as fit into `--seconds`
here (`--steps` says how many instead). Prints JSON and writes it to `floor-PRESET.json`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import rounded, write_json
from musicvae_lite import runtime

TRIAL = 60  # updates that find out the speed


def updates_in(seconds: float, recipe: str, dataset: Any) -> int:
    """How many updates of a recipe fit into some seconds on this machine."""
    from musicvae_lite.training.loop import Report, train
    from musicvae_lite.training.music import MusicTask
    from musicvae_lite.training.presets import load_preset

    times: list[float] = []

    def listen(report: Report) -> None:
        if report.kind == "step":
            times.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        preset = load_preset(recipe, steps=TRIAL)
        task = MusicTask(preset, dataset.split("train"), dataset.split("validation"))
        train(task, Path(folder) / "run", listener=listen)
    warm = times[TRIAL // 3 :]
    return max(1, round(seconds * (len(warm) - 1) / (warm[-1] - warm[0])))


def run(recipe: str, dataset: Any, steps: int, seed: int) -> dict[str, Any]:
    """One seed: where it ended."""
    from musicvae_lite.training.loop import Report, train
    from musicvae_lite.training.music import MusicTask
    from musicvae_lite.training.presets import load_preset

    seen: dict[str, Report] = {}
    restarts = 0

    def listen(report: Report) -> None:
        nonlocal restarts
        restarts += report.kind == "restart"
        seen[report.kind] = report

    begin = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        preset = load_preset(recipe, steps=steps, seed=seed)
        task = MusicTask(preset, dataset.split("train"), dataset.split("validation"))
        train(task, Path(folder) / "run", listener=listen)
    training, validation = seen["step"].values, seen["validation"].values
    return {
        "seed": seed,
        "left_the_floor": bool(training["accuracy_uncommon"] > preset.training.floor),
        "restarts": restarts,
        "accuracy_uncommon": training["accuracy_uncommon"],
        "accuracy_free": validation["accuracy_free"],
        "note_f1_free": validation["note_f1_free"],
        "kl_bits": validation["kl_bits"],
        "seconds": time.perf_counter() - begin,
    }


def main() -> None:
    options = argparse.ArgumentParser(description="Seeds of a short run that leave the floor.")
    options.add_argument("dataset", help="made by `mvae prepare`")
    options.add_argument("--preset", default="melody-2bar")
    options.add_argument("--seeds", type=int, default=10, help="0 to this number less one")
    options.add_argument(
        "--seconds", type=float, default=120.0, help="of each run, as updates at the speed here"
    )
    options.add_argument("--steps", type=int, help="updates of each run, whatever time they take")
    options.add_argument("-o", "--out", type=Path, default=Path("out"), help="folder of the JSON")
    chosen = options.parse_args()
    runtime.prepare_environment()
    from musicvae_lite.training.dataset import WindowDataset
    from musicvae_lite.training.presets import load_preset

    dataset = WindowDataset(chosen.dataset)
    dataset.check(load_preset(chosen.preset).model["representation"], chosen.preset)
    steps = chosen.steps or updates_in(chosen.seconds, chosen.preset, dataset)
    runs = [run(chosen.preset, dataset, steps, seed) for seed in range(chosen.seeds)]
    result = {
        "preset": chosen.preset,
        "dataset": {"name": dataset.folder.name, "digest": dataset.digest},
        "steps": steps,
        "seeds": len(runs),
        "left_the_floor": sum(r["left_the_floor"] for r in runs),
        "runs": runs,
    }
    write_json(chosen.out / f"floor-{Path(chosen.preset).stem}.json", result)
    print(json.dumps(rounded(result), indent=2))


if __name__ == "__main__":
    main()
