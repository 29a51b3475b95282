"""Speed of training, sampling, interpolating and preparing, beside plain PyTorch, the floor and Magenta.

    python -m benchmarks suite [--quick] [--precision bf16] [--only training,sampling,...] [-o out]

All implementations of a row take turns in one run, and processor seconds of one thread count, so that the
ratios stand on a machine that others use. The floor is the matrix products that must be done at the rate a
large product reaches in the same turns. With MAGENTA_PYTHON naming a Python that has Magenta (docs/speed.md
says how), the original runs beside, in float32. `--precision` is of the training steps of ours, plain and
floor; the default is what `mvae train` chooses here. Samples are timed in float32, and in bf16 where that is
chosen. All else is float32. `--quick` takes an eighth of the batches and fewer turns. Prints a table and
writes `speed.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import common, prepare, startup
from benchmarks.speed import original
from benchmarks.speed.timing import Sample, Timing, in_bf16, in_turn, peak_mib, taken
from musicvae_lite import runtime

PARTS = ("training", "sampling", "interpolation", "preparing", "memory")
PRESETS = ("melody-2bar", "melody-16bar")
STEPS = 9  # of an interpolation
BEFORE = 3  # runs of a turn that do not count: after them memory is as a run of its own kind leaves it


def row(what: str, unit: str, each: float, times: dict[str, Timing], floor_s: float | None) -> dict[str, Any]:
    """One line of the table.

    Args:
        unit: of which each work does `each`.
        times: of "ours" and of what it is measured against.
        floor_s: processor seconds of the products that must be done.
    """
    ours = times["ours"].cpu_s
    peers = times.keys() - {"ours", "product"}
    ratios = {f"{name}_over_ours": times[name].cpu_s / ours for name in sorted(peers)}
    return {
        "what": what,
        "unit": unit,
        "each": each,
        "per_cpu_s": each / ours,
        "times": {name: asdict(t) for name, t in times.items()},
        "floor_s": floor_s,
        "ours_over_floor": None if floor_s is None else ours / floor_s,
        **ratios,
    }


def training(quick: bool, bf16: bool) -> Iterator[dict[str, Any]]:
    """Training steps: the stock models beside plain PyTorch and the original, and the shipped recipes."""
    from benchmarks.speed import operations, steps

    for name in PRESETS:
        step, batch = steps.preset_step(name)
        times = in_turn({"ours": partial(taken, in_bf16(step, bf16))}, 5, 2.0)
        yield row(f"training step, {name}, batch {batch}", "windows", batch, times, None)
    for case in steps.stock_cases(8 if quick else 1):
        works = beside_plain(steps.our_stock_step(case), steps.plain_step(case), bf16)
        times = with_original(works, case.original, case.batch, "step", 2)
        rate = operations.LARGE / times["product"].cpu_s
        name = f"training step, {case.name}, batch {case.batch}"
        yield row(name, "windows", case.batch, times, case.step_operations / rate)


def beside_plain(
    ours: Callable[[], object], plain: Callable[[], object], bf16: bool
) -> dict[str, Callable[[], Sample]]:
    """Ours, plain PyTorch and the floor's product in one precision; in bf16, plain in float32 as well."""
    from benchmarks.speed import operations

    works = {
        "ours": in_bf16(ours, bf16),
        "plain": in_bf16(plain, bf16),
        "product": operations.large_product(bf16),
    }
    if bf16:
        works["plain_float32"] = plain
    return {name: partial(taken, work) for name, work in works.items()}


def sampling(quick: bool, bf16: bool) -> Iterator[dict[str, Any]]:
    """New melodies as tensors, many at once and one at a time: of the stock model, and of the shipped ones,
    whose 2 bars stand beside the original's. Where `bf16` pays, ours also write in it."""
    import torch

    from benchmarks.speed import operations, steps
    from musicvae_lite.models.music_vae import MusicVAE

    case, runs = steps.stock_cases()[0], 3 if quick else 9
    vae, plain = case.config.build().eval(), case.plain().eval()
    precisions = [("float32", False)] + [("bf16", True)] * bf16
    for batch in (case.batch, 1):
        for precision, half in precisions:
            works = beside_plain(partial(vae.sample, batch), partial(plain.sample, batch), half)
            times = with_original(works, case.original, batch, "sample", runs)
            rate = operations.LARGE / times["product"].cpu_s
            floor = case.sample_operations(batch) / rate
            yield row(f"sampling {batch} of {case.name}, {precision}", "melodies", batch, times, floor)
    for name in PRESETS:
        model = MusicVAE.load(name)
        is_alike = model.representation.steps == case.config.representation.steps
        for batch in (512, 1):
            draw = partial(model.vae.sample, batch, None, 1.0, torch.Generator().manual_seed(0))
            for precision, half in precisions:
                works = {"ours": partial(taken, in_bf16(draw, half))}
                if is_alike:
                    times = with_original(works, case.original, batch, "sample", runs)
                else:
                    times = in_turn(works, 3, 1.0)
                yield row(f"sampling {batch} of {name}, {precision}", "melodies", batch, times, None)


def interpolation(quick: bool, bf16: bool) -> Iterator[dict[str, Any]]:
    """A walk of nine steps between two files: through Python with the model loaded, and as a command."""
    from musicvae_lite.models.music_vae import MusicVAE

    a, b = startup.EXAMPLES / "ode-to-joy.mid", startup.EXAMPLES / "drunken-sailor.mid"
    model = MusicVAE.load(PRESETS[0])
    for way, even in (("even", True), ("by code", False)):
        walk = partial(model.interpolate, a, b, STEPS, even=even)
        times = in_turn({"ours": partial(taken, walk)}, 5, 1.0)
        yield row(f"interpolating {STEPS} steps, warm, {way}, {PRESETS[0]}", "walks", 1, times, None)
    with tempfile.TemporaryDirectory() as scratch:
        found = startup.measure(startup.commands(a, b, "", Path(scratch)), 3 if quick else 7)
    for command, taken_by in found.items():
        busy, runs = taken_by["processor_s"], len(taken_by["seconds"])
        times = {"ours": Timing(taken_by["median_s"], busy, busy, runs)}
        if command == "mvae interpolate" and original.is_there():
            with tempfile.TemporaryDirectory() as folder:
                original.run("checkpoint", folder)
                walk = partial(original.run, "interpolate", folder, a, b, folder, STEPS)
                times |= in_turn({"original": walk}, 1 if quick else 3)
        yield row(f"`{command}`, cold", "commands", 1, times, None)


def preparing(quick: bool, bf16: bool) -> Iterator[dict[str, Any]]:
    """MIDI files of 500 notes to training windows: reading, windows, and the whole run."""
    files = 50 if quick else 200
    with tempfile.TemporaryDirectory() as scratch:
        music = Path(scratch) / "music"
        prepare.write_corpus(music, files, 500)
        ours = prepare.parts(music)
        whole = prepare.run(music, Path(scratch) / "data", 0, "bar")
        loading = [
            loading_row(Path(scratch) / "data", name) for name in ("cat-mel_2bar_small", "melody-2bar")
        ]
        theirs: dict[str, Sample] = {}
        if original.is_there():
            with original.Original("prepare", str(music)) as magenta:
                theirs = {"read": magenta("read"), "extract": magenta("extract")}
    for what, key, name in (("reading MIDI", "read_us", "read"), ("2-bar windows", "windows_us", "extract")):
        seconds = ours[key] / 1e6
        times = {"ours": Timing(seconds, seconds, seconds, files)}
        if theirs:
            wall, cpu = theirs[name]
            times["original"] = Timing(wall / files, cpu / files, cpu / files, files)
        yield row(f"{what}, files of 500 notes", "files", 1, times, None)
    seconds = 1 / float(whole["extract_files_per_cpu_s"] or 1)
    times = {"ours": Timing(seconds, seconds, seconds, files)}
    yield row("preparing, reading and windows together", "files", 1, times, None)
    yield from loading


def loading_row(dataset: Path, name: str) -> dict[str, Any]:
    """What a recipe's batches cost, from the files of a dataset to transposed tensors."""
    import torch

    from musicvae_lite.models.assembly import MusicConfig
    from musicvae_lite.training.batches import Batches
    from musicvae_lite.training.dataset import WindowDataset
    from musicvae_lite.training.presets import load_preset

    preset = load_preset(name)
    representation = MusicConfig.from_table(preset.model, name).representation
    split = WindowDataset(dataset).split("train")
    batches = Batches(split, representation, preset.training, torch.device("cpu"))
    chance, counted = torch.Generator().manual_seed(0), iter(range(preset.training.steps))
    work = partial(taken, lambda: batches(next(counted), chance))
    times, batch = in_turn({"ours": work}, 20), preset.training.batch
    return row(f"loading a batch of {batch}, {name}", "windows", batch, times, None)


def memory(quick: bool, bf16: bool) -> Iterator[dict[str, Any]]:
    """Peak memory of a process that makes two updates, less what importing everything takes."""
    from benchmarks.speed import steps

    smaller = 8 if quick else 1
    nothing = _peak("nothing", smaller)
    for case in steps.stock_cases(smaller):
        peaks = {kind: _peak(f"{kind}:{case.name}", smaller) - nothing for kind in ("ours", "plain")}
        what = f"peak memory of training, {case.name}, batch {case.batch}"
        yield {"what": what, "unit": "MiB", "mib": peaks, "plain_over_ours": peaks["plain"] / peaks["ours"]}
    for name in PRESETS:
        peaks = {"ours": _peak(f"preset:{name}", smaller) - nothing}
        yield {"what": f"peak memory of training, {name}", "unit": "MiB", "mib": peaks}


def with_original(works: dict[str, Any], kind: str, batch: int, work: str, runs: int) -> dict[str, Timing]:
    """`in_turn` with Magenta's own code among the works where it is there."""
    if not original.is_there():
        return in_turn(works, runs, 1.0, BEFORE)
    with original.Original(kind, batch) as magenta:
        return in_turn({**works, "original": partial(magenta, work)}, runs, 1.0, BEFORE)


def _peak(what: str, smaller: int) -> float:
    """MiB at most held by a process that does one thing."""
    command = [sys.executable, "-m", "benchmarks.suite", "--peak", what, "--smaller", str(smaller)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    import torch

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = (line for line in info.read_text().splitlines() if "model name" in line)
        model = next(lines, model).rpartition(":")[2].strip()
    return {
        "processor": model,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "system": platform.system(),
    }


def show(rows: list[dict[str, Any]]) -> None:
    """The table, in 80 columns."""
    from mvae.output import table

    def times(value: float | None) -> str:
        return "" if value is None else f"{value:.2f} x"

    cells = []
    for line in rows:
        if "mib" in line:
            rate = f"{line['mib']['ours']:,.0f} MiB"
        else:
            seconds = line["times"]["ours"]["cpu_s"] / line["each"]
            per = f"{1 / seconds:,.0f} /s" if seconds < 0.1 else f"{seconds:.2f} s"
            rate = per if line["each"] > 1 or seconds >= 0.1 else f"{1000 * seconds:.2f} ms"
        ratios = [line.get(f"{peer}_over_ours") for peer in ("plain", "original")]
        cells.append([line["what"], rate, *map(times, ratios), times(line.get("ours_over_floor"))])
    table(("what", "ours, a core", "plain / ours", "original / ours", "ours / floor"), cells)


def main() -> None:
    options = argparse.ArgumentParser(description="Speed, beside plain PyTorch, the floor and the original.")
    options.add_argument("--quick", action="store_true", help="batches of an eighth and fewer turns")
    options.add_argument("--precision", choices=("auto", "float32", "bf16"), default="auto")
    options.add_argument("--only", default=",".join(PARTS), help="parts to measure, by commas")
    options.add_argument("-o", "--out", type=Path, default=Path("out"), help="folder for the JSON")
    options.add_argument("--peak", help=argparse.SUPPRESS)
    options.add_argument("--smaller", type=int, default=1, help=argparse.SUPPRESS)
    given = options.parse_args()
    chosen = given.only.split(",")
    if wrong := set(chosen) - set(PARTS):
        options.error(f"--only knows {', '.join(PARTS)}, not {', '.join(sorted(wrong))}")
    os.environ["OMP_NUM_THREADS"] = "1"
    runtime.prepare_environment()
    import torch

    torch.set_num_threads(1)
    runtime.keep_freed_memory()
    torch.set_flush_denormal(True)  # in 16 bars plain PyTorch in float32 is ten times as slow without
    torch.manual_seed(0)
    if given.peak:
        from benchmarks.speed import steps

        if given.peak != "nothing":
            steps.one_step(given.peak, given.smaller)
        print(peak_mib())
        return
    measure = {"training": training, "sampling": sampling, "interpolation": interpolation,
               "preparing": preparing, "memory": memory}  # fmt: skip
    rows: list[dict[str, Any]] = []
    bf16 = given.precision == "bf16" or (
        given.precision == "auto" and runtime.bfloat16_pays(torch.device("cpu"))
    )
    about = {"machine": machine(), "precision": "bf16" if bf16 else "float32", "quick": given.quick}
    result = {**about, "original": original.is_there(), "rows": rows}
    for part in chosen:
        print(f"measuring {part} ...", file=sys.stderr, flush=True)
        for found in measure[part](given.quick, bf16):
            rows.append(found)
            common.write_json(given.out / "speed.json", result)  # each at once: what is measured is kept
            print(f"  {found['what']}", file=sys.stderr, flush=True)
    show(rows)
    print(json.dumps(result["machine"]))


if __name__ == "__main__":
    main()
