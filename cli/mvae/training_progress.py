"""How a training run looks on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from mvae.output import Progress, say

if TYPE_CHECKING:
    from musicvae_lite.training.loop import Report


class Listener:
    """Turns the reports of `training.loop` into a progress bar and lines."""

    def __init__(self, steps: int, quiet: bool = False):
        self.progress = Progress("training", total=steps, unit="updates", quiet=quiet)
        self.quiet = quiet

    def __enter__(self) -> Self:
        self.progress.__enter__()
        return self

    def __exit__(self, *error) -> None:
        self.progress.__exit__(*error)

    def __call__(self, report: Report) -> None:
        if report.kind == "step":
            self.progress.advance(report.step - self.progress.done, step_line(report.values))
        elif report.kind == "validation" and not self.quiet:
            say(f"update {report.step}: validation {validation_line(report.values)}")
        elif report.message and not self.quiet:
            if report.kind == "start":
                self.progress.skip_to(report.step)
            say(f"{report.kind}: {report.message}" if report.kind != "start" else report.message)


def step_line(v: dict[str, float]) -> str:
    """The figures of one moment, short enough for a terminal of 80 columns beside the bar."""
    if "loss" not in v:
        return ""
    return (
        f"loss {v['loss']:.1f}, rec. {v['reconstruction_nats']:.1f} nats, KL {v['kl_bits']:.0f} bits, "
        f"beta {v['beta']:.2g}, right {v['accuracy']:.3f}, {v['windows_per_second']:.0f} windows/s"
    )


def validation_line(v: dict[str, float]) -> str:
    if "reconstruction_nats" not in v:
        return "skipped: the split is empty"
    return (
        f"{v['reconstruction_nats']:.2f} nats, KL {v['kl_bits']:.1f} bits, free-running accuracy "
        f"{v['accuracy_free']:.3f}, note F1 {v['note_f1_free']:.3f}, {v['active_units']:.0f} active units"
    )
