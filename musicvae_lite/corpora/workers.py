"""Running chunks over processes or any executor: a file that kills its worker costs itself alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import replace
from typing import Any

from musicvae_lite.children import starting
from musicvae_lite.corpora.extract import Job, Report, extract_chunk, try_file
from musicvae_lite.errors import MusicVAEError

HERE = (
    "in a script of your own, call build_dataset below `if __name__ == '__main__':`, or give workers=0 to "
    "work without them"
)
MOST_ON_WINDOWS = 61  # processes that a pool can wait for there
CLUSTER = "look whether scheduler and workers are still there, and run again to go on from here"


class _Died(Exception):
    """The worker died while it ran a job."""


def default_workers() -> int:
    """One a processor this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def allowed(workers: int) -> int:
    """As many workers, or as many as the system can have."""
    return min(workers, MOST_ON_WINDOWS) if sys.platform == "win32" else workers


def run_jobs(
    jobs: Iterable[Job], workers: int | None = None, executor: Executor | None = None
) -> Iterator[Report]:
    """Runs `extract_chunk` on every job and yields the reports as they come, in any order.

    Only a few jobs are handed out ahead of time, so `jobs` may be endless.

    Args:
        jobs: the chunks.
        workers: processes to start; 0 works in this one, where a crash is the end. With an
            executor, how many jobs it can run at once (a guess of 64 if not given).
        executor: runs the jobs instead, a cluster's say; it must see the same files.

    Raises:
        OSError: a spill file cannot be written.
        MusicVAEError: workers cannot start, or keep dying.
    """
    pending = iter(jobs)
    if executor is not None:
        lost: list[Job] = []
        yield from _feed(executor, pending, 2 * (workers or 64), lost)
        for job in lost:
            yield _isolate(job, lambda call, job: _call_on(executor, call, job), CLUSTER)
    elif workers == 0:
        yield from map(extract_chunk, pending)
    else:
        yield from _run_processes(pending, allowed(workers or default_workers()))


def _run_processes(pending: Iterator[Job], workers: int) -> Iterator[Report]:
    while True:  # once round for each time the pool breaks
        lost: list[Job] = []
        pool = _new_pool(workers)
        try:
            yield from _feed(pool, pending, 2 * workers, lost)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        if not lost:
            return
        for job in lost:
            yield _isolate(job, _call_alone, HERE)


def _feed(executor: Executor, pending: Iterator[Job], depth: int, lost: list[Job]) -> Iterator[Report]:
    """Keeps `depth` jobs with the executor until there are no more, or it breaks.

    Jobs whose worker died are added to `lost`.
    """
    running: dict[Future[Report], Job] = {}
    broken = False
    try:
        while True:
            while not broken and len(running) < depth and (job := next(pending, None)) is not None:
                try:
                    running[_submitted(executor, extract_chunk, job)] = job
                except BrokenExecutor:
                    lost.append(job)
                    broken = True
            if not running:
                return
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                try:
                    yield future.result()
                except (OSError, MusicVAEError):
                    raise
                except Exception as error:  # BrokenProcessPool, or what a cluster makes of a dead worker
                    lost.append(job)
                    broken = broken or isinstance(error, BrokenExecutor)
    finally:
        for future in running:
            future.cancel()


def _isolate(job: Job, call: Callable[[Callable[[Job], Any], Job], Any], hint: str) -> Report:
    """Runs a job whose worker died once more, and then without the files that kill a worker alone."""
    try:
        return call(extract_chunk, job)
    except _Died:
        pass
    try:
        call(_start, job)
    except _Died as error:
        raise MusicVAEError(f"worker processes cannot start; {hint}") from error
    crashed = set()
    for index, source in enumerate(job.chunk.files):
        try:
            call(try_file, replace(job, chunk=replace(job.chunk, files=(source,))))
        except _Died:
            crashed.add(index)
    try:
        return call(extract_chunk, replace(job, crashed=frozenset(crashed)))
    except _Died as error:
        files = job.chunk.files
        raise MusicVAEError(
            f"worker processes keep dying between {files[0].name} and {files[-1].name}, for want of memory "
            "perhaps: run again with fewer --workers to go on from here"
        ) from error


def _start(job: Job) -> None:
    """Nothing: shows that a worker can start."""


def _call_alone(call: Callable[[Job], Any], job: Job) -> Any:
    pool = _new_pool(1)
    try:
        return _submitted(pool, call, job).result()
    except BrokenExecutor as error:
        raise _Died from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _call_on(executor: Executor, call: Callable[[Job], Any], job: Job) -> Any:
    try:
        return executor.submit(call, job).result()
    except (OSError, MusicVAEError):
        raise
    except BrokenExecutor as error:
        raise MusicVAEError("the executor has broken down; run again to go on from here") from error
    except Exception as error:
        raise _Died from error


def _submitted(executor: Executor, call: Callable[[Job], Any], job: Job) -> Future[Any]:
    """Hands a job out, for which workers may be started."""
    with starting():
        return executor.submit(call, job)


def _new_pool(workers: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    with starting():  # a helper of multiprocessing's
        return ProcessPoolExecutor(workers, mp_context=context, initializer=_serve)


def _serve() -> None:
    """Ctrl-C is for the main process, which then ends its workers; they do not outlive it if it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main = multiprocessing.parent_process()
    if main is not None:
        threading.Thread(target=_end_with, args=(main,), daemon=True).start()


def _end_with(main: Any) -> None:
    main.join()
    os._exit(1)
