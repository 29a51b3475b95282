"""Starting processes as `multiprocessing` does: they run no file of the current folder, nor hear Ctrl-C."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

SAFE_PATH = "PYTHONSAFEPATH"
_STARTING = threading.Lock()


@contextmanager
def starting() -> Iterator[None]:
    """Processes started within, by `multiprocessing` and its like, run no file of the current folder.

    Python looks for modules there first until a child has the path of its parent, so that a `types.py`
    among somebody's music would be run. Nor do they hear of Ctrl-C, not even while they import; on Windows
    they do.
    """
    with _STARTING, _safe_path():
        if not hasattr(signal, "pthread_sigmask"):
            yield
            return
        resource_tracker.ensure_running()  # which would let the signal through again when it is started
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _safe_path() -> Iterator[None]:
    before = os.environ.get(SAFE_PATH)
    os.environ[SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[SAFE_PATH]
        else:
            os.environ[SAFE_PATH] = before
