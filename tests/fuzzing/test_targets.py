"""The short form of fuzzing: every reader takes its seeds, and some hundred mutations of them do no harm.

`python -m tests.fuzzing TARGET` is the long form. What either has found stands in `test_findings_*.py`.
"""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.fuzzing.mutation import changed
from tests.fuzzing.targets import TARGETS

COUNT = 60
DAMAGED_SEEDS = ("image-config", "music-config", "chords", "shard")  # valid ones that do not fit each other


@pytest.mark.parametrize("name", TARGETS)
def test_seeds_are_taken_and_mutations_taken_or_refused(name: str, tmp_path: Path, monkeypatch):
    target = TARGETS[name]
    if name == "bundle":
        from musicvae_lite.magenta import bundle, table

        for module in (bundle, table):  # the target exchanges it
            monkeypatch.setattr(module, "masked", module.masked)
    read = target.reader(tmp_path)
    seeds = target.seeds()
    taken = [target.call(read, seed) for seed in seeds]
    assert any(taken) if name in DAMAGED_SEEDS else all(taken)
    for number in range(COUNT):
        chance = random.Random(f"{name} {number}")
        target.call(read, changed(chance.choice(seeds), chance, target.json))
