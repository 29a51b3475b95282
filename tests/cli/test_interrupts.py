"""Ctrl-C while modules load."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mvae import app
from mvae.interrupts import interrupts_after_imports
from tests.cli.running import run

LOADING = """
import signal
signal.raise_signal(signal.SIGINT)
whole = True
"""


@pytest.fixture
def slow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module during whose import Ctrl-C is pressed."""
    (tmp_path / "interrupted_module.py").write_text(LOADING)
    monkeypatch.syspath_prepend(tmp_path)
    yield "interrupted_module"
    sys.modules.pop("interrupted_module", None)


def test_ctrl_c_waits_for_a_module(slow: str):
    with pytest.raises(KeyboardInterrupt), interrupts_after_imports():
        module = __import__(slow)
        assert module.whole
        time.sleep(60)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_after_an_import_is_heard_at_once():
    with pytest.raises(KeyboardInterrupt), interrupts_after_imports():
        signal.raise_signal(signal.SIGINT)
        pytest.fail("it was not heard")


def test_what_is_over_is_not_interrupted(slow: str):
    with interrupts_after_imports():
        __import__(slow)
    time.sleep(0.1)


def test_a_command_that_is_interrupted_while_it_loads_stops(slow: str, monkeypatch, capsys):
    def command() -> None:
        """Fail."""
        __import__(slow)
        time.sleep(60)

    module = type(sys)("tests_loading")
    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_loading", module)
    monkeypatch.setitem(app.COMMANDS, "load", app.Command("tests_loading:command", "Fail.", "Music"))
    assert run("load") == 130
    assert capsys.readouterr().err == "mvae: stopped.\n"
    assert sys.modules[slow].whole
