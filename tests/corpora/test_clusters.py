"""Preparing on executors of every kind: the same bytes in any order, and lost workers cost a retry."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from musicvae_lite.corpora.build import Progress, build_dataset
from musicvae_lite.errors import ConfigError, DatasetError, MusicVAEError
from musicvae_lite.music.representations.melody import MelodyRepresentation
from mvae.app import main
from tests.corpora.tunes import contents, write_tunes

MELODY = MelodyRepresentation(bars=2)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tunes(tmp_path_factory.mktemp("music"), 24)


@pytest.fixture(scope="module")
def reference(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("reference") / "dataset"
    build_dataset([music], MELODY, output, workers=0)
    return output


class Shuffled(Executor):
    """Runs what it was given on a thread, in an order that the seed chooses; the first few are lost."""

    def __init__(self, seed: int, lost: int = 0):
        self.chance, self.lost = random.Random(seed), lost
        self.waiting: list[tuple[Future, Callable, tuple]] = []
        self.order: list[int] = []
        threading.Thread(target=self.work, daemon=True).start()

    def submit(self, fn: Callable, /, *args: Any, **kwargs: Any) -> Future:
        self.waiting.append((Future(), fn, args))
        return self.waiting[-1][0]

    def work(self) -> None:
        while True:
            time.sleep(0.02)  # more may come
            if not self.waiting:
                continue
            future, fn, args = self.waiting.pop(self.chance.randrange(len(self.waiting)))
            if not future.set_running_or_notify_cancel():
                continue
            if self.lost:
                self.lost -= 1
                future.set_exception(RuntimeError("the worker was lost"))
                continue
            self.order.append(args[0].chunk.number)
            future.set_result(fn(*args))


@pytest.mark.parametrize("lost", [0, 3])
def test_the_same_bytes_in_any_order_and_with_lost_workers(
    lost: int, music: Path, reference: Path, tmp_path: Path
):
    executor = Shuffled(1, lost)
    build_dataset([music], MELODY, tmp_path / "dataset", executor=executor, chunk_files=2)
    assert sorted(executor.order) == list(range(12)) != executor.order
    assert contents(tmp_path / "dataset") == contents(reference)


def test_an_executor_that_does_nothing_any_more_is_an_error_that_goes_on(
    music: Path, reference: Path, tmp_path: Path
):
    with pytest.raises(MusicVAEError, match="scheduler and workers are still there"):
        build_dataset([music], MELODY, tmp_path / "dataset", executor=Shuffled(0, lost=10**6), chunk_files=8)
    build_dataset([music], MELODY, tmp_path / "dataset", workers=0, chunk_files=8)
    assert contents(tmp_path / "dataset") == contents(reference)


def test_folders_that_are_not_shared_are_noticed(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    from musicvae_lite.corpora import workspace
    from musicvae_lite.corpora.workspace import Workspace

    monkeypatch.setattr(workspace, "PATIENCE", 0.1)
    monkeypatch.setattr(Workspace, "_is_whole", lambda self, report: False)
    with pytest.raises(DatasetError, match="must be one that all workers share"):
        build_dataset([music], MELODY, tmp_path / "dataset", executor=Shuffled(0))


@pytest.mark.skipif(sys.platform == "win32", reason="a worker is killed by a POSIX signal")
def test_a_killed_worker_process_costs_a_retry(music: Path, reference: Path, tmp_path: Path):
    killed: list[int] = []

    def kill_one(progress: Progress) -> None:
        if progress.files > 2 and not killed:
            worker = multiprocessing.active_children()[0]
            killed.append(worker.pid or 0)
            os.kill(killed[0], signal.SIGKILL)

    manifest = build_dataset(
        [music], MELODY, tmp_path / "dataset", workers=1, chunk_files=2, on_progress=kill_one
    )
    assert killed and not any(reason.code == "crash" for reason in manifest.rejections)
    assert contents(tmp_path / "dataset") == contents(reference)


@pytest.fixture
def cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=False, protocol="tcp://", dashboard_address=None
        ) as cluster:
            yield cluster


def test_a_dask_cluster_that_loses_a_worker_gives_the_same_bytes(
    cluster: Any, music: Path, reference: Path, tmp_path: Path
):
    lost: list[Any] = []

    def lose_one(progress: Progress) -> None:
        if progress.files and not lost:
            lost.append(next(iter(cluster.workers.values())))
            cluster.sync(lost[0].close)

    address = cluster.scheduler_address.replace("tcp://", "dask://")
    build_dataset(
        [music], MELODY, tmp_path / "dataset", executor=address, chunk_files=2, on_progress=lose_one
    )
    assert lost and contents(tmp_path / "dataset") == contents(reference)


@pytest.mark.parametrize(
    ("address", "words"),
    [("ray://here:1", "it is written dask://HOST:PORT"), ("dask://", "it is written dask://HOST:PORT")],
)
def test_addresses_of_nothing_known_are_refused(address: str, words: str, music: Path, tmp_path: Path):
    with pytest.raises(ConfigError, match=words):
        build_dataset([music], MELODY, tmp_path / "dataset", executor=address)


def test_nobody_at_the_address_is_said_by_the_command(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")
    from musicvae_lite.corpora import clusters

    monkeypatch.setattr(clusters, "PATIENCE", 0.5)
    with pytest.raises(SystemExit) as end:
        main(["prepare", str(music), "-o", str(tmp_path / "data"), "--executor", "dask://127.0.0.1:9"])
    assert end.value.code == 1
    assert "no dask scheduler answers there" in capsys.readouterr().err.replace("\n", " ")
