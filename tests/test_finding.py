"""Models are found by name and by path, and not written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from musicvae_lite import checkpoints, finding
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.models.catalogue import name_of
from tests.models.small import save_small


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return save_small(tmp_path / "model")


def test_a_model_is_found_by_folder_run_file_or_name(folder: Path, cache: Path, monkeypatch, tmp_path: Path):
    assert finding.find(folder) == folder
    assert finding.find(folder / checkpoints.WEIGHTS) == folder
    save_small(tmp_path / "run" / "best")
    assert finding.find(tmp_path / "run") == tmp_path / "run" / "best"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert finding.find("~/model") == folder
    mine = save_small(cache / "models" / "my-model")
    assert finding.find("my-model") == mine and mine in finding.shipped()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-model").mkdir()  # a folder of that name which is no model, such as a dataset
    assert finding.find("my-model") == mine


def test_a_run_that_was_stopped_before_its_first_validation_is_what_it_saved_last(tmp_path: Path):
    for step in ("step-000000099", "step-000000100"):
        save_small(tmp_path / "run" / "last" / step)
    last = tmp_path / "run" / "last" / "step-000000100"
    assert finding.find(tmp_path / "run") == last and name_of(last) == "run"
    with pytest.raises(ConfigError, match="there is a training run"):
        finding.check_free(tmp_path / "run")
    save_small(tmp_path / "run" / "best")
    assert finding.find(tmp_path / "run") == tmp_path / "run" / "best"


def test_a_shipped_model_is_found_before_an_import_of_its_name(cache: Path, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(finding.resources, "checkpoints_dir", lambda: tmp_path)
    mine = save_small(tmp_path / "mine")
    save_small(cache / "models" / "mine")
    other = save_small(cache / "models" / "other")
    assert finding.find("mine") == mine and finding.shipped() == [mine, other]


def test_what_comes_with_the_package_is_told_from_imports(cache: Path, monkeypatch, tmp_path: Path):
    monkeypatch.setattr(finding.resources, "checkpoints_dir", lambda: tmp_path / "shipped")
    monkeypatch.chdir(tmp_path)
    assert finding.is_packaged(save_small(tmp_path / "shipped" / "one")) and finding.is_packaged(
        Path("shipped/one")
    )
    assert not finding.is_packaged(save_small(cache / "models" / "two"))
    assert not finding.is_packaged(save_small(tmp_path / "three"))


def test_a_missing_model_lists_what_there_is(cache: Path, tmp_path: Path):
    save_small(cache / "models" / "my-model")
    with pytest.raises(
        CheckpointError, match=r"Did you mean 'my-model'\?.*Shipped: .*\. Imported: my-model$"
    ):
        finding.find("my-modle")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointError, match=r"holds no config\.json"):
        finding.find(tmp_path / "empty")
    (tmp_path / "a.mid").write_bytes(b"MThd")
    with pytest.raises(CheckpointError, match="a model is a folder"):
        finding.find(tmp_path / "a.mid")


def test_a_home_that_is_not_there_is_no_bug():
    with pytest.raises(CheckpointError, match="~nosuchuser"):
        finding.find("~nosuchuser/model")


def test_no_model_is_written_over(folder: Path, tmp_path: Path):
    finding.check_free(tmp_path / "new")
    with pytest.raises(ConfigError, match="there is a model already"):
        finding.check_free(folder)
    finding.check_free(folder, lambda config: config["family"] == "music")
    (folder / checkpoints.CONFIG).write_text("[]")
    with pytest.raises(ConfigError, match="there is a model already"):
        finding.check_free(folder, lambda config: config.get("family") == "music")
    (folder / checkpoints.CONFIG).unlink()
    with pytest.raises(ConfigError, match="there is a model already"):
        finding.check_free(folder)
    save_small(tmp_path / "run" / "best")
    with pytest.raises(ConfigError, match="there is a training run"):
        finding.check_free(tmp_path / "run", lambda config: True)


def test_no_model_is_put_among_the_saved_states_of_a_run(tmp_path: Path):
    save_small(tmp_path / "run" / "last" / "step-000000007")
    with pytest.raises(ConfigError, match="last: there is a training run: choose another folder"):
        finding.check_free(tmp_path / "run" / "last", lambda config: True)


def test_no_model_is_put_into_a_dataset(tmp_path: Path):
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(ConfigError, match="there is a dataset: choose another folder"):
        finding.check_free(tmp_path, lambda config: True)
    with pytest.raises(ConfigError, match="there is a dataset"):
        save_small(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["manifest.json"]


def test_no_model_is_saved_in_front_of_the_model_of_a_run(tmp_path: Path):
    save_small(tmp_path / "run" / "best")
    with pytest.raises(ConfigError, match="there is a training run"):
        save_small(tmp_path / "run")
    save_small(tmp_path / "run" / "best")
