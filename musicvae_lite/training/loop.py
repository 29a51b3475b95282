"""The training loop: one task, a folder that survives crashes. It knows no notes and no pixels."""

from __future__ import annotations

import dataclasses
import math
import shlex
import threading
import time
from pathlib import Path

import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError, DatasetError
from musicvae_lite.resources import expand
from musicvae_lite.training import initial, patience
from musicvae_lite.training.collapse import collapse_warning
from musicvae_lite.training.interrupts import waiting_interrupts
from musicvae_lite.training.reports import Listener, Report, summary
from musicvae_lite.training.run_folder import Progress, RunFolder
from musicvae_lite.training.settings import TrainingSettings
from musicvae_lite.training.smoothing import RunningMeans
from musicvae_lite.training.task import Task
from musicvae_lite.training.team import Team
from musicvae_lite.training.tensorflow_adam import TensorFlowAdam

__all__ = ["Listener", "Report", "Trainer", "summary", "train"]

GRADIENT = "gradient_norm"


def train(
    task: Task,
    folder: Path,
    device: str = "auto",
    precision: str = "auto",
    resume: bool = False,
    listener: Listener = lambda report: None,
) -> Path:
    """Trains and returns the folder of the weights that validated best.

    Under torchrun, all its processes train one model together (see `team`), and the first tells and writes.

    Args:
        task: what to train, such as a `music.MusicTask`.
        folder: of the run (see `run_folder`).
        precision: "bf16", "float32", or "auto": bf16 where the device is faster with it.
        resume: continue the run in `folder`; the losses are those of the unbroken run, with any number of
            processes. Where torchrun starts its processes anew, they do so of themselves.

    Raises:
        ConfigError: the folder holds another run, the device is not there, its memory is too small, the
            weights blow up, or another process of the run was lost.
        DatasetError: nothing to train on.
        CheckpointError: `init_from` is missing or fits nowhere; the saved state is damaged, or of a newer
            version; the disk refuses what is written.
        KeyboardInterrupt: after Ctrl-C or SIGTERM, once the update is done and the state saved.
    """
    trainer = Trainer(task, folder, device, precision, listener)
    with trainer.team.working():
        return trainer.run(resume)


class Trainer:
    def __init__(self, task: Task, folder: Path, device: str, precision: str, listener: Listener):
        if not task.examples:
            raise DatasetError(f"the training split holds no {task.noun}: prepare more data")
        runtime.choose_threads()
        runtime.keep_freed_memory()
        self.task, self.listener, self.progress = task, listener, Progress()
        self.team = Team(device, precision)
        self.settings = self._fitted()
        self.team.check_batch(self.settings.batch)
        self.folder = RunFolder(expand(folder))
        self.description = {
            "preset": task.name,
            "model": task.table(),
            "training": {
                name: value
                for name, value in dataclasses.asdict(self.settings).items()
                if name not in task.unused
            },
            "dataset": task.dataset,
            "precision": self.team.precision,
        }

    def run(self, resume: bool) -> Path:
        """The whole run. Nothing is written before all that can be checked was."""
        resume = resume or (self.team.place.starts > 0 and self.folder.holds_a_run)
        self.folder.check(self.description, resume)
        saved = self.folder.newest() if resume else None
        if saved:
            self.progress = saved.progress
        taken = self._build(is_begun=saved is not None)
        if saved:
            saved.restore(self.vae, self.optimizer)
        elif resume:
            self.progress.logged = 0
        self.team.wait()  # before the first writes what the others look for
        try:
            if self.team.is_first:
                self.folder.begin(self.description, self.progress)
            return self._run(taken)
        except (RuntimeError, MemoryError) as error:
            if runtime.is_out_of_memory(error):
                raise ConfigError(self._too_large()) from error
            raise
        finally:
            self.folder.end()

    def _run(self, taken: str) -> Path:
        count = sum(p.numel() for p in self.vae.parameters())
        where = f"{self.team.count} processes, each on {self.team.device.type}"
        where = where if self.team.count > 1 else f"{self.team.device}"
        self._tell(
            "start",
            f"{count:,} parameters{taken} on {where} in {self.team.precision}, "
            f"{self.task.examples:,} {self.task.noun}, {self.settings.steps:,} updates of "
            f"{self.settings.batch}",
        )
        if not self.task.held_out:
            self._tell("warning", "the validation split is empty: the newest weights count as the best")
        if self.progress.step < self.settings.steps:  # else the run had ended
            with waiting_interrupts(patient=self.team.count > 1) as interrupt:
                self._loop(interrupt)
                self._validate()  # once all updates are done, a Ctrl-C waits for the rest
                if self._has_best and self.team.is_first and (warning := self.task.finish(self.folder.best)):
                    self._tell("warning", warning)
                self._save()
        if not self._has_best:
            raise ConfigError(
                "no validation of this run was finite, so it has no best weights. Start again in another "
                f"folder with a learning_rate below {self.settings.learning_rate:g} or another seed"
            )
        self._tell("end", "")
        self.team.wait()
        return self.folder.best

    @property
    def _has_best(self) -> bool:
        return self.progress.best is not None or not self.task.held_out

    @property
    def rate_share(self) -> float:
        """Share of the learning rate: halved with every restart."""
        return 0.5**self.progress.restarts

    def _build(self, is_begun: bool = False) -> str:
        """Fresh weights for this attempt; the seed moves on with every restart.

        Unless the attempt has begun before, those of `init_from` are laid over them, and a few words about
        it returned.
        """
        s, taken, fresh = self.settings, "", []
        torch.manual_seed(s.seed + 1000 * self.progress.restarts)
        self.vae = self.task.build()
        if s.init_from and not is_begun:
            fresh, taken = initial.lay_over(self.vae, s.init_from)
        self.task.start(s, self.team.device)
        if fresh:
            self.task.grow(self.vae.to(self.team.device), fresh)
        self.model, self.optimizer = self.team.fabric.setup(self.vae, self._optimizer())
        self.means = RunningMeans(self.progress.smooth, self.team.device)
        self.generator = torch.Generator(self.team.device)
        return taken

    def _optimizer(self) -> torch.optim.Optimizer:
        s, fused = self.settings, self.team.device.type in ("cpu", "cuda")
        if s.optimizer == "tensorflow-adam":
            return TensorFlowAdam(self.vae.parameters(), s.learning_rate, fused=fused)
        return torch.optim.Adam(self.vae.parameters(), s.learning_rate, betas=(0.9, 0.99), fused=fused)

    def _loop(self, interrupt: threading.Event) -> None:
        s, began, begun_at = self.settings, time.monotonic(), self.progress.step
        spent_before = self.progress.seconds
        while self.progress.step < s.steps:
            step = self.progress.step
            if self.team.any(interrupt.is_set(), step):
                self._save()
                self.team.wait()
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
        batch = self.team.share(self.task.batch(step, self.generator))
        for group in self.optimizer.param_groups:
            group["lr"] = s.learning_rate_at(step) * self.rate_share
        self.vae.train()
        self.task.prepare(self.vae, step)
        with self.team.noise():
            loss = self.model(batch, s.beta_at(step), s.free_bits, self.generator)
        self.optimizer.zero_grad()
        self.team.fabric.backward(loss.total)
        norm = self.team.fabric.clip_gradients(
            self.model, self.optimizer, max_norm=s.clip, error_if_nonfinite=False
        )
        self.means.add({**loss.terms, "loss": loss.total, GRADIENT: norm})  # type: ignore[dict-item]
        self.units = loss.units
        if self.means.is_due(step + 1):
            self._read(step + 1)
        self.optimizer.step()
        self.progress.step += 1

    def _read(self, step: int) -> None:
        """Brings the smoothed figures up to date. Raises ConfigError where the weights blew up."""
        if not self.means.names:
            return
        found = self.means.named(self.team.mean(self.means.means))
        if not math.isfinite(found[GRADIENT]):
            exact = "--precision float32, " if self.team.precision == "bf16" else ""
            raise ConfigError(
                f"by update {step}: the gradient is {found[GRADIENT]}, the loss {found['loss']}. Start again "
                f"in another folder with {exact}a learning_rate below {self.settings.learning_rate:g} or "
                "another seed"
            )
        self.progress.smooth = {**found, "beta": self.settings.beta_at(step - 1)}

    def _stuck(self) -> bool:
        """Whether the model sits at the floor: a run that has not begun to leave it stays to its end."""
        step, end = self.progress.step, patience.judged_at(self.settings)
        if step not in (end // 2, end):
            return False
        self._read(step)
        if step < end:
            self.progress.halfway = dict(self.progress.smooth)
            return False
        return self.task.is_at_floor(self.progress.smooth, self.progress.halfway)

    def _restart(self) -> bool:
        """Starts anew from other weights, but for those of `init_from`.

        False when that was done too often already, or where `init_from` leaves none to draw anew.
        """
        was, given = self.progress, self.settings.init_from
        if was.restarts >= patience.MOST_RESTARTS:
            self._tell("warning", f"still at the floor after {was.restarts} fresh starts: look at the data")
            return False
        if given and initial.gives_all(self.vae, given):
            self._tell(
                "warning",
                f"stuck at the floor, where no fresh start helps, as all weights began as those of {given}: "
                f"begin another run with a learning_rate below {self.settings.learning_rate:g}, or without "
                "init_from",
            )
            return False
        self.progress = Progress(restarts=was.restarts + 1, seconds=was.seconds, best=was.best)
        self._build()
        weights = f"fresh weights where {given} gives none" if given else "fresh weights"
        self._tell(
            "restart",
            f"stuck at the floor: {weights}, {self.rate_share:.3g} of the learning rate (where a model "
            "learns this slowly, the training setting floor = 0 lets it)",
        )
        return True

    def _validate(self) -> None:
        """All processes find the same figures, so that none waits for another's longer than an update."""
        self._read(self.progress.step)
        if not self.task.held_out:
            self._keep()
            return
        values = self.task.validate(self.vae)
        objective = values["objective"]
        if math.isfinite(objective) and (self.progress.best is None or objective < self.progress.best):
            self.progress.best = objective
            self._keep()
        self._tell("validation", values=values)
        units, bits = self.team.mean(self.units), values.get("kl_bits", math.nan)
        warning = collapse_warning(bits, units, self.settings, self.progress.step)
        if warning:
            self._tell("warning", warning)

    def _keep(self) -> None:
        """These weights are the best so far."""
        if self.team.is_first:
            self.folder.keep(self.vae, self.task.table())

    def _save(self) -> None:
        self._read(self.progress.step)
        if self.team.is_first:
            self.folder.save(self.vae, self.optimizer, self.task.table(), self.progress)
        self._tell("saved", "")

    def _tell(self, kind: str, message: str = "", values: dict[str, float] | None = None) -> None:
        if not self.team.is_first:
            return
        report = Report(kind, self.progress.step, values or {}, message)
        if kind in ("start", "validation", "restart", "warning", "end") or self._is_logged(report):
            event = vars(report) | {"restarts": self.progress.restarts}
            self.folder.log({k: v for k, v in event.items() if v or k == "step"})
        self.listener(report)

    def _is_logged(self, report: Report) -> bool:
        return report.kind == "step" and (report.step % 50 == 0 or report.step == self.settings.steps)

    def _fitted(self) -> TrainingSettings:
        """Shrinks a batch that the data cannot fill, and says both numbers."""
        task, wanted = self.task, self.task.settings.batch
        most = self.team.largest_batch(task.examples)
        if task.examples >= wanted:
            return task.settings
        message = f"{task.examples} {task.noun} cannot fill a batch of {wanted}: batches of {most}"
        if self.team.is_first:
            self.listener(Report("warning", 0, {}, message))
        return dataclasses.replace(task.settings, batch=most)

    def _too_large(self) -> str:
        s, half = self.settings, " --precision bf16," if self.team.precision == "float32" else ""
        run = shlex.quote(str(self.folder.path))
        return (
            f"update {self.progress.step + 1}: the memory of {self.team.device} does not hold "
            f"{self.task.name} with a batch of {s.batch}: start again with --batch {max(1, s.batch // 2)},"
            f"{half} or a smaller preset; --init-from {run} keeps what was learnt"
        )
