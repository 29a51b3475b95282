"""A disk or a memory that does not suffice, and folders that other versions wrote."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import pytest
import torch

from musicvae_lite import checkpoints, finding, runtime
from musicvae_lite.errors import CheckpointError, ConfigError, MusicVAEError
from musicvae_lite.vae import VAE
from mvae.app import explain
from tests.training.runs import FLAT, Heard, preset, run, state
from tests.training.torchrun import FORKS, forked

SHORT = preset(FLAT, steps=16)


class Stop(Exception):
    pass


def stop() -> None:
    raise Stop


@FORKS
def test_a_full_disk_leaves_what_was_saved_and_the_run_goes_on(tmp_path: Path):
    import resource

    run(tmp_path / "unbroken", preset=SHORT)

    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))

    def full() -> None:
        with pytest.raises(CheckpointError, match=r"cannot be written to \(.*--resume goes on") as error:
            run(tmp_path / "run", Heard(9, fill), preset=SHORT)
        assert str(tmp_path / "run") in str(error.value) and ".partial" not in str(error.value)

    assert forked(full) == ""
    assert [p.name for p in (tmp_path / "run" / "last").iterdir()] == ["step-000000007"]
    run(tmp_path / "run", preset=SHORT, resume=True)
    assert state(tmp_path / "run") == state(tmp_path / "unbroken")


@pytest.mark.parametrize("function", ["write_tensors", "write_json", "write_prior"])
def test_whatever_the_disk_refuses_says_how_to_go_on(function: str, tmp_path: Path, monkeypatch):
    def refused(path: Path, *args: object) -> None:
        try:
            raise OSError(28, "No space left on device")
        except OSError as error:
            raise MusicVAEError(f"{path}: cannot be written") from error

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, function, refused)
        with pytest.raises(CheckpointError, match=r"run.*\(No space left on device\).*--resume") as error:
            run(tmp_path / "run", preset=SHORT)
        assert ".partial" not in str(error.value)
    run(tmp_path / "run", preset=SHORT, resume=True)
    assert finding.find(tmp_path / "run").name == "best"


@FORKS
@pytest.mark.parametrize("has_begun", [False, True])
def test_a_folder_that_may_not_be_written_is_named(has_begun: bool):
    def as_nobody() -> None:
        if os.getuid() == 0:
            os.setuid(65534)
        with pytest.raises(CheckpointError, match=r"closed.*cannot be written.*ermission denied"):
            run(closed / "run", preset=SHORT, resume=has_begun)

    with tempfile.TemporaryDirectory() as place:  # where others than its owner may look
        os.chmod(place, 0o755)
        closed = Path(place) / "closed"
        closed.mkdir()
        if has_begun:
            with pytest.raises(Stop):
                run(closed / "run", Heard(9, stop), preset=SHORT)
        everything = [closed, *closed.rglob("*")]
        for path in everything:
            path.chmod(0o555 if path.is_dir() else 0o444)
        assert forked(as_nobody) == ""
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_runs_and_models_of_a_newer_version_are_refused_with_the_reason(tmp_path: Path):
    with pytest.raises(Stop):
        run(tmp_path, Heard(12, stop), preset=SHORT)
    for path, words in (
        (tmp_path / "run.json", "a run of format 7, written by a newer musicvae_lite.*update it"),
        (tmp_path / "best" / "config.json", "format 7; this version of musicvae_lite reads format 1: update"),
    ):
        table = json.loads(path.read_text())
        path.write_text(json.dumps(table | {"format": 7}))
        with pytest.raises(CheckpointError, match=words):
            if path.name == "run.json":
                run(tmp_path, preset=SHORT, resume=True)
            else:
                checkpoints.read_config(path.parent)
        path.write_text(json.dumps(table))
    table = json.loads((tmp_path / "run.json").read_text())
    assert table.pop("format") == 1
    (tmp_path / "run.json").write_text(json.dumps(table))  # as earlier versions wrote it
    run(tmp_path, preset=SHORT, resume=True)


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), MemoryError()])
def test_a_memory_that_is_too_small_says_what_to_lower(error: Exception, tmp_path: Path, monkeypatch):
    def forward(self, *args):
        raise error

    monkeypatch.setattr(VAE, "forward", forward)
    with pytest.raises(ConfigError, match=r"a batch of 8: start again with --batch 4, .*smaller preset"):
        run(tmp_path / "run", preset=SHORT)


@pytest.mark.skipif(sys.maxsize < 2**32, reason="a 64-bit address space is asked for more than there is")
def test_what_torch_and_numpy_say_of_a_full_memory_is_understood():
    import numpy as np

    for ask in (lambda: torch.empty(2**46), lambda: np.ones(2**46)):
        with pytest.raises((RuntimeError, MemoryError)) as error:
            ask()
        assert runtime.is_out_of_memory(error.value)
        assert explain(error.value) == (
            "there is not memory enough: ask for less at once, or take a smaller model", 1
        )  # fmt: skip
    for other in (RuntimeError("shapes do not fit"), ValueError("out of memory")):
        assert not runtime.is_out_of_memory(other)


def test_what_else_goes_wrong_is_no_matter_of_memory(tmp_path: Path, monkeypatch):
    def forward(self, *args):
        raise RuntimeError("shapes do not fit")

    monkeypatch.setattr(VAE, "forward", forward)
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        run(tmp_path / "run", preset=SHORT)
