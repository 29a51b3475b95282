"""Writing files: whole or not at all, folders made as needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musicvae_lite.errors import MusicVAEError
from musicvae_lite.writing import replacing, write_file, write_json


def test_folders_are_made(tmp_path: Path):
    assert write_file(tmp_path / "new" / "newer" / "a.bin", b"1").read_bytes() == b"1"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    file = tmp_path / "a.json"
    write_json(file, {"a": 1})
    with pytest.raises(TypeError):
        write_json(file, {"a": object()})
    with pytest.raises(RuntimeError), replacing(file) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert json.loads(file.read_text()) == {"a": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_the_longest_name_a_system_allows(tmp_path: Path):
    name = "ü" * 125 + ".json"  # 255 bytes
    write_json(tmp_path / name, [1])
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("name", "message"), [("", "is a folder"), ("f/a", "is a file"), ("a\0b", "null")])
def test_what_no_file_can_be_written_to(tmp_path: Path, name: str, message: str):
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(MusicVAEError, match=message):
        write_file(tmp_path / name, b"1")
