"""Model folders: model.safetensors, config.json, and what lies beside them. Reading and writing them.

No pickle is ever loaded. Everything needed to rebuild a model is in its config. See `finding` for where
they lie.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicvae_lite import packing, tables
from musicvae_lite.errors import CheckpointError, shown
from musicvae_lite.packing import Storage
from musicvae_lite.writing import check_folder, replacing, write_json

if TYPE_CHECKING:
    from torch import Tensor, nn

    from musicvae_lite.budget import Budget
    from musicvae_lite.prior import CodePrior

FORMAT = 1
WEIGHTS, CONFIG = "model.safetensors", "config.json"
PRIOR = "prior.safetensors"  # a `CodePrior`; a model without one draws from N(0, I)
VECTORS, GUIDE = "attributes.safetensors", "guide.safetensors"  # see `models.attributes.kept`
CARD = "CARD.md"
COMPANIONS = (PRIOR, VECTORS, GUIDE, CARD)  # what is true of these weights alone
LARGEST = 2**33  # bytes of a file of weights
MOST_TENSORS = 100_000  # in one
KINDS = ("F64", "F32", "F16", "BF16", "I64", "I32", "I8", "U8")  # of numbers that are read
HALF = "root#half"  # of a prior: what says all of its root, see `packing.half`


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
    from safetensors.torch import load, load_file

    shapes(path)
    try:
        if _is_unicode(path):
            return load_file(path, device=device)
        return {name: tensor.to(device) for name, tensor in load(path.read_bytes()).items()}
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise CheckpointError(f"{path}: damaged ({error}); copy it again") from error


def _is_unicode(path: Path) -> bool:
    """Whether the name of a file is text, as safetensors wants it of the files that it maps into memory."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


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


def matching(model: nn.Module, weights: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    """The names of a model's tensors whose name and shape fit weights, and those of the others."""
    own = model.state_dict()
    fits = [name for name in own if name in weights and weights[name].shape == own[name].shape]
    return fits, [name for name in own if name not in fits]


def load_matching(model: nn.Module, weights: dict[str, Tensor]) -> tuple[list[str], list[str]]:
    """Copies every tensor whose name and shape fit. Returns the names copied and the names left fresh."""
    fits, fresh = matching(model, weights)
    model.load_state_dict({name: weights[name] for name in fits}, strict=False)
    return fits, fresh


def write(
    folder: Path,
    config: dict[str, Any],
    weights: Mapping[str, Tensor],
    storage: Storage = "float32",
    keeps: Collection[str] = (),
) -> None:
    """Writes model.safetensors and config.json, each atomically; what lay beside other weights is taken away.

    A crash leaves the older weights without their companions, never these with those of others.

    Args:
        weights: of a model, by name, as its `state_dict()` has them.
        storage: how weights are stored: "float16" halves their size, with a relative error of 5e-4 a
            weight; "int8" quarters it, "int6" leaves a fifth (see `packing`).
        keeps: those of `COMPANIONS` that stay in the folder.

    Raises:
        MusicVAEError: a file has the folder's name, or the disk refuses.
    """
    packed = packing.pack({name: tensor.detach().cpu() for name, tensor in weights.items()}, storage)
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name in COMPANIONS:
        if name not in keeps:
            (folder / name).unlink(missing_ok=True)
    write_tensors(folder / WEIGHTS, packed)
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
