"""How a training run looks on the terminal."""

from __future__ import annotations

import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from mvae.output import Progress, print_json, say, table, wrote

if TYPE_CHECKING:
    from musicvae_lite.training.reports import Report
    from musicvae_lite.training.task import Task


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


def run_task(
    task: Task,
    run: Path,
    again: list[str],
    options: dict[str, Any],
    resume: bool,
    tensorboard: bool,
    json: bool,
) -> None:
    """Trains, shows how it goes and what the best weights are worth; after Ctrl-C, the words that go on.

    Args:
        run: folder of the run.
        again: the command without its options.
        options: what was given besides, by name; among them device and precision.
        json: print where they are and their validation as JSON, and nothing else but warnings.
    """
    from musicvae_lite import runtime
    from musicvae_lite.training import loop

    place = runtime.processes()
    board = run / "tensorboard" if tensorboard and place.is_first else None
    with Listener(task.settings.steps, json or not place.is_first, board) as shown:
        try:
            best = loop.train(task, run, options["device"], options["precision"], resume, shown)
        except KeyboardInterrupt:
            if shown.saved is not None:
                again = [*(["torchrun", "...", "-m"] if place.count > 1 else []), *again, "--resume"]
                for name, value in options.items():
                    if value not in (None, "auto"):
                        again += [f"--{name.replace('_', '-')}", str(value)]
                again += ["--tensorboard"] if tensorboard else []
                say(f"saved after update {shown.saved}. Go on with: {shlex.join(again)}")
            raise
    if not place.is_first:
        return
    values = loop.summary(run)
    if json:
        print_json({"best": str(best), **values})
        return
    if values:
        table([f"validation after update {values.pop('step')}", "value"], list(values.items()))
    wrote(best)


# The figures worth a place on a line, and how they are written; a family logs those it has.
STEP = {
    "loss": "loss {:.1f}",
    "reconstruction_nats": "rec. {:.1f} nats",
    "kl_bits": "KL {:.0f} bits",
    "beta": "beta {:.2g}",
    "accuracy": "right {:.3f}",
    "examples_per_second": "{:.0f}/s",
}
VALIDATION = {
    "reconstruction_nats": "{:.2f} nats",
    "kl_bits": "KL {:.1f} bits",
    "accuracy_free": "free-running accuracy {:.3f}",
    "note_f1_free": "note F1 {:.3f}",
    "active_units": "{:.0f} active units",
}


def step_line(values: dict[str, float]) -> str:
    """The figures of one moment, short enough for a terminal of 80 columns beside the bar."""
    return _line(STEP, values) if "loss" in values else ""


def validation_line(values: dict[str, float]) -> str:
    return _line(VALIDATION, values)


def _line(shown: dict[str, str], values: dict[str, float]) -> str:
    return ", ".join(form.format(values[name]) for name, form in shown.items() if name in values)
