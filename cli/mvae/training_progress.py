"""How a training run looks on the terminal."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Self

from mvae.output import Progress, say

if TYPE_CHECKING:
    from musicvae_lite.training.loop import Report


class Listener:
    """Turns the reports of `training.loop` into a progress bar and lines.

    Args:
        steps: updates of the whole run.
        quiet: show warnings only.
        board: a folder to write TensorBoard logs to as well.

    `saved` is the update of the last save, None before the first.
    """

    def __init__(self, steps: int, quiet: bool = False, board: Path | None = None):
        self.progress = Progress("training", total=steps, unit="updates", quiet=quiet)
        self.quiet = quiet
        self.saved: int | None = None
        self.board = None
        if board:
            from musicvae_lite.training.tensorboard import TensorBoard

            self.board = TensorBoard(board)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self.board:
                stack.enter_context(self.board)
            stack.enter_context(self.progress)
            self._opened = stack.pop_all()
        return self

    def __exit__(self, *error) -> None:
        self._opened.__exit__(*error)

    def __call__(self, report: Report) -> None:
        if self.board:
            self.board(report)
        if report.kind == "step":
            self.progress.advance(report.step - self.progress.done, step_line(report.values))
        elif report.kind == "saved":
            self.saved = report.step
        elif report.kind == "warning":
            say(f"warning: {report.message}")
        elif report.kind in ("start", "restart"):
            self.progress.skip_to(report.step)
            if not self.quiet:
                say(report.message)
        elif report.kind == "validation" and not self.quiet:
            say(f"update {report.step}: validation {validation_line(report.values)}")


def step_line(v: dict[str, float]) -> str:
    """The figures of one moment, short enough for a terminal of 80 columns beside the bar."""
    if "loss" not in v:
        return ""
    return (
        f"loss {v['loss']:.1f}, rec. {v['reconstruction_nats']:.1f} nats, KL {v['kl_bits']:.0f} bits, "
        f"beta {v['beta']:.2g}, right {v['accuracy']:.3f}, {v['windows_per_second']:.0f} windows/s"
    )


def validation_line(v: dict[str, float]) -> str:
    return (
        f"{v['reconstruction_nats']:.2f} nats, KL {v['kl_bits']:.1f} bits, free-running accuracy "
        f"{v['accuracy_free']:.3f}, note F1 {v['note_f1_free']:.3f}, {v['active_units']:.0f} active units"
    )
