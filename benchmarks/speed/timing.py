"""Time on a machine that others use too: processor seconds beside wall seconds, medians, work in turn."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

Sample = tuple[float, float]  # seconds on the wall, and of processor time


@dataclass(frozen=True)
class Timing:
    """Medians over some runs.

    Attributes:
        wall_s, cpu_s: seconds a run; those of the processor do not count what others do meanwhile.
        least_s: the least processor time.
        runs: how many.
    """

    wall_s: float
    cpu_s: float
    least_s: float
    runs: int

    @classmethod
    def of(cls, samples: list[Sample]) -> Timing:
        wall, cpu = zip(*samples, strict=True)
        return cls(median(wall), median(cpu), min(cpu), len(samples))


def taken(work: Callable[[], object]) -> Sample:
    """How long some work takes in this process."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def in_bf16(work: Callable[[], object], on: bool = True) -> Callable[[], object]:
    """The same work with bf16 products and float32 everywhere else, or all in float32."""

    def done() -> object:
        import torch

        with torch.autocast("cpu", torch.bfloat16, enabled=on):
            return work()

    return done


def in_turn(
    works: dict[str, Callable[[], Sample]], runs: int, least_s: float = 0.0, before: int = 1
) -> dict[str, Timing]:
    """Times works that take their own time, one after the other, `runs` times round.

    A disturbance meets all of them alike, so that their ratios stand where seconds would not. In a turn the
    last run counts: those before find caches and memory as another's turn left them (a virtual machine that
    waits for another process loses the memory it had freed, and waits to have it back).

    Args:
        least_s: go on round after round until this many seconds have passed, for works of milliseconds.
        before: runs of a turn that do not count.
    """
    samples: dict[str, list[Sample]] = {name: [] for name in works}
    begin, rounds = time.perf_counter(), 0
    while rounds < runs or time.perf_counter() - begin < least_s:
        for name, work in works.items():
            for _ in range(before):
                work()
            samples[name].append(work())
        rounds += 1
    return {name: Timing.of(found) for name, found in samples.items()}


def peak_mib() -> float:
    """Most memory this process has held so far, in MiB; 0 where the system does not say."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss of a process that was forked counts what its parent held
        lines = (line for line in status.read_text(encoding="utf-8").splitlines() if "VmHWM" in line)
        return int(next(lines).split()[1]) / 1024
    try:
        import resource
    except ImportError:  # Windows
        return 0.0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
