"""The training loop: one model, one dataset, a folder that survives crashes."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import Tensor

from musicvae_lite import checkpoints, runtime
from musicvae_lite.errors import DatasetError
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.training.batches import Batches
from musicvae_lite.training.evaluation import validate
from musicvae_lite.training.run_folder import Progress, RunFolder
from musicvae_lite.training.settings import Preset, TrainingSettings
from musicvae_lite.training.windows import WindowSplit
from musicvae_lite.vae import VAE, collapse_warning

FLOOR = 0.15  # share of uncommon values right; a model that only ever answers "hold" has 0
FLOOR_PATIENCE = 600  # updates after which a model must have left the floor
SMOOTH = 0.98


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
    preset: Preset,
    windows: WindowSplit,
    validation: WindowSplit,
    folder: Path,
    device: str = "auto",
    precision: str = "auto",
    resume: bool = False,
    listener: Listener = lambda report: None,
    dataset: str = "",
) -> Path:
    """Trains a preset and returns the folder of the weights that validated best.

    Args:
        windows, validation: splits of a dataset in the preset's representation.
        folder: of the run (see `run_folder`).
        precision: "bf16", "float32", or "auto": bf16 where the device is faster with it.
        resume: continue the run in `folder`; the losses are those of the unbroken run.
        dataset: what the windows are, for the run's records.

    Raises:
        ConfigError: the folder holds another run, or the device is not there.
        DatasetError: nothing to train on.
    """
    return Trainer(preset, windows, validation, folder, device, precision, listener, dataset).run(resume)


class Trainer:
    def __init__(
        self,
        preset: Preset,
        windows: WindowSplit,
        validation: WindowSplit,
        folder: Path,
        device: str,
        precision: str,
        listener: Listener,
        dataset: str,
    ):
        if not len(windows):
            raise DatasetError("the training split holds no windows: prepare more music")
        runtime.choose_threads()
        self.settings = _fitted(preset.training, len(windows), listener)
        self.config = MusicConfig.from_table(preset.model, preset.name)
        where = runtime.choose_device(device)
        if precision == "auto":
            precision = "bf16" if runtime.bfloat16_pays(where) else "float32"
        mode = {"bf16": "bf16-mixed", "float32": "32-true"}[precision]
        self.fabric = Fabric(accelerator=where.type, devices=1, precision=mode)  # type: ignore[arg-type]
        self.windows, self.validation, self.listener = windows, validation, listener
        self.folder = RunFolder(folder.expanduser())
        self.description = {
            "preset": preset.name,
            "model": self.config.to_table(),
            "training": dataclasses.asdict(self.settings),
            "dataset": dataset,
            "precision": precision,
        }
        self.progress = Progress()
        self.smooth: dict[str, float] = {}

    def run(self, resume: bool) -> Path:
        self.folder.begin(self.description, resume)
        self._build()
        if resume:
            self.progress = self.folder.restore(self.vae, self.optimizer)
        count = sum(p.numel() for p in self.vae.parameters())
        self._tell(
            "start",
            f"{count:,} parameters on {self.fabric.device} in {self.description['precision']}, "
            f"{len(self.windows):,} windows, {self.settings.steps:,} updates of {self.settings.batch}",
        )
        try:
            self._loop()
        except KeyboardInterrupt:
            self._save()
            raise
        self._validate()
        self._save()
        self._tell("end", "")
        return self.folder.best

    def _build(self) -> None:
        """Fresh weights for this attempt: the seed moves on with every restart, the rate is halved."""
        s, attempt = self.settings, self.progress.restarts
        torch.manual_seed(s.seed + 1000 * attempt)
        self.vae: VAE = self.config.build()
        if s.init_from:
            weights = checkpoints.read_weights(checkpoints.find(s.init_from))
            copied, fresh = checkpoints.load_matching(self.vae, weights)
            self._tell(
                "start", f"started from {s.init_from}: {len(copied)} tensors taken, {len(fresh)} fresh"
            )
        self.rate_share = 0.5**attempt
        fused = self.fabric.device.type in ("cpu", "cuda")
        optimizer = torch.optim.Adam(self.vae.parameters(), s.learning_rate, betas=(0.9, 0.99), fused=fused)
        self.model, self.optimizer = self.fabric.setup(self.vae, optimizer)
        self.batches = Batches(self.windows, self.config.representation, s, self.fabric.device)
        self.generator = torch.Generator(self.fabric.device)

    def _loop(self) -> None:
        s, began, begun_at = self.settings, time.monotonic(), self.progress.step
        spent_before = self.progress.seconds
        while self.progress.step < s.steps:
            self._step()
            step = self.progress.step
            self.progress.seconds = spent_before + time.monotonic() - began
            rate = (step - begun_at) * s.batch / (time.monotonic() - began)
            self._tell("step", values={**self.smooth, "windows_per_second": rate})
            if self._stuck():
                self._restart()
                began, begun_at, spent_before = time.monotonic(), 0, self.progress.seconds
                continue
            if step % s.validate_every == 0 and step < s.steps:
                self._validate()
            if step % s.save_every == 0:
                self._save()

    def _step(self) -> None:
        s, step = self.settings, self.progress.step
        self.generator.manual_seed((s.seed + 1000 * self.progress.restarts) * 1_000_003 + step)
        x = self.batches(step, self.generator)
        for group in self.optimizer.param_groups:
            group["lr"] = s.learning_rate_at(step) * self.rate_share
        self.vae.train()
        self.vae.decoder.blank, self.vae.decoder.own_share = s.blank, s.own_share_at(step)  # type: ignore[assignment]
        loss = self.model(x, None, s.beta_at(step), s.free_bits, self.generator)
        self.optimizer.zero_grad()
        self.fabric.backward(loss.total)
        self.fabric.clip_gradients(self.model, self.optimizer, max_norm=s.clip)
        self.optimizer.step()
        self.progress.step += 1
        self.units = loss.units
        self._smooth({**loss.terms, "loss": loss.total.detach()})

    def _smooth(self, terms: dict[str, Tensor]) -> None:
        if self.fabric.device.type != "cpu" and self.progress.step % 10:
            return  # reading a number off a GPU makes it wait
        for name, value in terms.items():
            number = float(value)
            self.smooth[name] = SMOOTH * self.smooth.get(name, number) + (1 - SMOOTH) * number
        self.smooth["beta"] = float(terms["beta"])

    def _stuck(self) -> bool:
        """Whether the model sits at the floor of always giving the commonest value.

        Checked once, when patience ends: at that point KL weighs nothing yet, and a run that has not
        left the floor by then stays there to its end.
        """
        patience = min(FLOOR_PATIENCE, max(1, int(self.settings.steps * self.settings.beta_begin)))
        return self.progress.step == patience and self.smooth["accuracy_uncommon"] < FLOOR

    def _restart(self) -> None:
        if self.progress.restarts >= 5:
            self._tell("warning", "still at the floor after 5 fresh starts: look at the data")
            return
        self.progress = Progress(restarts=self.progress.restarts + 1, seconds=self.progress.seconds)
        self.smooth.clear()
        self._build()
        self._tell(
            "restart", f"stuck at the floor: fresh weights, {self.rate_share:.3g} of the learning rate"
        )

    def _validate(self) -> None:
        values = validate(self.vae, self.validation, self.settings.beta, self.settings.seed)
        objective = values["objective"]
        if math.isfinite(objective) and (self.progress.best is None or objective < self.progress.best):
            self.progress.best = objective
            checkpoints.write(self.folder.best, self.config.to_table(), self.vae)
        self._tell("validation", values=values)
        warning = collapse_warning(values["kl_bits"], self.units, self.settings.beta_at(self.progress.step))
        if warning:
            self._tell("warning", warning)

    def _save(self) -> None:
        self.folder.save(self.vae, self.optimizer, self.config.to_table(), self.progress)
        self._tell("saved", "")

    def _tell(self, kind: str, message: str = "", values: dict[str, float] | None = None) -> None:
        report = Report(kind, self.progress.step, values or {}, message)
        if kind in ("start", "validation", "restart", "warning", "end") or self._is_logged(report):
            self.folder.log({k: v for k, v in vars(report).items() if v or k == "step"})
        self.listener(report)

    def _is_logged(self, report: Report) -> bool:
        return report.kind == "step" and report.step % 50 == 0


def _fitted(settings: TrainingSettings, count: int, listener: Listener) -> TrainingSettings:
    """Shrinks a batch that the data cannot fill, and says both numbers."""
    if count >= settings.batch:
        return settings
    listener(
        Report(
            "warning", 0, {}, f"{count} windows cannot fill a batch of {settings.batch}: batches of {count}"
        )
    )
    return dataclasses.replace(settings, batch=count)


def summary(run: Path) -> dict[str, Any]:
    """The last validation of a run, read from its log."""
    import json

    lines = (run / "log.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    found = [event["values"] for event in events if event["kind"] == "validation"]
    return found[-1] if found else {}
