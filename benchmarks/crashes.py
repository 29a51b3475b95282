"""SIGKILL at random moments of preparing, training and saving: only work since the last save is lost.

Every round does one piece of work from beginning to end through as many killed processes as it takes, looks
after each kill whether all that can be seen is whole, and compares the end with that of an unbroken run.
Processes are forked from this one, so that a kill costs no start; that needs Linux.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.prepare import write_corpus
from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.corpora.manifest import Manifest
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.training.loop import Report, train
from musicvae_lite.training.music import MusicTask
from musicvae_lite.training.presets import Preset
from musicvae_lite.training.run_folder import RunFolder
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.windows import from_arrays

MELODY = MelodyRepresentation(bars=2)
MODEL: dict[str, Any] = {
    "representation": {"name": "melody", "bars": 2},
    "encoder": {"kind": "flat", "hidden": 16},
    "decoder": {"kind": "flat", "hidden": 16, "layers": 2, "feed": 8},
    "z": 12,
}


class Work(Protocol):
    """Something that can be killed and gone on with.

    Attributes:
        name: of the kind of work.
        folder: where it writes.
    """

    name: str
    folder: Path

    def go(self, mark: Callable[[], None]) -> None:
        """Begins or goes on, to the end. `mark` is called where a kill is wanted soon."""
        ...

    def check(self) -> None:
        """Raises when anything that can be seen is not whole."""
        ...

    def result(self) -> dict[str, Any]:
        """What a finished work left, to be compared."""
        ...


class Preparing:
    """A dataset of `files` made-up songs, four files a chunk."""

    name = "prepare"

    def __init__(self, corpus: Path, folder: Path):
        self.corpus, self.folder = corpus, folder

    def go(self, mark: Callable[[], None]) -> None:
        if self.folder.exists():  # it was in place when the process was killed
            return
        mark()
        build_dataset([self.corpus], MELODY, self.folder, workers=0, chunk_files=4)

    def check(self) -> None:
        if self.folder.exists():
            manifest = Manifest.load(self.folder)
            for split in manifest.splits.values():
                for shard in split.shards:
                    assert (
                        len(np.load(self.folder / shard.tokens, mmap_mode="r", allow_pickle=False))
                        == shard.windows
                    )

    def result(self) -> dict[str, Any]:
        return {path.name: path.read_bytes() for path in self.folder.iterdir()}


class Training:
    """A run of a tiny model. With `at_saves`, it is killed around the moments when it writes."""

    def __init__(self, folder: Path, at_saves: bool = False, steps: int = 24):
        self.folder, self.at_saves = folder, at_saves
        self.name = "save" if at_saves else "train"
        save, validate = (1, 2) if at_saves else (4, 5)
        settings = MusicTraining(
            steps=steps, batch=8, warmup=5, learning_rate=5e-3, save_every=save, validate_every=validate
        )
        chance = np.random.default_rng(0)
        self.preset = Preset("small", "", MODEL, settings)
        self.windows, self.held_out = (from_arrays(MELODY.random(n, chance)) for n in (60, 12))

    def task(self) -> MusicTask:
        return MusicTask(self.preset, self.windows, self.held_out)

    def go(self, mark: Callable[[], None]) -> None:
        def heard(report: Report) -> None:
            if report.kind == "start" if not self.at_saves else report.kind == "step":
                mark()

        has_begun = (self.folder / "run.json").exists()
        train(self.task(), self.folder, "cpu", "float32", resume=has_begun, listener=heard)

    def check(self) -> None:
        saved = RunFolder(self.folder).newest()
        if saved is not None:
            vae = self.task().build()
            import torch

            saved.restore(vae, torch.optim.Adam(vae.parameters(), fused=True))
        if (self.folder / "best" / "config.json").exists():
            MusicVAE.load(self.folder)
        for line in (self.folder / "log.jsonl").open() if (self.folder / "log.jsonl").exists() else ():
            assert not line.endswith("\n") or json.loads(line)

    def result(self) -> dict[str, Any]:
        """Every file byte by byte, and the figures of the log, but for the seconds they took."""
        found: dict[str, Any] = {}
        for path in sorted(self.folder.rglob("*")):
            if path.is_file() and path.name not in ("log.jsonl", "progress.json", ".lock"):
                found[str(path.relative_to(self.folder))] = path.read_bytes()
        events = [json.loads(line) for line in (self.folder / "log.jsonl").read_text().splitlines()]
        curve = [event for event in events if event["kind"] in ("step", "validation")]
        for event in curve:
            event["values"].pop("examples_per_second", None)
        return found | {"curve": curve}


@dataclass
class Outcome:
    """What came of the kills.

    Attributes:
        kills: how many of each kind of work.
        rounds: works brought to their end.
        faults: what was not as it must be, a sentence each.
    """

    kills: Counter[str] = field(default_factory=Counter)
    rounds: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def once(work: Work, delay: float) -> int:
    """Lets a fork of this process work, and kills it `delay` seconds after its first mark.

    Returns:
        0 when it had ended before, 9 when it was killed, 1 when it failed.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.close(reading)
            work.go(lambda: os.write(writing, b"."))  # type: ignore[arg-type, return-value]
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    os.read(reading, 1)  # returns at the end of the process too
    deadline = time.monotonic() + delay
    status = 0
    while time.monotonic() < deadline:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            break
        time.sleep(min(0.002, delay))
    else:
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    os.close(reading)
    return signal.SIGKILL if os.WIFSIGNALED(status) else os.waitstatus_to_exitcode(status)


def bring_to_end(
    work: Work, wanted: dict[str, Any], longest: float, chance: random.Random, out: Outcome
) -> None:
    """Kills a work again and again until it ends; what is not right is added to the outcome.

    Args:
        longest: seconds until a kill, at most; grown when a work gets nowhere.
    """
    in_a_row = 0
    while True:
        code = once(work, chance.uniform(0, longest * 1.2 ** max(0, in_a_row - 8)))
        out.kills[work.name] += code == signal.SIGKILL
        in_a_row += 1
        try:
            work.check()
        except Exception as error:
            out.faults.append(f"{work.name}, after a kill: {type(error).__name__}: {error}")
            return
        if code == 1:
            out.faults.append(f"{work.name}: it did not go on after a kill")
            return
        if code == 0:
            break
    out.rounds[work.name] += 1
    found = work.result()
    if found != wanted:
        names = [name for name in {*found, *wanted} if found.get(name) != wanted.get(name)]
        out.faults.append(
            f"{work.name}: another end than that of the unbroken run: {', '.join(sorted(names))}"
        )


def run(
    kills: int,
    place: Path,
    seed: int = 0,
    files: int = 24,
    tell: Callable[[Outcome], None] = lambda outcome: None,
) -> Outcome:
    """Kills works of all kinds, each about as often, until there were `kills` of them.

    Args:
        place: an empty folder.
        files: that are prepared.
        tell: called after each work.
    """
    corpus = place / "corpus"
    write_corpus(corpus, files, 200)
    makers: list[tuple[Callable[[Path], Work], float]] = []
    names: list[str] = []
    for make in (
        lambda folder: Preparing(corpus, folder),
        lambda folder: Training(folder),
        lambda folder: Training(folder, at_saves=True),
    ):
        work = make(place / f"unbroken-{len(makers)}")
        begin = time.monotonic()
        names.append(work.name)
        work.go(lambda: None)
        share = 0.1 if isinstance(work, Training) and work.at_saves else 0.6
        makers.append((make, share * (time.monotonic() - begin)))
    wanted = [make(place / f"unbroken-{i}").result() for i, (make, _) in enumerate(makers)]
    chance, out, number = random.Random(seed), Outcome(), 0
    while sum(out.kills.values()) < kills and not out.faults:
        kind = min(range(len(makers)), key=lambda one: out.kills[names[one]])  # that was killed least
        make, longest = makers[kind]
        bring_to_end(make(place / f"round-{number}"), wanted[kind], longest, chance, out)
        number += 1
        tell(out)
    return out


def show(out: Outcome) -> None:
    killed, ended = (" ".join(f"{n} {kind}" for kind, n in c.items()) for c in (out.kills, out.rounds))
    print(f"killed {killed}; ended {ended}; {len(out.faults)} faults", file=sys.stderr, flush=True)


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--kills", type=int, default=200)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("-o", "--output", type=Path, default=Path("out/crashes.json"))
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        begin = time.monotonic()
        out = run(chosen.kills, Path(scratch), chosen.seed, tell=show)
    seconds = round(time.monotonic() - begin)
    result = {"kills": dict(out.kills), "rounds": dict(out.rounds), "faults": out.faults, "seconds": seconds}
    chosen.output.parent.mkdir(parents=True, exist_ok=True)
    chosen.output.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))
    sys.exit(1 if out.faults else 0)


if __name__ == "__main__":
    main()
