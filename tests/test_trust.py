"""What the code may not do with files of others, whatever it reads; and that its parts are named."""

from __future__ import annotations

import ast
import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(
    path
    for folder in ("musicvae_lite", "cli", "benchmarks", "data")
    for path in (ROOT / folder).rglob("*.py")
)
PICKLES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal", "yaml"}
# Files that this program alone writes, or that come with it; all others are read by `tables`, with limits.
OWN_TABLES = {
    "musicvae_lite/tables.py",
    "musicvae_lite/resources.py",  # the catalogue
    "musicvae_lite/music/chords/inference.py",  # its statistics
    "musicvae_lite/studio/app.py",  # a request, which the guard has bounded
    "musicvae_lite/corpora/",  # journals of a run of `mvae prepare`
    "musicvae_lite/training/",  # logs of a run of `mvae train`
    "cli/mvae/prepare.py",  # values of options
    "benchmarks/",
}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call with its dotted name: `torch.load`, `archive.extractall`, `eval`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def given(call: ast.Call, name: str) -> object:
    """A keyword's constant; None when it is not given."""
    constants = {k.arg: k.value.value for k in call.keywords if isinstance(k.value, ast.Constant)}
    return constants.get(name)


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def trees() -> dict[str, ast.AST]:
    return {named(path): ast.parse(path.read_text("utf-8")) for path in FILES}


def test_no_pickle_is_imported(trees):
    for where, tree in trees.items():
        for node in ast.walk(tree):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not PICKLES & {name.partition(".")[0] for name in names}, f"{where}: {names}"


def test_nothing_is_loaded_that_could_run_code(trees):
    for where, tree in trees.items():
        for name, call in calls(tree):
            place = f"{where}:{call.lineno}: {name}"
            last = name.rpartition(".")[2]
            assert name not in ("eval", "exec", "compile", "__import__"), place
            assert not name.endswith(("jit.load", "hub.load", "read_pickle")), place
            assert last not in ("extractall", "unpack_archive"), f"{place}: archives.unpack"
            if name == "torch.load":
                assert given(call, "weights_only") is True, place
            assert given(call, "allow_pickle") is not True and given(call, "shell") is not True, place


def test_tables_of_others_are_read_with_limits(trees):
    for where, tree in trees.items():
        if any(where.startswith(own) for own in OWN_TABLES):
            continue
        for name, call in calls(tree):
            place = f"{where}:{call.lineno}: tables.read_json"
            assert not re.fullmatch(r"(json|tomllib)\.loads?", name), place


def test_the_rules_find_what_they_forbid():
    tree = ast.parse("import pickle as p\ntorch.load(f)\nnp.load(f, allow_pickle=True)\nz.extractall()")
    found = {"x.py": tree}
    for rule in (test_no_pickle_is_imported, test_nothing_is_loaded_that_could_run_code):
        with pytest.raises(AssertionError, match=r"x\.py"):
            rule(found)
    with pytest.raises(AssertionError, match=r"x\.py"):
        test_tables_of_others_are_read_with_limits({"x.py": ast.parse("json.loads(text)")})


def test_downloads_are_checked_or_refused():
    """Every corpus whose checksum is known says it in full; others need --no-verify (see test_resources)."""
    table = tomllib.loads((ROOT / "data" / "catalogue.toml").read_text("utf-8"))
    digests = [file["sha256"] for corpus in table.values() for file in corpus["files"] if file.get("sha256")]
    assert digests and all(re.fullmatch(r"[0-9a-f]{64}", digest) for digest in digests)


@pytest.fixture(scope="module")
def components() -> dict:
    pytest.importorskip("packaging")
    return runpy.run_path(str(ROOT / ".ci" / "components.py"))


def test_every_package_is_named_with_its_licence_and_what_it_is_for(components):
    """Of packages that those named here bring along each installation has others."""
    text = (ROOT / "THIRD_PARTY.md").read_text("utf-8")
    _, *rows = re.findall(r"^\| (\S+) \| (.+) \| (.+) \|$", text, re.M)  # below the heading
    assert all(licence not in ("", "not stated") for _, licence, _ in rows)
    listed = {name: purposes for name, _, purposes in rows}
    wanted = {name: ", ".join(sorted(purposes)) for name, purposes in components["wanted"]().items()}
    assert listed == {name: wanted.get(name, "with the core") for name in listed}, "make licences"
    direct = {name for name, purposes in wanted.items() if set(purposes.split(", ")) & {"core", "dev"}}
    assert direct <= set(listed), f"make licences: {direct - set(listed)}"


def test_the_sbom_is_whole_and_the_same_every_time(components):
    text = components["sbom"]()
    assert text == components["sbom"]()
    table = json.loads(text)
    assert (table["bomFormat"], table["specVersion"]) == ("CycloneDX", "1.5")
    refs = {part["bom-ref"] for part in table["components"]}
    names = {part["name"] for part in table["components"]}
    assert {"torch", "numpy", "safetensors", "symusic"} <= names
    assert all(part["licenses"][0]["license"]["name"] for part in table["components"])
    own, *others = table["dependencies"]
    assert own["ref"] == table["metadata"]["component"]["bom-ref"] and set(own["dependsOn"]) <= refs
    assert {row["ref"] for row in others} == refs and all(set(row["dependsOn"]) <= refs for row in others)


PREPARE = """
from mvae.app import main
if __name__ == "__main__":
    main(["prepare", ".", "-o", "dataset", "--workers", "2"])
"""
READER = """
from pathlib import Path
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.studio.reader import SongReader
from musicvae_lite.studio.settings import StudioSettings
if __name__ == "__main__":
    reader = SongReader(StudioSettings().songs, 60.0, 1024)
    reader.windows(Path("twinkle.mid").read_bytes(), "twinkle.mid", MelodyRepresentation(bars=2).to_config())
    reader.close()
"""
BUILD = """
import beside
from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.music.representations import MelodyRepresentation
if __name__ == "__main__":
    build_dataset(["."], MelodyRepresentation(bars=beside.BARS), "dataset", workers=1)
"""


@pytest.mark.parametrize("script", [PREPARE, READER, BUILD])
def test_no_python_file_among_the_music_is_run(script: str, tmp_path: Path, examples: Path):
    """A script finds its own modules in its folder; those of the current folder nobody asked for."""
    music, own = tmp_path / "music", tmp_path / "own"
    music.mkdir()
    own.mkdir()
    shutil.copy(examples / "twinkle.mid", music)
    for name in ("types", "threading", "signal", "numpy", "beside"):
        (music / f"{name}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'a').write('{name} ')\n")
    (own / "beside.py").write_text("BARS = 2\n")
    (own / "script.py").write_text(script)
    env = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'cli'}"}
    command = [sys.executable, str(own / "script.py")]
    done = subprocess.run(command, cwd=music, env=env, capture_output=True, text=True)
    assert not (tmp_path / "run").exists()
    assert done.returncode == 0, done.stderr
