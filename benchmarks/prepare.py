"""How fast music becomes a dataset, and that memory does not grow with the number of files.

    python -m benchmarks.prepare [--files 1000] [--large 10000] [--notes 500] [--workers 1]

Writes MIDI files of one melody each, times reading, windows and the whole run, and takes the peak
memory of a run over `--files` and over `--large` files. Prints JSON.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from musicvae_lite.corpora.build import Progress, build_dataset
from musicvae_lite.music import midi, reading
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Score, Track


def write_corpus(folder: Path, files: int, notes: int, seed: int = 0) -> None:
    """Melodies that walk over a scale in quarters, eighths and sixteenths; every one differs."""
    folder.mkdir(parents=True)
    chance = np.random.default_rng(seed)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    for number in range(files):
        degree = 21 + np.cumsum(chance.integers(-2, 3, notes)) % 14
        length = chance.choice([120, 240, 480], notes, p=[0.4, 0.4, 0.2])
        start = np.concatenate([[0], np.cumsum(length)[:-1]])
        score = Score(
            ticks_per_quarter=480,
            start=start.astype(np.int32),
            end=(start + length).astype(np.int32),
            pitch=(12 + 12 * (degree // 7) + scale[degree % 7]).astype(np.int32),
            velocity=np.full(notes, 80, np.int32),
            track=np.zeros(notes, np.int32),
            tracks=(Track("melody"),),
        )
        place = folder / f"{number // 1000:03d}"
        place.mkdir(exist_ok=True)
        (place / f"{number:06d}.mid").write_bytes(midi.to_bytes(score))


def parts(folder: Path, sample: int = 300) -> dict[str, float]:
    """Microseconds of processor time a file for reading and for windows, in this process."""
    representation = MelodyRepresentation(bars=2)
    files = reading.find_files([folder])[:sample]
    scores = [next(iter(reading.read_songs(f))) for f in files]  # warms up
    begin = time.process_time()
    for file in files:
        list(reading.read_songs(file))
    middle = time.process_time()
    for score in scores:
        assert isinstance(score, Score)
        representation.windows(score, 16)
    end = time.process_time()
    return {
        "read_us": (middle - begin) / len(files) * 1e6,
        "windows_us": (end - middle) / len(files) * 1e6,
    }


def run(folder: Path, output: Path, workers: int, hop: str) -> dict[str, float | None]:
    """One preparing run in this process: seconds of its stages, and peak memory in MiB."""
    begin: dict[str, float] = {}
    cpu: dict[str, float] = {}

    def on_progress(progress: Progress) -> None:
        begin.setdefault(progress.stage, time.perf_counter())
        cpu.setdefault(progress.stage, time.process_time())

    manifest = build_dataset(
        [folder],
        MelodyRepresentation(bars=2),
        output,
        workers=workers,
        hop=hop,
        on_progress=on_progress,
    )
    end = time.perf_counter()
    extract, assemble = begin["assemble"] - begin["extract"], end - begin["assemble"]
    files = manifest.sources["files"]
    return {
        "files": files,
        "workers": workers,
        "extracted": manifest.extracted,
        "windows": manifest.windows,
        "list_s": begin["extract"] - begin["list"],
        "extract_s": extract,
        "assemble_s": assemble,
        "extract_files_per_s": files / extract,
        # of this process, undisturbed by others; without workers all work is done in it
        "extract_files_per_cpu_s": None if workers else files / (cpu["assemble"] - cpu["extract"]),
        "files_per_s": files / (end - begin["list"]),
        **_peak(),
    }


def _peak() -> dict[str, float]:
    try:
        import resource
    except ImportError:  # Windows
        return {}
    unit = 1 if sys.platform == "darwin" else 1024
    return {
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20,
        "worker_peak_mib": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * unit / 2**20,
    }


def main() -> None:
    options = argparse.ArgumentParser(description="Speed and memory of preparing a dataset.")
    options.add_argument("--files", type=int, default=1000)
    options.add_argument("--large", type=int, default=10_000)
    options.add_argument("--notes", type=int, default=500)
    options.add_argument("--workers", type=int, default=1)
    options.add_argument("--hop", default="beat", help=argparse.SUPPRESS)
    options.add_argument("--run", nargs=2, metavar=("FOLDER", "OUTPUT"), help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.run:
        print(json.dumps(run(Path(chosen.run[0]), Path(chosen.run[1]), chosen.workers, chosen.hop)))
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = Path(scratch)
        small, large = root / "small", root / "large"
        write_corpus(small, chosen.files, chosen.notes)
        write_corpus(large, chosen.large, chosen.notes)
        results = {
            "one_process_every_bar": _alone(small, root / "a", 0, "bar"),
            "one_process_every_beat": _alone(small, root / "d", 0),
            "small": _alone(small, root / "b", chosen.workers),
            "large": _alone(large, root / "c", chosen.workers),
            "parts": parts(small),
        }
    print(json.dumps(results, indent=2))


def _alone(folder: Path, output: Path, workers: int, hop: str = "beat") -> dict[str, float | None]:
    """`run` in a fresh process, so that its peak memory is its own."""
    command = [sys.executable, "-m", "benchmarks.prepare", "--workers", str(workers), "--hop", hop]
    done = subprocess.run(
        [*command, "--run", str(folder), str(output)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    main()
