"""Several processes train as one."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.training import smoothing
from musicvae_lite.training.team import Team
from tests.models.image import small
from tests.training import test_images as images
from tests.training.runs import FLAT, Heard, log, preset, run, state, windows
from tests.training.torchrun import FORKS, environment, together

ALL_NOISE = preset(FLAT, steps=16, own_share=0.5, beta_begin=0.1, beta_end=0.9, free_bits=3.0)


class Stop(Exception):
    pass


def stop() -> None:
    raise Stop


def music(folder: Path, heard: Heard, resume: bool) -> None:
    run(folder, heard, preset=ALL_NOISE, resume=resume)


def pictures(folder: Path, heard: Heard, resume: bool) -> None:
    images.run(folder, heard, small.NOISY, steps=16, resume=resume)


def same(found: dict[str, Any], wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        loose = name.startswith("accuracy_uncommon")  # a share of what is uncommon in each part
        close = (0.2, 0.05) if loose else (1e-4, 1e-6)
        assert found[name] == pytest.approx(value, *close), name


def validations(folder: Path) -> list[dict[str, Any]]:
    return [event["values"] for event in log(folder) if event["kind"] == "validation"]


@FORKS
@pytest.mark.parametrize("train", [music, pictures])
def test_two_processes_are_one_with_the_whole_batch_also_when_resumed(
    train: Callable[[Path, Heard, bool], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(smoothing, "SMOOTH", 0.0)
    heard, folder = Heard(), tmp_path / "shared"
    train(tmp_path / "alone", heard, False)

    def broken(rank: int) -> None:
        mine = Heard(12 if rank == 0 else None, stop)
        try:
            train(folder, mine, False)
        except (Stop, ConfigError) as error:
            assert isinstance(error, Stop) == (rank == 0)  # the other is told that one is gone
        assert bool(mine) == (rank == 0)  # the first alone tells

    assert together(2, broken) == ["", ""]
    assert log(folder)[0]["message"].count("2 processes, each on cpu in float32") == 1
    again = Heard()
    train(folder, again, True)  # one process goes on with what two began
    losses = again.losses()
    assert min(losses) == 8 and max(losses) == 16
    for step, values in losses.items():
        same(values, heard.losses()[step])
    for mine, theirs in zip(validations(folder), validations(tmp_path / "alone"), strict=True):
        same(mine, theirs)
    assert set(state(folder)) == set(state(tmp_path / "alone"))


@FORKS
def test_a_stop_asked_of_one_process_stops_all_at_the_same_update(tmp_path: Path):
    def stopped(rank: int) -> None:
        heard = Heard(9, lambda: signal.raise_signal(signal.SIGTERM))
        if rank:
            heard.at = None
        with pytest.raises(KeyboardInterrupt):
            music(tmp_path / "run", heard, False)

    assert together(2, stopped) == ["", ""]
    assert [p.name for p in (tmp_path / "run" / "last").iterdir()] == ["step-000000009"]


def under_torchrun(monkeypatch: pytest.MonkeyPatch, rank: int, count: int, **more: str) -> None:
    for name, value in (environment(rank, count, 0) | more).items():
        monkeypatch.setenv(name, value)


def test_where_torchrun_says_this_process_is(monkeypatch: pytest.MonkeyPatch):
    assert runtime.processes() == runtime.Processes(0, 1, 0, 1, 0) and runtime.processes().is_first
    under_torchrun(monkeypatch, 5, 8, LOCAL_RANK="1", LOCAL_WORLD_SIZE="4", TORCHELASTIC_RESTART_COUNT="2")
    assert runtime.processes() == runtime.Processes(5, 8, 1, 4, 2) and not runtime.processes().is_first


@pytest.mark.parametrize(
    ("device", "more", "words"),
    [
        ("cpu:0", {}, "device 'cpu:0' is one; 3 processes take cpu"),
        ("cpu", {"LOCAL_WORLD_SIZE": "2"}, "2 of 3 processes are on this machine"),
    ],
)
def test_places_that_make_no_team_are_refused(device, more, words, monkeypatch: pytest.MonkeyPatch):
    under_torchrun(monkeypatch, 0, 3, **more)
    with pytest.raises(ConfigError, match=words):
        Team(device, "float32")


@FORKS
def test_a_batch_that_does_not_divide_is_refused_with_one_that_does(tmp_path: Path):
    def uneven(rank: int) -> None:
        words = "a batch of 8 does not divide among 3 processes: --batch 6 does"
        with pytest.raises(ConfigError, match=words):
            run(tmp_path / "run")

    assert together(3, uneven) == ["", "", ""]
    assert not (tmp_path / "run").exists()


@FORKS
@pytest.mark.parametrize(
    ("count", "batch", "advice"), [(38, 400, None), (38, 37, 36), (38, 38, 36), (4, 2, 3), (3, 400, None)]
)
def test_few_windows_make_a_batch_that_divides_or_advice_that_ends(
    count: int, batch: int, advice: int | None, tmp_path: Path
):
    few = windows(count)

    def go(rank: int) -> None:
        own = preset(FLAT, steps=2, batch=advice or batch)
        if advice is not None:
            with pytest.raises(
                ConfigError, match=f"a batch of {batch} does not divide .* --batch {advice} does"
            ):
                run(tmp_path / "run", preset=preset(FLAT, steps=2, batch=batch), windows=few)
        heard = Heard()
        run(tmp_path / "run", heard, preset=own, windows=few)
        if rank == 0:
            used = advice or count // 3 * 3
            assert f"2 updates of {used}" in heard.of("start")[0].message

    assert together(3, go) == ["", "", ""]


@FORKS
def test_more_processes_than_windows_are_told_how_many_there_can_be(tmp_path: Path):
    def go(rank: int) -> None:
        with pytest.raises(ConfigError, match="2 to train on, and 3 processes: start 2 or fewer"):
            run(tmp_path / "run", windows=windows(2))

    assert together(3, go) == ["", "", ""]
    assert not (tmp_path / "run").exists()


@FORKS
def test_processes_that_torchrun_starts_anew_resume(tmp_path: Path):
    with pytest.raises(Stop):
        music(tmp_path / "run", Heard(12, stop), False)

    def again(rank: int) -> None:
        os.environ["TORCHELASTIC_RESTART_COUNT"] = "1"
        heard = Heard()
        music(tmp_path / "run", heard, False)
        assert rank or heard.of("start")[0].step == 7

    assert together(2, again) == ["", ""]
