"""Ctrl-C, and the SIGTERM of a machine that closes, that wait for a good moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def waiting_interrupts(patient: bool = False) -> Iterator[threading.Event]:
    """Within, the first Ctrl-C or SIGTERM only sets the event, for the work to stop where its state is whole.

    A second one interrupts at once, as ever. Does nothing outside the main thread, which alone
    receives signals; a signal that is ignored stays so.

    Args:
        patient: a second one is not heard either: torchrun passes on what the terminal has sent already,
            and ends what takes too long itself.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    before = {number: handler for number, handler in handlers.items() if handler != signal.SIG_IGN}

    def note(number: int, frame: FrameType | None) -> None:
        if asked.is_set() and not patient:
            raise KeyboardInterrupt
        asked.set()

    for number in before:
        signal.signal(number, note)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)
