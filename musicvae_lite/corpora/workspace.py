"""The folder of an unfinished run: its settings, plan, journal and spill files.

It stands beside the dataset it will become, as NAME.partial, and is removed when that is in place.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Self

from filelock import FileLock, Timeout

from musicvae_lite.corpora.extract import Report
from musicvae_lite.corpora.manifest import MANIFEST, SONGS
from musicvae_lite.corpora.plan import Plan, write_plan
from musicvae_lite.corpora.recipe import SPLITS, Recipe
from musicvae_lite.errors import DatasetError
from musicvae_lite.writing import write_json

VERSION = 3
LOCK, JOURNAL = ".lock", "journal.jsonl"
RESTARTED, REPLACES = "restarted", "replaces"  # marks: begun with --restart, there was a dataset to replace
PUBLISHING = "publishing"  # mark: the dataset is whole and about to be moved into its place
SYSTEMS = r"|\.DS_Store|\.nfs\w+"  # what systems put everywhere
OWN = re.compile(
    r"(spill|dataset|replaced|[\w-]+\.bin|settings\.json|plan\.new|(plan|journal)\.jsonl)(\.part)?"
    rf"|{re.escape(LOCK)}|{RESTARTED}|{REPLACES}|{PUBLISHING}"
    r"|\.settings\.[0-9a-f]+\.json" + SYSTEMS  # half written
)
SHARD = rf"({'|'.join(SPLITS)})-\d+\.\w+\.npy"
DATASET = re.compile(rf"{re.escape(MANIFEST)}|{re.escape(SONGS)}|{SHARD}" + SYSTEMS)
PATIENCE = 10.0  # seconds until what another machine wrote can be seen on a network's disk


def place_of(output: Path) -> Path:
    """Where a dataset is to stand, on whose disk its workspace must be too: a link is followed.

    Raises:
        DatasetError: a disk is mounted there, which no finished folder can take the place of.
    """
    place = output.resolve() if output.is_symlink() else output.absolute()
    if os.path.ismount(place):
        raise DatasetError(
            f"{place}: a disk is mounted here, and a dataset takes the place of its folder as a whole: "
            f"name a folder on it, such as {place / 'dataset'}"
        )
    return place


class Workspace:
    """Where a run keeps what it has done, so that a killed one goes on from there.

        with Workspace(output, recipe) as workspace: ...

    Within, no other process may prepare the same dataset: the folder holds a lock, which a killed process
    does not leave behind. Workers write spill files alone and need none.

    A run begun with `restart` is marked, so that the same call goes on with it, and another drops it.

    Args:
        output: the dataset's folder.
        recipe: the run's settings, compared with those of an unfinished run.
        restart: drop an unfinished run, and replace a dataset of the same name.

    Raises:
        DatasetError: `output` exists, or holds what is no part of a dataset, or the unfinished run has
            other settings or files, or what stands in the workspace's place is none, or another process works
            in it.
    """

    def __init__(self, output: Path, recipe: Recipe, restart: bool = False):
        self.output = output
        self.folder = output.with_name(output.name + ".partial")
        self.dataset = self.folder / "dataset"
        self._recipe, self._restart = recipe, restart
        self._lock = FileLock(self.folder / LOCK, timeout=0)

    def __enter__(self) -> Self:
        self._check_folder()
        if not self.folder.exists():
            self._check_output(self._restart)
            self.folder.mkdir(parents=True)
        self._take_lock()
        if self._has(PUBLISHING) and not self.dataset.exists():
            self.remove()  # of a run that was killed after its dataset was in place
            return self.__enter__()
        try:
            self._begin()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.release()

    def _begin(self) -> None:
        self._check_output(self._may_replace)
        if self._restart and not self._has(RESTARTED):
            self._drop()
            if self.output.exists():
                (self.folder / REPLACES).touch()
            (self.folder / RESTARTED).touch()
        self.spill(0).parent.mkdir(exist_ok=True)

    @property
    def _may_replace(self) -> bool:
        return self._restart or self._has(REPLACES)

    def _has(self, mark: str) -> bool:
        return (self.folder / mark).exists()

    def _take_lock(self) -> None:
        busy = f"{self.folder}: another process is preparing this dataset; wait for it, or stop it"
        try:
            self._lock.acquire()
        except Timeout as error:
            raise DatasetError(busy) from error
        if not self._has(LOCK):  # what was taken is that of a process that has just ended
            self._lock.release()
            raise DatasetError(busy)

    def _drop(self) -> None:
        """Forgets what an unfinished run has read."""
        shutil.rmtree(self.spill(0).parent, ignore_errors=True)
        (self.folder / JOURNAL).unlink(missing_ok=True)

    def _check_folder(self) -> None:
        """Nothing is removed here that another has put."""
        if not self.folder.exists():
            return
        names = [part.name for part in self.folder.iterdir()] if self.folder.is_dir() else [self.folder.name]
        if not all(map(OWN.fullmatch, names)):
            raise DatasetError(
                f"{self.folder}: unfinished work is kept there, and something else has this name: "
                "move it away, or choose another name for the dataset"
            )

    def _check_output(self, may_replace: bool) -> None:
        if not self.output.exists():
            return
        if not (self.output / MANIFEST).is_file():
            if self.output.is_dir() and not any(self.output.iterdir()):
                return
            raise DatasetError(f"{self.output}: it exists and is no dataset; choose another name")
        if not may_replace:
            raise DatasetError(
                f"{self.output}: this dataset exists; choose another name, or replace it with --restart"
            )
        if others := sorted(p.name for p in self.output.iterdir() if not DATASET.fullmatch(p.name)):
            named = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
            raise DatasetError(
                f"{self.output}: it holds what is no part of the dataset ({named}) and would be lost with "
                "it: move that away, or choose another name"
            )

    def plan(self, paths: Sequence[Path], **chunking: int) -> Plan:
        """Lists the files. An unfinished run of other settings or files is refused, or dropped to restart."""
        new = write_plan(paths, self.folder / "plan.new", **chunking)
        config = {"version": VERSION, **self._recipe.to_config(), "plan": new.digest}
        settings = self.folder / "settings.json"
        if settings.exists():
            old = json.loads(settings.read_text(encoding="utf-8"))
            if old.get("version") != VERSION and not self._restart:
                raise DatasetError(
                    f"{self.folder}: this unfinished run was begun by another version of musicvae_lite: "
                    "finish it with that, or begin anew with --restart"
                )
            changes = self._changes(old, config)
            if changes and not self._restart:
                raise DatasetError(
                    f"{self.folder}: an unfinished run differs from this one:\n"
                    + "\n".join(changes)
                    + "\nGo on with its settings, or begin anew with --restart."
                )
            if changes:
                self._drop()
                self.spill(0).parent.mkdir()
        new.path.replace(self.folder / "plan.jsonl")
        write_json(settings, config)
        return replace(new, path=self.folder / "plan.jsonl")

    def _changes(self, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
        """What differs between two runs, a line each."""
        old, new = flatten(old), flatten(json.loads(json.dumps(new)))
        changed = [k for k in (*old, *(k for k in new if k not in old)) if old.get(k) != new.get(k)]
        return [
            "  the files, or the folders they are in, have changed"
            if k == "plan"
            else f"  {k}: {old.get(k)}, now {new.get(k)}"
            for k in changed
        ]

    def spill(self, chunk: int) -> Path:
        return self.folder / "spill" / f"{chunk:08d}.spill"

    def record(self, report: Report) -> None:
        """Notes a finished chunk in the journal.

        Raises:
            DatasetError: what its worker has written is not to be seen here.
        """
        deadline = time.monotonic() + PATIENCE
        while not self._is_whole(report):
            if time.monotonic() > deadline:
                raise DatasetError(
                    f"{self.spill(report.chunk)}: a worker wrote it, and it is not to be seen here: the "
                    "dataset's folder must be one that all workers share, under the same path"
                )
            time.sleep(0.1)
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write(json.dumps(asdict(report)) + "\n")

    def finished(self) -> dict[int, Report]:
        """Chunks of the journal whose spill file is there in full; a torn last line is no chunk."""
        reports: dict[int, Report] = {}
        for report in self._journal():
            if self._is_whole(report):
                reports[report.chunk] = report
        return reports

    def _is_whole(self, report: Report) -> bool:
        try:
            return self.spill(report.chunk).stat().st_size == report.size
        except OSError:
            return False

    def _journal(self) -> Iterator[Report]:
        try:
            text = (self.folder / JOURNAL).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return
        lines = text.splitlines()
        if lines and not text.endswith("\n"):  # killed while writing: begin the next line on its own
            self._append_newline()
        for line in lines:
            try:
                yield Report(**json.loads(line))
            except (ValueError, TypeError):
                continue

    def _append_newline(self) -> None:
        with (self.folder / JOURNAL).open("a", encoding="utf-8") as journal:
            journal.write("\n")

    def begin_dataset(self) -> Path:
        """An empty folder in which the dataset is assembled."""
        (self.folder / PUBLISHING).unlink(missing_ok=True)
        shutil.rmtree(self.dataset, ignore_errors=True)
        self.dataset.mkdir()
        return self.dataset

    def publish(self) -> None:
        """Moves the finished dataset into its place and removes the workspace.

        Raises:
            DatasetError: something has been put in its place since.
        """
        self._check_output(self._may_replace)
        (self.folder / PUBLISHING).touch()  # from here on, a dataset that is not here is in its place
        if self.output.exists():
            shutil.rmtree(self.folder / "replaced", ignore_errors=True)
            self.output.replace(self.folder / "replaced")
        self.dataset.replace(self.output)
        self.remove()

    def remove(self) -> None:
        """Removes everything, the mark that it may be removed and the lock last."""
        for part in sorted(self.folder.iterdir(), key=lambda part: part.name == PUBLISHING):
            if part.is_dir():
                shutil.rmtree(part, ignore_errors=True)
            elif part.name != LOCK:
                part.unlink(missing_ok=True)
        with suppress(OSError):  # Windows removes no file that is open
            (self.folder / LOCK).unlink()
        self._lock.release()
        with suppress(OSError):  # the next process may be in it already
            self.folder.rmdir()


def flatten(table: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """{"a": {"b": 1}} as {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat
