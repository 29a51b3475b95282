from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.errors import MusicVAEError
from musicvae_lite.live.player import LEAD, Player
from musicvae_lite.live.timeline import Timeline, timeline
from musicvae_lite.music.score import Score, Track
from tests.live.fakes import FakeClock, FakePort


def eighths(bars: int, is_drum: bool = False) -> Timeline:
    """Eighths at 120, a quarter of a second each, on a flute."""
    count = bars * 8
    rows = [(i * 240, i * 240 + 240, 60 + i % 12, 90, 0) for i in range(count)]
    return timeline(Score(480, *np.array(rows, dtype=np.int32).T, tracks=(Track("", 73, is_drum),)))


def test_notes_come_at_their_moments_behind_the_sound_they_need():
    clock = FakeClock()
    port = FakePort(clock)
    Player(port, clock).play(eighths(2))
    assert port.got[0][1].type == "program_change"
    assert port.got[0][1].program == 73
    moments = np.array([moment for moment, _ in port.kinds("note_on")]) - 100.0 - LEAD
    assert np.allclose(moments, np.arange(16) * 0.25)
    assert [message.note for _, message in port.kinds("note_on")][:3] == [60, 61, 62]


def test_a_late_clock_does_not_add_up():
    clock = FakeClock(late=0.01)
    port = FakePort(clock)
    Player(port, clock).play(eighths(32))
    moments = np.array([moment for moment, _ in port.kinds("note_on")]) - 100.0 - LEAD
    late = moments - np.arange(256) * 0.25
    assert clock.sleeps > 200
    assert late.min() >= 0
    assert late.max() <= 0.0101  # one sleep's, and not the sum of hundreds


def test_a_loop_goes_on_at_the_bar_line_and_stays_in_time():
    clock = FakeClock(late=0.003)
    port = FakePort(clock, fail_at=5000, error=KeyboardInterrupt())
    bars: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        Player(port, clock).play(eighths(1), loop=True, on_bar=bars.append)
    ons = np.array([moment for moment, _ in port.kinds("note_on")]) - 100.0 - LEAD
    assert len(ons) > 2000
    assert np.abs(ons - np.arange(len(ons)) * 0.25).max() < 0.004
    assert bars == list(range(1, len(ons) // 8 + 2))
    assert len(port.kinds("program_change")) == 1
    assert not port.still_sounding()


@pytest.mark.parametrize("at", range(2, 12))
@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("unplugged"), SystemExit(143)])
def test_nothing_sounds_on_however_it_ends(at, error):
    clock = FakeClock()
    port = FakePort(clock, fail_at=at, error=error)
    expected = MusicVAEError if isinstance(error, OSError) else type(error)
    with pytest.raises(expected):
        Player(port, clock).play(eighths(4))
    assert not port.still_sounding()
    assert port.got[-1][1].type == "control_change"
    assert {message.control for _, message in port.kinds("control_change")} == {64, 120, 123}


def test_a_dead_port_is_one_clear_error():
    class Dead(FakePort):
        def send(self, message):
            raise RuntimeError("device removed")

    clock = FakeClock()
    with pytest.raises(MusicVAEError, match=r"fake: the MIDI port takes no more messages \(device removed\)"):
        Player(Dead(clock), clock).play(eighths(1))


def test_bars_are_told_in_time_also_where_they_are_silent():
    rows = [(0, 240, 60, 90, 0), (6000, 6240, 62, 90, 0)]  # bars 2 and 3 hold nothing
    music = timeline(Score(480, *np.array(rows, dtype=np.int32).T, tracks=(Track(),)))
    clock = FakeClock()
    told: list[tuple[int, float]] = []
    Player(FakePort(clock), clock).play(music, on_bar=lambda bar: told.append((bar, clock.time)))
    assert [bar for bar, _ in told] == [1, 2, 3, 4]
    assert np.allclose([moment - 100 - LEAD for _, moment in told], [0.0, 2.0, 4.0, 6.0])


def test_after_a_long_stop_the_rest_is_moved_and_not_hurried_through():
    clock = FakeClock()
    port = FakePort(clock)

    def stop_once(bar: int) -> None:
        clock.time += 60.0 * (bar == 2)  # as when a laptop is closed

    Player(port, clock).play(eighths(3), on_bar=stop_once)
    ons = np.array([moment for moment, _ in port.kinds("note_on")])
    gaps = np.diff(ons)
    assert (gaps > 1).sum() == 1
    assert np.allclose(gaps[gaps < 1], 0.25)
