"""Requests to stop while the player lets go of what sounds."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from musicvae_lite.live.player import Player
from musicvae_lite.live.stopping import once, orderly
from tests.live.fakes import FakeClock, FakePort
from tests.live.test_player import eighths

NUMBERS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]

ENDLESS = 1000  # messages


class Impatient(FakePort):
    """Stands for a user who asks to stop during one message, and again during every one behind it.

    Args:
        begin: the number of the first such message.
    """

    def __init__(self, clock: FakeClock, number: int, begin: int):
        super().__init__(clock)
        self.number, self.begin = number, begin

    def send(self, message):
        super().send(message)
        assert self.asked < ENDLESS, "it was asked to stop, and goes on"
        if self.asked >= self.begin:
            signal.raise_signal(self.number)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Signals as a terminal leaves them: where tests run behind `nohup`, some would not be heard."""
    outside = {number: signal.getsignal(number) for number in NUMBERS}
    for number in NUMBERS:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    inside = {number: signal.getsignal(number) for number in NUMBERS}
    yield
    left = {number: signal.getsignal(number) for number in NUMBERS}
    for number, handler in outside.items():
        signal.signal(number, handler)
    assert left == inside


def play(port: FakePort) -> BaseException | None:
    try:
        with orderly():
            Player(port, port.clock).play(eighths(1), loop=True)
    except (KeyboardInterrupt, SystemExit) as end:
        return end


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("begin", range(2, 7))
def test_asking_again_and_again_leaves_no_note_hanging(number: int, begin: int):
    port = Impatient(FakeClock(), number, begin)
    end = play(port)
    assert not port.still_sounding()
    assert [message.control for _, message in port.got[-3:]] == [64, 123, 120]
    if number == signal.SIGINT:
        assert isinstance(end, KeyboardInterrupt)
    else:
        assert isinstance(end, SystemExit) and end.code == 128 + number


def test_asking_while_it_falls_silent_by_itself_counts_afterwards():
    clock = FakeClock()
    whole = FakePort(clock)
    Player(whole, clock).play(eighths(1))
    port = Impatient(clock, signal.SIGINT, whole.asked)
    with pytest.raises(KeyboardInterrupt):
        Player(port, clock).play(eighths(1))
    assert [m for _, m in port.got] == [m for _, m in whole.got]


def test_a_handler_that_waits_itself_leaves_the_next_request_heard():
    heard: list[int] = []

    def note(number: int, frame: object) -> None:
        heard.append(number)

    before = signal.signal(signal.SIGINT, note)
    try:
        with once():
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)
            assert len(heard) == 2
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_plays_in_any_thread():
    clock = FakeClock()
    port = FakePort(clock)
    thread = threading.Thread(target=Player(port, clock).play, args=(eighths(1),))
    thread.start()
    thread.join()
    assert len(port.kinds("note_on")) == 8 and not port.still_sounding()
