"""Writing TensorFlow checkpoints of any kind, so that the reader meets more than a few."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from musicvae_lite.magenta.checksums import crc32c, masked
from musicvae_lite.magenta.names import layout
from musicvae_lite.magenta.table import MAGIC
from musicvae_lite.models.assembly import MusicConfig

KINDS = {"float32": 1, "float64": 2, "int32": 3, "int64": 9, "float16": 19}


def variables_of(config: MusicConfig, seed: int = 0, residual_scopes: bool = True) -> dict[str, np.ndarray]:
    """Made-up variables of a model by Magenta's names."""
    chance = np.random.default_rng(seed)
    r = config.representation
    found: dict[str, np.ndarray] = {}
    for entry in layout(config.encoder, config.decoder, r.step, config.z, r.control):
        for name, shape in entry.shapes.items():
            found[name] = chance.normal(0, 0.3, shape).astype(np.float32)
    if residual_scopes:  # TensorFlow puts a wrapped LSTM below its wrapper
        wrapped = {name.rpartition("/")[0] for name in found if "input_projection_wrapper" in name}
        cells = {scope.rpartition("/")[0] for scope in wrapped}
        found = {
            name.replace("/lstm_cell/", "/input_projection_wrapper/lstm_cell/")
            if name.partition("/lstm_cell/")[0] in cells
            else name: value
            for name, value in found.items()
        }
    return found


def with_slots(variables: dict[str, np.ndarray], step: int) -> dict[str, np.ndarray]:
    """What a training checkpoint holds besides."""
    more: dict[str, np.ndarray] = {"global_step": np.array(step, np.int64)}
    for name in ("beta1_power", "beta2_power"):
        more[name] = np.array(0.5, np.float32)
    for name, value in variables.items():
        more[f"{name}/Adam"], more[f"{name}/Adam_1"] = np.zeros_like(value), np.ones_like(value)
    return variables | more


def write_bundle(
    prefix: Path, variables: dict[str, np.ndarray], shards: int = 1, snappy: bool = False, restart: int = 16
) -> Path:
    """Writes .index and .data files.

    Args:
        shards: how many .data files the variables are dealt out to.
        snappy: compress the index's blocks.
        restart: entries from one key that is written whole to the next.
    """
    prefix.parent.mkdir(parents=True, exist_ok=True)
    files = [bytearray() for _ in range(shards)]
    rows = [(b"", field(1, shards) + field(3, field(1, 1)))]
    for number, name in enumerate(sorted(variables)):
        value, file = variables[name], files[number % shards]
        data = np.asarray(value, order="C").tobytes()
        rows.append((name.encode(), entry(value, number % shards, len(file), data)))
        file += data
    prefix.with_name(f"{prefix.name}.index").write_bytes(table(rows, snappy, restart))
    for number, file in enumerate(files):
        prefix.with_name(f"{prefix.name}.data-{number:05}-of-{shards:05}").write_bytes(bytes(file))
    return prefix


def entry(value: np.ndarray, shard: int, offset: int, data: bytes) -> bytes:
    """A BundleEntryProto."""
    shape = b"".join(field(2, field(1, size)) for size in np.shape(value))
    kind = KINDS[np.asarray(value).dtype.name]
    checksum = struct.pack("<BI", 6 << 3 | 5, masked(crc32c(data)))
    return (
        field(1, kind) + field(2, shape) + field(3, shard) + field(4, offset) + field(5, len(data)) + checksum
    )


def table(
    rows: Sequence[tuple[bytes, bytes]], snappy: bool = False, restart: int = 16, per_block: int = 7
) -> bytes:
    """A table of sorted keys and values, a few to a block."""
    data, handles = bytearray(), []
    for begin in range(0, len(rows), per_block):
        part = rows[begin : begin + per_block]
        handles.append((part[-1][0] + b"\x00", append(data, block(part, restart), snappy)))
    meta = append(data, block([], restart), snappy)
    index = append(data, block(handles, 1), snappy)
    footer = meta + index
    return bytes(data) + footer + bytes(40 - len(footer)) + struct.pack("<Q", MAGIC)


def append(data: bytearray, contents: bytes, snappy: bool) -> bytes:
    """Adds a block with its trailer; returns its handle."""
    contents = squeezed(contents) if snappy else contents
    handle = varint(len(data)) + varint(len(contents))
    body = contents + bytes([1 if snappy else 0])
    data += body + struct.pack("<I", masked(crc32c(body)))
    return handle


def block(rows: Sequence[tuple[bytes, bytes]], restart: int) -> bytes:
    out, restarts, before = bytearray(), [], b""
    for number, (key, value) in enumerate(rows):
        shared = 0
        if number % restart == 0:
            restarts.append(len(out))
        else:
            while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                shared += 1
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    restarts = restarts or [0]
    return bytes(out) + b"".join(struct.pack("<I", at) for at in [*restarts, len(restarts)])


def squeezed(data: bytes) -> bytes:
    """A snappy block: repeats of four bytes or more from close by become copies, the rest stays as it is."""
    out, at, literal = bytearray(varint(len(data))), 0, bytearray()

    def flush() -> None:
        while literal:
            part = literal[:60]
            out.append(len(part) - 1 << 2)
            out.extend(part)
            del literal[:60]

    while at < len(data):
        found = data.rfind(data[at : at + 8], max(0, at - 2000), at + 7) if at + 8 <= len(data) else -1
        if 0 <= found < at:
            flush()
            offset = at - found
            if offset < 2048:
                out.extend((1 | (8 - 4) << 2 | (offset >> 8) << 5, offset & 0xFF))
            at += 8
        else:
            literal.append(data[at])
            at += 1
    flush()
    return bytes(out)


def field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)
