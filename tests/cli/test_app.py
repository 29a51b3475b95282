from __future__ import annotations

import errno
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.core import TyperGroup

from musicvae_lite.errors import ReadError
from mvae import app as application
from mvae import output
from mvae.app import COMMANDS, Command, explain, load, main

ROOT = Path(__file__).resolve().parent.parent.parent


def mvae(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs the command in a process of its own."""
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"} | environment
    code = "from mvae.app import main; main()"
    return subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, env=env)


def exit_code(*args: str) -> int:
    """Runs the command in this process."""
    with pytest.raises(SystemExit) as end:
        main(args)
    return int(end.value.code or 0)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_says_what_the_commands_say(name):
    module, _, attribute = COMMANDS[name].target.partition(":")
    target = getattr(import_module(module), attribute)
    if isinstance(target, typer.Typer):
        words = target.info.help
    else:
        words = (inspect.getdoc(target) or "").splitlines()[0]
    assert words == COMMANDS[name].help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name, capsys):
    assert exit_code(name, "--help") == 0
    assert f"mvae {name}" in capsys.readouterr().out


def written(command: Any) -> Iterator[tuple[str, set[str]]]:
    """Every command that writes takes, in a group or by itself, with the names of its options."""
    if isinstance(command, TyperGroup):
        for inner in command.commands.values():
            yield from written(inner)
        return
    options = {name for parameter in command.params for name in parameter.opts}
    if "--temperature" in options:
        yield command.name, options


def test_commands_that_write_takes_share_their_options():
    found = dict(pair for name in COMMANDS for pair in written(load(name)))
    assert {"sample", "decode", "reconstruct", "interpolate", "vary", "continue", "blend", "average", "style",
            "apply", "humanize", "tap", "add-hihat", "transfer"} <= set(found)  # fmt: skip
    shared = {"--output", "--model", "--seed", "--label", "--wav", "--flac", "--ogg", "--plot", "--json"}
    assert {name: shared - options for name, options in found.items() if shared - options} == {}


def test_help_lists_all_commands_and_loads_nothing_heavy():
    code = (
        "import sys\n"
        "from mvae.app import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('torch', 'numpy', 'matplotlib', 'symusic', 'mido', 'pooch', 'lightning')\n"
        "print('heavy:', [m for m in heavy if m in sys.modules])"
    )
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True)
    assert "heavy: []" in run.stdout
    for name, command in COMMANDS.items():
        assert command.hidden or f" {name} " in run.stdout


def test_wrong_usage_exits_2_and_names_the_nearest_command(capsys):
    assert exit_code("rendr") == 2
    assert "render" in capsys.readouterr().err
    assert exit_code("render") == 2
    assert exit_code("render", "--rate", "fast", "a.mid") == 2


def test_version(capsys):
    assert exit_code("--version") == 0
    assert capsys.readouterr().out.startswith("musicvae_lite 0.")


def failing(monkeypatch, error: BaseException) -> None:
    """Adds a command `fail` that raises."""

    def fail() -> None:
        """Fail."""
        raise error

    monkeypatch.setitem(COMMANDS, "fail", Command("tests_fail:fail", "Fail.", "Music"))
    module = type(sys)("tests_fail")
    module.fail = fail  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_fail", module)


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (ReadError("a.mid", "the file ends in bar 3"), 1, "mvae: a.mid: the file ends in bar 3"),
        (
            PermissionError(errno.EACCES, "Permission denied", "/x/y.mid"),
            1,
            "mvae: /x/y.mid: permission denied",
        ),
        (OSError(errno.ENOSPC, "No space left", "out.mid"), 1, "mvae: out.mid: no space left on the disk"),
        (KeyboardInterrupt(), 130, "mvae: stopped."),
        (
            ZeroDivisionError("division by zero"),
            70,
            "mvae: this is a bug in mvae (ZeroDivisionError: division",
        ),
    ],
)
def test_errors_become_words(monkeypatch, capsys, error, code, words):
    failing(monkeypatch, error)
    assert exit_code("fail") == code
    captured = capsys.readouterr()
    assert captured.err.startswith(words)
    assert "Traceback" not in captured.err
    assert captured.out == ""


@pytest.mark.parametrize(
    ("error", "code"), [(ReadError("a.mid", "is empty"), 1), (ZeroDivisionError("by zero"), 70)]
)
def test_debug_shows_where_it_happened_and_ends_with_the_same_code(monkeypatch, capsys, error, code):
    failing(monkeypatch, error)
    monkeypatch.setenv("MVAE_DEBUG", "1")
    assert exit_code("fail") == code
    said = capsys.readouterr().err
    assert said.startswith("Traceback") and f"{type(error).__name__}: {error}" in said


def test_a_full_disk_without_a_name_is_still_plain():
    assert explain(OSError(errno.ENOSPC, "No space left on device")) == ("no space left on the disk", 1)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
def test_a_closed_pipe_is_quiet():
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    script = f"{sys.executable} -c 'from mvae.app import main; main()' data list --json | head -n 1"
    run = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=env)
    assert run.stdout == "[\n"
    assert run.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--help",), 0),
        (("data", "list"), 0),
        (("data", "list", "--json"), 0),
        (("render", "none.mid"), 1),
        (("rendr",), 2),
    ],
)
def test_nobody_who_reads_is_no_error(words: tuple[str, ...], code: int):
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    command = [sys.executable, "-c", "from mvae.app import main; main()", *words]
    read, write = os.pipe()
    os.close(read)
    try:
        run = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, env=env)
    finally:
        os.close(write)
    assert run.returncode == code
    assert "Traceback" not in run.stderr and "Broken" not in run.stderr and bool(run.stderr) == (code > 0)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX shell")
@pytest.mark.parametrize("words", ["data list", "data list --json", "--help"])
def test_a_closed_output_is_no_error(words: str):
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    script = f"{sys.executable} -c 'from mvae.app import main; main()' {words} >&-"
    run = subprocess.run(["sh", "-c", script], capture_output=True, text=True, env=env)
    assert (run.returncode, run.stderr) == (0, "")


def test_a_terminal_without_utf8_gets_something(tmp_path):
    run = mvae("render", str(tmp_path / "Frère.mid"), PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert run.returncode == 1
    assert "Fr?re.mid" in run.stderr


def test_messages_are_not_wrapped_into_a_pipe(tmp_path):
    long = tmp_path / ("x" * 150 + ".mid")
    run = mvae("render", str(long))
    assert (run.returncode, len(run.stderr.splitlines())) == (1, 1)
    assert long.name in run.stderr


def test_render_and_plot_write_files(examples, tmp_path, capsys):
    song = str(examples / "twinkle.mid")
    flac, png = tmp_path / "a.flac", tmp_path / "a.png"
    assert exit_code("render", song, "-o", str(flac), "--rate", "8000") == 0
    assert exit_code("plot", song, "-o", str(png)) == 0
    assert capsys.readouterr().out == f"wrote {flac}\nwrote {png}\n"
    assert flac.read_bytes()[:4] == b"fLaC"
    ogg = tmp_path / "a.ogg"
    args = ("--bars", "1-2", "--mono", "--rate", "8000")
    assert exit_code("render", song, "-o", str(ogg), *args) == 0
    assert 500 < ogg.stat().st_size < flac.stat().st_size / 4
    assert png.read_bytes()[1:4] == b"PNG"


def test_plot_takes_bars_panels_and_several_files(examples, tmp_path, capsys):
    a, b = str(examples / "twinkle.mid"), str(examples / "ode-to-joy.mid")
    for number, args in enumerate(((a, "--bars", "3-4"), (a, "--strip", "2"), (a, b, "--bars", "1-2"))):
        png = tmp_path / f"{number}.png"
        assert exit_code("plot", *args, "-o", str(png)) == 0
        assert png.read_bytes()[1:4] == b"PNG"
    capsys.readouterr()
    assert exit_code("plot", a, "--bars", "four") == 2
    assert exit_code("plot", a, "--bars", "99") == 1
    assert "bar 99 is none of them" in capsys.readouterr().err
    assert exit_code("plot", *[a] * 6, "--strip", "1", "-o", str(tmp_path / "many.png")) == 1
    assert "at most 64 panels" in capsys.readouterr().err


def test_render_refuses_an_unknown_format_before_it_reads(tmp_path, capsys):
    assert exit_code("render", str(tmp_path / "missing.mid"), "-o", "a.mp3") == 2
    assert "a.mp3" in capsys.readouterr().err


def test_data_list_fits_the_terminal_and_speaks_json(capsys):
    assert exit_code("data", "list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert exit_code("data", "list", "--json") == 0
    names = [entry["name"] for entry in json.loads(capsys.readouterr().out)]
    assert "trad-abc" in names


def test_data_get_refuses_what_it_cannot_verify(capsys):
    assert exit_code("data", "get", "nottingham") == 1
    assert "--no-verify" in capsys.readouterr().err


def test_json_takes_numpy_paths_and_nan(capsys):
    value = {"a": np.float32(0.5), "b": np.arange(2), "c": Path("x"), "d": float("nan"), "e": (1, None)}
    output.print_json(value)
    assert json.loads(capsys.readouterr().out) == {"a": 0.5, "b": [0, 1], "c": "x", "d": None, "e": [1, None]}


def test_progress_counts_what_this_run_did(monkeypatch, capsys):
    now = [100.0]
    monkeypatch.setattr(output.time, "monotonic", lambda: now[0])
    with output.Progress("training", total=1000, unit="updates") as progress:
        progress.skip_to(500)
        now[0] += 10
        progress.advance(100, "loss 1.5")
        now[0] += 1
        progress.advance(10)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "training: 600/1000, 10 updates/s, 0:40 left, loss 1.5"
    assert len(lines) == 2


def test_durations():
    assert [output.duration(s) for s in (0, 5.4, 750, 3723)] == ["0:00", "0:05", "12:30", "1:02:03"]


def test_the_module_of_a_command_is_loaded_only_when_called():
    assert application.load("data").name == "data"
    with pytest.raises(KeyError):
        application.load("no-such-command")
