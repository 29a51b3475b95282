"""Turning Magenta's checkpoints into this project's model folders."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import checkpoints, resources
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.magenta import javascript
from musicvae_lite.magenta.bundle import KINDS, Bundle
from musicvae_lite.magenta.locating import located
from musicvae_lite.magenta.names import Entry, layout, plain
from musicvae_lite.magenta.recognition import recognise
from musicvae_lite.magenta.structure import STEP, Shapes, is_ignored, read_structure
from musicvae_lite.models.assembly import MusicConfig

Progress = Callable[[int, int], None]  # variables read, and how many there are


@dataclass(frozen=True)
class Imported:
    """A model that was imported.

    Attributes:
        folder: where it lies now.
        config: the name of Magenta's configuration it is of.
        step: updates it was trained for; None when the checkpoint does not say.
        notes: what the user should know, one sentence each.
    """

    folder: Path
    config: str
    step: int | None
    notes: tuple[str, ...] = ()


def import_model(
    source: str | Path,
    config: str | None = None,
    name: str | None = None,
    folder: Path | None = None,
    replace: bool = False,
    progress: Progress = lambda done, total: None,
) -> Imported:
    """Reads a TensorFlow or magenta-js checkpoint and writes a model folder.

    Args:
        source: a file or the prefix of a TensorFlow checkpoint, a folder with one, a .tar of one; a folder
            or an address with a magenta-js checkpoint.
        config: the configuration, where several fit; a name or a preset of the user's own.
        name: what to call the model; by default after its configuration.
        folder: where to write it; by default among the user's models, where its name finds it.
        replace: write over a model of that name.

    Raises:
        CheckpointError: the checkpoint is damaged, of no known architecture, or of several.
        ConfigError: there is no such configuration, or the name is taken.
    """
    if javascript.is_javascript(source):
        return _write(javascript.read(str(source), config, progress), source, name, folder, replace)
    with located(Path(source).expanduser()) as prefix:
        return _write(_read_bundle(Bundle(prefix), source, config, progress), source, name, folder, replace)


def _read_bundle(bundle: Bundle, source: object, config: str | None, progress: Progress) -> javascript.Model:
    names = {plain(name): name for name in bundle.variables if not is_ignored(name) and name != STEP}
    shapes = {name: bundle.variables[stored].shape for name, stored in names.items()}
    for name, stored in names.items():
        if bundle.variables[stored].kind not in KINDS:
            raise CheckpointError(f"{source}: '{name}' is of a kind that is not read here")
    recognised = recognise(read_structure(shapes, source), source, config)
    entries = checked(recognised.config, shapes, source)
    weights = converted(entries, lambda name: bundle.read(names[name]), progress)
    step = int(bundle.read(STEP)) if STEP in bundle.variables else None
    return javascript.Model(recognised.name, recognised.config, weights, step)


def checked(config: MusicConfig, shapes: Shapes, where: object) -> list[Entry]:
    """The layers of a model, after making sure that the variables are exactly its own.

    Raises:
        CheckpointError: a variable is unknown, missing, or of another shape.
    """
    voices = len(getattr(config.representation.step, "depths", ()))
    entries = layout(config.encoder, config.decoder, voices)
    with torch.device("meta"):
        ours = {name: tuple(tensor.shape) for name, tensor in config.build().state_dict().items()}
    wanted: Shapes = {}
    for entry in entries:
        wanted |= entry.shapes(ours)
    lines = [f"'{name}' {list(shape)} is unknown" for name, shape in shapes.items() if name not in wanted]
    lines += [f"'{name}' {list(shape)} is missing" for name, shape in wanted.items() if name not in shapes]
    lines += [
        f"'{name}' is {list(shapes[name])}, and should be {list(shape)}"
        for name, shape in wanted.items()
        if name in shapes and shapes[name] != shape
    ]
    if lines:
        more = f"\n  ... and {len(lines) - 8} more" if len(lines) > 8 else ""
        raise CheckpointError(f"{where}: variables do not fit:\n  " + "\n  ".join(lines[:8]) + more)
    return entries


def converted(
    entries: list[Entry], read: Callable[[str], np.ndarray], progress: Progress
) -> dict[str, Tensor]:
    """Our parameters, read one layer at a time."""
    weights: dict[str, Tensor] = {}
    for done, entry in enumerate(entries, 1):
        ours = entry.to_ours(*(read(variable) for variable in entry.variables))
        weights |= {name: torch.from_numpy(np.ascontiguousarray(values)) for name, values in ours.items()}
        progress(done, len(entries))
    return weights


def _write(
    model: javascript.Model, source: object, name: str | None, folder: Path | None, replace: bool
) -> Imported:
    name = name or model.name
    if Path(name).name != name or name in (".", ".."):
        raise ConfigError(f"'{name}' cannot be the name of a folder")
    target = (folder or resources.cache_dir() / "models" / name).expanduser()
    if (target / checkpoints.CONFIG).exists() and not replace:
        raise ConfigError(f"{target}: there is a model already: choose another name, or replace it")
    bad = [key for key, tensor in model.weights.items() if not bool(tensor.isfinite().all())]
    if bad:
        raise CheckpointError(f"{source}: {bad[0]} holds values that are infinite or no numbers")
    target.mkdir(parents=True, exist_ok=True)
    checkpoints.write_tensors(target / checkpoints.WEIGHTS, model.weights)
    origin: dict[str, Any] = {"config": model.name, "format": model.format, "from": Path(str(source)).name}
    if model.step is not None:
        origin["step"] = model.step
    table = {"format": checkpoints.FORMAT, **model.config.to_table(), "origin": origin}
    checkpoints.write_json(target / checkpoints.CONFIG, table)
    if model.vectors:
        checkpoints.write_tensors(target / javascript.VECTORS, model.vectors)
    (target / checkpoints.CARD).write_text(_card(name, model, origin), "utf-8")
    return Imported(target, model.name, model.step, model.notes)


def _card(name: str, model: javascript.Model, origin: dict[str, Any]) -> str:
    lines = [
        f"# {name}",
        "",
        f"Imported from `{origin['from']}`, a {model.format} checkpoint of Magenta's configuration `{model.name}`"
        + (f" after {model.step:,} updates." if model.step else "."),
        "What it was trained on, and under which licence it may be used, is for its makers to say.",
        *(f"\n{note}" for note in model.notes),
    ]
    return "\n".join(lines) + "\n"
