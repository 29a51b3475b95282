"""`mvae train`, as a user runs it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.music.representations.melody import MelodyRepresentation
from mvae.training_progress import Listener, step_line
from tests.cli.running import run
from tests.corpora.tunes import write_tunes
from tests.training.runs import log, state

ROOT = Path(__file__).resolve().parent.parent.parent
SMALL = """
base = "melody-2bar"
z = 8
encoder = { width = 16, squeeze = 4 }
decoder = { width = 16, core_width = 24 }
training = { steps = 12, batch = 6, save_every = 5, validate_every = 6 }
"""


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data")
    music = write_tunes(place / "music", 10)
    build_dataset([music], MelodyRepresentation(bars=2), place / "set", workers=0, split=(0.6, 0.2, 0.2))
    return place / "set"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def test_runs_become_one_model(small: Path, dataset: Path, tmp_path: Path, capsys):
    for name, seed in (("a", 0), ("b", 1)):
        assert run("train", small, dataset, "-o", tmp_path / name, "--seed", seed, "--device", "cpu") == 0
    mixed = tmp_path / "mixed"
    given = ("models", "average", tmp_path / "a", tmp_path / "b", "-o", mixed)
    assert run(*given, "--data", dataset) == 0
    assert f"wrote {mixed}" in capsys.readouterr().out
    assert run("models", "show", mixed) == 0 and run(*given) == 1
    assert "there is a model already" in capsys.readouterr().err


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_damaged_shard_is_told_before_the_first_update(
    split: str, small: Path, dataset: Path, tmp_path: Path, capsys
):
    copy, output = shutil.copytree(dataset, tmp_path / "set"), tmp_path / "run"
    shard = copy / f"{split}-00000.tokens.npy"
    data = bytearray(shard.read_bytes())
    data[-1] ^= 1
    shard.write_bytes(data)
    is_read = split != "test"
    assert run("train", small, copy, "-o", output, "--steps", "2", "--device", "cpu") == int(is_read)
    said = " ".join(capsys.readouterr().err.split())
    assert (f"{split}-00000.tokens.npy: its content has changed" in said) is is_read
    assert output.exists() is not is_read


def test_a_run_shows_its_end_and_says_where_it_is(small: Path, dataset: Path, tmp_path: Path, capsys):
    assert (
        run("train", small, dataset, "-o", tmp_path / "run", "--device", "cpu", "--precision", "float32") == 0
    )
    shown = capsys.readouterr()
    assert f"wrote {tmp_path / 'run' / 'best'}" in shown.out and "note_f1_free" in shown.out
    assert "on cpu in float32" in shown.err and "update 6: validation" in shown.err
    assert "12 updates of 6" in shown.err


def test_a_run_without_validation_ends_without_its_table_and_says_that_no_prior_was_fitted(
    small: Path, tmp_path: Path, capsys
):
    music = write_tunes(tmp_path / "music", 1)
    build_dataset([music], MelodyRepresentation(bars=2), tmp_path / "set", workers=0, split=(1, 0, 0))
    assert (
        run("train", small, tmp_path / "set", "-o", tmp_path / "run", "--batch", "2", "--device", "cpu") == 0
    )
    shown = capsys.readouterr()
    assert shown.out == f"wrote {tmp_path / 'run' / 'best'}\n"
    assert "warning: no prior was fitted" in " ".join(shown.err.split())


@pytest.mark.parametrize("best", [6, 12])
def test_the_figures_at_the_end_are_those_of_the_weights_beside_them(
    best: int, small: Path, dataset: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    def validate(task, vae):
        validated.append(step := 6 * len(validated) + 6)
        return {"objective": 40.0 + (step != best), "kl_bits": float(step)}

    for name, more in (("a", []), ("b", ["--json"])):
        validated: list[int] = []
        monkeypatch.setattr("musicvae_lite.training.music.MusicTask.validate", validate)
        assert run("train", small, dataset, "-o", tmp_path / name, "--device", "cpu", *more) == 0
        assert validated == [6, 12]
    table, _, json_text = capsys.readouterr().out.partition("{")
    assert f"validation after update {best} " in table and f"wrote {tmp_path / 'a' / 'best'}" in table
    assert ["kl_bits", str(best)] in [line.split() for line in table.splitlines()]
    wanted = {"best": str(tmp_path / "b" / "best"), "step": best, "objective": 40.0, "kl_bits": float(best)}
    assert json.loads("{" + json_text) == wanted


def test_json_is_all_there_is_on_stdout(small: Path, dataset: Path, tmp_path: Path, capsys):
    assert run("train", small, dataset, "-o", tmp_path / "run", "--json", "--steps", "3", "--seed", "4") == 0
    shown = capsys.readouterr()
    values = json.loads(shown.out)
    assert values["best"] == str(tmp_path / "run" / "best") and values["kl_bits"] > 0
    description = json.loads((tmp_path / "run" / "run.json").read_text())
    assert (description["training"]["steps"], description["training"]["seed"]) == (3, 4)
    assert len(description["dataset"]) == 16
    assert "parameters" not in shown.err


def test_resume_names_what_differs_and_goes_on(small: Path, dataset: Path, tmp_path: Path, capsys):
    start = ("train", small, dataset, "-o", tmp_path / "run")
    assert run(*start, "--steps", "2") == 0
    assert run(*start, "--steps", "2") == 1
    assert "--resume continues it" in capsys.readouterr().err.replace("\n", " ")
    assert run(*start, "--steps", "3", "--resume") == 1
    assert "training.steps: 2 before, 3 now" in capsys.readouterr().err
    assert run(*start, "--steps", "2", "--resume") == 0
    assert run("train", small, dataset, "-o", tmp_path / "new", "--resume") == 1
    assert "nothing to resume" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent by a POSIX signal")
def test_ctrl_c_says_how_to_go_on_and_that_works(small: Path, dataset: Path, tmp_path: Path, capsys):
    folder = tmp_path / "my run"
    more = ["--steps", "100000", "--seed", "3", "--precision", "float32", "--device", "cpu"]
    code = "from mvae.app import main; main()"
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    command = [sys.executable, "-c", code, "train", str(small), str(dataset), "-o", str(folder), *more]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    assert process.stderr is not None
    lines = []
    while "validation" not in (lines[-1] if lines else ""):
        lines.append(process.stderr.readline())
        assert lines[-1], "".join(lines)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 130 and "Traceback" not in said
    line = next(line for line in said.splitlines() if "Go on with: " in line)
    again = shlex.split(line.partition("Go on with: ")[2])
    assert again == ["mvae", *command[3:8], "--resume", "--steps", "100000", "--seed", "3",
                     "--device", "cpu", "--precision", "float32"]  # fmt: skip
    (saved,) = (folder / "last").iterdir()
    assert f"saved after update {int(saved.name[5:14])}." in line
    again[again.index("100000")] = "99999"  # the line as it stands would run for an hour
    assert run(*again[1:]) == 1
    assert "training.steps: 100000 before, 99999 now" in capsys.readouterr().err
    assert log(folder) and state(folder)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["melody-3bar", "DATASET"], "no preset 'melody-3bar'"),
        (["SMALL", "nowhere"], "there is no such dataset"),
        (["melody-16bar", "DATASET"], "bars: 16 wanted, the dataset has 2"),
        (["SMALL", "DATASET", "--init-from", "melodie"], "no model 'melodie'"),
        (["SMALL", "DATASET", "--device", "toaster"], "device 'toaster'"),
        (["FLAT", "DATASET", "--labels"], "flat: [encoder]: kind 'flat' takes no control, such as"),
    ],
)
def test_mistakes_are_told_in_one_line_and_leave_nothing(arguments, words, small, dataset, tmp_path, capsys):
    flat = tmp_path / "flat.toml"
    flat.write_text('base = "melody-2bar-flat"\nz = 8\n')
    names = {"SMALL": small, "FLAT": flat, "DATASET": dataset}
    assert run("train", *(names.get(a, a) for a in arguments), "-o", tmp_path / "run") == 1
    said = capsys.readouterr().err
    assert words in " ".join(said.split()) and "bug" not in said
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("option", "value", "words"),
    [
        ("--steps", "0", "'steps' is 0"),
        ("--batch", "0", "'batch' is 0"),
        ("--precision", "half", "'half' is none of auto, bf16, float32"),
        ("--learning-rate", "-1", "'learning_rate' is -1.0"),
        ("--learning-rate", "inf", "'learning_rate' is inf; it must be a finite"),
        ("--beta", "1e300", "'beta' is 1e+300; it can be at most"),
        ("--seed", "-1", "'seed' is -1"),
    ],
)
def test_settings_out_of_range_are_wrong_usage(
    option: str, value: str, words: str, small: Path, dataset: Path, tmp_path: Path, capsys
):
    assert run("train", small, dataset, option, value, "-o", tmp_path / "run") == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"Invalid value for {option}" in said and words in said
    assert not (tmp_path / "run").exists()


def test_tensorboard_without_the_extra(small: Path, dataset: Path, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert run("train", small, dataset, "-o", tmp_path / "run", "--tensorboard") == 1
    assert "musicvae_lite[logs]" in capsys.readouterr().err and not (tmp_path / "run").exists()


def test_a_restart_sets_the_bar_back():
    from musicvae_lite.training.reports import Report

    with Listener(100, quiet=True) as shown:
        shown(Report("start", 40, {}, "go"))
        shown(Report("step", 41, {}))
        assert shown.progress.done == 41
        shown(Report("restart", 0, {}, "again"))
        shown(Report("step", 1, {}))
        shown(Report("saved", 1, {}))
    assert shown.progress.done == 1 and shown.saved == 1
    assert step_line({"examples_per_second": 3.0}) == ""  # before the first figures of a GPU
