"""Ctrl-C while modules load: what is half loaded fails later, in words that have nothing to do with it."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

IMPORTING = "<frozen importlib._bootstrap>"  # the file of Python's own importing functions
SECONDS = 0.02  # from one look whether modules are loaded to the next


@contextmanager
def interrupts_after_imports() -> Iterator[None]:
    """Within, Ctrl-C interrupts as ever, but not before what is being imported is there.

    Does nothing outside the main thread, or where Ctrl-C is not what Python makes of it.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    around, state, is_over = _imports(sys._getframe()), threading.Lock(), False

    def interrupt(number: int, frame: FrameType | None) -> None:
        if is_over:
            return
        if _imports(frame) <= around:
            raise KeyboardInterrupt
        threading.Thread(target=again, daemon=True).start()

    def again() -> None:
        if hasattr(signal, "pthread_sigmask"):  # it is for the main thread, which may be deaf for a while
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        time.sleep(SECONDS)
        with state:
            if not is_over:
                _interrupt_main()

    signal.signal(signal.SIGINT, interrupt)
    try:
        yield
    finally:
        with state:
            is_over = True
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt_main() -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)


def _imports(frame: FrameType | None) -> int:
    """How many calls of a stack are those of imports."""
    count = 0
    while frame is not None:
        count += frame.f_code.co_filename == IMPORTING
        frame = frame.f_back
    return count
