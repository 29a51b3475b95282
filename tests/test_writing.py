"""Writing files: whole or not at all, folders made as needed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musicvae_lite.errors import ConfigError, MusicVAEError
from musicvae_lite.writing import check_record, is_one, lies_in, replacing, write_file, write_json


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


def test_a_file_has_many_names(tmp_path: Path):
    file, link, other = tmp_path / "in" / "a", tmp_path / "link", tmp_path / "in" / "b"
    write_file(file, b"1")
    write_file(other, b"1")
    link.symlink_to(file)
    assert is_one(file, tmp_path / "in" / ".." / "in" / "a") and is_one(link, file)
    assert not is_one(file, other) and not is_one(tmp_path / "none", tmp_path / "none")
    assert not is_one(tmp_path / "a\0b", file)
    assert lies_in(link, tmp_path / "in") and lies_in(file, tmp_path) and not lies_in(tmp_path, tmp_path)
    assert not lies_in(file, other)


@pytest.mark.parametrize(("name", "message"), [("", "is a folder"), ("f/a", "is a file"), ("a\0b", "null")])
def test_what_no_file_can_be_written_to(tmp_path: Path, name: str, message: str):
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(MusicVAEError, match=message):
        write_file(tmp_path / name, b"1")


@pytest.mark.parametrize("content", ['{"family": "music"}', '{"files": {"a.onnx": {}}}', "[]", "", "{"])
def test_a_record_takes_the_place_of_none_but_a_record(content: str, tmp_path: Path):
    file = tmp_path / "a.json"
    assert check_record(file) == file
    write_json(file, {"command": "sample", "files": ["a.mid", "a.json"]})
    assert check_record(file) == file
    file.write_text(content)
    with pytest.raises(ConfigError, match=r"a\.json: is no record of a result"):
        check_record(file)
