"""A few kills of the crash harness, and whether it would notice what is not whole."""

from __future__ import annotations

import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone")
crashes = pytest.importorskip("benchmarks.crashes")


@pytest.fixture(autouse=True)
def forks() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later Pythons warn of forks beside threads
        yield


def test_nothing_is_lost_or_damaged_by_kills(tmp_path: Path):
    out = crashes.run(6, tmp_path, seed=1, files=12)
    assert out.faults == [] and sum(out.kills.values()) >= 6


class Writing:
    """Writes "whole" into a file, one letter at a time."""

    name, letters = "writing", "whole"

    def __init__(self, folder: Path):
        self.folder = folder

    def go(self, mark: Callable[[], None]) -> None:
        mark()
        with (self.folder / "file").open("w") as file:
            for letter in self.letters:
                file.write(letter)
                file.flush()
                time.sleep(0.02)

    def check(self) -> None:
        text = (self.folder / "file").read_text() if (self.folder / "file").exists() else ""
        assert text in ("", self.letters), f"half a word: {text}"

    def result(self) -> dict[str, Any]:
        return {"file": (self.folder / "file").read_text()}


class Hiding(Writing):
    """The same, and does not look."""

    def check(self) -> None:
        pass


class Failing(Writing):
    def go(self, mark: Callable[[], None]) -> None:
        raise ValueError("as it is meant to")


@pytest.mark.parametrize(
    ("kind", "wanted", "words"),
    [
        (Writing, "whole", "after a kill: AssertionError: half a word"),
        (Hiding, "hole", "another end than that of the unbroken run: file"),
        (Failing, "whole", "did not go on after a kill"),
    ],
)
def test_what_is_not_right_is_noticed(kind: type, wanted: str, words: str, tmp_path: Path, capfd):
    chance, out = random.Random(0), crashes.Outcome()
    for number in range(50):
        place = tmp_path / str(number)
        place.mkdir()
        crashes.bring_to_end(kind(place), {"file": wanted}, 0.12, chance, out)
        if out.faults:
            break
    assert words in out.faults[0]
