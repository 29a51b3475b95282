"""`mvae play` against a MIDI system that writes down what it is sent."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.test_app import ROOT, exit_code

SYSTEM = """
import os

NAMES = os.environ["FAKE_PORTS"].split(",") if os.environ["FAKE_PORTS"] else []

def get_devices(**_):
    return [{"name": name, "is_input": False, "is_output": True} for name in NAMES]

class Output:
    def __init__(self, name=None, **_):
        self.name, self.log = name, open(os.environ["FAKE_LOG"], "a", buffering=1)
    def send(self, message):
        self.log.write(f"{message}\\n")
    def close(self):
        self.log.write("closed\\n")
"""


@pytest.fixture
def midi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The log of a MIDI system with two ports."""
    (tmp_path / "fake_midi_system.py").write_text(SYSTEM)
    log = tmp_path / "log.txt"
    log.touch()
    path = os.pathsep.join((str(tmp_path), str(ROOT), str(ROOT / "cli")))
    settings = {"MIDO_BACKEND": "fake_midi_system", "FAKE_PORTS": "Synth,Drums", "FAKE_LOG": str(log)}
    for name, value in {**settings, "PYTHONPATH": path}.items():
        monkeypatch.setenv(name, value)
    return log


def start(*args: str) -> subprocess.Popen[str]:
    code = "from mvae.app import main; main()"
    run = [sys.executable, "-c", code, "play", *args]
    return subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def sounding(log: Path) -> set[str]:
    """The notes of a log that were never let go."""
    keys: set[str] = set()
    for line in log.read_text().splitlines():
        kind, *words = line.split()
        if kind in ("note_on", "note_off"):
            keys = keys | {" ".join(words[:2])} if kind == "note_on" else keys - {" ".join(words[:2])}
    return keys


def test_ports_are_listed(midi):
    table, _ = start("--list").communicate(timeout=120)
    assert "Synth" in table
    assert "Drums" in table
    listed, _ = start("--list", "--json").communicate(timeout=120)
    assert json.loads(listed) == ["Synth", "Drums"]


def test_a_bar_is_played_to_its_end(midi, examples):
    song = start(str(examples / "twinkle.mid"), "--bars", "1", "--port", "drum")
    _, words = song.communicate(timeout=120)
    assert song.returncode == 0, words
    assert "playing on Drums: 1 bar," in words
    lines = midi.read_text().splitlines()
    assert sum(line.startswith("note_on") for line in lines) == 4
    assert lines[-1] == "closed"
    assert not sounding(midi)


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_stopping_lets_go_of_all_notes(midi, examples, number, code):
    song = start(str(examples / "twinkle.mid"), "--loop")
    patience = time.monotonic() + 100
    while not sounding(midi) and time.monotonic() < patience:
        time.sleep(0.02)
    song.send_signal(number)
    _, words = song.communicate(timeout=60)
    assert song.returncode == code, words
    assert "Traceback" not in words
    lines = midi.read_text().splitlines()
    assert any(line.startswith("note_on") for line in lines)
    assert not sounding(midi)
    assert lines[-1] == "closed"


def test_what_is_wrong_is_said(examples, tmp_path, capsys, monkeypatch):
    import mido

    song = str(examples / "twinkle.mid")
    assert exit_code("play") == 2
    assert exit_code("play", str(tmp_path / "none.mid")) == 1
    monkeypatch.setattr(mido, "get_output_names", lambda: [])
    assert exit_code("play", song) == 1
    assert exit_code("play", "--list") == 1
    words = capsys.readouterr().err
    assert words.count("there is no MIDI port") == 2
    monkeypatch.setattr(mido, "get_output_names", lambda: ["Synth"])
    assert exit_code("play", song, "--port", "organ") == 1
    assert "there are: Synth" in capsys.readouterr().err
