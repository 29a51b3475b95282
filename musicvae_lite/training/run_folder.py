"""The folder of a training run: what is in it, and how it survives a crash at any moment.

    RUN/run.json          the preset, its settings, the dataset: what a resumed run must agree with
    RUN/log.jsonl         one line an event, with the number of fresh starts before it, if there were any
    RUN/best/             the weights that validated best: a model folder
    RUN/last/step-N/      weights, optimiser state and progress after N updates: a model folder too

A `step-N` folder is written under another name and renamed when complete; only then is the one before
it renamed and removed. There is always one whole state on the disk, and what has its name is whole.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import shlex
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from filelock import FileLock, Timeout
from torch import nn

from musicvae_lite import checkpoints, finding, tables
from musicvae_lite.errors import CheckpointError, ConfigError, MusicVAEError, shown
from musicvae_lite.training import agreement
from musicvae_lite.training.adam_state import STATE, adam_tensors, restore_adam
from musicvae_lite.writing import write_json

FORMAT = 1  # of all this; 1 also of those that state none
DESCRIPTION, LOG, PROGRESS, BEST = "run.json", "log.jsonl", "progress.json", "best"
STATED = ("preset", "model", "training", "dataset")  # by every run
GO_ON = "what was saved before stands: when that is put right, --resume goes on from there"
Method = TypeVar("Method", bound=Callable[..., Any])


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        step: updates done.
        best: the lowest validation objective so far, None before the first.
        seconds: spent, over all resumed parts.
        restarts: fresh starts from the floor.
        smooth: the smoothed figures of the log.
        halfway: the same at half the updates after which a run is judged (see `patience`).
        logged: bytes of the log when this was saved; what comes after is written anew. None if unknown.
    """

    step: int = 0
    best: float | None = None
    seconds: float = 0.0
    restarts: int = 0
    smooth: dict[str, float] = field(default_factory=dict)
    halfway: dict[str, float] = field(default_factory=dict)
    logged: int | None = None


@dataclass(frozen=True)
class Saved:
    """A whole state on the disk."""

    folder: Path
    progress: Progress

    def restore(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
        """Loads weights and Adam's state. Raises CheckpointError when they are damaged or do not fit."""
        with _going_on(self.folder.parent.parent):
            checkpoints.load_into(model, checkpoints.read_weights(self.folder), self.folder)
            restore_adam(model, optimizer, checkpoints.read_tensors(self.folder / STATE), self.folder)


@contextmanager
def _going_on(run: Path) -> Iterator[None]:
    """Within, a saved state that cannot be gone on with is an error that says what can be done instead."""
    try:
        yield
    except CheckpointError as error:
        instead = "begin this run again in another folder"
        if (run / BEST / checkpoints.CONFIG).is_file():
            instead = f"begin another run from its best weights: --init-from {shlex.quote(str(run))}"
        raise CheckpointError(f"{error}\nIf there is no whole copy of it, {instead}") from error


@contextmanager
def writing(place: Path, advice: Callable[[], str] = lambda: GO_ON) -> Iterator[None]:
    """Within, what the disk refuses is an error that says how the run goes on.

    Args:
        advice: says that; by default for a run that has been saved.

    Raises:
        CheckpointError: the disk refuses.
    """
    try:
        yield
    except ConfigError:
        raise
    except (OSError, MusicVAEError) as error:
        cause = error if isinstance(error, OSError) else error.__cause__ or error
        reason = getattr(cause, "strerror", None) or cause
        raise CheckpointError(f"{place}: cannot be written to ({reason}); {advice()}") from error


def _writing(method: Method) -> Method:
    """A method of `RunFolder` that writes."""

    @functools.wraps(method)
    def told(folder: RunFolder, *args: Any) -> Any:
        with writing(folder.path, folder.advice):
            return method(folder, *args)

    return told  # type: ignore[return-value]


class RunFolder:
    def __init__(self, path: Path):
        self.path = path
        self.best, self.last = path / BEST, path / "last"
        self._description, self._log = path / DESCRIPTION, path / LOG
        self._lock = FileLock(path / ".lock", timeout=0)

    @property
    def holds_a_run(self) -> bool:
        return self._description.exists()

    def advice(self) -> str:
        """How the run goes on once the disk lets it."""
        if self._states():
            return GO_ON
        if self.holds_a_run:
            return "nothing is saved yet: when that is put right, --resume starts the run again"
        return "when that is put right, start the run again"

    def check(self, description: dict[str, Any], resume: bool) -> None:
        """Checks that a new run may go here, or that a resumed run is the same run. Writes nothing.

        Raises:
            ConfigError: the folder holds a run, a model or a dataset already, or is a file; or `resume` and
                its settings differ, with each difference named.
            CheckpointError: what the folder says of its run cannot be read, or a newer version wrote it.
        """
        if not self.holds_a_run:
            if resume:
                raise ConfigError(f"{self.path}: nothing to resume here; leave out --resume to start")
            finding.check_free(self.path)
            for place in (self.path, *self.path.parents):
                if place.exists() and not place.is_dir():
                    raise ConfigError(f"{self.path}: {place} is a file; name a folder for the run")
            return
        if not resume:
            raise ConfigError(
                f"{self.path} holds a training run already: --resume continues it, or name another folder"
            )
        before = _read_table(self._description)
        if before.get("format", 1) > FORMAT:
            raise CheckpointError(
                f"{self._description}: a run of format {before['format']}, written by a newer musicvae_lite; "
                f"this one reads up to format {FORMAT}: update it to go on"
            )
        if missing := [name for name in STATED if name not in before]:
            raise CheckpointError(f"{self._description}: damaged: it holds no {', '.join(missing)}")
        if changes := agreement.changes(before, description):
            raise ConfigError(
                f"{self.path}: cannot resume with other settings:\n"
                + "\n".join(changes)
                + "\nRepeat the old ones, or begin another run from its weights: --init-from "
                + shlex.quote(str(self.path))
            )

    @_writing
    def begin(self, description: dict[str, Any], progress: Progress) -> None:
        """Writes what the run is, and clears away what an earlier part wrote after its last save.

        From here to `end`, no other process may write here; a killed process leaves no lock behind.

        Raises:
            ConfigError: another process is training in this folder.
            CheckpointError: the disk refuses, as of all that write here.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout as error:
            raise ConfigError(
                f"{self.path}: another process is training here; wait for it, or stop it"
            ) from error
        if not self._description.exists():
            write_json(self._description, {"format": FORMAT, **description})
        for leftover in [*self.last.glob(".step-*"), *self.best.glob(".*")]:  # of a killed process
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()
        self._remove(self._states()[:-1])
        if self._log.exists():
            written = self._log.read_bytes()
            whole = written.rfind(b"\n") + 1
            keep = whole if progress.logged is None else min(whole, progress.logged)
            if keep < len(written):
                with self._log.open("r+b") as file:
                    file.truncate(keep)

    def end(self) -> None:
        """Leaves the folder to others."""
        self._lock.release()

    @_writing
    def log(self, event: dict[str, Any]) -> None:
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_finite(event), allow_nan=False) + "\n")

    @_writing
    def keep(self, model: nn.Module, config: dict) -> None:
        """Writes the weights that validated best."""
        checkpoints.write(self.best, config, model.state_dict())

    @_writing
    def save(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, config: dict, progress: Progress
    ) -> None:
        """Writes the whole state after `progress.step` updates, then removes the one before it."""
        self.last.mkdir(parents=True, exist_ok=True)
        progress.logged = self._log.stat().st_size if self._log.exists() else 0
        older = list(self._states())
        target, temporary = self._free(progress.step), self.last / f".step-{progress.step}.partial"
        shutil.rmtree(temporary, ignore_errors=True)
        try:
            checkpoints.write(temporary, config, model.state_dict())
            checkpoints.write_tensors(temporary / STATE, adam_tensors(model, optimizer))
            write_json(temporary / PROGRESS, vars(progress))
            temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        self._remove(older)

    def newest(self) -> Saved | None:
        """The newest whole state; None for a run that was stopped before its first save."""
        states = self._states()
        if not states:
            return None
        with _going_on(self.path):
            table = _read_table(states[-1] / PROGRESS)
            return Saved(states[-1], _progress(table, states[-1] / PROGRESS))

    def _remove(self, states: list[Path]) -> None:
        """Takes states away under another name first, as a killed process would leave half of one."""
        for state in states:
            shutil.rmtree(state.rename(self.last / f".{state.name}.old"), ignore_errors=True)

    def _free(self, step: int) -> Path:
        """A name for a state that no state has: a second one after the same update gets another."""
        target, number = self.last / f"step-{step:09d}", 1
        while target.exists():
            number += 1
            target = self.last / f"step-{step:09d}-{number}"
        return target

    def _states(self) -> list[Path]:
        return sorted(folder for folder in self.last.glob("step-*") if (folder / PROGRESS).exists())


def read_log(run: Path) -> list[dict[str, Any]]:
    """The events of a run, in order; none without a log. A last line that was not written to its end is none.

    Raises:
        CheckpointError: the log is damaged.
    """
    path = run / LOG
    if not path.is_file():
        return []
    try:
        events = [tables.parse_json(line) for line in path.read_text("utf-8").split("\n")[:-1]]
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged: {error}") from error
    return [event for event in events if isinstance(event, dict)]


def _read_table(path: Path) -> dict[str, Any]:
    try:
        table = tables.read_json(path)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: damaged: {error}") from error
    if not isinstance(table, dict):
        raise CheckpointError(f"{path}: damaged: it holds {type(table).__name__}, not a table")
    return table


def _progress(table: dict[str, Any], where: Path) -> Progress:
    """What a `progress.json` says. Settings of other versions are passed over. Raises CheckpointError."""
    known = {f.name for f in dataclasses.fields(Progress)}
    found = Progress(**{key: value for key, value in table.items() if key in known})
    counts = [found.step, found.restarts, *([] if found.logged is None else [found.logged])]
    numbers = [found.seconds, *([] if found.best is None else [found.best])]
    tables = (found.smooth, found.halfway)
    smooth = [x for part in tables for x in (part.values() if isinstance(part, dict) else [part])]
    if any(type(count) is not int or not 0 <= count < 2**53 for count in counts):
        raise CheckpointError(f"{where}: damaged: {shown(counts)} are no counts")
    if any(type(number) not in (int, float) for number in (*numbers, *smooth)):
        raise CheckpointError(f"{where}: damaged: {shown([*numbers, *smooth])} are no numbers")
    return found


def _finite(value: Any) -> Any:
    """The same value with None for numbers JSON does not have."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
