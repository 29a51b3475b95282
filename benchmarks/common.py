"""What the benchmarks share: windows they measure on, where results go, how figures look."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite import checkpoints, finding
from musicvae_lite.errors import DatasetError, NothingUsableError
from musicvae_lite.training.dataset import WindowDataset
from musicvae_lite.training.windows import WindowSplit

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from torch import Tensor

    from musicvae_lite.latent import Posterior
    from musicvae_lite.models.music_vae import MusicVAE

BLUE, ORANGE, GREY, INK = "#2f6fb3", "#d1601f", "#c9cdd5", "#30343b"
BATCH = 512
HELD_OUT = ("validation", "test")


def open_dataset(folder: str | Path, model: MusicVAE) -> WindowDataset:
    """A dataset for a model. Raises DatasetError when its windows are not the model's."""
    dataset = WindowDataset(folder)
    wanted = model.representation
    made = (dataset.representation["name"], dataset.manifest.window_shape[0])
    if made != (wanted.name, wanted.steps):
        raise DatasetError(
            f"{folder}: its windows are {made[0]} of {made[1]} steps, "
            f"the model takes {wanted.name} of {wanted.steps}"
        )
    return dataset


def on_bars(split: WindowSplit) -> np.ndarray:
    """Indices int64 [N] of the windows of a split that begin on a bar line."""
    return np.flatnonzero(split.origins[:, 2] == 0)


def side_by_side(split: WindowSplit, bars: int) -> np.ndarray:
    """Indices int64 [N] of windows that do not overlap: every `bars` bars from the first of each song."""
    song, bar, step = split.origins.T
    first = np.full(int(song.max(initial=0)) + 1, np.iinfo(np.int32).max)
    at_bar = step == 0
    np.minimum.at(first, song[at_bar], bar[at_bar])
    return np.flatnonzero(at_bar & ((bar - first[song]) % bars == 0))


def held_out_rows(dataset: WindowDataset) -> list[tuple[WindowSplit, np.ndarray]]:
    """The splits of validation and test songs that have windows, with those that begin on a bar line."""
    parts = [dataset.split(name) for name in HELD_OUT]
    return [(part, on_bars(part)) for part in parts if len(part)]


def held_out(dataset: WindowDataset) -> np.ndarray:
    """Tokens [N, T] of the validation and test songs' windows that begin on a bar line."""
    return np.concatenate([part.gather(rows) for part, rows in held_out_rows(dataset)])


def drawn(tokens: np.ndarray, count: int, seed: int) -> np.ndarray:
    """`count` different rows of tokens [N, T] in an order the seed gives.

    Raises:
        NothingUsableError: there are not so many.
    """
    if count > len(tokens):
        raise NothingUsableError(f"{count:,} windows are asked for, and there are {len(tokens):,}")
    return tokens[np.random.default_rng(seed).permutation(len(tokens))[:count]]


def encode(model: MusicVAE, tokens: np.ndarray) -> Posterior:
    """The posterior of tokens [N, T], in batches."""
    import torch

    from musicvae_lite.latent import Posterior

    with torch.no_grad():
        parts = [model.vae.encode(part) for part in model.tensor(tokens).split(BATCH)]
    return Posterior(torch.cat([p.mean for p in parts]), torch.cat([p.scale for p in parts]))


def decode(model: MusicVAE, z: Tensor, temperature: float, seed: int) -> np.ndarray:
    """Canonical tokens [N, T] of codes [N, Z]."""
    return model.decode(z, temperature, seed).tokens


def model_name(model: str | Path) -> str:
    """What results are called: the model's name, or that of the run whose best or last weights it is."""
    folder = Path(model)
    return folder.parent.name if folder.name in ("best", "last") and folder.parent.name else folder.name


def provenance(model_folder: str | Path, seed: int, dataset: WindowDataset | None = None) -> dict[str, Any]:
    """What a result must say to be repeated: the weights (by hash), the data and the seed."""
    folder = finding.find(model_folder)
    with (folder / checkpoints.WEIGHTS).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    facts: dict[str, Any] = {"weights_sha256": digest, "seed": seed}
    if dataset is not None:
        facts["dataset"] = {
            "name": dataset.folder.name,
            "sources_sha256": dataset.manifest.sources.get("names_sha256"),
            "windows": {name: len(dataset.split(name)) for name in ("train", *HELD_OUT)},
        }
    return facts


def write_json(path: Path, result: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rounded(result), indent=2) + "\n", encoding="utf-8")


def rounded(value: Any) -> Any:
    """The same with numbers of 5 significant digits, and arrays as lists."""
    if isinstance(value, dict):
        return {str(key): rounded(v) for key, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [rounded(v) for v in value]
    if isinstance(value, (float, np.floating)):
        return float(f"{value:.5g}")
    return value.item() if isinstance(value, np.generic) else value


def new_figure(width: float, height: float, rows: int, columns: int) -> tuple[Figure, list[Axes]]:
    """A canvas of its own (no pyplot, no display) with its axes, row by row."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    axes = list(figure.subplots(rows, columns, squeeze=False).ravel())
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(labelsize=9, colors=INK)
    return figure, axes


def save_figure(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=140)
