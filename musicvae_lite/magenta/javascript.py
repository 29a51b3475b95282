"""magenta-js checkpoints: a config, a manifest of weights, and shards of plain or quantised numbers.

The manifest's format is TensorFlow.js's (tfjs-core, io/types.ts, WeightsManifestConfig).
"""

from __future__ import annotations

import math
from collections import Counter
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import tables
from musicvae_lite.errors import CheckpointError
from musicvae_lite.magenta.converters import Converter, converter_of
from musicvae_lite.magenta.converting import NO_SIGMA, Progress, Read, checked, converted
from musicvae_lite.magenta.names import plain
from musicvae_lite.magenta.places import Place, place_of
from musicvae_lite.magenta.recognition import Recognised, differences, recognise, stock_name, with_sizes
from musicvae_lite.magenta.structure import STEP, Structure, is_ignored, read_structure, step_of

MANIFEST, CONFIG = "weights_manifest.json", "config.json"
PLAIN = {"float32": "<f4", "int32": "<i4", "uint8": "u1", "bool": "u1"}
QUANTISED = {"float16": "<f2", "uint8": "u1", "uint16": "<u2"}
LARGEST = 1 << 33  # bytes of all weights in float32
MOST_DIMENSIONS = 4
LARGEST_NUMBER = 1e30  # of a vector or a scale: within what float32 can hold


def is_javascript(source: object) -> bool:
    """Whether a source is an address, or a folder (or a file of one) of a magenta-js checkpoint."""
    return place_of(str(source)) is not None


def read(source: str, config: str | None, progress: Progress) -> Read:
    """Reads a checkpoint.

    Args:
        source: a folder or an address that holds both JSON files.
        config: the configuration it is of, in place of what its config.json says: that knows no task but
            three of grooves, and may be missing.

    Raises:
        CheckpointError: it is damaged, incomplete, or of an architecture or converter that is not known.
        ConfigError: there is no such configuration.
    """
    place = place_of(source)
    if place is None:
        raise CheckpointError(f"{source}: no {MANIFEST} there")
    converter = converter_of(_json(place, CONFIG), place.name_of(CONFIG)) if config is None else None
    groups = _groups(_json(place, MANIFEST), place.name_of(MANIFEST))
    arrays = {}
    for group in groups:
        arrays |= _read_group(place, *group)
    variables = {
        plain(name): values for name, values in arrays.items() if not is_ignored(name) and name != STEP
    }
    shapes = {name: values.shape for name, values in variables.items()}
    found = read_structure(shapes, source)
    recognised = _converted(found, source, converter) if converter else recognise(found, source, config)
    model = recognised.config
    entries = checked(model, shapes, source)
    weights = converted(entries, variables.__getitem__, progress)
    notes = () if found.has_scale else (NO_SIGMA,)
    vectors, more = _vectors(place, model.z)
    step = step_of(arrays[STEP], source) if STEP in arrays else None
    return Read(recognised.name, model, weights, step, "magenta-js", vectors, notes + more)


def _converted(found: Structure, source: str, converter: Converter) -> Recognised:
    model = with_sizes(converter.config(found), found)
    faults = differences(found, model)
    if faults:
        lines = "".join(f"\n  {line}" for line in faults)
        raise CheckpointError(f"{source}: its weights do not fit its converter {converter.type}:{lines}")
    return Recognised(stock_name(found, model) or converter.default_name, model)


def _json(place: Place, name: str) -> Any:
    try:
        return tables.parse_json(place.read(name).decode("utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{place.name_of(name)}: not JSON: {error}") from error


def _groups(manifest: Any, where: str) -> list[tuple[list[str], list[dict[str, Any]]]]:
    """Files and weights of each group, after all that can be checked without the files was."""
    if not isinstance(manifest, list):
        raise CheckpointError(f"{where}: not a manifest: it should be a list of groups")
    groups, names, total = [], [], 0
    for group in manifest:
        try:
            paths, weights = [str(path) for path in group["paths"]], list(group["weights"])
            for weight in weights:
                total += 4 * _count(weight)
                _check_weight(weight)
                names.append(weight["name"])
        except (TypeError, KeyError, ValueError, AttributeError, OverflowError) as error:
            raise CheckpointError(f"{where}: a group makes no sense: {error!r}") from error
        for path in paths:
            parts = PurePosixPath(path.replace("\\", "/"))
            if parts.is_absolute() or ".." in parts.parts or ":" in path or "\0" in path:
                raise CheckpointError(f"{where}: names the file '{path}', which lies elsewhere: not read")
        groups.append((paths, weights))
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise CheckpointError(f"{where}: names the weight '{twice[0]}' twice")
    if total > LARGEST:
        raise CheckpointError(
            f"{where}: claims weights of {total:,} bytes; no MusicVAE has more than {LARGEST:,}"
        )
    return groups


def _count(weight: dict[str, Any]) -> int:
    shape = weight["shape"]
    is_shape = isinstance(shape, list) and len(shape) <= MOST_DIMENSIONS
    if not is_shape or any(type(size) is not int or not 0 <= size <= LARGEST for size in shape):
        raise ValueError(f"'{weight['name']}' has the shape {str(shape)[:60]}")
    return math.prod(shape)


def _check_weight(weight: dict[str, Any]) -> None:
    """Raises one of the errors `_groups` expects when a weight could not be read."""
    if not isinstance(weight["name"], str):
        raise TypeError(f"a weight is called {weight['name']!r}")
    kind, quantisation = _kind(weight), weight.get("quantization")
    if quantisation and kind.kind != "f":
        numbers = float(quantisation["scale"]), float(quantisation["min"])
        if not all(abs(number) <= LARGEST_NUMBER for number in numbers):
            raise ValueError(f"'{weight['name']}' is scaled by {numbers}")


def _kind(weight: dict[str, Any]) -> np.dtype:
    """The type a weight is stored in."""
    quantisation = weight.get("quantization")
    kinds, name = (QUANTISED, quantisation["dtype"]) if quantisation else (PLAIN, weight["dtype"])
    if name not in kinds:
        raise ValueError(f"'{weight['name']}' is of the type {name!r}")
    return np.dtype(kinds[name])


def _read_group(place: Place, paths: list[str], weights: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    wanted = sum(_count(weight) * _kind(weight).itemsize for weight in weights)
    data = bytearray()
    for path in paths:
        data += place.read(path, wanted - len(data))
    if len(data) != wanted:
        raise CheckpointError(
            f"{place.name_of(MANIFEST)}: its weights take {wanted:,} bytes, {', '.join(paths)} "
            f"hold{'s' if len(paths) == 1 else ''} {len(data):,}"
        )
    arrays, at = {}, 0
    for weight in weights:
        kind, count = _kind(weight), _count(weight)
        values = np.frombuffer(data, kind, count, at).reshape(weight["shape"])
        at += count * kind.itemsize
        arrays[str(weight["name"])] = _restored(values, weight.get("quantization"))
    return arrays


def _restored(values: np.ndarray, quantisation: dict[str, Any] | None) -> np.ndarray:
    """Stored numbers as float32 (or whole numbers, of counters)."""
    if quantisation is None:
        return values.astype(np.float32) if values.dtype.kind == "f" else values
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    scale, least = float(quantisation["scale"]), float(quantisation["min"])
    return (values.astype(np.float64) * scale + least).astype(np.float32)


def _vectors(place: Place, z: int) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Attribute vectors that lie beside: JSON files of names and lists of Z numbers, in a layout of our own.

    Returns:
        The vectors, and a note on every file that seems to hold some of another size. Whatever else lies
        there is no concern of the checkpoint.
    """
    vectors: dict[str, Tensor] = {}
    notes = []
    for name in place.others(".json", besides=(MANIFEST, CONFIG)):
        try:
            table = _json(place, name)
        except CheckpointError:
            continue
        lists = {key: _numbers(value) for key, value in table.items()} if isinstance(table, dict) else {}
        odd = [key for key, numbers in lists.items() if numbers and len(numbers) != z]
        if odd:
            notes.append(
                f"{name} is left out: '{odd[0]}' in it has {len(lists[odd[0]])} numbers, and codes have {z}"
            )
            continue
        vectors |= {key: torch.tensor(numbers) for key, numbers in lists.items() if numbers}
    return vectors, tuple(notes)


def _numbers(value: Any) -> list[float]:
    """The numbers of a vector, plain or under "vector"; none where it is something else."""
    numbers = value.get("vector") if isinstance(value, dict) else value
    if not isinstance(numbers, list) or any(type(number) not in (int, float) for number in numbers):
        return []
    try:
        floats = [float(number) for number in numbers]
    except OverflowError:
        return []
    return floats if all(abs(number) <= LARGEST_NUMBER for number in floats) else []
