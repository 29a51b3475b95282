"""The folder of a training run: what is in it, and how it survives a crash at any moment.

    RUN/run.json          the preset, its settings, the dataset: what a resumed run must agree with
    RUN/log.jsonl         one line an event
    RUN/best/             the weights that validated best: a model folder
    RUN/last/step-N/      weights, optimiser state and progress after N updates

A `step-N` folder is written under another name and renamed when complete; only then is the one before
it removed. There is always one whole state on the disk.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from musicvae_lite import checkpoints
from musicvae_lite.errors import CheckpointError, ConfigError

STATE = "training.safetensors"
PROGRESS = "progress.json"


@dataclass
class Progress:
    """Where a run stands. `best` is the lowest validation objective so far, None before the first."""

    step: int = 0
    best: float | None = None
    seconds: float = 0.0
    restarts: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)


class RunFolder:
    def __init__(self, path: Path):
        self.path = path
        self.best, self.last = path / "best", path / "last"

    def begin(self, description: dict[str, Any], resume: bool) -> None:
        """Creates the folder, or checks that a resumed run is the same run.

        Raises:
            ConfigError: the folder holds a run already; or `resume` and its settings differ, with each
                difference named.
        """
        file = self.path / "run.json"
        if file.exists():
            if not resume:
                raise ConfigError(
                    f"{self.path} holds a training run already: --resume continues it, or name another folder"
                )
            before = json.loads(file.read_text("utf-8"))
            changes = [
                f"  {key}: {old!r} before, {new!r} now" for key, old, new in _differences(before, description)
            ]
            if changes:
                raise ConfigError(f"{self.path}: cannot resume with other settings:\n" + "\n".join(changes))
        elif resume:
            raise ConfigError(f"{self.path}: nothing to resume here; leave out --resume to start")
        else:
            checkpoints.write_json(file, description)

    def log(self, event: dict[str, Any]) -> None:
        with (self.path / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")

    def save(
        self, model: nn.Module, optimizer: torch.optim.Optimizer, config: dict, progress: Progress
    ) -> None:
        """Writes the whole state after `progress.step` updates, then removes the one before it."""
        self.last.mkdir(parents=True, exist_ok=True)
        target, temporary = (
            self.last / f"step-{progress.step:09d}",
            self.last / f".step-{progress.step}.partial",
        )
        shutil.rmtree(temporary, ignore_errors=True)
        checkpoints.write(temporary, config, model)
        checkpoints.write_tensors(temporary / STATE, _adam_tensors(model, optimizer))
        checkpoints.write_json(temporary / PROGRESS, vars(progress))
        older = [folder for folder in self._states() if folder != target]
        shutil.rmtree(target, ignore_errors=True)
        temporary.rename(target)
        for folder in older:
            shutil.rmtree(folder, ignore_errors=True)

    def restore(self, model: nn.Module, optimizer: torch.optim.Optimizer) -> Progress:
        """Loads the newest whole state; a run that was stopped before its first save starts anew."""
        states = self._states()
        if not states:
            return Progress()
        folder = states[-1]
        checkpoints.load_into(model, checkpoints.read_weights(folder), folder)
        _restore_adam(model, optimizer, checkpoints.read_tensors(folder / STATE), folder)
        return Progress(**json.loads((folder / PROGRESS).read_text("utf-8")))

    def _states(self) -> list[Path]:
        return sorted(folder for folder in self.last.glob("step-*") if (folder / PROGRESS).exists())


def _differences(before: dict, now: dict, prefix: str = ""):
    for key in sorted({*before, *now}):
        old, new = before.get(key), now.get(key)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new, f"{prefix}{key}.")
        elif json.dumps(old) != json.dumps(new):
            yield f"{prefix}{key}", old, new


def _adam_tensors(model: nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    tensors = {}
    for name, parameter in model.named_parameters():
        for key, value in optimizer.state.get(parameter, {}).items():
            tensors[f"{name}/{key}"] = torch.as_tensor(value).detach().cpu()
    return tensors


def _restore_adam(
    model: nn.Module, optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor], where: Path
) -> None:
    for name, parameter in model.named_parameters():
        keys = [key for key in tensors if key.rpartition("/")[0] == name]
        if not keys:
            raise CheckpointError(f"{where / STATE}: holds no optimiser state for {name}")
        optimizer.state[parameter] = {
            key.rpartition("/")[2]: tensors[key]
            if key.endswith("/step")
            else tensors[key].to(parameter.device)
            for key in keys
        }
