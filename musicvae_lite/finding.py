"""Where models lie: found by folder or by name, listed, and not written over."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from musicvae_lite import resources, tables
from musicvae_lite.checkpoints import CONFIG, WEIGHTS
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.writing import is_one


def find(name: str | Path) -> Path:
    """The folder of a model: a path to one (or to a training run), or the name of a shipped or imported one.

    Raises:
        CheckpointError: there is none; the message lists what there is.
    """
    path, folders = resources.expand(name), shipped()
    known = {folder.name: folder for folder in folders}
    if path.is_dir():
        for folder in _places(path):
            if (folder / CONFIG).exists():
                return folder
        if str(name) in known:  # some other folder of that name, such as a dataset
            return known[str(name)]
        raise CheckpointError(f"{path}: not a model folder: it holds no {CONFIG} (nor does {path / 'best'})")
    if path.is_file():
        if path.name in (WEIGHTS, CONFIG):
            return path.parent
        raise CheckpointError(f"{path}: a model is a folder with {WEIGHTS} and {CONFIG}, not this file")
    if str(name) in known:
        return known[str(name)]
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"Did you mean '{near[0]}'? " if near else ""
    imported = [folder.name for folder in folders if is_imported(folder)]
    listing = f"Shipped: {', '.join(name for name in known if name not in imported) or 'none'}"
    listing += f". Imported: {', '.join(imported)}" if imported else ""
    raise CheckpointError(
        f"no model '{name}': it is neither a folder nor a shipped or imported model. {hint}{listing}"
    )


def imports_dir() -> Path:
    """Where imported models lie. Raises ConfigError where the user has no such place."""
    return resources.cache_dir() / "models"


def is_imported(folder: Path) -> bool:
    """Whether a folder of `shipped` is one that the user has imported."""
    try:
        return folder.parent == imports_dir()
    except ConfigError:
        return False


def is_packaged(folder: Path) -> bool:
    """Whether a model's folder is one that comes with the package."""
    try:
        return is_one(folder.parent, resources.checkpoints_dir())
    except ConfigError:
        return False


def shipped() -> list[Path]:
    """Folders of the models that come with the package, and of those the user has imported.

    Each name is one model's: the package's, where an import is called the same. A place that may not be read
    counts as empty.
    """
    found: dict[str, Path] = {}
    for place in (imports_dir, resources.checkpoints_dir):
        try:
            found |= {folder.name: folder for folder in place().iterdir() if (folder / CONFIG).exists()}
        except (OSError, ConfigError):
            continue
    return [found[name] for name in sorted(found)]


def _places(folder: Path) -> list[Path]:
    """Where the model of a folder can lie: in it; of a training run in its `best`, or before its first
    validation in what it saved last."""
    return [folder, folder / "best", *sorted(folder.glob("last/step-*"), reverse=True)]


def check_free(
    folder: Path,
    replaces: Callable[[dict[str, Any]], bool] = lambda config: False,
    advice: str = "choose another folder, or remove it",
) -> None:
    """Makes sure that no model is written over, or hidden behind another, and none put into a dataset.

    Args:
        folder: where one is to be written.
        replaces: whether the model in that folder may be written over, by its config ({} for a damaged one).
        advice: what to do otherwise.

    Raises:
        ConfigError: a model lies there, a training run or a dataset.
    """
    from musicvae_lite.corpora.manifest import MANIFEST

    if (folder / MANIFEST).is_file():
        raise ConfigError(f"{folder}: there is a dataset: choose another folder")
    own, *of_a_run = *_places(folder), *folder.glob("step-*")  # these lie in the `last` of a run
    if any((place / CONFIG).exists() for place in of_a_run):
        raise ConfigError(f"{folder}: there is a training run: choose another folder")
    if not any((own / name).exists() for name in (CONFIG, WEIGHTS)):
        return
    try:
        config = tables.read_json(own / CONFIG)
    except (OSError, ValueError):
        config = {}
    if not replaces(config if isinstance(config, dict) else {}):
        raise ConfigError(f"{folder}: there is a model already: {advice}")
