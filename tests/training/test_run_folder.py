"""What a run's folder lets into it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.image.assembly import ImageConfig
from musicvae_lite.training import run_folder
from musicvae_lite.training.agreement import OPTIONAL
from musicvae_lite.training.run_folder import STATED, Progress, RunFolder
from tests.models.small import save_small
from tests.training.runs import MODEL

SOME: dict[str, Any] = {
    "labels": ["jig", "reel"],
    "corruption": {"kind": "noise"},
    "regulariser": {"weight": 1},
}


def described(**model: Any) -> dict[str, Any]:
    return {"preset": "small", "model": {"z": 4, **model}, "training": {"steps": 3}, "dataset": "d"}


@pytest.mark.parametrize("name", SOME)
def test_a_part_that_one_side_has_and_the_other_not_is_another_setting(tmp_path: Path, name: str):
    without, given = described(), described(**{name: SOME[name]})
    for number, (before, now) in enumerate([(without, given), (given, without)]):
        folder = RunFolder(tmp_path / str(number))
        folder.begin(before, Progress())
        folder.end()
        folder.check(before, resume=True)
        with pytest.raises(ConfigError, match=rf"cannot resume with other settings:\n  model.{name}: .*None"):
            folder.check(now, resume=True)


def test_what_only_a_newer_version_states_is_no_other_setting(tmp_path: Path):
    folder = RunFolder(tmp_path / "run")
    folder.begin(described(), Progress())
    folder.end()
    folder.check(described() | {"rounding": "even"}, resume=True)
    folder.check(described(novelty=3), resume=True)


@pytest.mark.parametrize("name", STATED)
def test_a_run_that_does_not_say_all_it_must_is_not_gone_on_with(tmp_path: Path, name: str):
    told = described()
    folder = RunFolder(tmp_path / "run")
    folder.begin({key: value for key, value in told.items() if key != name}, Progress())
    folder.end()
    with pytest.raises(CheckpointError, match=rf"run\.json: damaged: it holds no {name}"):
        folder.check(told, resume=True)


def test_a_run_is_not_put_into_a_dataset(tmp_path: Path):
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ConfigError, match="there is a dataset"):
        RunFolder(tmp_path).check(described(), resume=False)


def test_all_that_a_model_tells_only_where_it_has_some_is_known():
    tables = [MusicConfig.from_table(MODEL | {"labels": ["a", "b"]}, "test").to_table()]
    small = {"encoder": {"kind": "dense"}, "decoder": {"kind": "dense"}, "z": 4}
    picture = {"channels": 1, "height": 4, "width": 4}
    parts = {"corruption": {"kind": "noise"}, "regulariser": {"kind": "sparse"}}
    tables.append(ImageConfig.from_table({**small, "picture": picture, **parts}, "test").to_table())
    plain = [MusicConfig.from_table(MODEL, "test").to_table()]
    plain.append(ImageConfig.from_table({**small, "picture": picture}, "test").to_table())
    found = {key for full, bare in zip(tables, plain, strict=True) for key in {*full} - {*bare}}
    assert found == {*OPTIONAL}


def test_a_run_is_not_hidden_behind_a_model(tmp_path: Path):
    save_small(tmp_path / "model")
    with pytest.raises(ConfigError, match="model: there is a model already: choose another folder"):
        RunFolder(tmp_path / "model").check(described(), resume=False)
    (tmp_path / "new").mkdir()
    RunFolder(tmp_path / "new").check(described(), resume=False)
    RunFolder(tmp_path / "none").check(described(), resume=False)


@pytest.mark.parametrize("name", ["file", "file/run"])
def test_a_run_is_a_folder_and_no_file(tmp_path: Path, name: str):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=f"{name}: .*file is a file; name a folder") as error:
        RunFolder(tmp_path / name).check(described(), resume=False)
    assert "resume" not in str(error.value)


def test_what_the_disk_refuses_says_from_where_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    model = nn.Linear(2, 2)
    optimizer = torch.optim.Adam(model.parameters())

    def refused(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    def told(write: Callable[[RunFolder], None], where: Any, name: str) -> str:
        folder = RunFolder(tmp_path / "run")
        with monkeypatch.context() as patch, pytest.raises(CheckpointError) as error:
            patch.setattr(where, name, refused)
            write(folder)
        folder.end()
        return str(error.value)

    def begin(folder: RunFolder) -> None:
        folder.begin(described(), Progress())

    def save(folder: RunFolder) -> None:
        folder.save(model, optimizer, {}, Progress())

    said = told(begin, run_folder, "write_json")
    assert said.endswith("(No space left on device); when that is put right, start the run again")
    begin(folder := RunFolder(tmp_path / "run"))
    folder.end()
    assert told(save, checkpoints, "write_tensors").endswith("--resume starts the run again")
    save(folder)
    assert told(save, checkpoints, "write_tensors").endswith(run_folder.GO_ON)


def test_better_weights_take_away_what_was_true_of_those_before(tmp_path: Path):
    folder = RunFolder(tmp_path / "run")
    folder.keep(nn.Linear(2, 2), {"family": "music"})
    for name in checkpoints.COMPANIONS:
        (folder.best / name).touch()
    folder.keep(nn.Linear(2, 2), {"family": "music"})
    assert {path.name for path in folder.best.iterdir()} == {checkpoints.WEIGHTS, checkpoints.CONFIG}
