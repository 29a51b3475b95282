"""The training loop: one task, a folder that survives crashes. It knows no notes and no pixels."""

from __future__ import annotations

import dataclasses
import json
import logging
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from musicvae_lite import checkpoints, runtime
from musicvae_lite.errors import CheckpointError, ConfigError, DatasetError
from musicvae_lite.training.interrupts import waiting_interrupts
from musicvae_lite.training.run_folder import Progress, RunFolder
from musicvae_lite.training.settings import TrainingSettings
from musicvae_lite.training.task import Task
from musicvae_lite.training.tensorflow_adam import TensorFlowAdam
from musicvae_lite.vae import collapse_warning

logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # `train` says itself what it runs in

FLOOR_PATIENCE = 600  # updates after which a model must have left the floor
SHORTEST_PATIENCE = 300  # no start is judged before; shorter runs are not judged at all
MOST_RESTARTS = 5
SMOOTH = 0.98
MODES = {"bf16": "bf16-mixed", "float32": "32-true"}  # as Fabric calls them


@dataclass(frozen=True)
class Report:
    """What a training run tells its listener.

    Attributes:
        kind: "start", "step", "validation", "saved", "restart", "warning" or "end".
        step: updates done.
        values: numbers by name; for "step" smoothed over the last fifty or so updates.
        message: a sentence, for "start", "restart" and "warning".
    """

    kind: str
    step: int
    values: dict[str, float]
    message: str = ""


Listener = Callable[[Report], None]


def train(
    task: Task,
    folder: Path,
    device: str = "auto",
    precision: str = "auto",
    resume: bool = False,
    listener: Listener = lambda report: None,
) -> Path:
    """Trains and returns the folder of the weights that validated best.

    Args:
        task: what to train, such as a `music.MusicTask`.
        folder: of the run (see `run_folder`).
        precision: "bf16", "float32", or "auto": bf16 where the device is faster with it.
        resume: continue the run in `folder`; the losses are those of the unbroken run.

    Raises:
        ConfigError: the folder holds another run, the device is not there, or the weights blow up.
        DatasetError: nothing to train on.
        CheckpointError: `init_from` is missing or fits nowhere; the saved state is damaged.
        KeyboardInterrupt: after Ctrl-C, once the update is done and the state saved.
    """
    return Trainer(task, folder, device, precision, listener).run(resume)


class Trainer:
    def __init__(self, task: Task, folder: Path, device: str, precision: str, listener: Listener):
        if not task.examples:
            raise DatasetError(f"the training split holds no {task.noun}: prepare more data")
        runtime.choose_threads()
        self.task, self.listener = task, listener
        self.settings = _fitted(task, listener)
        where = runtime.choose_device(device)
        if precision == "auto":
            precision = "bf16" if runtime.bfloat16_pays(where) else "float32"
        if precision not in MODES:
            raise ConfigError(f"precision '{precision}' is not known: it can be auto, {', '.join(MODES)}")
        if precision == "bf16" and not runtime.bfloat16_works(where):
            raise ConfigError(f"precision bf16 is not to be had on this {where.type}: use float32, or auto")
        devices = 1 if where.index is None or where.type == "cpu" else [where.index]
        self.fabric = Fabric(accelerator=where.type, devices=devices, precision=MODES[precision])  # type: ignore[arg-type]
        self.folder = RunFolder(folder.expanduser())
        self.description = {
            "preset": task.name,
            "model": task.table(),
            "training": dataclasses.asdict(self.settings),
            "dataset": task.dataset,
            "precision": precision,
        }
        self.progress = Progress()

    def run(self, resume: bool) -> Path:
        """The whole run. Nothing is written before all that can be checked was."""
        self.folder.check(self.description, resume)
        saved = self.folder.newest() if resume else None
        if saved:
            self.progress = saved.progress
        taken = self._build(initial=saved is None)
        if saved:
            saved.restore(self.vae, self.optimizer)
        elif resume:
            self.progress.logged = 0
        self.folder.begin(self.description, self.progress)
        try:
            return self._run(taken)
        finally:
            self.folder.end()

    def _run(self, taken: str) -> Path:
        count = sum(p.numel() for p in self.vae.parameters())
        self._tell(
            "start",
            f"{count:,} parameters{taken} on {self.fabric.device} in {self.description['precision']}, "
            f"{self.task.examples:,} {self.task.noun}, {self.settings.steps:,} updates of "
            f"{self.settings.batch}",
        )
        if not self.task.held_out:
            self._tell("warning", "the validation split is empty: the newest weights count as the best")
        if self.progress.step < self.settings.steps:  # else the run had ended
            with waiting_interrupts() as interrupt:
                self._loop(interrupt)
            self._validate()
            self.task.finish(self.folder.best)
            self._save()
        self._tell("end", "")
        return self.folder.best

    @property
    def rate_share(self) -> float:
        """Share of the learning rate: halved with every restart."""
        return 0.5**self.progress.restarts

    def _build(self, initial: bool = True) -> str:
        """Fresh weights for this attempt; the seed moves on with every restart.

        With `initial`, those of `init_from` are laid over them, and a few words about it returned.
        """
        s, taken = self.settings, ""
        torch.manual_seed(s.seed + 1000 * self.progress.restarts)
        self.vae = self.task.build()
        if s.init_from and initial:
            weights = checkpoints.read_weights(checkpoints.find(s.init_from))
            copied, fresh = checkpoints.load_matching(self.vae, weights)
            if not copied:
                raise CheckpointError(
                    f"init_from {s.init_from}: none of its {len(weights)} tensors fits this model"
                )
            taken = f" ({len(copied)} tensors from {s.init_from}, {len(fresh)} fresh)"
        self.model, self.optimizer = self.fabric.setup(self.vae, self._optimizer())
        self.task.start(s, self.fabric.device)
        self.generator = torch.Generator(self.fabric.device)
        return taken

    def _optimizer(self) -> torch.optim.Optimizer:
        s = self.settings
        if s.optimizer == "tensorflow-adam":
            return TensorFlowAdam(self.vae.parameters(), s.learning_rate)
        fused = self.fabric.device.type in ("cpu", "cuda")
        return torch.optim.Adam(self.vae.parameters(), s.learning_rate, betas=(0.9, 0.99), fused=fused)

    def _loop(self, interrupt: threading.Event) -> None:
        s, began, begun_at = self.settings, time.monotonic(), self.progress.step
        spent_before = self.progress.seconds
        while self.progress.step < s.steps:
            if interrupt.is_set():
                self._save()
                raise KeyboardInterrupt
            self._step()
            step = self.progress.step
            self.progress.seconds = spent_before + time.monotonic() - began
            rate = (step - begun_at) * s.batch / (time.monotonic() - began)
            self._tell("step", values={**self.progress.smooth, "examples_per_second": rate})
            if self._stuck() and self._restart():
                began, begun_at, spent_before = time.monotonic(), 0, self.progress.seconds
                continue
            if step % s.validate_every == 0 and step < s.steps:
                self._validate()
            if step % s.save_every == 0 and step < s.steps:
                self._save()

    def _step(self) -> None:
        s, step = self.settings, self.progress.step
        seed = (s.seed + 1000 * self.progress.restarts) * 1_000_003 + step
        self.generator.manual_seed(seed)
        torch.manual_seed(seed)  # for dropout, which takes no generator
        batch = self.task.batch(step, self.generator)
        for group in self.optimizer.param_groups:
            group["lr"] = s.learning_rate_at(step) * self.rate_share
        self.vae.train()
        self.task.prepare(self.vae, step)
        loss = self.model(batch, s.beta_at(step), s.free_bits, self.generator)
        self.optimizer.zero_grad()
        self.fabric.backward(loss.total)
        norm = self.fabric.clip_gradients(
            self.model, self.optimizer, max_norm=s.clip, error_if_nonfinite=False
        )
        if norm is not None and not math.isfinite(norm):
            raise ConfigError(
                f"update {step + 1}: the gradient is {float(norm)}, the loss {loss.total.item()}. Start "
                f"again with a learning_rate below {s.learning_rate:g} or another seed"
            )
        self.optimizer.step()
        self.progress.step += 1
        self.units = loss.units
        self._smooth({**loss.terms, "loss": loss.total.detach()})

    def _smooth(self, terms: dict[str, Tensor]) -> None:
        if self.fabric.device.type != "cpu" and self.progress.step % 10:
            return  # reading a number off a GPU makes it wait
        smooth = self.progress.smooth
        for name, value in terms.items():
            number = float(value)
            smooth[name] = SMOOTH * smooth.get(name, number) + (1 - SMOOTH) * number
        smooth["beta"] = float(terms["beta"])

    def _stuck(self) -> bool:
        """Whether the model sits at the floor.

        Checked once, when patience ends: at that point KL weighs little yet, and a run that has not
        left the floor by then stays there to its end.
        """
        before_kl = int(self.settings.steps * self.settings.beta_begin)
        patience = min(FLOOR_PATIENCE, max(SHORTEST_PATIENCE, before_kl))
        return self.progress.step == patience and self.task.is_at_floor(self.progress.smooth)

    def _restart(self) -> bool:
        """Starts anew from other weights; False when that was done too often already."""
        if self.progress.restarts >= MOST_RESTARTS:
            self._tell("warning", f"still at the floor after {MOST_RESTARTS} fresh starts: look at the data")
            return False
        self.progress = Progress(restarts=self.progress.restarts + 1, seconds=self.progress.seconds)
        self._build()
        self._tell(
            "restart", f"stuck at the floor: fresh weights, {self.rate_share:.3g} of the learning rate"
        )
        return True

    def _validate(self) -> None:
        if not self.task.held_out:
            checkpoints.write(self.folder.best, self.task.table(), self.vae)
            return
        values = self.task.validate(self.vae)
        objective = values["objective"]
        if math.isfinite(objective) and (self.progress.best is None or objective < self.progress.best):
            self.progress.best = objective
            checkpoints.write(self.folder.best, self.task.table(), self.vae)
        self._tell("validation", values=values)
        beta = self.settings.beta_at(self.progress.step)
        warning = collapse_warning(values["kl_bits"], self.units, beta) if "kl_bits" in values else None
        if warning:
            self._tell("warning", warning)

    def _save(self) -> None:
        self.folder.save(self.vae, self.optimizer, self.task.table(), self.progress)
        self._tell("saved", "")

    def _tell(self, kind: str, message: str = "", values: dict[str, float] | None = None) -> None:
        report = Report(kind, self.progress.step, values or {}, message)
        if kind in ("start", "validation", "restart", "warning", "end") or self._is_logged(report):
            self.folder.log({k: v for k, v in vars(report).items() if v or k == "step"})
        self.listener(report)

    def _is_logged(self, report: Report) -> bool:
        return report.kind == "step" and report.step % 50 == 0


def _fitted(task: Task, listener: Listener) -> TrainingSettings:
    """Shrinks a batch that the data cannot fill, and says both numbers."""
    count, wanted = task.examples, task.settings.batch
    if count >= wanted:
        return task.settings
    message = f"{count} {task.noun} cannot fill a batch of {wanted}: batches of {count}"
    listener(Report("warning", 0, {}, message))
    return dataclasses.replace(task.settings, batch=count)


def summary(run: Path) -> dict[str, Any]:
    """The last validation of a run, read from its log; empty when there was none."""
    lines = (run / "log.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    found = [event["values"] for event in events if event["kind"] == "validation"]
    return found[-1] if found else {}
