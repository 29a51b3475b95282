"""Several image presets trained on the same pictures, on one page: pictures, loss, size, time."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite import tables
from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError
from musicvae_lite.images import charts, figures, lettering
from musicvae_lite.images.page import Section, Table, page
from musicvae_lite.images.sets import Pictures, PictureSet
from musicvae_lite.models import image_figures
from musicvae_lite.models.image.examples import check_labels
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.training import loop
from musicvae_lite.training.image_evaluation import ImageEvaluation, evaluate
from musicvae_lite.training.images import ImageTask
from musicvae_lite.training.presets import Preset, load_preset, preset_names
from musicvae_lite.training.run_folder import DESCRIPTION, RunFolder, read_log
from musicvae_lite.writing import replacing

if TYPE_CHECKING:
    from PIL.Image import Image

SHOWN = 10  # pictures of each row
COLUMNS = (
    "preset", "parameters", "seconds", "BCE a value", "squared error", "KL, bits", "Bernoulli ELBO, nats",
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One preset of a comparison, trained and measured on the test part."""

    preset: Preset
    model: ImageVAE
    figures: ImageEvaluation
    parameters: int
    seconds: float
    run: Path

    def row(self) -> tuple[str, int, float, float, float, float | None, float | None]:
        f = self.figures
        return (
            self.preset.name, self.parameters, round(self.seconds),
            f.bce, f.squared_error, f.kl_bits, f.bernoulli_elbo_nats,
        )  # fmt: skip


def suited(names: Sequence[str], pictures: PictureSet) -> tuple[list[Preset], list[str]]:
    """The presets that can be trained on these pictures, and why not the others, a sentence each.

    Args:
        names: of presets; none means all shipped ones.

    Raises:
        NothingUsableError: none of them can.
    """
    found, refused = [], []
    for name in names or preset_names("image"):
        preset = load_preset(name)
        try:
            if preset.family != "image":
                raise ConfigError(f"a preset for {preset.family}")
            if preset.model.get("picture", {}).get("patches"):
                raise ConfigError("made for pieces of large pictures")
            _task(preset, pictures)
            found.append(preset)
        except ConfigError as error:
            refused.append(f"{preset.name} is left out: {error}")
    if not found:
        raise NothingUsableError("no preset can be trained on these pictures: " + "; ".join(refused))
    return found, refused


def train_all(
    presets: Sequence[Preset],
    pictures: PictureSet,
    folder: Path,
    share: float = 1.0,
    shown: Callable[[Preset], AbstractContextManager[loop.Listener]] = lambda preset: nullcontext(_unheard),
) -> list[Entry]:
    """Trains each preset in a folder of its own; one that was trained there before is taken as it is.

    Args:
        share: of each preset's updates; a tenth shows already what each can do.
        shown: opens a listener for the training of a preset.

    Raises:
        NothingUsableError: no picture is left to measure on.
        DatasetError: those to measure on have another size.
        ConfigError: a preset does not fit the pictures (see `suited`), the share is none, two presets have
            one name, or the folder holds runs of another share, on other pictures, or of other presets.

    All of it is found before any is trained.
    """
    held_out, entries = measured(pictures), []
    for preset, task in _planned(presets, pictures, folder, share):
        run = folder / preset.name
        with shown(preset) as listener:
            best = loop.train(task, run, resume=RunFolder(run).holds_a_run, listener=listener)
        model, saved = ImageVAE.load(best), RunFolder(run).newest()
        found = evaluate(model.vae, model.config, held_out, preset.training.seed)
        count = sum(p.numel() for p in model.vae.parameters())
        entries.append(Entry(preset, model, found, count, saved.progress.seconds if saved else 0.0, run))
    return entries


def _unheard(report: loop.Report) -> None:
    """A listener that tells nobody."""


def _planned(
    presets: Sequence[Preset], pictures: PictureSet, folder: Path, share: float
) -> list[tuple[Preset, ImageTask]]:
    """The presets with their share of updates, and their tasks. Raises ConfigError, as `train_all` does."""
    if not 0 < share <= 1:
        raise ConfigError(f"share is {share}; it is a share of the updates, above 0 and up to 1")
    planned: dict[str, tuple[Preset, ImageTask]] = {}
    for preset in presets:
        if preset.name in planned:
            raise ConfigError(f"two presets are called {preset.name}, and would share a run: name it once")
        training = dataclasses.replace(preset.training, steps=max(1, round(preset.training.steps * share)))
        preset = dataclasses.replace(preset, training=training)
        task = _task(preset, pictures)
        _check_run(folder / preset.name, task)
        planned[preset.name] = preset, task
    return list(planned.values())


def measured(pictures: PictureSet) -> Pictures:
    """The pictures that presets are compared on.

    Raises:
        NothingUsableError: there are none.
        DatasetError: they have another size than those to train on.
    """
    found = _held_out(pictures)
    if not len(found):
        raise NothingUsableError(
            f"{pictures.name}: {len(pictures.train)} pictures to train on leave none to measure on: at "
            "least 3 are needed"
        )
    if found.pixels.shape[1:] != pictures.shape:
        raise DatasetError(f"{pictures.name}: the pictures to measure on have another size than the others")
    return found


def _held_out(pictures: PictureSet) -> Pictures:
    return pictures.test if len(pictures.test) else pictures.validation


def _task(preset: Preset, pictures: PictureSet) -> ImageTask:
    """What trains a preset. Raises ConfigError where it cannot be trained, or measured, on these pictures."""
    task, held_out = ImageTask(preset, pictures), _held_out(pictures)
    if len(held_out):
        try:
            check_labels(task.config, held_out.labels)
        except ConfigError as error:
            raise ConfigError(f"of the pictures to measure on: {error}") from None
    return task


def _check_run(run: Path, task: ImageTask) -> None:
    """Raises ConfigError where a folder holds a run that a comparison with this task cannot take over."""
    folder, steps = RunFolder(run), task.settings.steps
    if not folder.holds_a_run:
        return
    try:
        before = tables.read_json(run / DESCRIPTION)
        its_steps, its_dataset = before["training"]["steps"], before["dataset"]
    except (OSError, ValueError, KeyError, TypeError):
        its_steps, its_dataset = steps, ""  # the check of the folder says what is wrong with it
    if its_dataset and its_dataset != task.dataset:
        raise ConfigError(f"{run.parent} compares presets on other pictures: name another folder")
    if its_steps != steps:
        raise ConfigError(
            f"{run.parent} compares presets by other shares: {run.name} has {its_steps:,} updates there, and "
            f"{steps:,} are asked for now: repeat the --share of before, or name another folder"
        )
    settings = dataclasses.asdict(task.settings)
    del settings["batch"]  # which is smaller there if the pictures could not fill it
    description = {"preset": task.name, "model": task.table(), "training": settings, "dataset": task.dataset}
    folder.check(description, resume=True)


def write_page(entries: Sequence[Entry], pictures: PictureSet, path: Path) -> Path:
    """Writes the page that shows the entries side by side."""
    held_out = measured(pictures)
    shown = held_out.one_of_each(SHOWN)
    sections = [Section(e.preset.name, _about(e), _pictures(e, shown)) for e in entries]
    apart = [e.preset.name for e in entries if e.model.config.corruption is not None]
    table = Table(COLUMNS, [e.row() for e in entries], ("BCE a value", "squared error"), apart)
    _, height, width = pictures.shape
    about = (
        f"{len(pictures.train):,} pictures of {width} x {height} to train on, {len(held_out):,} to measure "
        "on. BCE and squared error are means a value with the mean code; Bernoulli ELBOs take values for "
        "probabilities, whatever the model's own likelihood. Denoising and enlarging models read a corrupted "
        "picture: their figures stand apart."
    )
    text = page(f"Autoencoders of {pictures.name}, side by side", about, table, sections)
    with replacing(path) as temporary:
        temporary.write_text(text, "utf-8")
    return path


def learning_curve(run: Path) -> Image | None:
    """Reconstruction over the updates of a run, in training (smoothed) and validation; None without a log."""
    lines: dict[str, tuple[list[int], list[float]]] = {"training": ([], []), "validation": ([], [])}
    for event in read_log(run):
        kind = {"step": "training", "validation": "validation"}.get(event.get("kind", ""))
        value = event.get("values", {}).get("reconstruction_nats")
        if kind and value is not None:
            steps, values = lines[kind]
            steps.append(event.get("step", 0))
            values.append(value)
    if not any(steps for steps, _ in lines.values()):
        return None
    drawn = {name: (np.array(steps), np.array(values)) for name, (steps, values) in lines.items()}
    return charts.curves(drawn, "reconstruction, nats")


def _about(entry: Entry) -> str:
    c, f = entry.model.config, entry.figures
    parts = [entry.preset.about, f"code of {c.z} numbers", f"{entry.parameters:,} parameters"]
    parts.append(f"{entry.seconds:.0f} s for {entry.preset.training.steps:,} updates")
    if f.elbo_nats is not None:
        parts.append(f"ELBO {f.elbo_nats:.1f} nats ({c.likelihood}), KL {f.kl_bits:.1f} bits")
    if f.zero_share is not None:
        parts.append(f"{f.zero_share:.0%} of the codes are 0")
    return "; ".join(parts)


def _pictures(entry: Entry, shown: Pictures) -> list[tuple[str, Image]]:
    model = entry.model
    found = [("Pictures it never saw, and what it writes", image_figures.reconstruction(model, shown))]
    if model.config.conditional:
        caption = "; ".join(["A row a label, a column a code", *lettering.readable(model.config.classes)[1]])
        found.append((caption, image_figures.generation(model, count=SHOWN)))
    elif not model.config.is_grid and model.config.corruption is None and model.has_prior:
        new = figures.labelled_grid(model.sample(2 * SHOWN), per_row=SHOWN)
        found.append(("New pictures, drawn from the prior of its codes", new))
    curve = learning_curve(entry.run)
    return [*found, ("Loss", curve)] if curve else found
