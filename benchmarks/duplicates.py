"""Memory and time of removing duplicates, by the number of windows."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from musicvae_lite.corpora.assemble import assemble
from musicvae_lite.corpora.plan import Chunk, Source
from musicvae_lite.corpora.spill import SpillWriter

STEPS, PER_SONG, PER_CHUNK = 32, 60, 6_000  # of the windows made up here
COPIES = 0.5  # share of windows that are copies of others


def write_spill(path: Path, windows: int, chance: np.random.Generator) -> None:
    """A chunk of made-up windows, half of which come from few."""
    tokens = chance.integers(0, 90, (windows, STEPS), np.uint8)
    copied = chance.random(windows) < COPIES
    tokens[copied, 1:] = 0

    def fingerprint(tokens: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(tokens[:, :8]).view("<u8")[:, 0]

    with SpillWriter(path, fingerprint) as spill:
        for begin in range(0, windows, PER_SONG):
            part = tokens[begin : begin + PER_SONG]
            place = np.arange(len(part), dtype=np.int32)
            spill.add(0, int(chance.integers(2**62)), 1 + begin // PER_SONG, "", part, place, place)
        spill.close({"rejections": []})


def run(windows: int, scratch: Path) -> dict[str, float]:
    """Removes the duplicates of so many windows in this process."""
    sizes = [min(PER_CHUNK, windows - begin) for begin in range(0, windows, PER_CHUNK)]
    places = [scratch / f"{number:06d}.spill" for number in range(len(sizes))]
    chance = np.random.default_rng(0)
    for place, size in zip(places, sizes, strict=True):
        write_spill(place, size, chance)

    def chunks() -> Iterator[tuple[Chunk, Path]]:
        for number, place in enumerate(places):
            yield Chunk(number, number, (Source("a.mid", "a.mid"),)), place

    before = _memory("VmRSS")
    dataset = scratch / "dataset"
    dataset.mkdir()
    begin = time.process_time()
    parts = assemble(chunks, windows, scratch, dataset, split=(0.9, 0.05, 0.05), seed=0)
    seconds = time.process_time() - begin
    kept = sum(split.windows for split in parts.splits.values())
    peak = _memory("VmHWM")
    return {"windows": windows, "kept": kept, "cpu_s": seconds, "before_mib": before, "peak_mib": peak}


def _memory(name: str) -> float:
    """MiB, as Linux tells it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    return float("nan")


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--millions", type=float, nargs="+", default=[1, 2, 4, 8])
    options.add_argument("--run", type=int, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.run:
        with tempfile.TemporaryDirectory() as scratch:
            print(json.dumps(run(chosen.run, Path(scratch))))
        return
    for millions in chosen.millions:  # each in a process of its own, whose peak is its own
        command = [sys.executable, "-m", "benchmarks.duplicates", "--run", str(int(millions * 1e6))]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        print(done.stdout.strip(), flush=True)


if __name__ == "__main__":
    main()
