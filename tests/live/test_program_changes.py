"""Playing tracks that change their programs."""

from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.live.player import Player
from musicvae_lite.live.timeline import timeline
from musicvae_lite.music.score import ProgramChange, Score, Track
from tests.live.fakes import FakeClock, FakePort

LEAD = Track("Lead", 1, False, (ProgramChange(480, 48),))


def song(*tracks: Track) -> Score:
    """Two quarters a track, half a second each."""
    rows = [(at, at + 480, 60, 90, number) for at in (0, 480) for number in range(len(tracks))]
    return Score(480, *np.array(rows, dtype=np.int32).T, tracks=tracks)


def test_a_program_changes_behind_what_ends_and_before_what_begins():
    music = timeline(song(LEAD, Track("Flute", 73)))
    assert music.programs == ((0, 1), (1, 73))
    own = [(second, *data) for second, data in zip(music.seconds, music.messages.tolist(), strict=True)
           if data[0] & 15 == 0]  # fmt: skip
    assert own == [
        (0.0, 0xC0, 1, 0), (0.0, 0x90, 60, 90),
        (0.5, 0x80, 60, 0), (0.5, 0xC0, 48, 0), (0.5, 0x90, 60, 90),
        (1.0, 0x80, 60, 0),
    ]  # fmt: skip
    assert not any(data[0] == 0xC1 for data in music.messages.tolist())


def test_a_loop_begins_with_the_first_program_again():
    clock = FakeClock()
    port = FakePort(clock, fail_at=20, error=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        Player(port, clock).play(timeline(song(LEAD)), loop=True)
    programs = {}
    heard = []
    for _, message in port.got:
        if message.type == "program_change":
            programs[message.channel] = message.program
        elif message.type == "note_on":
            heard.append(programs[message.channel])
    assert heard[:6] == [1, 48, 1, 48, 1, 48]
