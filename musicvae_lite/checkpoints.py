"""Model folders: model.safetensors, config.json, CARD.md. Finding, listing, reading, writing them.

No pickle is ever loaded. Everything needed to rebuild a model is in its config.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicvae_lite import packing, resources, tables
from musicvae_lite.errors import CheckpointError, ConfigError, shown
from musicvae_lite.packing import Storage
from musicvae_lite.writing import replacing, write_json

if TYPE_CHECKING:
    from torch import Tensor, nn

    from musicvae_lite.budget import Budget
    from musicvae_lite.prior import CodePrior

FORMAT = 1
WEIGHTS, CONFIG, CARD = "model.safetensors", "config.json", "CARD.md"
LARGEST = 2**33  # bytes of a file of weights
MOST_TENSORS = 100_000  # in one
KINDS = ("F64", "F32", "F16", "BF16", "I64", "I32", "I8", "U8")  # of numbers that are read
HALF = "root#half"  # of a prior: what says all of its root, see `packing.half`
PRIOR = "prior.safetensors"  # a `CodePrior`; a model without one draws from N(0, I)


def find(name: str | Path) -> Path:
    """The folder of a model: a path to one (or to a training run), or the name of a shipped one.

    Raises:
        CheckpointError: there is none; the message lists what there is.
    """
    path = resources.expand(name)
    known = {folder.name: folder for folder in shipped()}
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
    listing = ", ".join(known) or "none"
    raise CheckpointError(
        f"no model '{name}': it is neither a folder nor a shipped model. {hint}Shipped: {listing}"
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


def _places(folder: Path) -> tuple[Path, Path]:
    """Where the model of a folder can lie: in it, or of a training run in its `best`."""
    return folder, folder / "best"


def check_free(
    folder: Path,
    replaces: Callable[[dict[str, Any]], bool] = lambda config: False,
    advice: str = "choose another folder, or remove it",
) -> None:
    """Makes sure that no model is written over, or hidden behind another.

    Args:
        folder: where one is to be written.
        replaces: whether the model in that folder may be written over, by its config ({} for a damaged one).
        advice: what to do otherwise.

    Raises:
        ConfigError: a model lies there, or a training run.
    """
    own, best = _places(folder)
    if (best / CONFIG).exists():
        raise ConfigError(f"{folder}: there is a training run: choose another folder")
    if not any((own / name).exists() for name in (CONFIG, WEIGHTS)):
        return
    try:
        config = tables.read_json(own / CONFIG)
    except (OSError, ValueError):
        config = {}
    if not replaces(config if isinstance(config, dict) else {}):
        raise ConfigError(f"{folder}: there is a model already: {advice}")


def read_config(folder: Path) -> dict[str, Any]:
    """The config of a model folder, checked for its version but not for its contents."""
    path = folder / CONFIG
    try:
        config = tables.read_json(path)
    except json.JSONDecodeError as error:
        raise CheckpointError(f"{path}: damaged, line {error.lineno} is not JSON: {error.msg}") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        version = config.get("format") if isinstance(config, dict) else None
        is_newer = isinstance(version, int) and version > FORMAT
        raise CheckpointError(
            f"{path}: format {shown(version)}; this version of musicvae_lite reads format {FORMAT}"
            + (": update it to read this model" if is_newer else "")
        )
    return config


def read_weights(folder: Path, device: str = "cpu") -> dict[str, Tensor]:
    """The weights of a model folder in float32, however they are stored."""
    return read_packed(folder / WEIGHTS, device)


def read_packed(path: Path, device: str = "cpu") -> dict[str, Tensor]:
    """A safetensors file in float32, however it was packed. Raises CheckpointError when it is damaged."""
    try:
        return packing.unpack(read_tensors(path, device))
    except ValueError as error:
        raise CheckpointError(f"{path}: damaged: {error}; copy it again") from error


def shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Names and shapes of a safetensors file, from its header: nothing of the sizes it names is allocated.

    Raises:
        CheckpointError: it is missing or damaged, or holds what no model does.
    """
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise CheckpointError(f"{path}: missing; copy the whole model folder, or train it again")
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"weights of more than {LARGEST:,} bytes are not read")
        with safe_open(path, framework="numpy") as file:
            names = list(file.keys())
            if len(names) > MOST_TENSORS:
                raise ValueError(f"{len(names):,} tensors, more than {MOST_TENSORS:,}")
            parts = {name: file.get_slice(name) for name in names}
            for name, part in parts.items():
                if part.get_dtype() not in KINDS:
                    raise ValueError(f"'{name[:80]}' holds {part.get_dtype()}, which is not read")
            return {name: tuple(part.get_shape()) for name, part in parts.items()}
    except (SafetensorError, OSError, ValueError, OverflowError) as error:
        raise CheckpointError(
            f"{path}: damaged ({error}); copy it again, its size is {path.stat().st_size} bytes"
        ) from error


def budget(folder: Path) -> Budget:
    """The context to build a model in whose weights lie in a folder: what they can fill, and no more.

    Raises:
        CheckpointError: the weights are missing or damaged.
    """
    from musicvae_lite.budget import Budget

    return Budget(numbers(folder))


def numbers(folder: Path) -> int:
    """How many weights a model folder holds, by their header. Raises CheckpointError."""
    return packing.count(shapes(folder / WEIGHTS))


def read_tensors(path: Path, device: str = "cpu") -> dict[str, Tensor]:
    """Every tensor of a safetensors file. Raises CheckpointError when it is missing or damaged."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    shapes(path)
    try:
        return load_file(path, device=device)
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); copy it again") from error


def load_into(model: nn.Module, weights: dict[str, Tensor], where: Path) -> None:
    """Loads weights that must fit exactly. A mismatch raises CheckpointError with the differences."""
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    lines = [f"  {name}: the config asks for {shape}, the file has {given.get(name, 'nothing')}"
             for name, shape in wanted.items() if given.get(name) != shape]  # fmt: skip
    lines += [f"  {name}: the file has {shape}, the config asks for nothing" for name, shape in given.items()
              if name not in wanted]  # fmt: skip
    if lines:
        more = f"\n  ... and {len(lines) - 8} more" if len(lines) > 8 else ""
        raise CheckpointError(f"{where}: config and weights disagree:\n" + "\n".join(lines[:8]) + more)
    if damaged := [name for name, tensor in weights.items() if not bool(tensor.isfinite().all())]:
        raise CheckpointError(
            f"{where}: damaged: '{damaged[0]}' holds values that are infinite or no numbers"
        )
    model.load_state_dict(weights)


def load_matching(model: nn.Module, weights: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    """Copies every tensor whose name and shape fit. Returns the names copied and the names left fresh."""
    own = model.state_dict()
    fits = [name for name in own if name in weights and weights[name].shape == own[name].shape]
    model.load_state_dict({name: weights[name] for name in fits}, strict=False)
    return fits, [name for name in own if name not in fits]


def write(folder: Path, config: dict[str, Any], model: nn.Module, storage: Storage = "float32") -> None:
    """Writes model.safetensors and config.json, each atomically.

    Args:
        storage: how weights are stored: "float16" halves their size, with a relative error of 5e-4 a
            weight; "int8" quarters it, "int6" leaves a fifth (see `packing`).
    """
    weights = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    folder.mkdir(parents=True, exist_ok=True)
    write_tensors(folder / WEIGHTS, packing.pack(weights, storage))
    write_json(folder / CONFIG, {"format": FORMAT, **config})


def read_prior(folder: Path, z: int, device: str = "cpu") -> CodePrior | None:
    """The prior of a model folder, if it has one. Raises CheckpointError when it does not fit."""
    from musicvae_lite.prior import CodePrior

    path = folder / PRIOR
    if not path.exists():
        return None
    found = read_packed(path, device)
    if HALF in found:
        try:
            found["root"] = packing.symmetric(found.pop(HALF), z)
        except ValueError as error:
            raise CheckpointError(f"{path}: {error}") from error
        if "shares" not in found:
            found["root"] = found["root"][0]
    shapes = {name: tuple(tensor.shape) for name, tensor in found.items()}
    if shapes == {"mean": (z,), "root": (z, z)}:  # one Gaussian
        found = {name: tensor[None] for name, tensor in found.items()} | {"shares": found["mean"].new_ones(1)}
    else:
        parts, roots = ((shapes.get(name) or (0,))[0] for name in ("shares", "root"))
        wanted = {"mean": (parts, z), "root": (roots, z, z), "shares": (parts,)}
        if not parts or shapes != wanted or roots not in (1, parts):
            raise CheckpointError(
                f"{path}: holds {shapes}; a model of {z} units has a mean [{z}] and a root [{z}, {z}], or "
                f"several of them and their shares"
            )
    return CodePrior(**{name: tensor.float() for name, tensor in found.items()})


def write_prior(folder: Path, prior: CodePrior, storage: Storage = "float32") -> None:
    """Writes prior.safetensors, atomically.

    Its root is not made smaller than float16; where weights are made smaller at all, half of it is kept, as
    it is symmetric.
    """
    mean, root, is_one = prior.mean.cpu(), prior.root.cpu(), len(prior.mean) == 1
    tensors = {"mean": mean[0]} if is_one else {"mean": mean, "shares": prior.shares.cpu()}
    if storage == "float32":
        kept = {"root": root[0] if is_one else root}
    else:
        kept = packing.pack({HALF: packing.half(root)}, "float16")
    write_tensors(folder / PRIOR, packing.pack(tensors, storage) | kept)


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    """Writes a safetensors file atomically. Raises CheckpointError when the disk refuses."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    with replacing(path) as temporary:
        try:
            save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary)
        except SafetensorError as error:
            raise CheckpointError(f"{path}: cannot be written: {error}") from error
