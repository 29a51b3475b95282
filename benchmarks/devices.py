"""Training steps of full-size stock models on a device, by batch: windows a second, share of its rate.

    python -m benchmarks devices [--device cuda] [--models NAME ...] [--batches 64 256 ...] [-o out]

The rate is what a large square product reaches there in the same precision, and the share is the
operations that must be done (benchmarks/speed/operations.py) over what it would do in the time of a step.
Beside stands plain PyTorch (benchmarks/speed/plain.py), `nn.LSTM` under autocast. Seconds are those of the
clock, medians of steps after which the device was waited for. A batch that its memory does not hold ends a
model's rows. Prints a table and writes `devices.json`.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks import common
from benchmarks.speed import operations, steps
from benchmarks.speed.plain import training_step
from musicvae_lite import runtime
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.training.presets import load_preset

MODELS = ("hierdec-mel_16bar", "cat-mel_2bar_big")
BATCHES = (32, 128, 512, 2048)
SIDE = 8192  # of the square product on a GPU; a CPU takes operations.SIDE
WARM = 3  # runs that do not count: kernels are chosen in the first


def seconds(work: Callable[[], object], device: torch.device, precision: str, runs: int) -> float:
    """The median of the clock's seconds that some work takes on a device."""
    found = []
    for _ in range(WARM + runs):
        begin = time.perf_counter()
        with runtime.products_in(precision, device):
            work()
        if device.type != "cpu":
            torch.accelerator.synchronize()
        found.append(time.perf_counter() - begin)
    return median(found[WARM:])


def product_rate(device: torch.device, precision: str, runs: int) -> float:
    """Operations a second of a large product."""
    side = operations.SIDE if device.type == "cpu" else SIDE
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    a, b = torch.randn(2, side, side, device=device).to(kind)
    return 2 * side**3 / seconds(lambda: a @ b, device, "float32", runs)


def works(
    config: MusicConfig, batch: int, device: torch.device
) -> Iterator[tuple[str, Callable[[], object]]]:
    """A training step of ours, and of plain PyTorch, one built after the other was measured."""
    case = steps.Case("", config, batch, "")
    x = steps.windows(config, batch).to(device)
    vae = config.build().to(device)
    yield "ours", steps.our_step(vae, x, torch.optim.Adam(vae.parameters(), 1e-3, fused=True))
    del vae
    plain = case.plain().to(device)
    optimizer = torch.optim.Adam(plain.parameters(), 1e-3, fused=True)
    yield "plain", lambda: training_step(plain, optimizer, x)


def rows(
    name: str, batches: list[int], device: torch.device, precision: str, runs: int
) -> Iterator[dict[str, Any]]:
    """A model's figures by batch, as long as memory holds them."""
    config = MusicConfig.from_table(load_preset(name).model, name)
    for batch in batches:
        rate = product_rate(device, precision, runs)
        try:
            taken = {
                what: seconds(work, device, precision, runs) for what, work in works(config, batch, device)
            }
        except (RuntimeError, MemoryError) as error:
            if not runtime.is_out_of_memory(error):
                raise
            return
        needed = steps.Case("", config, batch, "").step_operations
        yield {
            "model": name,
            "batch": batch,
            "seconds": taken["ours"],
            "windows_per_s": batch / taken["ours"],
            "plain_over_ours": taken["plain"] / taken["ours"],
            "teraflops": needed / taken["ours"] / 1e12,
            "product_teraflops": rate / 1e12,
            "share": needed / taken["ours"] / rate,
        }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--models", nargs="+", default=list(MODELS))
    parser.add_argument("--batches", nargs="+", type=int, default=list(BATCHES))
    parser.add_argument("--runs", type=int, default=7, help="steps that count, of each")
    parser.add_argument("-o", "--out", type=Path, default=Path("out"))
    args = parser.parse_args()
    device = runtime.choose_device(args.device)
    precision = runtime.choose_precision(args.precision, device)
    runtime.choose_threads()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    print(f"{name}, {precision}, PyTorch {torch.__version__}\n")
    print(f"{'model':20s} {'batch':>6s} {'windows/s':>10s} {'plain/ours':>11s} {'TFLOP/s':>8s} {'share':>6s}")
    about = {"device": name, "precision": precision, "torch": torch.__version__}
    found: list[dict[str, Any]] = []
    for model in args.models:
        for row in rows(model, args.batches, device, precision, args.runs):
            found.append(row)
            print(
                f"{model:20s} {row['batch']:6d} {row['windows_per_s']:10,.0f} {row['plain_over_ours']:11.2f} "
                f"{row['teraflops']:8.2f} {row['share']:6.1%}",
                flush=True,
            )
            common.write_json(args.out / "devices.json", about | {"rows": found})  # what is measured is kept


if __name__ == "__main__":
    main()
