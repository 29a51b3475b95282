"""Coverage-guided fuzzing of one reader: `python -m tests.fuzzing TARGET [--seconds 60] [--out FOLDER]`.

Needs atheris (github.com/google/atheris). The seeds and every new input that reaches new code go to FOLDER;
a finding is written there as `crash-...`, `timeout-...` or `oom-...`. Limits: 10 seconds and 1 GiB.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import atheris

# Whatever of the package is imported within is watched for new code that it reaches.
instrumented: Any = getattr(atheris, "instrument_imports")(include=["musicvae_lite"])  # noqa: B009

with instrumented:
    from tests.fuzzing.mutation import changed
    from tests.fuzzing.targets import TARGETS, Read, Target


SECONDS = 10  # of the processor for one input


def timed(target: Target, read: Read, data: bytes) -> None:
    """Time is the processor's: other work on the machine must not look like a hang."""
    begun = time.process_time()
    target.call(read, data)
    spent = time.process_time() - begun
    assert spent < SECONDS, f"took {spent:.1f} seconds"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", nargs="?", choices=[*TARGETS])
    parser.add_argument("--list", action="store_true", help="print the names of the targets")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--out", type=Path, default=Path("out/fuzzing"))
    parser.add_argument("input", nargs="?", type=Path, help="run this one input instead")
    options = parser.parse_args()
    if options.list or not options.target:
        print(*TARGETS)
        return
    target = TARGETS[options.target]
    with tempfile.TemporaryDirectory() as work:
        with instrumented:
            read = target.reader(Path(work))  # imports what it needs
        if options.input:
            print("taken" if target.call(read, options.input.read_bytes()) else "refused as documented")
            return
        folder = options.out / options.target
        folder.mkdir(parents=True, exist_ok=True)
        for seed in target.seeds():
            (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)

        def mutate(data: bytes, most: int, number: int) -> bytes:
            chance = random.Random(number)
            if not target.json or chance.random() < 0.3:
                return atheris.Mutate(data, most)
            return changed(data, chance, target.json)[:most]

        arguments = [
            sys.argv[0], str(folder), f"-artifact_prefix={folder}-", f"-max_total_time={options.seconds}",
            "-timeout=300", "-rss_limit_mb=1024", f"-max_len={target.largest}", "-print_final_stats=1",
        ]  # fmt: skip
        atheris.Setup(arguments, lambda data: timed(target, read, data), custom_mutator=mutate)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
