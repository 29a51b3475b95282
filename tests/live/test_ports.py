from __future__ import annotations

import mido
import pytest

from musicvae_lite.errors import ConfigError, MusicVAEError
from musicvae_lite.live import ports

KNOWN = ["Midi Through:Port-0 14:0", "FluidSynth:1 128:0", "USB Piano 20:0", "USB Pads 24:0"]


def test_the_first_port_that_can_be_heard_is_taken():
    assert ports.choose(None, KNOWN) == "FluidSynth:1 128:0"
    assert ports.choose(None, KNOWN[:1]) == KNOWN[0]


@pytest.mark.parametrize("wanted", ["USB Piano 20:0", "piano", "3"])
def test_a_port_is_found_by_name_part_or_number(wanted):
    assert ports.choose(wanted, KNOWN) == "USB Piano 20:0"


@pytest.mark.parametrize(
    ("wanted", "known", "words"),
    [
        (None, [], "there is no MIDI port.*mvae render"),
        ("organ", KNOWN, "there is no port 'organ'; there are: Midi Through.*Pads"),
        ("usb", KNOWN, "'usb' names 2 ports; there are: USB Piano 20:0, USB Pads 24:0"),
        ("9", KNOWN[:1], "there is no port '9'"),
        ("²", KNOWN, "there is no port '²'"),
        ("9" * 5000, KNOWN, "there is no port"),
        ("3", ["USB MIDI", "Synth", "USB MIDI"], "port 3 has the name of port 1, 'USB MIDI'"),
    ],
)
def test_what_cannot_be_chosen_is_said(wanted, known, words):
    with pytest.raises(ConfigError, match=words):
        ports.choose(wanted, known)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            ModuleNotFoundError("No module named 'rtmidi'"),
            r"extra `live`: pip install 'musicvae_lite\[live\]'",
        ),
        (RuntimeError("no sequencer\nmore"), r"no sequencer\)"),
    ],
)
def test_a_missing_driver_is_named(monkeypatch, error, words):
    def fail(*_):
        raise error

    monkeypatch.setattr(mido, "get_output_names", fail)
    monkeypatch.setattr(mido, "open_output", fail)
    with pytest.raises(MusicVAEError, match=words):
        ports.names()
    with pytest.raises(MusicVAEError, match=words):
        ports.open_port("x")
