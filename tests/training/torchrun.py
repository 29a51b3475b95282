"""Several processes as torchrun would start them, forked from this one: nothing is imported anew."""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import traceback
import warnings
from collections.abc import Callable

import pytest

FORKS = pytest.mark.skipif(sys.platform != "linux", reason="forks are safe on Linux alone")


def environment(rank: int, count: int, port: int) -> dict[str, str]:
    names = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE")
    values = dict(zip(names, map(str, (rank, rank, count, count)), strict=True))
    more = {"TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return {**values, **more, "GROUP_RANK": "0"}


def forked(work: Callable[[], None]) -> str:
    """Calls `work` in a fork. Returns what it raised, "" for nothing."""
    context = multiprocessing.get_context("fork")
    said = context.SimpleQueue()

    def begin() -> None:
        try:
            work()
            said.put("")
        except BaseException:
            said.put(traceback.format_exc())
        os._exit(0)

    process = context.Process(target=begin, daemon=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later Pythons warn of forks beside threads
        process.start()
    process.join(120)
    process.kill()
    return "nothing" if said.empty() else said.get()


def together(count: int, work: Callable[[int], None]) -> list[str]:
    """Calls `work(rank)` in `count` processes at once. Returns what each raised, "" for nothing."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = multiprocessing.get_context("fork")
    said = [context.SimpleQueue() for _ in range(count)]

    def begin(rank: int) -> None:
        os.environ.update(environment(rank, count, port))
        try:
            work(rank)
            said[rank].put("")
        except BaseException:
            said[rank].put(traceback.format_exc())
        os._exit(0)

    processes = [context.Process(target=begin, args=(rank,), daemon=True) for rank in range(count)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # later Pythons warn of forks beside threads
        for process in processes:
            process.start()
    for process in processes:
        process.join(120)
        process.kill()
    return ["nothing" if queue.empty() else queue.get() for queue in said]
