"""TensorFlow checkpoints: what is read, and what is said of damaged ones."""

from __future__ import annotations

import struct
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.errors import CheckpointError
from musicvae_lite.magenta import snappy
from musicvae_lite.magenta import table as tables
from musicvae_lite.magenta.bundle import Bundle
from musicvae_lite.magenta.checksums import crc32c, masked
from tests.magenta.bundles import append, block, entry, field, squeezed, table, varint, write_bundle

CHANCE = np.random.default_rng(0)
VARIABLES = {
    **{
        f"encoder/cell_{n}/lstm_cell/kernel": CHANCE.normal(size=(n + 1, 5)).astype(np.float32)
        for n in range(30)
    },
    "encoder/mu/bias": np.arange(4, dtype=np.float16),
    "decoder/wide": np.arange(3, dtype=np.float64),
    "global_step": np.array(1234, np.int64),
}


@pytest.mark.parametrize(
    ("text", "crc"),
    [
        (b"", 0),
        (b"123456789", 0xE3069283),
        (bytes(32), 0x8A9136AA),
        (b"\xff" * 32, 0x62A8AB43),
        (b"a", 0xC1D04330),
    ],
)
def test_checksum(text: bytes, crc: int):
    """The examples of RFC 3720 and others that are widely published."""
    assert crc32c(text) == crc


def test_checksum_of_long_data_is_that_of_its_bytes_one_by_one():
    table = []
    for n in range(256):
        for _ in range(8):
            n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
        table.append(n)
    for size in (4095, 4096, 4097, 3 * 4096 + 5, 40_001):
        data = np.random.default_rng(size).integers(0, 256, size, dtype=np.uint8)
        state = 0xFFFFFFFF
        for byte in data.tolist():
            state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
        assert crc32c(data) == state ^ 0xFFFFFFFF


def test_checksum_is_masked_as_leveldb_does():
    assert masked(0) == 0xA282EAD8
    assert masked(0xE3069283) == ((0xE3069283 >> 15 | 0xE3069283 << 17) + 0xA282EAD8) & 0xFFFFFFFF


@pytest.mark.parametrize("shards", [1, 3])
@pytest.mark.parametrize("is_snappy", [False, True])
@pytest.mark.parametrize("restart", [1, 16])
def test_what_is_written_is_read(tmp_path: Path, shards: int, is_snappy: bool, restart: int):
    bundle = Bundle(write_bundle(tmp_path / "model.ckpt-7", VARIABLES, shards, is_snappy, restart))
    assert sorted(bundle.variables) == sorted(VARIABLES)
    for name, value in VARIABLES.items():
        assert bundle.variables[name].shape == value.shape
        np.testing.assert_array_equal(bundle.read(name), value)


def test_snappy():
    text = b"abcdabcdabcdabcdabcd" * 40 + bytes(range(256))
    assert snappy.decompress(squeezed(text)) == text
    assert (
        snappy.decompress(bytes([12, 0 << 2, ord("a"), (11 - 4) << 2 | 1, 1])) == b"a" * 12
    )  # overlaps itself
    long = bytes(range(200)) * 5
    assert snappy.decompress(b"\xe8\x07" + bytes([61 << 2, 231, 3]) + long) == long  # a length of two bytes


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "without a length"),
        (b"\xff\xff\xff\xff\x0f", "holds 0"),
        (bytes([4, 3 << 2, 1]), "ends within"),
        (bytes([8, (4 - 4) << 2 | 1, 1]), "before its beginning"),
        (bytes([9, 0, 65]), "holds 1"),
    ],
)
def test_damaged_snappy(data: bytes, words: str):
    with pytest.raises(ValueError, match=words):
        snappy.decompress(data)


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x10
    path.write_bytes(bytes(data))


def opened(prefix: Path, words: str) -> None:
    with pytest.raises(CheckpointError, match=words) as error:
        bundle = Bundle(prefix)
        for name in bundle.variables:
            bundle.read(name)
    assert str(prefix.parent) in str(error.value)


def test_damage_is_noticed_and_named(tmp_path: Path):
    def fresh(name: str) -> Path:
        return write_bundle(tmp_path / name / "model.ckpt", VARIABLES, shards=2)

    prefix = fresh("a")
    flip(prefix.with_name("model.ckpt.data-00001-of-00002"), 30)
    opened(prefix, "checksum of '.+' fails")
    prefix = fresh("b")
    flip(prefix.with_name("model.ckpt.index"), 10)
    opened(prefix, "checksum of the block at byte 0 fails")
    prefix = fresh("c")
    prefix.with_name("model.ckpt.data-00001-of-00002").unlink()
    opened(prefix, "data-00001-of-00002: missing")
    prefix = fresh("d")
    shard = prefix.with_name("model.ckpt.data-00000-of-00002")
    shard.write_bytes(shard.read_bytes()[:-9])
    opened(prefix, "cut short: '.+' ends at byte")
    prefix = fresh("e")
    index = prefix.with_name("model.ckpt.index")
    index.write_bytes(index.read_bytes()[:-30])
    opened(prefix, "not the index of a TensorFlow checkpoint, or cut short")
    prefix = fresh("f")
    prefix.with_name("model.ckpt.index").unlink()
    opened(prefix, "index: missing")


HEADER = (b"", field(1, 1))
VALUE = np.arange(3, dtype=np.float32)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (
            [HEADER, (b"w", entry(np.zeros((1 << 20, 1 << 19, 0)), 0, 0, b"")[:-5])],
            "damaged|kind|cut short|takes",
        ),
        ([HEADER, (b"w", field(1, 1) + field(2, field(2, field(1, 1 << 38))) + field(5, 12))], "should take"),
        (
            [
                HEADER,
                (b"w", field(1, 1) + field(2, field(2, field(1, 3))) + field(4, 1 << 40) + field(5, 12)),
            ],
            "cut short",
        ),
        (
            [HEADER, (b"w", field(1, 1) + field(2, field(2, field(1, -1 & (1 << 64) - 1))))],
            "impossible shape",
        ),
        ([HEADER, (b"w", entry(VALUE, 5, 0, VALUE.tobytes()))], "shard 5 of 1"),
        ([(b"", field(1, 1 << 30)), (b"w", entry(VALUE, 0, 0, VALUE.tobytes()))], "claims 1073741824 shards"),
        ([(b"", field(1, 1) + field(2, 1)), (b"w", entry(VALUE, 0, 0, b""))], "big-endian"),
        ([HEADER], "holds no variables"),
        ([HEADER, (b"w", entry(VALUE, 0, 0, VALUE.tobytes()) + field(7, b"x"))], "slices"),
        ([HEADER, (b"w", b"\x0a")], "damaged"),
    ],
)
def test_an_index_that_lies(tmp_path: Path, rows, words: str):
    (tmp_path / "m.index").write_bytes(table(rows))
    (tmp_path / "m.data-00000-of-00001").write_bytes(VALUE.tobytes())
    opened(tmp_path / "m", words)


def test_a_table_whose_blocks_lie(tmp_path: Path):
    good = table([HEADER, (b"w", entry(VALUE, 0, 0, VALUE.tobytes()))])
    (tmp_path / "m.data-00000-of-00001").write_bytes(VALUE.tobytes())
    (tmp_path / "m.index").write_bytes(good[:-48] + b"\x00\x00\xff\xff\x7f\x05" + good[-42:])
    opened(tmp_path / "m", "cut short|damaged")
    body = b"\x05\x00\x00" + struct.pack("<II", 0, 1) + b"\x00"  # shares five bytes of a key there is not
    data = body + struct.pack("<I", masked(crc32c(body)))
    footer = bytes([0, len(body) - 1, 0, len(body) - 1])
    (tmp_path / "m.index").write_bytes(data + footer + bytes(40 - len(footer)) + good[-8:])
    opened(tmp_path / "m", "damaged table")


ROWS = [HEADER, (b"w", entry(VALUE, 0, 0, VALUE.tobytes()))]


def indexed(data: bytes, index: bytes) -> bytes:
    """A table file of blocks and the handle of its index block."""
    footer = b"\x00\x00" + index
    return data + footer + bytes(40 - len(footer)) + table(ROWS)[-8:]


def bomb(claimed: int) -> bytes:
    """A snappy block of copies: 3 bytes for every 64."""
    return varint(claimed) + bytes([0, 65]) + bytes([63 << 2 | 2, 1, 0]) * (claimed // 64)


def packed(data: bytearray, contents: bytes) -> bytes:
    """Adds contents as a block that says it is packed; returns its handle."""
    handle = varint(len(data)) + varint(len(contents))
    body = contents + b"\x01"
    data += body + struct.pack("<I", masked(crc32c(body)))
    return handle


def test_an_index_that_would_take_all_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def refused(data: bytes, words: str) -> None:
        (tmp_path / "m.index").write_bytes(data)
        tracemalloc.start()
        opened(tmp_path / "m", words)
        assert tracemalloc.get_traced_memory()[1] < 1 << 22
        tracemalloc.stop()

    (tmp_path / "m.data-00000-of-00001").write_bytes(VALUE.tobytes())
    data = bytearray()
    handles = [(b"z", packed(data, bomb(1 << 23)))]
    index = append(data, block(handles, 1), False)
    refused(indexed(bytes(data), index), "unpacks to 8,388,608 bytes, more than 4,194,304")

    data = bytearray()
    handle = append(data, block(ROWS, 1), False)
    index = append(data, block([(bytes([n]), handle) for n in range(9)], 1), False)
    refused(indexed(bytes(data), index), "the block at byte 0 is named twice")

    monkeypatch.setattr(tables, "LARGEST_UNPACKED", 1000)
    long = [(b"k" * n, b"") for n in range(1, 60)]
    refused(table([HEADER, *long], restart=99), "unpacks to more than 1,000 bytes")
    monkeypatch.setattr(tables, "MOST_ENTRIES", 20)
    refused(table([HEADER, *[(bytes([n]), b"") for n in range(1, 40)]]), "more than 20 entries")
    refused(table([HEADER, (b"b", b""), (b"a", b"")]), "not in order")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([HEADER, (b"w", field(1, 1) + field(2, field(2, field(1, 1)) * 9) + field(5, 4))], "9 dimensions"),
        (
            [HEADER, *((name, entry(VALUE, 0, 0, VALUE.tobytes())) for name in (b"v", b"w"))],
            "its variables take 24 bytes, the .data files have 12",
        ),
        ([HEADER, (b"w", field(1, 7) + field(5, 12))], "'w' is of a kind that is not read"),
    ],
)
def test_variables_that_lie(tmp_path: Path, rows, words: str):
    (tmp_path / "m.index").write_bytes(table(rows))
    (tmp_path / "m.data-00000-of-00001").write_bytes(VALUE.tobytes())
    opened(tmp_path / "m", words)


def test_any_damage_to_an_index_is_an_error_of_ours(tmp_path: Path):
    """Bytes are changed before the checksums are made, so that the parsers meet them."""
    chance = np.random.default_rng(0)
    (tmp_path / "m.data-00000-of-00001").write_bytes(VALUE.tobytes())
    good = block(ROWS, 16)
    for _ in range(300):
        spoilt = bytearray(good)
        for at in chance.integers(0, len(good), chance.integers(1, 4)):
            spoilt[at] = chance.integers(0, 256)
        data = bytearray()
        index = append(data, block([(b"z", append(data, bytes(spoilt), False))], 1), False)
        (tmp_path / "m.index").write_bytes(indexed(bytes(data), index))
        try:
            bundle = Bundle(tmp_path / "m")
            for name in bundle.variables:
                bundle.read(name)
        except CheckpointError as error:
            assert str(tmp_path) in str(error)
