"""A listener of training runs that writes TensorBoard logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

from musicvae_lite.errors import ConfigError
from musicvae_lite.training.reports import Report

EVERY = 10  # updates between points


class TensorBoard:
    """Writes the reports of a run as curves: `train/...` of updates, `validation/...`.

        with TensorBoard(run / "tensorboard") as board:
            train(MusicTask(preset, windows, validation), run, listener=board)

    A resumed run goes on in the same folder; points after its last save are hidden by TensorBoard, and so are
    those before a fresh start. Nothing is written before the run starts.

    Raises:
        ConfigError: the package `tensorboard` is not installed, or the folder's name is not Unicode.
    """

    def __init__(self, folder: str | Path):
        try:
            from torch.utils.tensorboard import SummaryWriter
        except ImportError as error:
            raise ConfigError(
                f"TensorBoard logs need the package tensorboard ({error}): pip install 'musicvae_lite[logs]'"
            ) from error
        try:
            str(folder).encode()
        except UnicodeEncodeError as error:
            raise ConfigError(
                f"{folder}: TensorBoard writes into no folder whose name is not UTF-8: rename it, or leave "
                "these logs out"
            ) from error
        self._open, self._folder = SummaryWriter, Path(folder)
        self._writer: SummaryWriter | None = None
        self._early: list[Report] = []  # of a run that may yet be refused, or go on from a later step

    def __call__(self, report: Report) -> None:
        if report.kind in ("start", "restart"):
            self.close()
            self._writer = self._open(str(self._folder), purge_step=report.step + 1)
            for early in self._early:
                self._write(self._writer, early)
            self._early.clear()
        if self._writer is None:
            self._early.append(report)
        else:
            self._write(self._writer, report)

    def _write(self, writer: Any, report: Report) -> None:
        if report.kind == "validation" or (report.kind == "step" and report.step % EVERY == 0):
            heading = "train" if report.kind == "step" else "validation"
            for name, value in report.values.items():
                writer.add_scalar(f"{heading}/{name}", value, report.step)
        elif report.message:
            writer.add_text(report.kind, report.message, report.step)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
