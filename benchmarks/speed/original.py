"""Magenta's own code beside ours, where a Python that has it is named by MAGENTA_PYTHON.

It wants an older Python and TensorFlow, so it runs as a process of its own (`original_worker.py`). How to
make one stands in docs/speed.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, Self

from benchmarks.speed.timing import Sample

WORKER = Path(__file__).with_name("original_worker.py")
VARIABLE = "MAGENTA_PYTHON"


class Original:
    """A worker that does one thing at a time and says how long it took. A context manager.

    Attributes:
        facts: what it says of itself, such as the number of parameters.
    """

    def __init__(self, kind: str, what: str | int):
        """See the worker for what can be asked. Raises RuntimeError when it cannot start."""
        command = [os.environ[VARIABLE], str(WORKER), kind, str(what)]
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._said, text=True
            )
        except OSError as error:
            self._said.close()
            raise RuntimeError(f"Magenta's code does not run: {VARIABLE} is {command[0]}: {error}") from error
        self.facts: dict[str, Any] = self._answer()

    def __call__(self, work: str) -> Sample:
        assert self._process.stdin is not None
        self._process.stdin.write(work + "\n")
        self._process.stdin.flush()
        wall, cpu = self._answer()
        return wall, cpu

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._said.seek(0)
            said = self._said.read().strip().splitlines()
            self.__exit__()
            raise RuntimeError(f"Magenta's code does not run: {said[-1] if said else 'it said nothing'}")
        return json.loads(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._said.close()


def run(*words: str | int | Path) -> Sample:
    """A whole process of the worker, from its start to its end. Raises RuntimeError when it fails."""
    before, begin = os.times(), time.perf_counter()
    done = subprocess.run(
        [os.environ[VARIABLE], str(WORKER), *map(str, words)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"Magenta's code does not run: {done.stderr.strip().splitlines()[-1:]}")
    wall, after = time.perf_counter() - begin, os.times()
    busy = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, busy


def is_there() -> bool:
    """Whether a Python with Magenta was named."""
    return bool(os.environ.get(VARIABLE))
