from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.errors import DatasetError, ReadError
from musicvae_lite.images import idx
from musicvae_lite.resources import RemoteFile
from tests.images.made import save_idx

VALUES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)


@pytest.mark.parametrize("name", ["a-idx3-ubyte", "a-idx3-ubyte.gz"])
def test_values_come_back(name: str, tmp_path: Path):
    assert np.array_equal(idx.read_idx(save_idx(tmp_path / name, VALUES)), VALUES)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (lambda data: data[:-5], "truncated", "24 bytes, and holds 19"),
        (lambda data: data + b"x", "truncated", "goes on after its end"),
        (lambda data: data[:7], "truncated", "first bytes"),
        (lambda data: b"PK" + data[2:], "no idx", "not an idx file"),
        (lambda data: data[:2] + b"\x0d" + data[3:], "type", "type 13"),
        (lambda data: gzip.compress(data)[:-9], "damaged", "cannot be read"),
    ],
)
def test_damage_is_named(change, code: str, words: str, tmp_path: Path):
    path = save_idx(tmp_path / "a", VALUES)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ReadError, match=words) as error:
        idx.read_idx(path)
    assert error.value.code == code


def test_files_are_found_under_their_usual_names(tmp_path: Path):
    for name in ("a-idx3-ubyte", "b.idx3-ubyte", "c-idx3-ubyte.gz"):
        save_idx(tmp_path / name, VALUES)
        assert idx.find(tmp_path, f"{name[0]}-idx3-ubyte.gz") == tmp_path / name
    assert idx.find(tmp_path, "d-idx3-ubyte.gz") is None


def test_checksums_of_packed_or_unpacked_contents_are_compared(tmp_path: Path):
    import hashlib

    path = save_idx(tmp_path / "a.gz", VALUES)
    packed = hashlib.sha256(path.read_bytes()).hexdigest()
    unpacked = hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()
    idx.check(path, RemoteFile("https://example.org/a.gz", packed))
    idx.check(path, RemoteFile("https://example.org/a.gz", "0" * 64, unpacked))
    with pytest.raises(DatasetError, match=f"its SHA-256 is {packed}"):
        idx.check(path, RemoteFile("https://example.org/a.gz", "0" * 64))
