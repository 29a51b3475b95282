"""C files become libraries, and nothing breaks where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from musicvae_lite import resources
from musicvae_lite.errors import ConfigError
from musicvae_lite.native import amx, building, lstm, transpose
from tests.compiling import needs_compiler

CPU = torch.device("cpu")
ADDING = """#include <stddef.h>
void add(size_t n, size_t by, float *x) {
    for (size_t i = 0; i < n; i++) x[i] += by;
}
"""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A cache of the test's own, and libraries that are looked for anew."""
    monkeypatch.setenv("MUSICVAE_LITE_CACHE", str(tmp_path / "cache"))
    building.library.cache_clear()
    yield
    building.library.cache_clear()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "adding.c"
    path.write_text(ADDING, "utf-8")
    return path


def kept(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache" / "native").glob("*"))


@needs_compiler
def test_a_function_works_on_the_values_of_tensors(source: Path):
    x = torch.arange(3.0)
    assert building.serves(source, CPU)
    building.call(source, "add", 2, 7, x)
    assert x.tolist() == [7.0, 8.0, 2.0]


@needs_compiler
def test_it_is_compiled_once_and_again_when_it_changes(source: Path, tmp_path: Path):
    building.library(source)
    (first,) = kept(tmp_path)
    made = first.stat().st_mtime_ns
    building.library.cache_clear()
    building.library(source)
    assert kept(tmp_path) == [first]
    assert first.stat().st_mtime_ns == made
    source.write_text(ADDING + "int more;\n", "utf-8")
    building.library.cache_clear()
    building.library(source)
    assert len(kept(tmp_path)) == 2


@needs_compiler
def test_it_is_compiled_again_when_what_it_includes_changes(source: Path, tmp_path: Path):
    header = tmp_path / "more.h"
    header.write_text("enum { MORE = 1 };\n", "utf-8")
    source.write_text('#include "more.h"\n#include <stddef.h>\nvoid put(int *x) { *x = MORE; }\n', "utf-8")
    x = torch.zeros(1, dtype=torch.int32)
    for more in (1, 2):
        header.write_text(f"enum {{ MORE = {more} }};\n", "utf-8")
        building.library.cache_clear()
        building.call(source, "put", x)
        assert x.tolist() == [more]
    assert len(kept(tmp_path)) == 2


@needs_compiler
@pytest.mark.parametrize("file", [lstm.SOURCE, transpose.SOURCE, amx.SOURCE])
def test_what_ships_compiles(file: Path):
    assert building.library(file) is not None


@needs_compiler
def test_a_file_that_does_not_compile_is_done_without(source: Path, tmp_path: Path):
    source.write_text("not C", "utf-8")
    assert not building.serves(source, CPU)
    assert kept(tmp_path) == []


@needs_compiler
def test_a_cache_that_cannot_be_written_is_done_without(source: Path, tmp_path: Path):
    (tmp_path / "cache").write_text("a file where a folder should be", "utf-8")
    assert not building.serves(source, CPU)


@needs_compiler
def test_a_library_that_was_damaged_is_done_without(source: Path):
    named = building.compiler()
    assert named is not None
    building.built(source, named).write_bytes(b"damaged")
    assert not building.serves(source, CPU)


@needs_compiler
def test_a_library_that_others_may_write_is_not_loaded(source: Path):
    named = building.compiler()
    assert named is not None
    building.built(source, named).chmod(0o777)
    assert not building.serves(source, CPU)


def test_no_compiler_is_no_error(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert not building.serves(source, CPU)


def test_it_can_be_left_out(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MUSICVAE_LITE_NATIVE", "0")
    assert not building.serves(source, CPU)


@needs_compiler
def test_many_threads_are_left_to_pytorch(source: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: building.MOST_THREADS + 1)
    assert not building.serves(source, CPU)


@needs_compiler
def test_a_compiler_may_have_arguments(source: Path, monkeypatch: pytest.MonkeyPatch):
    name, *_ = building.compiler() or ("",)
    monkeypatch.setenv("CC", f"'{name}' -pthread")
    assert building.compiler() == (name, "-pthread")
    assert building.library(source) is not None


def test_without_a_place_to_keep_them_there_are_none(source: Path, monkeypatch: pytest.MonkeyPatch):
    def nowhere() -> Path:
        raise ConfigError("no home")

    monkeypatch.setattr(resources, "cache_dir", nowhere)
    assert building.library(source) is None


def test_a_compiler_that_lies_in_the_current_folder_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    for name in ("cc", "gcc", "clang"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CC", raising=False)
    assert building.compiler() is None
    monkeypatch.setenv("CC", "./gcc")
    assert building.compiler() == ("./gcc",)
