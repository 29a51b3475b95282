"""The arrows between the parts of the package point one way, and importing it is light."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "musicvae_lite"

BASE = {"errors", "settings", "resources", "writing", "runtime", "archives", "arrays", "tables", "children"}
# What each part may import, besides itself. A part that is not here may import everything.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "settings": {"errors"},
    "archives": {"errors"},
    "arrays": {"errors"},
    "tables": {"errors"},
    "budget": {"errors"},
    "resources": {"errors", "archives"},
    "writing": {"errors", "resources", "tables"},
    "runtime": {"errors"},
    "children": set(),
    "native": {"errors", "resources"},
    "latent": {"errors"},
    "prior": {"latent"},
    "vae": {"errors", "latent", "prior"},
    "packing": {"errors"},
    "checkpoints": BASE | {"packing", "prior", "budget"},
    "finding": BASE | {"checkpoints", "corpora"},
    "music": BASE | {"notebook"},  # the one arrow upwards: in a notebook a score shows itself
    "images": BASE | {"latent", "vae", "checkpoints"},
    "render": BASE | {"music"},
    "plot": BASE | {"music"},
    "notebook": BASE | {"music", "plot", "render"},
    "live": BASE | {"music"},
    "results": BASE | {"music", "render", "plot"},
    "corpora": BASE | {"__version__", "music"},
    "models": BASE
    | {
        "__version__",
        "latent",
        "vae",
        "packing",
        "budget",
        "checkpoints",
        "finding",
        "music",
        "images",
        "results",
        "native",
    },
    "training": BASE
    | {"latent", "prior", "vae", "checkpoints", "finding", "music", "images", "models", "corpora"},
    "collections": BASE | {"latent", "vae", "checkpoints", "finding", "music", "models", "training"},
}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of everything a file imports of the project, within functions too."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names if name.split(".")[0] in ("musicvae_lite", "mvae"))


def part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_arrows_point_down(path: Path):
    here = part(path)
    for line, name in imports(path):
        top, _, rest = name.partition(".")
        assert top != "mvae", f"{path}:{line}: the library imports the command line"
        there = rest.split(".")[0]
        allowed = ALLOWED.get(here)
        assert allowed is None or there in allowed | {here}, f"{path}:{line}: {here} must not import {there}"


def test_every_part_is_known():
    parts = {part(path) for path in PACKAGE.rglob("*.py")} - {"__init__", "__main__"}
    assert parts <= set(ALLOWED) | {"magenta", "export", "studio"}


def test_music_knows_no_torch():
    for path in (PACKAGE / "music").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.split(".")[0] == "torch" for name in names), path


def test_importing_the_package_and_its_music_loads_nothing_heavy():
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for path in [PACKAGE / "__init__.py", *sorted((PACKAGE / "music").rglob("*.py"))]
    ]
    heavy = ("torch", "symusic", "music21", "matplotlib", "pretty_midi", "scipy", "lightning_fabric")
    code = (
        f"import sys, importlib\nfor name in {modules!r}: importlib.import_module(name)\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert run.stdout.strip() == "[]", run.stdout + run.stderr
