"""A port that keeps what it is sent, and a clock that is late by a known bit."""

from __future__ import annotations

from typing import Any


class FakeClock:
    """Time passes only while someone sleeps, and always a little longer than asked."""

    def __init__(self, late: float = 0.0):
        self.time, self.late, self.sleeps = 100.0, late, 0

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.time += seconds + self.late
        self.sleeps += 1


class FakePort:
    """mido's interface. Raises `error` in place of taking the message of a number."""

    name = "fake"

    def __init__(self, clock: FakeClock, fail_at: int | None = None, error: BaseException | None = None):
        self.clock, self.fail_at, self.error = clock, fail_at, error
        self.got: list[tuple[float, Any]] = []
        self.asked = 0

    def send(self, message: Any) -> None:
        self.asked += 1
        if self.asked == self.fail_at and self.error is not None:
            raise self.error
        self.got.append((self.clock.time, message))

    def close(self) -> None:
        pass

    def kinds(self, kind: str) -> list[tuple[float, Any]]:
        return [(moment, message) for moment, message in self.got if message.type == kind]

    def still_sounding(self) -> set[tuple[int, int]]:
        """Channel and pitch of the notes that were never let go."""
        keys: set[tuple[int, int]] = set()
        for _, message in self.got:
            if message.type == "note_on":
                keys.add((message.channel, message.note))
            elif message.type == "note_off":
                keys.discard((message.channel, message.note))
        return keys
