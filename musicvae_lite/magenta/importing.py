"""Turning Magenta's checkpoints into this project's model folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musicvae_lite import checkpoints, finding
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.magenta import javascript
from musicvae_lite.magenta.bundle import KINDS, Bundle
from musicvae_lite.magenta.converting import NO_SIGMA, Progress, Read, checked, converted
from musicvae_lite.magenta.locating import located
from musicvae_lite.magenta.names import plain
from musicvae_lite.magenta.recognition import recognise
from musicvae_lite.magenta.structure import STEP, is_ignored, read_structure, step_of
from musicvae_lite.resources import expand
from musicvae_lite.writing import write_file


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
    with located(expand(source)) as prefix:
        return _write(_read_bundle(Bundle(prefix), source, config, progress), source, name, folder, replace)


def _read_bundle(bundle: Bundle, source: object, config: str | None, progress: Progress) -> Read:
    names = {plain(name): name for name in bundle.variables if not is_ignored(name) and name != STEP}
    shapes = {name: bundle.variables[stored].shape for name, stored in names.items()}
    for name, stored in names.items():
        if bundle.variables[stored].kind not in KINDS:
            raise CheckpointError(f"{source}: '{name}' is of a kind that is not read here")
    structure = read_structure(shapes, source)
    recognised = recognise(structure, source, config)
    entries = checked(recognised.config, shapes, source)
    weights = converted(entries, lambda name: bundle.read(names[name]), progress)
    step = step_of(bundle.read(STEP), source) if STEP in bundle.variables else None
    notes = () if structure.has_scale else (NO_SIGMA,)
    return Read(recognised.name, recognised.config, weights, step, notes=notes)


def _write(model: Read, source: object, name: str | None, folder: Path | None, replace: bool) -> Imported:
    name = name or model.name
    target = _target(name, folder)
    advice = "choose another name with --name, or replace it with --force"
    finding.check_free(target, lambda config: replace, advice)
    bad = [key for key, tensor in model.weights.items() if not bool(tensor.isfinite().all())]
    if bad:
        raise CheckpointError(f"{source}: {bad[0]} holds values that are infinite or no numbers")
    origin: dict[str, Any] = {"config": model.name, "format": model.format, "from": Path(str(source)).name}
    if model.step is not None:
        origin["step"] = model.step
    checkpoints.write(target, {**model.config.to_table(), "origin": origin}, model.weights)
    if model.vectors:
        checkpoints.write_tensors(target / checkpoints.VECTORS, model.vectors)
    write_file(target / checkpoints.CARD, _card(name, model, origin).encode("utf-8", "backslashreplace"))
    return Imported(target, model.name, model.step, model.notes)


def _target(name: str, folder: Path | None) -> Path:
    """Where a model of a name is to lie. Raises ConfigError for a name that would not find it."""
    if Path(name).name != name or name in (".", ".."):
        raise ConfigError(f"'{name}' cannot be the name of a folder")
    if folder is not None:
        return expand(folder)
    if any(model.name == name and not finding.is_imported(model) for model in finding.shipped()):
        raise ConfigError(f"a model called '{name}' comes with the package: choose another name")
    return finding.imports_dir() / name


def _card(name: str, model: Read, origin: dict[str, Any]) -> str:
    made = f"a {model.format} checkpoint of Magenta's configuration `{model.name}`"
    trained = f" after {model.step:,} updates" if model.step else ""
    lines = [
        f"# {name}",
        "",
        f"Imported from `{origin['from']}`, {made}{trained}.",
        "What it was trained on, and under which licence it may be used, is for its makers to say.",
        *(f"\n{note}" for note in model.notes),
    ]
    return "\n".join(lines) + "\n"
