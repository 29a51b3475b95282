"""TensorBoard logs: the right curves, and a clear word where the package is missing."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path

import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.training.reports import Report
from musicvae_lite.training.tensorboard import TensorBoard
from tests.training.runs import preset, run


@pytest.fixture
def written(monkeypatch) -> list[tuple]:
    """What reaches a writer that stands in for tensorboard's."""
    calls: list[tuple] = []

    class SummaryWriter:
        def __init__(self, folder: str, purge_step: int):
            calls.append(("open", Path(folder).name, purge_step))

        def add_scalar(self, name: str, value: float, step: int) -> None:
            calls.append((name, value, step))

        def add_text(self, name: str, text: str, step: int) -> None:
            calls.append((name, text, step))

        def close(self) -> None:
            calls.append(("close",))

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = SummaryWriter  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    return calls


def test_a_run_becomes_curves(written: list[tuple], tmp_path: Path):
    with TensorBoard(tmp_path / "board") as board:
        run(tmp_path / "run", board, preset=preset(steps=20))  # type: ignore[arg-type]
    assert written[0] == ("open", "board", 1) and written[-1] == ("close",)
    assert [step for name, _, step in written[1:-1] if name == "train/loss"] == [10, 20]
    assert [step for name, _, step in written[1:-1] if name == "validation/objective"] == [10, 20]
    assert any(name == "start" and "parameters" in text for name, text, _ in written[1:-1])


def test_a_resumed_run_hides_what_came_after_its_last_save(written: list[tuple], tmp_path: Path):
    with TensorBoard(tmp_path) as board:
        board(Report("start", 700, {}, "hello"))
        board(Report("step", 705, {"loss": 1.0}))
        board(Report("step", 710, {"loss": 2.0}))
    assert written == [
        ("open", tmp_path.name, 701),
        ("start", "hello", 700),
        ("train/loss", 2.0, 710),
        ("close",),
    ]


def test_a_fresh_start_hides_the_curves_of_the_attempt_before(written: list[tuple], tmp_path: Path):
    with TensorBoard(tmp_path) as board:
        board(Report("start", 0, {}, "hello"))
        board(Report("step", 10, {"loss": 1.0}))
        board(Report("restart", 0, {}, "stuck"))
        board(Report("step", 10, {"loss": 2.0}))
    assert written == [
        ("open", tmp_path.name, 1),
        ("start", "hello", 0),
        ("train/loss", 1.0, 10),
        ("close",),
        ("open", tmp_path.name, 1),
        ("restart", "stuck", 0),
        ("train/loss", 2.0, 10),
        ("close",),
    ]


def test_a_warning_before_a_resumed_run_starts_leaves_its_earlier_curves(
    written: list[tuple], tmp_path: Path
):
    with TensorBoard(tmp_path) as board:
        board(Report("warning", 0, {}, "few windows"))
        board(Report("start", 700, {}, "hello"))
    assert written == [
        ("open", tmp_path.name, 701),
        ("warning", "few windows", 0),
        ("start", "hello", 700),
        ("close",),
    ]


def test_a_refused_run_writes_nothing(written: list[tuple], tmp_path: Path):
    run(tmp_path / "run")
    with TensorBoard(tmp_path / "board") as board, pytest.raises(ConfigError, match="holds a training run"):
        run(tmp_path / "run", board, preset=preset(batch=100))  # type: ignore[arg-type]
    assert written == []


def test_a_folder_that_tensorboard_cannot_name_is_refused(written: list[tuple], tmp_path: Path):
    with pytest.raises(ConfigError, match="whose name is not UTF-8: rename it"):
        TensorBoard(tmp_path / "r\udce9el")
    assert written == [] and not [*tmp_path.iterdir()]


def test_a_missing_package_says_how_to_get_it(monkeypatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(ConfigError, match=r"pip install 'musicvae_lite\[logs\]'"):
        TensorBoard(tmp_path)


@pytest.mark.skipif(
    importlib.util.find_spec("tensorboard") is None, reason="the extra `logs` is not installed"
)
@pytest.mark.filterwarnings("ignore")
def test_the_real_writer_writes_events(tmp_path: Path):
    with TensorBoard(tmp_path / "board") as board:
        run(tmp_path / "run", board, preset=preset(steps=20))  # type: ignore[arg-type]
    from tensorboard.backend.event_processing.event_accumulator import (  # type: ignore[import-not-found]
        EventAccumulator,
    )

    events = EventAccumulator(str(tmp_path / "board")).Reload()
    assert [e.step for e in events.Scalars("train/loss")] == [10, 20]
    with TensorBoard(tmp_path / "two") as board:
        for kind, step, loss in (
            ("start", 0, 0),
            ("step", 10, 1),
            ("step", 20, 2),
            ("restart", 0, 0),
            ("step", 10, 3),
        ):
            board(Report(kind, step, {"loss": loss}, kind))
    events = EventAccumulator(str(tmp_path / "two")).Reload()
    assert [(e.step, e.value) for e in events.Scalars("train/loss")] == [(10, 3)]
