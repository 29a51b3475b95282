"""Being told to stop by the system, as Ctrl-C tells it: what is open gets closed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # of signals that ask to stop; not every system has all


@contextmanager
def orderly() -> Iterator[None]:
    """Within, a request to end (or a closed terminal) leaves through every `finally` on its way.

    Does nothing outside the main thread, which alone receives signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        raise SystemExit(128 + number)

    numbers = [number for number in _numbers() if number != signal.SIGINT]  # Python's own is as orderly
    heard = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]  # as nohup asks
    before = {number: signal.signal(number, leave) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


@contextmanager
def once() -> Iterator[Callable[[], None]]:
    """Within, only the first request to stop is heard; later ones wait, so that they break off no `finally`.

    What is given, called, makes the first one wait too. Of those that had to wait, the first counts at the
    end. Signals that end the process without a word to Python stay as they are. Does nothing outside the
    main thread, which alone receives signals.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: None
        return
    is_held, waiting = False, []

    def hold() -> None:
        nonlocal is_held
        is_held = True

    def hear(number: int, frame: FrameType | None) -> None:
        nonlocal is_held
        if is_held:
            waiting.append(number)
            return
        try:
            before[number](number, frame)
        except BaseException:
            is_held = True
            raise

    handlers = {number: signal.getsignal(number) for number in _numbers()}
    before: dict[int, Any] = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in before:
        signal.signal(number, hear)
    try:
        yield hold
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if waiting:
            signal.raise_signal(waiting[0])


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
