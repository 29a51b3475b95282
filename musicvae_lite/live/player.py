"""Sends a timeline to a port: each message at its moment, and silence behind the last, come what may."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.errors import MusicVAEError
from musicvae_lite.live.ports import Port
from musicvae_lite.live.stopping import once
from musicvae_lite.live.timeline import NOTE_OFF, NOTE_ON, PROGRAM, Timeline

if TYPE_CHECKING:
    import mido

LEAD = 0.1  # seconds before the first note, for a synthesiser to change its sounds
PATIENCE = 0.5  # seconds; who is later than this was held up: the rest is moved, not hurried through
CONTROL = 0xB0
SUSTAIN, ALL_SOUND_OFF, ALL_NOTES_OFF = 64, 120, 123


class SystemClock:
    """Seconds that only go forward."""

    def now(self) -> float:
        return time.perf_counter()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Player:
    """Plays on one port.

    Every message has an absolute deadline, counted from the beginning of the music, so that what one
    message is late by is not added to the next one, and a loop stays in time for hours.

    Args:
        port: an output port of mido, or anything with `send`, `close` and `name`.
        clock: `now()` in seconds and `sleep(seconds)`.
    """

    def __init__(self, port: Port, clock: Any = None):
        self.port, self.clock = port, clock or SystemClock()
        self._sounding: set[tuple[int, int]] = set()  # channel, pitch
        self._channels: set[int] = set()
        self._begin = 0.0

    def play(self, music: Timeline, loop: bool = False, on_bar: Callable[[int], None] | None = None) -> None:
        """Plays to the end, or over and over.

        However it ends (the music is over, Ctrl-C, an error), every note that sounds is let go; a further
        Ctrl-C, or another request to stop, waits until that is done.

        Args:
            loop: begin again at the closing bar line, for ever.
            on_bar: told the number of each bar, counted on through the loops, when it begins.

        Raises:
            MusicVAEError: the port no longer takes messages.
        """
        with once() as hold:
            try:
                for channel, program in music.programs:
                    self._send([0xC0 | channel, program])
                self._begin = self.clock.now() + LEAD
                turns = 0
                while True:
                    self._once(music, turns, on_bar)
                    turns += 1
                    if not loop:
                        return
            finally:
                hold()
                self.silence()

    def silence(self) -> None:
        """Lets go of all keys and pedals; a port that is gone is silent already."""
        releases = [[NOTE_OFF | channel, pitch, 0] for channel, pitch in sorted(self._sounding)]
        for control in (SUSTAIN, ALL_NOTES_OFF, ALL_SOUND_OFF):
            releases += [[CONTROL | channel, control, 0] for channel in sorted(self._channels)]
        for data in releases:
            with suppress(Exception):
                self.port.send(_message(data))
        self._sounding.clear()

    def _once(self, music: Timeline, turn: int, on_bar: Callable[[int], None] | None) -> None:
        origin, count = turn * music.length, len(music.bars) - 1
        bar_at = np.searchsorted(music.seconds, music.bars[:-1], side="left")  # its first message
        bar = 0
        for index, (moment, data) in enumerate(
            zip(music.seconds.tolist(), music.messages.tolist(), strict=True)
        ):
            while bar < count and bar_at[bar] <= index:
                self._bar(origin + float(music.bars[bar]), turn * count + bar + 1, on_bar)
                bar += 1
            self._wait(origin + moment)
            self._send(data)
        for rest in range(bar, count):
            self._bar(origin + float(music.bars[rest]), turn * count + rest + 1, on_bar)

    def _bar(self, moment: float, number: int, on_bar: Callable[[int], None] | None) -> None:
        self._wait(moment)
        if on_bar:
            on_bar(number)

    def _wait(self, moment: float) -> None:
        """Sleeps until a moment of the music."""
        left = self._begin + moment - self.clock.now()
        if left > 0:
            self.clock.sleep(left)
        elif -left > PATIENCE:  # the machine slept, or the process was stopped
            self._begin -= left

    def _send(self, data: list[int]) -> None:
        kind, channel = data[0] & 0xF0, data[0] & 0x0F
        self._channels.add(channel)
        if kind == NOTE_ON:
            self._sounding.add((channel, data[1]))
        try:
            self.port.send(_message(data))
        except Exception as error:
            raise MusicVAEError(
                f"{self.port.name}: the MIDI port takes no more messages ({error})"
            ) from error
        if kind == NOTE_OFF:
            self._sounding.discard((channel, data[1]))


def _message(data: list[int]) -> mido.Message:
    import mido

    return mido.Message.from_bytes(data[:2] if data[0] & 0xF0 == PROGRAM else data)
